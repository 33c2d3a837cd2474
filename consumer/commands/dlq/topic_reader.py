"""Reading whole logs outside of the group: dead letters, and what was replayed."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.commands.dlq.dead_letter import DeadLetterRecord, letter_of
from consumer.commands.dlq.selection import Selection
from consumer.commands.explain.records.topic_records import Outside, TopicReader
from consumer.config import Settings, kafka_clients
from consumer.core.errors import Unreachable
from consumer.core.model import Record, TopicPartition
from consumer.core.read import LogBounds, ReadBatch, ReadFaultKind

READ_TIMEOUT_S: Final = 15.0
"""How long nothing may come before the cluster counts as unavailable."""
_AT_ONCE: Final = 500
_OF_MEMBERS: Final = frozenset({"group.instance.id", "group.protocol", "group.remote.assignor", "session.timeout.ms"})
"""Nothing is joined here; a commit in a static member's name would be refused."""

Ranges = Mapping[TopicPartition, tuple[int, int]]
"""Per partition the first offset, and the one before which to end."""


class Logs(Outside):
    """Reads ranges of logs to their ends. Commits go to the group named."""

    def __init__(self, settings: Settings, group_id: str) -> None:
        ours = kafka_clients.consumer_properties(settings)
        properties = {name: value for name, value in ours.items() if name not in _OF_MEMBERS}
        super().__init__({**properties, "group.id": group_id, "fetch.wait.max.ms": "50"})

    def records(self, ranges: Ranges, is_over: Callable[[], bool] = lambda: False) -> Iterator[Record]:
        """Every record of these ranges, in order within each partition. Raises Unreachable."""
        ends = {partition: end for partition, (start, end) in ranges.items() if start < end}
        for partition in ends:
            self.assign(partition, ranges[partition][0], 0, is_paused=False)
        try:
            yield from self._records(dict(ends), is_over)
        finally:
            for partition in ends:
                self.unassign(partition)

    def _records(self, waiting: dict[TopicPartition, int], is_over: Callable[[], bool]) -> Iterator[Record]:
        until_s = time.monotonic() + READ_TIMEOUT_S
        while waiting and not is_over():
            batch = self._some()
            for record in batch.records:
                until_s = time.monotonic() + READ_TIMEOUT_S
                partition = record.position.topic, record.position.partition
                end = waiting.get(partition)
                if end is not None and record.position.offset < end:
                    yield record
                    until_s = time.monotonic() + READ_TIMEOUT_S  # the caller may have taken long
                if end is not None and record.position.offset >= end - 1:
                    del waiting[partition]
            for partition in batch.ends:
                waiting.pop(partition, None)
            if time.monotonic() > until_s:
                raise Unreachable(f"no record came within {READ_TIMEOUT_S:g} s")

    def _some(self) -> ReadBatch:
        batch = self.read(_AT_ONCE, 0.1)
        for fault in batch.faults:
            if fault.kind not in (ReadFaultKind.OTHER, ReadFaultKind.AWAY):
                raise Unreachable(fault.text)
        return batch


class DeadLetters:
    """The dead-letter topics of a configuration, as they are when it is made. Questions raise Unreachable."""

    def __init__(self, settings: Settings, logs: Logs, selection: Selection) -> None:
        self._logs, self._selection = logs, selection
        self.cluster: Final = KafkaCluster(kafka_clients.consumer_properties(settings))
        self.seen: Final = self.cluster.topics()
        chosen = kafka_clients.chosen_topics(settings)(self.seen)
        self.topics: Final = tuple(dict.fromkeys(settings.dead_letter_topic(topic) for topic in chosen))
        partitions = [(topic, number) for topic in self.topics for number in range(self.seen.get(topic, 0))]
        self.bounds: Final[Mapping[TopicPartition, LogBounds]] = self.cluster.bounds(partitions)

    def ranges(self) -> dict[TopicPartition, tuple[int, int]]:
        """What is to be read of each partition, as far as place and time say."""
        return {p: self._range(p, bounds) for p, bounds in self.bounds.items()}

    def _range(self, partition: TopicPartition, bounds: LogBounds) -> tuple[int, int]:
        low, high = self._selection.narrowed(partition, bounds.low, bounds.high)
        since_ms = self._selection.since_ms
        start = None if since_ms is None else self._logs.offset_at(partition, since_ms)
        return (low if start is None else max(low, start)), high

    def read(
        self, ranges: Ranges, is_over: Callable[[], bool] = lambda: False
    ) -> Generator[DeadLetterRecord, None, None]:
        """The letters that are meant."""
        for record in self._logs.records(ranges, is_over):
            letter = letter_of(record)
            if letter is not None and self._selection.takes(letter):
                yield letter


@contextmanager
def opened(settings: Settings, group_id: str, selection: Selection) -> Iterator[tuple[Logs, DeadLetters]]:
    """The dead letters, and what reads them. Raises Unreachable, and ConfigError as any client does."""
    logs = Logs(settings, group_id)
    try:
        yield logs, DeadLetters(settings, logs, selection)
    finally:
        logs.close()


@contextmanager
def origins(settings: Settings) -> Iterator[TopicReader]:
    """For letters that were written without their value."""
    reader = TopicReader(settings)
    try:
        yield reader
    finally:
        reader.close()
