"""What must be known of a partition's past so that its window outlives its owner without a store. Part of `dedupe`.

A new owner rewinds to the first record that could have claimed a key which was still claimed at the committed
offset, reads from there without sending, and continues at the committed offset (docs/architecture.md §6). What was
settled beyond that offset is not sent again either. `commit_metadata` writes all of it down.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from enum import StrEnum
from itertools import chain
from typing import Final

from msgspec import Struct

from consumer.core.model import OffsetRuns

MAX_REFUSED: Final = 300
"""With their distances, about half of a commit's metadata."""
MARK_BYTES: Final = 2
ANY_EVENT: Final = b"\xff\xff"
"""The mark of a record that was rejected before it was an event: whatever is made of it later claims nothing."""
_MAX_NOTED: Final = 10_000
_MAX_STEPS: Final = 4096

Refusal = tuple[int, bytes]
"""Offset of a record, and the start of the digest of its event that was refused: another rule's may not have been. Or
`ANY_EVENT`."""


class ColdReason(StrEnum):
    """Why a window starts empty. `NONE` is no fault: nothing was committed yet, or without a window."""

    NONE = "none"
    UNREADABLE = "unreadable"
    VERSION = "version"
    TOO_MANY_REFUSED = "too_many_refused"
    BEYOND = "beyond"
    """The rewind would go forward: the metadata belongs to another offset."""
    TIME = "time"
    """Its watermark is further ahead of this machine's clock than the window is long."""
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
    settled: OffsetRuns = ()
    """What is settled beyond the committed offset: it only fills the window, too."""
    topic_id: str = ""
    cold: ColdReason | None = None
    """Set if the window starts empty."""


def has_offset(runs: OffsetRuns, offset: int) -> bool:
    """True if one of the runs holds that offset."""
    place = bisect_right(runs, offset, key=_first) - 1
    return place >= 0 and offset < runs[place][1]


def joined(*several: OffsetRuns) -> OffsetRuns:
    """All offsets that one of them holds, as runs in order that do not touch."""
    found: list[tuple[int, int]] = []
    for first, end in sorted(chain.from_iterable(several)):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((first, end))
    return tuple(found)


def _first(run: tuple[int, int]) -> int:
    return run[0]


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
    """Which records' events were refused: read again, they claim nothing.

    Of records that were rejected as they were, the newest 10,000 are known. Read again, most are rejected again; but a
    schema may have come since, or the time that they speak of.
    """

    def __init__(self, noted: Iterable[Refusal] = ()) -> None:
        all_noted = sorted(noted)
        self._noted = set(without_rejected(all_noted))
        self._rejected = [offset for offset, mark in all_noted if mark == ANY_EVENT]
        """In order: there may be many, and each commit asks for a part of them."""
        self._unknown_below = 0
        """Of records below this offset, not all refusals are known any more."""

    def note(self, offset: int, digest: bytes) -> None:
        self._noted.add((offset, digest[:MARK_BYTES]))
        if len(self._noted) > _MAX_NOTED:
            self._unknown_below = max(noted for noted, _ in self._noted) + 1
            self._noted.clear()

    def note_rejected(self, offset: int) -> None:
        """A record became a dead letter before it was an event."""
        insort(self._rejected, offset)
        del self._rejected[:-_MAX_NOTED]

    def has(self, offset: int, digest: bytes) -> bool:
        return (offset, digest[:MARK_BYTES]) in self._noted or bool(self._rejected_in(offset, offset + 1))

    def between(self, start: int, end: int) -> list[Refusal] | None:
        """Those from `start` to before `end`, in order; None if they are not known or more than 300."""
        if start < self._unknown_below and start < end:
            return None
        found = sorted(refusal for refusal in self._noted if start <= refusal[0] < end)
        rejected = self._rejected_in(start, end)
        if len(found) > MAX_REFUSED:
            return None
        return sorted([*found, *rejected]) if len(rejected) <= MAX_REFUSED else found

    def within(self, runs: OffsetRuns) -> list[Refusal]:
        """Those of records in these runs, in order."""
        if not runs:
            return []
        found = [refusal for refusal in self._noted if has_offset(runs, refusal[0])]
        return sorted(chain(found, *(self._rejected_in(first, end) for first, end in runs)))

    def _rejected_in(self, start: int, end: int) -> list[Refusal]:
        places = slice(bisect_left(self._rejected, start), bisect_left(self._rejected, end))
        return [(offset, ANY_EVENT) for offset in self._rejected[places]]

    def known_from(self, runs: OffsetRuns) -> OffsetRuns:
        """The runs, or what is left of them, of whose records all refusals are known."""
        below = self._unknown_below
        return tuple((max(first, below), end) for first, end in runs if end > below)

    def forget_before(self, offset: int) -> None:
        self._noted = {refusal for refusal in self._noted if refusal[0] >= offset}
        del self._rejected[: bisect_left(self._rejected, offset)]


def without_rejected(refused: Iterable[Refusal]) -> list[Refusal]:
    """Only those of events: what must be known, where there is no room for all."""
    return [refusal for refusal in refused if refusal[1] != ANY_EVENT]
