"""Reading records of a partition outside of the group: nothing is joined, and nothing committed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaException, TopicPartition

from consumer.adapters.kafka.kafka_admin import ASK_TIMEOUT_S, KafkaCluster
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer
from consumer.config import Settings, kafka_clients
from consumer.core import model
from consumer.core.errors import Unreachable
from consumer.core.model import Record
from consumer.core.read import LogBounds
from consumer.core.settle.envelope import restored

READ_TIMEOUT_S: Final = 10.0
"""How long nothing may come before the cluster counts as unavailable."""
_AT_ONCE: Final = 500
_STEP_GROWS: Final = 4
"""A tail of nothing but marks is passed in steps that grow so much each time."""


class TopicReader:
    """Reads where it is asked to. Questions raise Unreachable."""

    def __init__(self, settings: Settings) -> None:
        properties = {**kafka_clients.consumer_properties(settings), "fetch.wait.max.ms": "50"}
        self._own_topics = kafka_clients.own_topics_of(settings)
        self._cluster = KafkaCluster(properties)
        self._source = Outside(properties)

    def bounds(self, partition: model.TopicPartition) -> LogBounds | None:
        """Where the partition's log begins and ends; None if there is no such partition."""
        if partition[1] >= self.partitions(partition[0]):
            return None
        return self._cluster.bounds([partition])[partition]

    def all_bounds(self, partitions: Sequence[model.TopicPartition]) -> Mapping[model.TopicPartition, LogBounds]:
        """The same of several that are there."""
        return self._cluster.bounds(partitions)

    def offset_at(self, partition: model.TopicPartition, time_ms: int) -> int | None:
        """The first offset of that Unix time or later, in milliseconds; None if the cluster does not say."""
        return self._source.offset_at(partition, time_ms)

    def offsets_at(self, partitions: Sequence[model.TopicPartition], time_ms: int) -> dict[model.TopicPartition, int]:
        """The same of several; without those that have none."""
        return self._source.offsets_at(partitions, time_ms)

    def read(self, partition: model.TopicPartition, start: int, end: int) -> Iterator[Record]:
        """The records from `start` to before `end`, as far as these offsets hold any and the log reaches."""
        self._source.assign(partition, start, 0, is_paused=False)
        try:
            yield from self._read(partition, end)
        finally:
            self._source.unassign(partition)

    def tail(self, partition: model.TopicPartition, most: int) -> Iterator[Record]:
        """The last records of a partition, at most so many. An offset may hold none, as the mark of a transaction."""
        bounds = self._cluster.bounds([partition])[partition]
        found: list[Record] = []
        end, step = bounds.high, most
        while len(found) < most and end > bounds.low:
            start = max(bounds.low, end - step)
            found = [*self.read(partition, start, end), *found]
            end, step = start, step * _STEP_GROWS
        yield from found[-most:]

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0 if it is not there."""
        return self._cluster.topics().get(topic, 0)

    def _read(self, partition: model.TopicPartition, end: int) -> Iterator[Record]:
        until_s = time.monotonic() + READ_TIMEOUT_S
        while time.monotonic() < until_s:
            batch = self._source.read(_AT_ONCE, 0.1)
            for fault in batch.faults:
                raise Unreachable(fault.text)
            for record in batch.records:
                if record.position.offset >= end:
                    return
                yield restored(record) if record.position.topic in self._own_topics else record
                if record.position.offset == end - 1:
                    return
            if partition in batch.ends:
                return
            if batch.records:
                until_s = time.monotonic() + READ_TIMEOUT_S
        raise Unreachable(f"no record came within {READ_TIMEOUT_S:g} s")

    def close(self) -> None:
        self._source.close()


class Outside(KafkaConsumer):
    """A reader that joins nothing, and can be asked for times."""

    def __init__(self, properties: dict[str, str]) -> None:
        super().__init__(properties, lambda _partitions, _is_all: None)

    def offset_at(self, partition: model.TopicPartition, time_ms: int) -> int | None:
        """The first offset of that Unix time or later, in milliseconds; None if the cluster does not say."""
        return self.offsets_at([partition], time_ms).get(partition)

    def offsets_at(self, partitions: Sequence[model.TopicPartition], time_ms: int) -> dict[model.TopicPartition, int]:
        """The same of several, in one question; without those that have none."""
        asked = [TopicPartition(*partition, time_ms) for partition in partitions]
        try:
            found = self._consumer.offsets_for_times(asked, timeout=ASK_TIMEOUT_S)
        except KafkaException as failed:
            raise Unreachable(failed.args[0].str()) from None
        return {(each.topic, each.partition): each.offset for each in found if each.error is None and each.offset >= 0}
