"""Kafka: the service's own topics, read by a member of a group of their own. Decides nothing.

The group's assignors spread partitions without regard to topics. In one group, a process could be given nothing but
parked topics, which hold nothing on most days, and another all the events.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import structs

from consumer.adapters.kafka.kafka_consumer import KafkaConsumer
from consumer.core import model
from consumer.core.read import CommittedOffset, GroupRole, ReadBatch
from consumer.service.ports import RebalanceListener, never

Partition = model.TopicPartition
Partitions = Sequence[Partition]

OWN_SUFFIX: Final = ".own"
"""The group of the own topics is called like the other, with this behind."""


class OwnTopicsConsumer:
    """Two members as one: which of them has a partition follows from its topic.

    Args:
        is_own: whether a topic is one of the service's own, also if it is read no more.
    """

    def __init__(self, main: KafkaConsumer, own: KafkaConsumer, is_own: Callable[[str], bool]) -> None:
        self._main, self._own, self._is_own = main, own, is_own

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join both groups, or change what these members ask for."""
        own = tuple(topic for topic in topics if self._is_own(topic))
        self._main.subscribe(tuple(topic for topic in topics if not self._is_own(topic)), listener)
        if own:
            self._own.subscribe(own, _OfOwn(listener))

    def renew(self, group: GroupRole) -> None:
        (self._own if group is GroupRole.OWN else self._main).renew(group)

    def assign(self, partition: Partition, offset: int, epoch: int, is_paused: bool) -> None:
        self._of(partition).assign(partition, offset, epoch, is_paused)

    def unassign(self, partition: Partition) -> None:
        self._of(partition).unassign(partition)

    def pause(self, partitions: Iterable[Partition]) -> None:
        for member, theirs in self._split(partitions):
            member.pause(theirs)

    def resume(self, partitions: Iterable[Partition]) -> None:
        for member, theirs in self._split(partitions):
            member.resume(theirs)

    def read(self, max_records: int, timeout_s: float) -> ReadBatch:
        """What both have; only for the records of the origin's topics it waits."""
        main, own = self._main.read(max_records, timeout_s), self._own.read(max_records, 0)
        of_own = [structs.replace(fault, group=GroupRole.OWN) for fault in own.faults]
        return ReadBatch([*main.records, *own.records], [*main.faults, *of_own], {**main.ends, **own.ends})

    def commit(
        self, offsets: Mapping[Partition, tuple[int, str]], *, wait: bool, is_over: Callable[[], bool] = never
    ) -> bool:
        done = [
            member.commit({partition: offsets[partition] for partition in theirs}, wait=wait, is_over=is_over)
            for member, theirs in self._split(offsets)
        ]
        return all(done)

    def committed(self, partitions: Partitions) -> dict[Partition, CommittedOffset]:
        """What the groups have stored. Raises Unreachable."""
        stored: dict[Partition, CommittedOffset] = {}
        for member, theirs in self._split(partitions):
            stored |= member.committed(theirs)
        return stored

    def is_member(self, group: GroupRole) -> bool:
        return (self._own if group is GroupRole.OWN else self._main).is_member(group)

    def known_high(self, partition: Partition) -> int | None:
        return self._of(partition).known_high(partition)

    def position(self, partition: Partition) -> int:
        return self._of(partition).position(partition)

    def close(self, is_over: Callable[[], bool] = never) -> None:
        self._main.close(is_over)
        self._own.close(is_over)

    def _of(self, partition: Partition) -> KafkaConsumer:
        return self._own if self._is_own(partition[0]) else self._main

    def _split(self, partitions: Iterable[Partition]) -> list[tuple[KafkaConsumer, list[Partition]]]:
        theirs: dict[bool, list[Partition]] = {False: [], True: []}
        for partition in partitions:
            theirs[self._is_own(partition[0])].append(partition)
        return [(member, each) for member, each in ((self._main, theirs[False]), (self._own, theirs[True])) if each]


class _OfOwn:
    """Says which group it was."""

    def __init__(self, listener: RebalanceListener) -> None:
        self._listener = listener

    def assigned(self, partitions: Partitions, _: GroupRole) -> None:
        self._listener.assigned(partitions, GroupRole.OWN)

    def revoked(self, partitions: Partitions) -> None:
        self._listener.revoked(partitions)

    def lost(self, partitions: Partitions, _: GroupRole) -> None:
        self._listener.lost(partitions, GroupRole.OWN)
