"""How a window outlives its owner without a store: what a commit's metadata says of it. Part of `dedupe`.

A new owner rewinds to the first record that could have claimed a key which was still claimed at the committed
offset, reads from there without sending, and goes on at the committed offset (docs/architecture.md §6).
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

VERSION: Final = 1
MAX_METADATA_BYTES: Final = 1024
"""A quarter of what a broker takes by default (`offset.metadata.max.bytes`)."""
MAX_REFUSED: Final = 100
_MAX_NOTED: Final = 10_000
_MAX_STEPS: Final = 4096
_MARK_BYTES: Final = 2

Refusal = tuple[int, bytes]
"""Offset of a record, and the start of the digest of its event that was refused: another rule's may not have been."""


class ColdReason(StrEnum):
    """Why a window starts empty. `NONE` is no fault: nothing was committed yet, or without a window."""

    NONE = "none"
    UNREADABLE = "unreadable"
    VERSION = "version"
    TOO_MANY_REFUSED = "too_many_refused"
    BEYOND = "beyond"
    """The rewind would go forward: the metadata belongs to another offset."""
    TIME = "time"
    """Its watermark is further ahead of our clock than the window is long."""
    OTHER_CLUSTER = "other_cluster"
    """A mirror brought it along: it speaks of offsets of that cluster's log."""


class Rewind(Struct, frozen=True):
    """How to fill a new window."""

    start: int
    """Offset to read from; the committed offset itself if there is nothing to fill in."""
    watermark_ms: int = 0
    """What counts as the wall clock while the records below the committed offset are read again: no less than the
    old owner's watermark then, and less than a second more."""
    refused: frozenset[Refusal] = frozenset()
    topic_id: str = ""
    cold: ColdReason | None = None
    """Set if the window starts empty."""


class ReadTrail:
    """The watermark's way through the log, a step a second: where it was at an offset, and what was claimed there.

    Of a long stall it keeps at most 4,096 steps by joining neighbours, so that a rewind may begin too early, never
    too late.
    """

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._marks: list[int] = []
        """The watermark that the record at the step's offset brought, milliseconds."""
        self._latest: list[int] = []
        """Of the claims that the step's records made, the end of the latest's second; -1 without any."""
        self.offset = -1
        """Where the current step began."""
        self.latest_ms = -1
        """A claim that the current step makes need not be noted if it is no later than this."""

    def reached(self, offset: int, watermark_ms: int) -> None:
        """Begin a step: the record at `offset` brought the watermark into a new second."""
        if len(self._offsets) >= _MAX_STEPS:
            self._thin()
        self._offsets.append(offset)
        self._marks.append(watermark_ms)
        self._latest.append(-1)
        self.offset, self.latest_ms = offset, -1

    def claimed(self, offset: int, time_ms: int) -> None:
        """Note that the record at `offset`, no older than the trail, holds a claim of that time."""
        step = -1 if offset >= self.offset else self._step(offset + 1)
        end_ms = time_ms - time_ms % 1000 + 999
        self._latest[step] = max(self._latest[step], end_ms)
        self.latest_ms = self._latest[-1]

    def oldest_alive(self, committed: int, window_ms: int) -> int:
        """The step's offset from which on claims were alive when `committed` was the next to be read, else that."""
        last = self._step(committed)
        if last < 0:
            return committed
        alive_from_ms = self._marks[last] - window_ms
        return next((self._offsets[step] for step in range(last + 1) if self._latest[step] >= alive_from_ms), committed)

    def watermark_at(self, committed: int, now_ms: int) -> int:
        """No less than the watermark was when `committed` was the next to be read; `now_ms` is where it is now."""
        after = self._step(committed) + 1
        return self._marks[after] - 1 if after < len(self._marks) else now_ms

    def forget_before(self, offset: int) -> None:
        """No rewind will begin before `offset`."""
        passed = max(0, self._step(offset + 1))
        del self._offsets[:passed], self._marks[:passed], self._latest[:passed]

    def _step(self, committed: int) -> int:
        """The step of the last record below that offset; -1 if the trail begins later."""
        return bisect_left(self._offsets, committed) - 1

    def _thin(self) -> None:
        self._latest = [max(self._latest[step : step + 2]) for step in range(0, len(self._latest), 2)]
        self._offsets = self._offsets[::2]
        self._marks = self._marks[::2]


