"""Who may send what, and how often. Pure: the time is an argument."""

from collections.abc import Collection, Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from consumer.sandbox.rules.event_model import REFUSED
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.rules.request_fault import RequestFault

EMPTY_TOKEN: Final = 40104
WRONG_TOKEN: Final = 40105
NO_PERMISSION: Final = 40001
ANY: Final = "*"


class Tokens:
    """Which token may write to which pixels. None configured: any token that is not empty may write to any pixel."""

    def __init__(self, pixels_by_token: Mapping[str, Collection[str]] | None = None) -> None:
        self._pixels_by_token = None if pixels_by_token is None else dict(pixels_by_token)

    def replace(self, pixels_by_token: Mapping[str, Collection[str]] | None) -> None:
        """`*` stands for any token or any pixel; None: as if none had been configured."""
        self._pixels_by_token = None if pixels_by_token is None else dict(pixels_by_token)

    def updated(self, changes: Mapping[str, Collection[str] | None]) -> dict[str, Collection[str]]:
        """What to replace them by where the tokens named are added or changed; None revokes one."""
        merged = {**(self._pixels_by_token or {}), **changes}
        return {token: pixels for token, pixels in merged.items() if pixels is not None}

    def fault_of_token(self, token: str) -> RequestFault | None:
        if not token:
            return RequestFault(EMPTY_TOKEN, "Access token is empty", "Access-Token")
        is_bearer = token.lower().startswith("bearer ")
        if is_bearer or self._pixels_of(token) is None:
            return RequestFault(WRONG_TOKEN, "Access token is incorrect or has been revoked", "Access-Token")
        return None

    def fault_of_pixel(self, token: str, pixel: str) -> RequestFault | None:
        allowed = self._pixels_of(token) or ()
        if ANY in allowed or pixel in allowed:
            return None
        return RequestFault(NO_PERMISSION, "No permission to operate this pixel, or there is none", "event_source_id")

    def _pixels_of(self, token: str) -> Collection[str] | None:
        if self._pixels_by_token is None:
            return (ANY,)
        return self._pixels_by_token.get(token, self._pixels_by_token.get(ANY))


class Rate(Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many requests a second, and what the others are answered."""

    per_second: Annotated[float, Meta(gt=0)]
    code: int | None = 40100
    """None: no envelope, just the status (say so with a status of 429)."""
    status: Annotated[int, Meta(ge=200, le=599)] = 200
    retry_after: int | str | None = None
    pixel: str | None = None
    """Only the requests of this pixel count and are limited."""


class RateLimit:
    """Counts requests in whole seconds of the clock given: those beyond the limit are refused."""

    def __init__(self) -> None:
        self.rate: Rate | None = None
        self._second = 0.0
        self._taken = 0.0

    def exceeded(self, pixel: str | None, now_s: float) -> Rate | None:
        """Count one request; the rate that it exceeds, or None. Below one a second, longer spells are counted."""
        rate = self.rate
        if rate is None or (rate.pixel is not None and rate.pixel != pixel):
            return None
        spell_s = max(1.0, 1 / rate.per_second)
        if now_s - self._second >= spell_s:
            self._second, self._taken = now_s, 0.0
        self._taken += 1
        return rate if self._taken > rate.per_second * spell_s else None


class Refuse(Struct, frozen=True, forbid_unknown_fields=True):
    """Events that only TikTok finds guilty: nothing is wrong with them, and batches that hold them are refused."""

    event_ids: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    code: int = REFUSED
    pixel: str | None = None

    def fault_of(self, pixel: str, judged: list[ValidEvent]) -> RequestFault | None:
        if self.pixel is not None and self.pixel != pixel:
            return None
        for place, event in enumerate(judged):
            if event.event_id in self.event_ids or event.event in self.events:
                return RequestFault(self.code, "Not accepted", f"Batch.{place}")
        return None
