"""A window's claims, small and dated: per key a digest, a time, the fields present and a position. Part of `dedupe`.

A claim is one integer, so that a million of them stay below 250 bytes each (docs/architecture.md §4; bench/window.py).
Expiry looks at whole seconds that have passed and at nothing else: each claim is touched once, there is no scan.
"""

from heapq import heappop, heappush
from typing import Final

_TIME_BITS: Final = 42
"""Unix milliseconds until the year 2109."""
_OFFSET_BITS: Final = 62
_FIELDS_AT: Final = _TIME_BITS + _OFFSET_BITS
_TIME: Final = (1 << _TIME_BITS) - 1
_OFFSET: Final = (1 << _OFFSET_BITS) - 1
NOWHERE: Final = _OFFSET
"""The position of a claim that no record of this partition made."""


class Claims:
    """Which keys are claimed. A claim says when, by which offset, and with which fields (`merge.presence`)."""

    def __init__(self) -> None:
        self._packed: dict[bytes, int] = {}
        self._buckets: dict[int, list[bytes]] = {}
        """Unix second → digests claimed for it; also of claims released or dated again since."""
        self._seconds: list[int] = []
        """The keys of `_buckets`, a heap."""
        self._second = -1
        """The key of `_bucket`, the one that was put into last."""
        self._bucket: list[bytes] = []

    def __len__(self) -> int:
        return len(self._packed)

    def take(self, digest: bytes, alive_from_ms: int, time_ms: int, offset: int, fields: int) -> int | None:
        """Claim a free key: one without a claim, or with an older one. Else return the claim that stands."""
        packed = self._packed.get(digest)
        if packed is not None and packed & _TIME >= alive_from_ms:
            return packed
        self._packed[digest] = (fields << _OFFSET_BITS | offset) << _TIME_BITS | time_ms
        second = time_ms // 1000
        if second != self._second:
            self._turn_to(second)
        self._bucket.append(digest)
        return None

    def put(self, digest: bytes, time_ms: int, offset: int, fields: int) -> None:
        """Make a claim, or replace one."""
        self.take(digest, _TIME + 1, time_ms, offset, fields)

    def get(self, digest: bytes, alive_from_ms: int) -> int | None:
        """The key's claim, to be read by the functions below; None if it is free."""
        packed = self._packed.get(digest)
        return packed if packed is not None and packed & _TIME >= alive_from_ms else None

    def add_fields(self, digest: bytes, fields: int) -> None:
        """Note that more fields of a claimed key are on their way."""
        self._packed[digest] |= fields << _FIELDS_AT

    def release(self, digest: bytes) -> None:
        """Take a claim back, if it is still there."""
        self._packed.pop(digest, None)

    def expire(self, alive_from_ms: int) -> None:
        """Forget claims older than that; some of the current second's may stay until it is over."""
        while self._seconds and self._seconds[0] * 1000 + 999 < alive_from_ms:
            for digest in self._pop_oldest():
                if self._packed.get(digest, _TIME) & _TIME < alive_from_ms:
                    del self._packed[digest]

    def evict(self, most: int) -> None:
        """Forget up to `most` claims of the oldest second there is."""
        second = self._seconds[0]
        bucket = self._buckets[second]
        for digest in bucket[:most]:
            if (self._packed.get(digest, _TIME) & _TIME) // 1000 == second:
                del self._packed[digest]
        del bucket[:most]
        if not bucket:
            self._pop_oldest()

    def oldest_ms(self) -> int | None:
        """About when the oldest claim was made, to the second; None without any."""
        return self._seconds[0] * 1000 if self._seconds else None

    def _turn_to(self, second: int) -> None:
        bucket = self._buckets.get(second)
        if bucket is None:
            bucket = self._buckets[second] = []
            heappush(self._seconds, second)
        self._second, self._bucket = second, bucket

    def _pop_oldest(self) -> list[bytes]:
        self._second = -1
        return self._buckets.pop(heappop(self._seconds))


def time_of(claim: int) -> int:
    """Unix milliseconds of the record that made the claim."""
    return claim & _TIME


def offset_of(claim: int) -> int:
    """Offset of the record that made the claim, or `NOWHERE`."""
    return claim >> _TIME_BITS & _OFFSET


def fields_of(claim: int) -> int:
    """What was sent for the key, or is on its way, all copies together."""
    return claim >> _FIELDS_AT
