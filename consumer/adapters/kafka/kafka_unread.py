"""Kafka: how much there is in topics that a group reads no more. Decides nothing."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.core.errors import Unreachable
from consumer.core.model import TopicPartition
from consumer.core.read import CommittedOffset, partitions_of


def unread_records(
    topics: Mapping[str, int],
    stored: Callable[[Sequence[TopicPartition]], Mapping[TopicPartition, CommittedOffset]],
    cluster: KafkaCluster,
) -> Mapping[str, int]:
    """Offsets between what a group has committed and the ends of these topics, of those that have any.

    Args:
        topics: name → number of partitions.
        stored: what the group has committed. Where that cannot be had, all that a log holds counts.
    """
    partitions = partitions_of(topics, topics)
    if not partitions:
        return {}
    try:
        committed = stored(partitions)
    except Unreachable:
        committed = {}
    unread: Counter[str] = Counter()
    for partition, bounds in cluster.bounds_of_each(partitions):
        if not isinstance(bounds, str):
            found = committed.get(partition)
            begin = bounds.low if found is None or found.offset is None else max(bounds.low, found.offset)
            unread[partition[0]] += max(0, bounds.high - begin)
    return +unread
