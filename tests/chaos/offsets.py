"""What a group has committed and where its topics end, asked by a plain consumer (`group_reader` says why)."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import TopicPartition

from tests.support.topics import committed_offsets, group_reader

Place = tuple[str, int]
"""Topic and partition."""
_ASK_S: Final = 10.0


class Offsets:
    """Belongs to one thread. Every question raises KafkaException while the cluster does not answer.

    The service reads the topics that it writes itself in a second group, `{group}.own`.
    """

    def __init__(self, bootstrap: str, group: str, topics: Iterable[str], own_topics: Iterable[str]) -> None:
        self._readers = [
            _Reader(bootstrap, group, tuple(topics)),
            _Reader(bootstrap, f"{group}.own", tuple(own_topics)),
        ]

    def committed(self) -> dict[Place, int]:
        """The group's offsets, of the partitions that have one."""
        return {place: offset for reader in self._readers for place, offset in reader.committed().items()}

    def ends(self) -> dict[Place, int]:
        """The offset that the next record will have."""
        return {place: end for reader in self._readers for place, end in reader.ends().items()}

    def is_at_end(self) -> bool:
        """True once the group has committed the end of every partition that holds, or held, a record."""
        committed = self.committed()
        return all(committed.get(place, 0) == end for place, end in self.ends().items())

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


class _Reader:
    """A consumer of one group, which never joins it."""

    def __init__(self, bootstrap: str, group: str, topics: tuple[str, ...]) -> None:
        self._consumer = group_reader(bootstrap, group)
        self._topics = topics

    def committed(self) -> dict[Place, int]:
        return committed_offsets(self._consumer, self._partitions(), _ASK_S)

    def ends(self) -> dict[Place, int]:
        ends = {}
        for each in self._partitions():
            low_high = self._consumer.get_watermark_offsets(each, timeout=_ASK_S)
            assert low_high is not None
            ends[each.topic, each.partition] = low_high[1]
        return ends

    def close(self) -> None:
        self._consumer.close()

    def _partitions(self) -> list[TopicPartition]:
        """Of those topics that there are."""
        known = self._consumer.list_topics(timeout=_ASK_S).topics
        return [TopicPartition(name, n) for name in self._topics if name in known for n in known[name].partitions]
