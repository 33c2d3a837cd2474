"""Kafka: finding out where partitions stand, off the thread that decides. Decides nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.core.errors import Unreachable
from consumer.core.model import TopicPartition
from consumer.core.read import CommittedOffset, FoundPosition

Stored = Callable[[Sequence[TopicPartition]], Mapping[TopicPartition, CommittedOffset]]


class KafkaPositionFinder:
    """A thread for each question, which ends with its last answer: that is when the last broker has spoken, or time is
    over. One partition's answer waits for no other's.

    Args:
        stored: what the group has committed; raises Unreachable.
    """

    def __init__(self, stored: Stored, cluster: KafkaCluster) -> None:
        self._stored, self._cluster = stored, cluster
        self._answers: SimpleQueue[FoundPosition] = SimpleQueue()

    def find(self, number: int, partitions: Sequence[TopicPartition]) -> None:
        """Ask for all of them; the answers come with `answers`, under this number."""
        Thread(target=self._find, args=(number, partitions), name="positions", daemon=True).start()

    def answers(self) -> list[FoundPosition]:
        """What has come since the last call."""
        return list(self._come())

    def _come(self) -> Iterator[FoundPosition]:
        try:
            while True:
                yield self._answers.get_nowait()
        except Empty:
            return

    def _find(self, number: int, partitions: Sequence[TopicPartition]) -> None:
        try:
            stored = self._stored(partitions)
        except Unreachable as away:
            for partition in partitions:
                self._answers.put(FoundPosition(number, partition, error=str(away)))
            return
        ids = self._cluster.topic_ids({topic for topic, _ in partitions})
        new = frozenset(p for p, committed in stored.items() if committed.offset is None)
        for partition, bounds in self._cluster.bounds_of_each(partitions, new):
            committed = stored[partition]
            error = bounds if isinstance(bounds, str) else committed.error
            if error or isinstance(bounds, str):
                self._answers.put(FoundPosition(number, partition, error=error))
            else:
                topic_id = ids.get(partition[0], "")
                self._answers.put(FoundPosition(number, partition, committed, bounds, topic_id))
