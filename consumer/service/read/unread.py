"""What polls gave and is not decided yet: records that there was no time for, and what stands behind them."""

from collections.abc import Collection, Sequence

from consumer.core.model import Record, TopicPartition
from consumer.core.read import ReadBatch, ReadFault
from consumer.core.settle.held_bytes import held_by_record


class Unread:
    """Faults and ends of logs count only once the records before them are decided."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._faults: list[ReadFault] = []
        self._ends: dict[TopicPartition, int] = {}

    @property
    def has_records(self) -> bool:
        return bool(self._records)

    @property
    def held_bytes(self) -> int:
        """What the records take in memory that were given back."""
        return sum(map(held_by_record, self._records))

    def note_events(self, batch: ReadBatch) -> None:
        """Keep what came with the records of a poll."""
        self._faults += batch.faults
        self._ends.update(batch.ends)

    def take_events(self, waiting: Collection[TopicPartition]) -> ReadBatch:
        """Faults and ends, if no record is left before them.

        Args:
            waiting: partitions of which records await a schema: their ends are kept until these are decided.
        """
        if self._records:
            return ReadBatch()
        events = ReadBatch((), self._faults, {p: end for p, end in self._ends.items() if p not in waiting})
        self._faults, self._ends = [], {p: end for p, end in self._ends.items() if p in waiting}
        return events

    def give_back(self, records: Sequence[Record]) -> None:
        """There was no time to decide these."""
        self._records = [*records, *self._records]

    def take_records(self) -> list[Record]:
        """The records that were given back."""
        records, self._records = self._records, []
        return records

    def forget(self, partition: TopicPartition) -> None:
        """It is read again from elsewhere, or by another member."""
        self._ends.pop(partition, None)
        self._records = [record for record in self._records if partition_of(record) != partition]


def partition_of(record: Record) -> TopicPartition:
    return record.position.topic, record.position.partition
