"""A pixel's state: whether it may send, when it is tried again, and what an answer changes. Part of `deliver`.

Everything that changes a pixel's state lives in this file; docs/architecture.md §5 draws it.

The states
----------
- **open**: it sends as many requests as its share of the slots allows.
- **throttled**: TikTok said "too many requests". One request at a time, after a back-off.
- **unavailable**: no usable answer came. One request at a time, after a back-off.
- **held**: its token or settings are wrong, or TikTok refused twenty events in a row and accepted none. One event a
  minute is tried. `hold: true` in the configuration is the same without any try.

A pixel that is not open is *closed*. A try of a closed pixel is called a *probe*.

What an answer does
-------------------
Its treatment (`response.py` reads it from code and status) and the state decide on the next state:

| state ↓ answer → | accepted | refused | throttled | unavailable | forbidden |
|---|---|---|---|---|---|
| open        | open | open [1, 2] | throttled [3] | unavailable [4] | held |
| throttled   | open | open [1, 2] | throttled [3] | unavailable     | held |
| unavailable | open | open [1, 2] | throttled [3] | unavailable     | held |
| held        | open | held [5]    | held          | held            | held |

1. A refusal opens, too: TikTok looked at the content, so it is there and lets this pixel in.
2. The twentieth refusal of a single event in a row, with nothing accepted in between, holds the pixel: then it is not
   the events (promise 5).
3. 40132 is about one pixel. Any other throttling is about the app: all pixels are closed until one of them is accepted
   or refused. That is one more availability, `_everyone`, besides each pixel's own.
4. Not if others of the pixel were accepted while the request was on its way: a few requests in a hundred time out
   (docs/tiktok.md §3).
5. Refusing everything may be how TikTok says that permission is missing (docs/tiktok.md §3, 40002).

Rules
-----
1. An answer counts only if its request began after the state was entered (`first_request`): an earlier one was asked
   for under other circumstances. So a whole flock of failures counts once.
2. `closed_since_s` runs through all closed states; `since_s` begins again with each state.
3. A held pixel keeps the reason that held it; the others show the latest.
4. Another token opens a held pixel at once; nothing but another configuration opens one that the operator holds.
5. A throttled or unavailable pixel of which nothing is left opens once its try has been due for five minutes: what
   closed it is long over, or its next event will show it. A held one stays held: its next event is a try (promise 5).
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from consumer.core.backoff import Backoff
from consumer.core.deliver.response import ResponseVerdict, Scope, Treatment

PROBE_EVERY_S: Final = 60.0
"""How often a held pixel tries one event (promise 5)."""
IDLE_S: Final = 300.0
"""How long a pixel stays closed when its try is due, and there is no event to try it with (rule 5)."""
REFUSALS_TO_HOLD: Final = 20
"""Single refusals in a row, with nothing accepted, that hold a pixel (promise 5)."""


class PixelState(StrEnum):
    OPEN = "open"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    HELD = "held"


_OPENS: Final = dict.fromkeys((Treatment.ACCEPTED, Treatment.REFUSED), PixelState.OPEN)
_CLOSES: Final = {
    Treatment.THROTTLED: PixelState.THROTTLED,
    Treatment.UNAVAILABLE: PixelState.UNAVAILABLE,
    Treatment.FORBIDDEN: PixelState.HELD,
}
NEXT: Final[Mapping[PixelState, Mapping[Treatment, PixelState]]] = {
    PixelState.OPEN: {**_OPENS, **_CLOSES},
    PixelState.THROTTLED: {**_OPENS, **_CLOSES},
    PixelState.UNAVAILABLE: {**_OPENS, **_CLOSES},
    PixelState.HELD: {**dict.fromkeys(Treatment, PixelState.HELD), Treatment.ACCEPTED: PixelState.OPEN},
}
"""The table above without its notes."""


class PixelAvailability(Struct, frozen=True):
    """Whether, and when, a pixel may send. A value: a transition makes a new one."""

    state: PixelState = PixelState.OPEN
    since_s: float = 0.0
    """Monotonic seconds when the state was entered."""
    closed_since_s: float | None = None
    """Monotonic seconds when the pixel was last open; None while it is."""
    why: str = ""
    """For people; holds no value of a record."""
    code: int | None = None
    """TikTok's code, if that is the reason."""
    next_try_s: float | None = 0.0
    """No request before; None: not before a person acts."""
    failures: int = 0
    """Failed tries since it closed."""
    first_request: int = 0
    """The number of the first request whose answer counts (rule 1)."""

    @property
    def can_send(self) -> bool:
        return self.state is PixelState.OPEN


