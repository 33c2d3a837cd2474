"""The newest records of a topic: those of no partition are older than one that is left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Final

import pytest

from consumer.commands.explain.records.newest_records import newest_records
from consumer.core.model import Position, Record, TopicPartition
from consumer.core.read import LogBounds

NOW_MS: Final = 1_762_000_000_000
HOUR_MS: Final = 3_600_000


class FakeLog:
    """Partitions of times; None is an offset that holds no record."""

    def __init__(self, *partitions: Sequence[int | None], has_times: bool = True) -> None:
        self.partitions = {("t", number): times for number, times in enumerate(partitions)}
        self.has_times, self.read_offsets = has_times, 0

    def all_bounds(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, LogBounds]:
        return {each: LogBounds(0, len(self.partitions[each]), len(self.partitions[each])) for each in partitions}

    def offsets_at(self, partitions: Sequence[TopicPartition], time_ms: int) -> Mapping[TopicPartition, int]:
        found = {each: self._offset_at(each, time_ms) for each in partitions if self.has_times}
        return {each: offset for each, offset in found.items() if offset is not None}

    def _offset_at(self, partition: TopicPartition, time_ms: int) -> int | None:
        times = self.partitions[partition]
        return next((at for at, time in enumerate(times) if time is not None and time >= time_ms), None)

    def read(self, partition: TopicPartition, start: int, end: int) -> Iterator[Record]:
        for offset in range(start, end):
            self.read_offsets += 1
            time = self.partitions[partition][offset]
            if time is not None:
                at = Position(*partition, offset)
                yield Record(at, time, None, b"", (), at)

    def newest(self, most: int) -> list[tuple[int, int, int]]:
        found = newest_records(self, list(self.partitions), most, NOW_MS, lambda records, _: records)
        return [_key(record) for record in found]

    def all(self) -> list[tuple[int, int, int]]:
        return sorted(
            (time, partition, offset)
            for (_, partition), times in self.partitions.items()
            for offset, time in enumerate(times)
            if time is not None
        )


def _key(record: Record) -> tuple[int, int, int]:
    return record.timestamp_ms, record.position.partition, record.position.offset


def test_a_partition_of_old_records_gives_none_while_others_have_newer_ones() -> None:
    old = [NOW_MS - 100 * HOUR_MS + at for at in range(50)]
    new = [NOW_MS - 1000 + at for at in range(50)]

    log = FakeLog(old, new, [])

    assert [partition for _, partition, _ in log.newest(40)] == [1] * 40
    assert [partition for _, partition, _ in log.newest(60)] == [0] * 10 + [1] * 50


@pytest.mark.parametrize("seed", range(30))
def test_they_are_the_newest_however_times_and_marks_lie(seed: int) -> None:
    dice = Random(seed)
    partitions = [_times(dice) for _ in range(dice.randint(1, 5))]
    log = FakeLog(*partitions)
    everything = log.all()

    for most in (1, 7, 40, 1000):
        assert log.newest(most) == everything[-most:]


def _times(dice: Random) -> list[int | None]:
    """Mostly rising; some out of order, some in the future, some offsets that hold nothing."""
    start_ms = NOW_MS - dice.randint(0, 500) * HOUR_MS
    step_ms = dice.choice((0, 1, 1000, HOUR_MS))
    jitter_ms = dice.choice((0, 5, HOUR_MS))
    times: Iterable[int] = (start_ms + at * step_ms + dice.randint(0, jitter_ms) for at in range(dice.randint(0, 80)))
    return [None if dice.random() < 0.2 else time for time in times]


def test_records_without_times_are_taken_from_the_whole_topic() -> None:
    log = FakeLog([-1] * 5, [-1] * 5, has_times=False)

    assert len(log.newest(4)) == 4


def test_little_more_than_what_is_wanted_is_read() -> None:
    log = FakeLog(*([NOW_MS - 10_000_000 + at * 100 + number for at in range(5_000)] for number in range(4)))

    log.newest(400)

    assert log.read_offsets <= 520
