"""The last 15 minutes and six hours in samples, and how fast partitions are read. The deciding thread's alone."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from consumer.core.model import TopicPartition
from consumer.status.merging import KEPT_SAMPLES
from consumer.status.model import Sample

SAMPLE_S: Final = 10
LONG_SAMPLE_S: Final = 120
_SOONEST_S: Final = 1.0
"""A rate over less than a second says nothing."""


class Levels(Struct, frozen=True):
    """What a sample is made of: counts since the start, and how things stand."""

    read: float = 0
    accepted: float = 0
    rejected: float = 0
    lag: int = 0
    in_flight: int = 0
    delays_s: float = 0
    """The sum of what accepted events took."""
    delays: float = 0
    """How many these are."""


class History:
    """Costs a few comparisons between two samples."""

    def __init__(self, sample_s: int = SAMPLE_S, kept: int = KEPT_SAMPLES) -> None:
        self.samples: tuple[Sample, ...] = ()
        self._sample_s = sample_s
        self._kept: deque[Sample] = deque(maxlen=kept)
        self._slot: int | None = None
        self._since_s, self._before = 0.0, Levels()

    def note(self, wall_s: float, now_s: float, levels: Levels) -> bool:
        """Take in how things stand; True if that made a sample.

        Samples end at whole multiples of their length in Unix seconds, so that those of several processes can be
        added. A clock that is set back begins a new history.
        """
        slot = int(wall_s // self._sample_s)
        if slot == self._slot:
            return False
        if self._slot is None or slot < self._slot:
            self._kept.clear()
        else:
            self._kept.append(self._sample(slot * self._sample_s, now_s - self._since_s, levels))
        self.samples = tuple(self._kept)
        self._slot, self._since_s, self._before = slot, now_s, levels
        return True

    def _sample(self, at: int, seconds: float, levels: Levels) -> Sample:
        def rate(now: float, before: float) -> float:
            return round((now - before) / max(seconds, _SOONEST_S), 2)

        before = self._before
        delays = levels.delays - before.delays
        return Sample(
            at,
            read_per_s=rate(levels.read, before.read),
            accepted_per_s=rate(levels.accepted, before.accepted),
            rejected_per_s=rate(levels.rejected, before.rejected),
            lag=levels.lag,
            in_flight=levels.in_flight,
            delay_s=round((levels.delays_s - before.delays_s) / delays, 3) if delays > 0 else None,
        )


_Mark = tuple[float, int]
"""Monotonic seconds, and the next offset then."""


class ReadRates:
    """Records a second by partition: the mean since the mark before the last, 10 to 20 seconds ago."""

    def __init__(self) -> None:
        self._older: dict[TopicPartition, _Mark] = {}
        self._newer: dict[TopicPartition, _Mark] = {}

    def mark(self, now_s: float, offsets: Mapping[TopicPartition, int]) -> None:
        """Begin another ten seconds. Partitions that are no longer assigned are forgotten."""
        self._older = {partition: mark for partition, mark in self._newer.items() if partition in offsets}
        self._newer = {partition: (now_s, offset) for partition, offset in offsets.items()}

    def rate(self, partition: TopicPartition, offset: int, now_s: float) -> float:
        """Records a second; 0 for a partition that is new, or that is read again from an earlier offset."""
        mark = self._older.get(partition) or self._newer.setdefault(partition, (now_s, offset))
        if offset < mark[1]:
            self._older.pop(partition, None)
            mark = self._newer[partition] = (now_s, offset)
        seconds = now_s - mark[0]
        return round((offset - mark[1]) / seconds, 2) if seconds >= _SOONEST_S else 0.0