class Refusals:
    """Which records' events were refused: read again, they claim nothing."""

    def __init__(self, noted: Iterable[Refusal] = ()) -> None:
        self._noted = set(noted)
        self._unknown_below = 0
        """Of records below this offset, not all refusals are known any more."""

    def note(self, offset: int, digest: bytes) -> None:
        self._noted.add((offset, digest[:_MARK_BYTES]))
        if len(self._noted) > _MAX_NOTED:
            self._unknown_below = max(noted for noted, _ in self._noted) + 1
            self._noted.clear()

    def has(self, offset: int, digest: bytes) -> bool:
        return (offset, digest[:_MARK_BYTES]) in self._noted

    def between(self, start: int, end: int) -> list[Refusal] | None:
        """Those from `start` to before `end`, in order; None if they are not known or more than 100."""
        if start < self._unknown_below and start < end:
            return None
        found = sorted(refusal for refusal in self._noted if start <= refusal[0] < end)
        return found if len(found) <= MAX_REFUSED else None

    def forget_before(self, offset: int) -> None:
        self._noted = {refusal for refusal in self._noted if refusal[0] >= offset}


def is_other_topic(then: str, now: str) -> bool:
    """True if one cluster's topic was deleted and made again in between.

    Args:
        then: as the metadata has it: the cluster's id, a slash, the topic's id. Empty: not known.
        now: the same of the topic that is read.
    """
    return bool(then and now) and then != now and not is_other_cluster(then, now)


def is_other_cluster(then: str, now: str) -> bool:
    """True if the commit was made in another cluster: somebody brought the group's offsets over to this one."""
    cluster_then, cluster_now = then.partition("/")[0], now.partition("/")[0]
    return bool(then and now) and cluster_then != cluster_now


class _Metadata(Struct, omit_defaults=True):
    """The JSON of a commit's metadata. Short names: it is stored with every commit."""

    v: int
    w: int = 0
    m: int = 0
    r: str = ""
    c: bool = False
    """Cold: too many were refused."""
    t: str = ""
    """Which topic of this name it is about, and of which cluster."""


def write_metadata(start: int, watermark_ms: int, refused: list[Refusal] | None, topic_id: str) -> str:
    """Say how to fill the window of a committed offset again: at most 1 KiB.

    Args:
        refused: None if there are too many: the next owner starts cold.
        topic_id: at most 64 characters.
    """
    if refused is not None:
        text = _json(_Metadata(VERSION, start, watermark_ms, _pack(start, refused), t=topic_id))
        if len(text) <= MAX_METADATA_BYTES:
            return text
    return _json(_Metadata(VERSION, c=True, t=topic_id))


def parse_metadata(text: str, committed: int, window_ms: int, wall_ms: int) -> Rewind:
    """Read what `write_metadata` wrote for the offset `committed`; whatever else it is, the window starts cold."""
    if not text:
        return Rewind(committed, cold=ColdReason.NONE)
    try:
        found = msgspec.json.decode(text, type=_Metadata)
        refused = frozenset(_unpack(found.w, found.r))
    except (msgspec.MsgspecError, ValueError, IndexError):
        return Rewind(committed, cold=ColdReason.UNREADABLE)
    fault = _fault(found, committed, wall_ms + window_ms)
    if fault is not None:
        return Rewind(committed, topic_id=found.t, cold=fault)
    return Rewind(found.w, found.m, refused, found.t)


def _fault(found: _Metadata, committed: int, latest_ms: int) -> ColdReason | None:
    if found.v != VERSION:
        return ColdReason.VERSION
    if found.c:
        return ColdReason.TOO_MANY_REFUSED
    if not 0 <= found.w <= committed:
        return ColdReason.BEYOND
    return None if 0 <= found.m <= latest_ms else ColdReason.TIME


def _json(metadata: _Metadata) -> str:
    return msgspec.json.encode(metadata).decode()


def _pack(start: int, refused: list[Refusal]) -> str:
    """Per refusal the distance from the one before, seven bits a byte, lowest first, then its mark; in base64."""
    packed = bytearray()
    for offset, mark in refused:
        distance, start = offset - start, offset
        while distance > 0x7F:
            packed.append(distance & 0x7F | 0x80)
            distance >>= 7
        packed.append(distance)
        packed += mark
    return urlsafe_b64encode(packed).decode()


def _unpack(start: int, text: str) -> list[Refusal]:
    """The inverse of `_pack`. Raises ValueError (binascii.Error is one) or IndexError for anything else."""
    packed = urlsafe_b64decode(text)
    refused: list[Refusal] = []
    at = 0
    while at < len(packed):
        distance = shift = 0
        while packed[at] & 0x80:
            distance |= (packed[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
        start += distance | packed[at] << shift
        mark = packed[at + 1 : at + 1 + _MARK_BYTES]
        if len(mark) < _MARK_BYTES:
            raise binascii.Error
        refused.append((start, mark))
        at += 1 + _MARK_BYTES
    return refused
