"""How fast and how many at once: token buckets, and a limit that adapts. Part of `deliver`.

All of it is additive increase on acceptance and multiplicative decrease when TikTok says it is too much.
"""

from collections import deque
from typing import Final


class ConcurrencyLimit:
    """How many requests may be on their way at once: between 1 and `most`, where it starts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._value = float(most)
        self._first_request = 0

    @property
    def value(self) -> int:
        return int(self._value)

    def accepted(self) -> None:
        """Grow by one for each round of as many acceptances as are on their way at once."""
        self._value = min(self._value + 1 / self._value, float(self._most))

    def failed(self, request: int, next_request: int) -> None:
        """Halve, at most once a round trip: what was sent before the last halving says nothing of it."""
        if request >= self._first_request:
            self._value = max(self._value / 2, 1.0)
            self._first_request = next_request


class TokenBucket:
    """A token bucket whose rate sinks below what TikTok throttled and finds its way back up.

    Below the rate that was throttled last it grows slowly, so that throttled answers stay rare; once it is past it,
    that rate is forgotten.
    """

    def __init__(self, max_per_s: float) -> None:
        self._max_per_s = max_per_s
        self._floor_per_s = min(_SLOWEST_PER_S, max_per_s)
        self._throttled_per_s: float | None = None
        self._first_request = 0
        self._tokens = max(1.0, max_per_s * _BURST_S)
        self._counted_s: float | None = None
        self._begun_s: deque[float] = deque()
        self.per_s = max_per_s

    def is_ready(self, now_s: float) -> bool:
        """Say whether a request may begin now."""
        self._count(now_s)
        return self._tokens >= 1.0 - _ROUNDING

    def take(self, now_s: float) -> None:
        """Note that a request begins. Only after `is_ready`."""
        self._count(now_s)
        self._tokens -= 1.0
        self._begun_s.append(now_s)

    def accepted(self) -> None:
        """Grow by a fiftieth, at least 0.2 a second; near the last throttling, by a tenth in about seven seconds."""
        last = self._throttled_per_s
        if last is not None and self.per_s > _PAST * last:
            last = self._throttled_per_s = None
        grown_per_s = self.per_s + max(0.02 * self.per_s, 0.2)
        if last is not None and grown_per_s > 0.9 * last:
            # So much an acceptance is so much of the rate a second, whatever the rate.
            grown_per_s = max(0.9 * last, self.per_s + min(max(0.002 * self.per_s, 0.005), 0.015))
        self.per_s = min(grown_per_s, self._max_per_s)

    def throttled(self, request: int, next_request: int) -> None:
        """Sink to four fifths of what was really sent, at most once a round trip, and empty the bucket."""
        self._tokens = min(self._tokens, 0.0)
        if request >= self._first_request:
            self._throttled_per_s = min(self.per_s, max(float(len(self._begun_s)), _TELLING_PER_S))
            self.per_s = max(0.8 * self._throttled_per_s, self._floor_per_s)
            self._first_request = next_request

    def _count(self, now_s: float) -> None:
        """Let tokens drip in since the last look, up to a tenth of a second's worth, and forget old requests."""
        if self._counted_s is not None:
            most = max(1.0, self.per_s * _BURST_S)
            self._tokens = min(self._tokens + (now_s - self._counted_s) * self.per_s, most)
        self._counted_s = now_s
        while self._begun_s and self._begun_s[0] <= now_s - 1.0:
            self._begun_s.popleft()


_SLOWEST_PER_S: Final = 0.5
_TELLING_PER_S: Final = 20.0
"""Whoever is throttled at fewer than this learns no rate from it: TikTok allows 1,000 a second (docs/tiktok.md §4),
so it is another sender of the app, or a limit of minutes, and 20 full requests a second are more than most ever send.
A server that does allow less says so again at once, and is followed down."""
_PAST: Final = 1.03
_BURST_S: Final = 0.1  # a loop that turns ten times a second still reaches the full rate
_ROUNDING: Final = 1e-6