class StateChange(Struct, frozen=True):
    """A pixel closed or opened: one log line."""

    pixel: str
    before: PixelState
    after: PixelState
    why: str


class AnswerContext(Struct, frozen=True):
    """One answer, as far as it says something of its pixel."""

    verdict: ResponseVerdict
    request: int
    next_request: int
    """The number of the next request to begin."""
    are_others_accepted: bool
    """True if another request of the pixel was accepted while this one was on its way."""
    single_refusals: int
    """In a row with nothing accepted, this one included."""


class PixelStates:
    """All pixels' states.

    Args:
        pixels: name → whether the operator holds it (`hold: true`).
        random: 0 ≤ x < 1, for the back-off's jitter.
    """

    def __init__(self, pixels: Mapping[str, bool], backoff: Backoff, random: Callable[[], float]) -> None:
        self._own = {
            name: held_by_operator(0.0) if is_held else PixelAvailability() for name, is_held in pixels.items()
        }
        self._everyone = PixelAvailability()
        self._backoff = backoff
        self._random = random

    @property
    def are_all_throttled(self) -> bool:
        return not self._everyone.can_send

    def availability(self, pixel: str) -> PixelAvailability:
        """A pixel's availability, an app-wide throttling included."""
        own = self._own[pixel]
        return self._everyone if own.can_send and not self._everyone.can_send else own

    def all(self) -> Mapping[str, PixelAvailability]:
        """Every pixel's availability."""
        return {pixel: self.availability(pixel) for pixel in self._own}

    def next_try_s(self, pixel: str) -> float | None:
        """Monotonic seconds before which a pixel has no request; None if a person must act first."""
        own_s, all_s = self._own[pixel].next_try_s, self._everyone.next_try_s
        return None if own_s is None or all_s is None else max(own_s, all_s)

    def take_answer(self, pixel: str, context: AnswerContext, now_s: float) -> list[StateChange]:
        """Take in what an answer says of its pixel, and of all of them."""
        before = self.all()
        if context.request >= self._everyone.first_request:
            self._everyone = self._move_everyone(context, now_s)
        if context.request >= self._own[pixel].first_request:
            self._own[pixel] = self._move(self._own[pixel], context, now_s)
        return self._changes(before)

    def token_changed(self, pixel: str, now_s: float, next_request: int) -> StateChange | None:
        """Open a held pixel, since its token is another one now. None if it was not held, or by the operator."""
        before = self._own[pixel]
        if before.state is not PixelState.HELD or before.next_try_s is None:
            return None
        self._own[pixel] = opened(now_s, next_request)
        return StateChange(pixel, PixelState.HELD, self.availability(pixel).state, "its token has changed")

    def closed(self) -> list[str]:
        """The pixels that are not open."""
        return [name for name in self._own if not self.availability(name).can_send]

    def open_idle(self, idle: Collection[str], now_s: float, next_request: int) -> list[StateChange]:
        """Open what has been due for a try for `IDLE_S` (rule 5).

        Args:
            idle: closed pixels of which nothing waits or is under way.
        """
        before = self.all()
        tried = [name for name, own in self._own.items() if own.state is not PixelState.HELD]
        if _is_long_due(self._everyone, now_s) and all(name in idle for name in tried):
            self._everyone = opened(now_s, next_request)
        for name in idle:
            if _is_long_due(self._own[name], now_s):
                self._own[name] = opened(now_s, next_request)
        return self._changes(before, "nothing is left to try it with")

    def wait_s(self, verdict: ResponseVerdict, failures: int) -> float:
        """Draw how long to wait after so many failures in a row, at least what Retry-After asked for."""
        return max(verdict.wait_s or 0.0, self._backoff.wait_s(failures, self._random()))

    def _changes(self, before: Mapping[str, PixelAvailability], why: str = "") -> list[StateChange]:
        return [
            StateChange(name, before[name].state, after.state, why or after.why)
            for name, after in self.all().items()
            if after.state is not before[name].state
        ]

    def _move_everyone(self, context: AnswerContext, now_s: float) -> PixelAvailability:
        everyone, verdict = self._everyone, context.verdict
        if verdict.treatment is Treatment.THROTTLED and verdict.scope is Scope.ALL:
            return self._closed(everyone, PixelState.THROTTLED, context, now_s)
        if verdict.treatment in _OPENS and not everyone.can_send:
            return opened(now_s, context.next_request)
        return everyone

    def _move(self, before: PixelAvailability, context: AnswerContext, now_s: float) -> PixelAvailability:
        state = _next_state(before, context)
        if state is not PixelState.OPEN:
            return self._closed(before, state, context, now_s)
        return before if before.can_send else opened(now_s, context.next_request)

    def _closed(
        self, before: PixelAvailability, state: PixelState, context: AnswerContext, now_s: float
    ) -> PixelAvailability:
        after = closed(before, state, context.verdict, now_s, context.next_request)
        wait_s = PROBE_EVERY_S if state is PixelState.HELD else self.wait_s(context.verdict, after.failures)
        return replace(after, next_try_s=now_s + wait_s)


