"""Reading the outcomes topic."""

from collections.abc import Callable, Sequence
from contextlib import closing

from msgspec import Struct

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.commands.dlq.topic_reader import Logs
from consumer.commands.progress_bar import Bar
from consumer.config import Settings, kafka_clients
from consumer.core.model import TopicPartition
from consumer.core.read import partitions_of
from consumer.core.settle.outcome_record import OutcomeRecord, parse_outcome


class NoTopicError(Exception):
    """There is no outcomes topic yet."""


class WrittenOutcome(Struct, frozen=True):
    """An outcome, and when Kafka got it: Unix milliseconds."""

    told: OutcomeRecord
    written_ms: int


def read_outcomes(
    settings: Settings, topic: str, since_ms: int | None, is_meant: Callable[[OutcomeRecord], bool]
) -> list[OutcomeRecord]:
    """The outcomes that are meant, oldest first.

    All of the topic is read: which partition an event_id is in depends on how many there were when it was written.

    Raises:
        NoTopicError: the topic is not there.
        Unreachable: the cluster did not answer.
    """
    cluster = KafkaCluster(kafka_clients.consumer_properties(settings))
    partitions = partitions_of([topic], cluster.topics())
    if not partitions:
        raise NoTopicError(topic)
    found = []
    with closing(Logs(settings, settings.kafka.group_id)) as logs:
        ranges = ranges_since(cluster, logs, partitions, since_ms)
        with Bar("outcomes", sum(high - low for low, high in ranges.values())) as bar:
            for record in bar.watched(logs.records(ranges)):
                told = parse_outcome(record.value)
                if told is not None and is_meant(told):
                    found.append(WrittenOutcome(told, record.timestamp_ms))
    return [each.told for each in sorted(found, key=lambda each: (each.told.time, each.written_ms))]


def ranges_since(
    cluster: KafkaCluster, logs: Logs, partitions: Sequence[TopicPartition], since_ms: int | None
) -> dict[TopicPartition, tuple[int, int]]:
    """What to read of each partition: all of it, or what was written since. Raises Unreachable."""
    return {
        partition: (logs.start_since(partition, bounds.low, since_ms), bounds.high)
        for partition, bounds in cluster.bounds(partitions).items()
    }
