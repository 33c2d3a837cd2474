"""Which assigned partitions are not read at the moment, and why."""

from collections import deque
from collections.abc import Collection, Iterable
from typing import Final

from consumer.core.model import Record, TopicPartition
from consumer.core.settle.ledger import Ledger
from consumer.service.ports import Member
from consumer.service.read.unread import partition_of


class PausedPartitions:
    """Everything, while too much is in flight or nothing is to be read; partitions that wait for a schema; the parked
    topics of closed pixels.
    """

    def __init__(self, member: Member, ledger: Ledger, max_records: int, max_bytes: int) -> None:
        self._member, self._ledger = member, ledger
        self._max_records, self._max_bytes = max_records, max_bytes
        self._paused: set[TopicPartition] = set()
        self.is_full = False
        """True while too much is in flight for anything to be read."""
        self.waiting: Final[dict[TopicPartition, deque[Record]]] = {}
        """Records read that wait, in order, until their partition's next schema is known."""
        self.topics: frozenset[str] = frozenset()
        """Parked topics of pixels that are closed: not read now."""
        self.is_stopped = False
        """True while nothing is to be read at all: breaker open, letters blocked, stopping."""

    @property
    def paused(self) -> Collection[TopicPartition]:
        """Assigned partitions that are not read at the moment, also those that have just begun to wait for a schema."""
        return {*self._paused, *self.waiting}

    def state(self, partition: TopicPartition) -> str:
        """`reading`, or why an assigned partition is paused: `stopped`, `full`, `schema` or `closed` (its pixel)."""
        if partition not in self._paused:
            return "reading"
        if self.is_stopped:
            return "stopped"
        if partition in self.waiting:
            return "schema"
        return "closed" if partition[0] in self.topics else "full"

    def hold_back(self, *records: Record) -> None:
        """Keep records until their partition's next schema is known, and read no more of that partition."""
        for record in records:
            self.waiting.setdefault(partition_of(record), deque()).append(record)

    @property
    def held_back(self) -> int:
        """Records that wait for a schema."""
        return sum(map(len, self.waiting.values()))

    def is_waiting(self, record: Record) -> bool:
        """True if an earlier record of the partition waits: order is kept."""
        return bool(self.waiting) and partition_of(record) in self.waiting

    def begin(self, partition: TopicPartition) -> bool:
        """A partition is about to be read. True if it is paused from the start."""
        is_paused = self._should_pause(partition)
        if is_paused:
            self._paused.add(partition)
        return is_paused

    def drop(self, partition: TopicPartition) -> None:
        """A partition is not read any more."""
        self.waiting.pop(partition, None)
        self._paused.discard(partition)

    def step(self, read: Iterable[TopicPartition]) -> None:
        """Pause and resume what should be, of the partitions that are read."""
        self._measure()
        wanted = {partition for partition in read if self._should_pause(partition)}
        if wanted == self._paused:
            return
        pause, resumed = wanted - self._paused, self._paused - wanted
        if pause:
            self._member.pause(pause)
        if resumed:
            self._member.resume(resumed)
        self._paused = wanted

    def _measure(self) -> None:
        """Full from the limit on, until half of it is settled: pausing throws away what the client has fetched."""
        records, size_bytes = self._ledger.in_flight, self._ledger.in_flight_bytes
        share = 0.5 if self.is_full else 1.0
        self.is_full = records >= self._max_records * share or size_bytes >= self._max_bytes * share

    def _should_pause(self, partition: TopicPartition) -> bool:
        return self.is_stopped or self.is_full or partition in self.waiting or partition[0] in self.topics
