"""The newest records of a whole topic, by time, whatever their partitions: none that is older than one left out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import Final, Protocol

from consumer.core.model import Record, TopicPartition
from consumer.core.read import LogBounds

_FIRST_LOOK_MS: Final = 1_000
_WIDER: Final = 4
"""Where offsets hold no records (marks of transactions, compaction), so many times as many are read."""

Starts = Mapping[TopicPartition, int]
Watched = Callable[[Iterable[Record], int], Iterable[Record]]
"""Passes records on, of which there are at most so many, and shows how it goes."""


class TopicLog(Protocol):
    """A topic's log, as it is read outside of the group."""

    def all_bounds(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, LogBounds]: ...

    def offsets_at(self, partitions: Sequence[TopicPartition], time_ms: int) -> Mapping[TopicPartition, int]: ...

    def read(self, partition: TopicPartition, start: int, end: int) -> Iterator[Record]: ...


def newest_records(
    log: TopicLog, partitions: Iterable[TopicPartition], most: int, now_ms: int, watched: Watched
) -> list[Record]:
    """The newest records of these partitions, at most so many, in the order of their times. Raises Unreachable.

    Args:
        now_ms: Unix milliseconds; the search for the time to start at begins there.
    """
    search, wanted = _Search(log, partitions, now_ms), most
    while True:
        starts, since_ms = search.starts(wanted)
        found = nlargest(most, watched(search.read(starts), search.count(starts)), key=_time)
        is_enough = len(found) == most and found[-1].timestamp_ms >= since_ms
        if is_enough or starts == search.whole:
            return found[::-1]
        wanted *= _WIDER


def _time(record: Record) -> tuple[int, int, int]:
    at = record.position
    return record.timestamp_ms, at.partition, at.offset


class _Search:
    """Where to start by time, since a partition's newest record may be older than another's oldest."""

    def __init__(self, log: TopicLog, partitions: Iterable[TopicPartition], now_ms: int) -> None:
        self._log, self._now_ms = log, now_ms
        self._bounds = log.all_bounds(list(partitions))
        self.whole: Starts = {partition: bounds.low for partition, bounds in self._bounds.items()}

    def starts(self, wanted: int) -> tuple[Starts, int]:
        """Per partition, the first offset of a time from which on there are so many offsets; and that time.

        The whole topic and 0 if it has no more, or its records have no times.
        """
        since_ms, until_ms, back_ms = self._now_ms, self._now_ms, _FIRST_LOOK_MS
        while self.count(found := self._at(since_ms)) < wanted:
            until_ms, since_ms, back_ms = since_ms, self._now_ms - back_ms, back_ms * 2
            if since_ms <= 0:
                return self.whole, 0
        return self._narrowed(found, since_ms, until_ms, wanted)

    def _narrowed(self, found: Starts, since_ms: int, until_ms: int, wanted: int) -> tuple[Starts, int]:
        """As late a start as will do, by halves, until little is read in vain."""
        while until_ms - since_ms > 1 and self.count(found) > wanted + wanted // 4:
            middle_ms = (since_ms + until_ms) // 2
            nearer = self._at(middle_ms)
            if self.count(nearer) < wanted:
                until_ms = middle_ms
            else:
                since_ms, found = middle_ms, nearer
        return found, since_ms

    def count(self, starts: Starts) -> int:
        """Offsets from there on."""
        return sum(max(0, self._bounds[partition].high - start) for partition, start in starts.items())

    def read(self, starts: Starts) -> Iterator[Record]:
        """Every record from there on."""
        for partition, start in starts.items():
            if start < self._bounds[partition].high:
                yield from self._log.read(partition, start, self._bounds[partition].high)

    def _at(self, time_ms: int) -> Starts:
        offsets = self._log.offsets_at(list(self._bounds), time_ms)
        return {
            partition: max(bounds.low, offsets.get(partition, bounds.high))
            for partition, bounds in self._bounds.items()
        }
