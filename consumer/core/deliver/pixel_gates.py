"""Whether each pixel may send: the states of `pixel`, one a pixel and one for all together. Part of `deliver`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from consumer.core.backoff import Backoff
from consumer.core.deliver.pixel_state import (
    NEXT,
    PROBE_EVERY_S,
    REFUSALS_TO_HOLD,
    PixelAvailability,
    PixelState,
    closed,
    held_by_operator,
    opened,
)
from consumer.core.deliver.request import PixelSettings, StateChange
from consumer.core.deliver.response import ResponseVerdict, Scope, Treatment


class AnswerContext(Struct, frozen=True):
    """One answer, as far as it tells something of its pixel."""

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
        random: 0 ≤ x < 1, for the back-off's jitter.
    """

    def __init__(self, pixels: Iterable[PixelSettings], backoff: Backoff, random: Callable[[], float]) -> None:
        self._own = {pixel.name: held_by_operator(0.0) if pixel.is_held else PixelAvailability() for pixel in pixels}
        self._everyone = PixelAvailability()
        self._backoff = backoff
        self._random = random

    @property
    def are_all_throttled(self) -> bool:
        return not self._everyone.can_send

    def gate(self, pixel: str) -> PixelAvailability:
        """Give a pixel's state, an app-wide throttling included."""
        own = self._own[pixel]
        return self._everyone if own.can_send and not self._everyone.can_send else own

    def states(self) -> Mapping[str, PixelAvailability]:
        """Give every pixel's state."""
        return {pixel: self.gate(pixel) for pixel in self._own}

    def next_try_s(self, pixel: str) -> float | None:
        """Monotonic seconds before which a pixel has no request; None if a person must act first."""
        own_s, all_s = self._own[pixel].next_try_s, self._everyone.next_try_s
        return None if own_s is None or all_s is None else max(own_s, all_s)

    def answered(self, pixel: str, evidence: AnswerContext, now_s: float) -> list[StateChange]:
        """Take in what an answer says of its pixel, and of all of them."""
        before = self.states()
        if evidence.request >= self._everyone.first_request:
            self._everyone = self._move_everyone(evidence, now_s)
        if evidence.request >= self._own[pixel].first_request:
            self._own[pixel] = self._move(self._own[pixel], evidence, now_s)
        return self._changes(before)

    def token_changed(self, pixel: str, now_s: float, next_request: int) -> StateChange | None:
        """Open a held pixel, since its token is another one now. None if it was not held, or by the operator."""
        gate = self._own[pixel]
        if gate.state is not PixelState.HELD or gate.next_try_s is None:
            return None
        self._own[pixel] = opened(now_s, next_request)
        return StateChange(pixel, PixelState.HELD, self.gate(pixel).state, "its token has changed")

    def wait_s(self, verdict: ResponseVerdict, failures: int) -> float:
        """Draw how long to wait after so many failures in a row, at least what Retry-After asked for."""
        return max(verdict.wait_s or 0.0, self._backoff.wait_s(failures, self._random()))

    def _move_everyone(self, evidence: AnswerContext, now_s: float) -> PixelAvailability:
        """An app-wide throttling closes all pixels until one of them is let in again."""
        everyone, verdict = self._everyone, evidence.verdict
        if verdict.treatment is Treatment.THROTTLED and verdict.scope is Scope.ALL:
            return self._closed(everyone, PixelState.THROTTLED, evidence, now_s)
        if verdict.treatment in _LETS_IN and not everyone.can_send:
            return opened(now_s, evidence.next_request)
        return everyone

    def _move(self, gate: PixelAvailability, evidence: AnswerContext, now_s: float) -> PixelAvailability:
        state = self._next_state(gate, evidence)
        if state is not PixelState.OPEN:
            return self._closed(gate, state, evidence, now_s)
        return gate if gate.can_send else opened(now_s, evidence.next_request)

    def _next_state(self, gate: PixelAvailability, evidence: AnswerContext) -> PixelState:
        verdict = evidence.verdict
        state = NEXT[gate.state][verdict.treatment]
        if state is PixelState.THROTTLED and verdict.scope is Scope.ALL:
            return PixelState.OPEN  # of itself: it is all that are throttled
        if gate.can_send and state is PixelState.UNAVAILABLE and evidence.are_others_accepted:
            return PixelState.OPEN  # a few requests in a hundred time out (tiktok.md, section 3)
        if verdict.treatment is Treatment.REFUSED and evidence.single_refusals >= REFUSALS_TO_HOLD:
            return PixelState.HELD
        return state

    def _closed(
        self, gate: PixelAvailability, state: PixelState, evidence: AnswerContext, now_s: float
    ) -> PixelAvailability:
        verdict = evidence.verdict
        why = _REFUSES_ALL if verdict.treatment is Treatment.REFUSED else verdict.why
        after = closed(gate, state, why, now_s, evidence.next_request)
        wait_s = PROBE_EVERY_S if state is PixelState.HELD else self.wait_s(verdict, after.failures)
        return replace(after, next_try_s=now_s + wait_s)

    def _changes(self, before: Mapping[str, PixelAvailability]) -> list[StateChange]:
        return [
            StateChange(pixel, before[pixel].state, gate.state, gate.why)
            for pixel, gate in self.states().items()
            if gate.state is not before[pixel].state
        ]


_LETS_IN: Final = (Treatment.ACCEPTED, Treatment.REFUSED)
_REFUSES_ALL: Final = f"{REFUSALS_TO_HOLD} events in a row were refused and none accepted"