def opened(now_s: float, next_request: int) -> PixelAvailability:
    """Open: by an answer, or because a person removed the cause of the hold."""
    return PixelAvailability(since_s=now_s, first_request=next_request)


def held_by_operator(now_s: float) -> PixelAvailability:
    """Closed by `hold: true`; nothing but another configuration opens it."""
    return PixelAvailability(
        PixelState.HELD, since_s=now_s, closed_since_s=now_s, why="hold: true in the configuration", next_try_s=None
    )


def closed(
    before: PixelAvailability, state: PixelState, verdict: ResponseVerdict, now_s: float, next_request: int
) -> PixelAvailability:
    """Enter a closed state, or stay in it after one more failed try. `next_try_s` is the caller's to set."""
    is_refused = verdict.treatment is Treatment.REFUSED
    why, code = (_REFUSES_ALL, None) if is_refused else (verdict.why, verdict.code)
    if before.state is state:
        if state is PixelState.HELD:
            why, code = before.why, before.code
        return replace(before, why=why, code=code, failures=before.failures + 1)
    return PixelAvailability(
        state,
        since_s=now_s,
        closed_since_s=now_s if before.closed_since_s is None else before.closed_since_s,
        why=why,
        code=code,
        failures=1,
        first_request=next_request,
    )


def _is_long_due(pixel: PixelAvailability, now_s: float) -> bool:
    is_closed = pixel.state in (PixelState.THROTTLED, PixelState.UNAVAILABLE)
    return is_closed and pixel.next_try_s is not None and pixel.next_try_s + IDLE_S <= now_s


def _next_state(before: PixelAvailability, context: AnswerContext) -> PixelState:
    verdict = context.verdict
    state = NEXT[before.state][verdict.treatment]
    if state is PixelState.THROTTLED and verdict.scope is Scope.ALL:
        return PixelState.OPEN  # of itself: it is all that are throttled (note 3)
    if before.can_send and state is PixelState.UNAVAILABLE and context.are_others_accepted:
        return PixelState.OPEN  # note 4
    if verdict.treatment is Treatment.REFUSED and context.single_refusals >= REFUSALS_TO_HOLD:
        return PixelState.HELD  # note 2
    return state


_REFUSES_ALL: Final = f"{REFUSALS_TO_HOLD} events in a row were refused and none accepted"
