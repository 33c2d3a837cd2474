"""The four states of a pixel, and every way from one to another. Part of `deliver`.

Everything that changes a pixel's state lives in this file. A state is a value; a transition makes a new one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from consumer.core.deliver.response import Treatment

PROBE_EVERY_S: Final = 60.0
"""How often a held pixel gets to try one event (promise 5)."""
REFUSALS_TO_HOLD: Final = 20
"""Single refusals in a row, with nothing accepted, after which it is not the events (promise 5)."""


class PixelState(StrEnum):
    OPEN = "open"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    HELD = "held"


class PixelAvailability(Struct, frozen=True):
    """Whether, and when, a pixel may send."""

    state: PixelState = PixelState.OPEN
    since_s: float = 0.0
    """Monotonic seconds when the state was entered."""
    closed_since_s: float | None = None
    """Monotonic seconds when the pixel was last open; None while it is."""
    why: str = ""
    """For people; holds no value of a record."""
    next_try_s: float | None = 0.0
    """No request before; None: not before a person acts."""
    failures: int = 0
    """Failed tries since it closed."""
    first_request: int = 0
    """The number of the first request that can tell something of this state: an answer to an earlier one
    was asked for under other circumstances and changes nothing."""

    @property
    def can_send(self) -> bool:
        return self.state is PixelState.OPEN


_OPENS: Final = dict.fromkeys((Treatment.ACCEPTED, Treatment.REFUSED), PixelState.OPEN)
_CLOSES: Final = {
    Treatment.THROTTLED: PixelState.THROTTLED,
    Treatment.UNAVAILABLE: PixelState.UNAVAILABLE,
    Treatment.FORBIDDEN: PixelState.HELD,
}
NEXT: Final[Mapping[PixelState, Mapping[Treatment, PixelState]]] = {
    # A refusal opens, too: TikTok looked at the content, so it is there and lets this pixel in.
    PixelState.OPEN: {**_OPENS, **_CLOSES},
    PixelState.THROTTLED: {**_OPENS, **_CLOSES},
    PixelState.UNAVAILABLE: {**_OPENS, **_CLOSES},
    # But not a held one: refusing everything may be how TikTok says that we may not (tiktok.md, section 3, 40002).
    PixelState.HELD: {**dict.fromkeys(Treatment, PixelState.HELD), Treatment.ACCEPTED: PixelState.OPEN},
}


def opened(now_s: float, next_request: int) -> PixelAvailability:
    """Open: by an acceptance, or because a person mended what held the pixel."""
    return PixelAvailability(since_s=now_s, first_request=next_request)


def held_by_operator(now_s: float) -> PixelAvailability:
    """Closed by `hold: true`; nothing but another configuration opens it."""
    return PixelAvailability(PixelState.HELD, now_s, now_s, "hold: true in the configuration", None)


def closed(gate: PixelAvailability, state: PixelState, why: str, now_s: float, next_request: int) -> PixelAvailability:
    """Enter a closed state, or stay in it after one more failed try. `next_try_s` is the caller's to set."""
    if gate.state is state:
        return replace(gate, why=gate.why if state is PixelState.HELD else why, failures=gate.failures + 1)
    return PixelAvailability(
        state,
        since_s=now_s,
        closed_since_s=now_s if gate.closed_since_s is None else gate.closed_since_s,
        why=why,
        failures=1,
        first_request=next_request,
    )
