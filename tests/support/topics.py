"""What tests ask of a Kafka cluster: topics, offsets of a group, every record there is, rights taken and given back."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from tests.support.records import ADMIN_TIMEOUT_S, Raw, Stored, read, write
from tests.support.wait import wait_until

_NOT_YET_LED: Final = (
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
)
"""What a broker says of a partition that it has only just been given."""


class Kafka:
    """A cluster, known by its address."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._readers: dict[str, Consumer] = {}

    def new_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create `name` with an ending that makes it unique, and return that."""
        unique = f"{name}-{uuid4().hex[:8]}"
        self.create_topic(unique, partitions, config)
        return unique

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create exactly this topic, and wait until its partitions have leaders."""
        _done(self._admin.create_topics([NewTopic(name, partitions, config=dict(config or {}))]))
        wait_until(lambda: self._has_leaders(name, partitions), ADMIN_TIMEOUT_S, what=f"{name} has leaders")

    def create_placed_topic(self, name: str, brokers: Sequence[int]) -> None:
        """Create exactly this topic, each partition on one broker alone, without which it has no leader."""
        placed = [[broker] for broker in brokers]
        config = {"min.insync.replicas": "1"}
        _done(self._admin.create_topics([NewTopic(name, len(placed), replica_assignment=placed, config=config)]))
        wait_until(lambda: self._has_leaders(name, len(placed)), ADMIN_TIMEOUT_S, what=f"{name} has leaders")

    def _has_leaders(self, name: str, partitions: int) -> bool:
        found = self._admin.list_topics(timeout=ADMIN_TIMEOUT_S).topics.get(name)
        return found is not None and [p.leader >= 0 for p in found.partitions.values()] == [True] * partitions

    def topics(self) -> set[str]:
        return set(self._admin.list_topics(timeout=ADMIN_TIMEOUT_S).topics)

    def delete_topic(self, name: str) -> None:
        """Delete a topic and wait until it is gone."""
        _done(self._admin.delete_topics([name]))
        wait_until(lambda: name not in self.topics(), ADMIN_TIMEOUT_S, what=f"{name} is gone")

    def add_partitions(self, name: str, total: int) -> None:
        """Make the topic have `total` partitions."""
        _done(self._admin.create_partitions([NewPartitions(name, total)]))
        wait_until(lambda: self._has_leaders(name, total), ADMIN_TIMEOUT_S, what=f"{name} has {total} partitions")

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Make the log of a partition start at offset `before`, as retention would."""
        _done(self._admin.delete_records([TopicPartition(topic, partition, before)]))

    def configure_topic(self, topic: str, name: str, value: str) -> None:
        """Change one of a topic's settings."""
        self._configure(ResourceType.TOPIC, topic, name, value)

    def configure_group(self, group: str, name: str, value: str) -> None:
        """Change one of a group's settings. Only those with `group.protocol: consumer` follow it."""
        self._configure(ResourceType.GROUP, group, name, value)

    def _configure(self, kind: ResourceType, of: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(kind, of, incremental_configs=[entry])
        _done(self._admin.incremental_alter_configs([resource]))

    @contextlib.contextmanager
    def denied(self, topic: str) -> Iterator[None]:
        """Nobody may write or create this topic meanwhile. Needs an authorizer and no other rule about the topic."""
        # Without the first, the others would deny everything else, too.
        allowed = _rule(topic, AclOperation.ALL, AclPermissionType.ALLOW)
        denied = [_rule(topic, it, AclPermissionType.DENY) for it in (AclOperation.WRITE, AclOperation.CREATE)]
        _done(self._admin.create_acls([allowed, *denied]))
        try:
            yield
        finally:
            _done(self._admin.delete_acls([_any_rule(topic)]))

    @contextlib.contextmanager
    def forbidden(self, kind: ResourceType, name: str, *operations: AclOperation) -> Iterator[None]:
        """Nobody may do this to a topic or group meanwhile. Needs an authorizer."""
        self.forbid(kind, name, *operations)
        try:
            yield
        finally:
            self.allow_again(kind, name)

    def forbid(self, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        """From now on nobody may do this to a topic or group, save a super user."""
        allowed = _acl(kind, name, AclOperation.ALL, AclPermissionType.ALLOW)
        denied = [_acl(kind, name, operation, AclPermissionType.DENY) for operation in operations]
        _done(self._admin.create_acls([allowed, *denied]))

    def allow_again(self, kind: ResourceType, name: str) -> None:
        """No rule about this topic or group is left."""
        _done(self._admin.delete_acls([_any_acl(kind, name)]))

    def end_offsets(self, topic: str) -> dict[int, int]:
        """The offset that the next record will have, by partition."""
        return self._offsets(topic, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # published without hints

    def start_offsets(self, topic: str) -> dict[int, int]:
        """The offset of the first record that is still there, by partition."""
        return self._offsets(topic, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # published without hints

    def _offsets(self, topic: str, spec: OffsetSpec) -> dict[int, int]:
        """Asked for until all leaders know that they are: the brokers name them a moment before."""

        def found() -> dict[int, int]:
            asked = dict.fromkeys(self._partitions(topic), spec)
            futures = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED)
            try:
                return {place.partition: future.result(ADMIN_TIMEOUT_S).offset for place, future in futures.items()}
            except KafkaException as failed:
                if failed.args[0].code() not in _NOT_YET_LED:
                    raise
                return {}

        return wait_until(found, ADMIN_TIMEOUT_S, what=f"the leaders of {topic} answer")

    def _partitions(self, topic: str) -> list[TopicPartition]:
        found = self._admin.list_topics(topic, timeout=ADMIN_TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return [TopicPartition(topic, partition) for partition in found.partitions]

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's offsets, of the partitions that have one."""
        found = committed_offsets(self._reader(group), self._partitions(topic), ADMIN_TIMEOUT_S)
        return {partition: offset for (_, partition), offset in found.items()}

    def _reader(self, group: str) -> Consumer:
        if group not in self._readers:
            self._readers[group] = group_reader(self.bootstrap, group)
        return self._readers[group]

    def commit(self, group: str, topic: str, offsets: Mapping[int, int], metadata: str) -> None:
        """Commit for a group that has no members: partition → offset, each with this metadata."""
        partitions = [TopicPartition(topic, partition, offset, metadata) for partition, offset in offsets.items()]
        self._reader(group).commit(offsets=partitions, asynchronous=False)

    def is_at_end(self, group: str, topic: str) -> bool:
        """True once the group has committed the end of every partition that holds, or held, a record."""
        committed = self.committed(group, topic)
        return all(committed.get(partition, 0) == end for partition, end in self.end_offsets(topic).items())

    def members(self, group: str) -> int:
        """How many members the group has now."""
        [future] = self._admin.describe_consumer_groups([group]).values()
        return len(future.result(ADMIN_TIMEOUT_S).members)

    def owners(self, group: str) -> list[str]:
        """What the group's coordinator believes each member to own, for a person who looks at a failure."""
        [future] = self._admin.describe_consumer_groups([group]).values()
        return [
            f"{member.client_id} {member.member_id}: "
            + ", ".join(f"{p.topic}[{p.partition}]" for p in member.assignment.topic_partitions)
            for member in future.result(ADMIN_TIMEOUT_S).members
        ]

    def produce(self, topic: str, records: Iterable[Raw]) -> list[tuple[int, int]]:
        """Write records, wait until all are acknowledged, and return partition and offset of each."""
        return write(self.bootstrap, topic, records)

    def read_all(self, topic: str) -> list[Stored]:
        """Every record that the topic holds now, in order within each partition; none if there is no such topic."""
        if topic not in self.topics():
            return []
        starts, ends = self.start_offsets(topic), self.end_offsets(topic)
        return list(read(self.bootstrap, topic, {p: end for p, end in ends.items() if end > starts[p]}))


def group_reader(bootstrap: str, group: str) -> Consumer:
    """A consumer of a group that never joins it, to ask for its offsets.

    While brokers come and go, an administrator's question to a group's coordinator can end the process that asks it:
    librdkafka 2.16 takes the answer for one to a consumer (`rd_kafka_cgrp_op` with no group), and has been seen to fail
    an assertion (`rd_kafka_enq_once_del_source_return: Assertion 'eonce->refcnt > 0' failed`).
    """
    return Consumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 2})


def committed_offsets(
    reader: Consumer, partitions: list[TopicPartition], timeout_s: float
) -> dict[tuple[str, int], int]:
    """The offsets of the reader's group, of the partitions that have one. Raises KafkaException."""
    found = reader.committed(partitions, timeout=timeout_s) if partitions else []
    failed = [each.error for each in found if each.error is not None]
    if failed:
        raise KafkaException(failed[0])
    return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}


def _done(futures: Mapping[Any, Future[Any]]) -> None:
    for future in futures.values():
        future.result(ADMIN_TIMEOUT_S)


def _rule(topic: str, operation: AclOperation, permission: AclPermissionType) -> AclBinding:
    return _acl(ResourceType.TOPIC, topic, operation, permission)


def _any_rule(topic: str) -> AclBindingFilter:
    return _any_acl(ResourceType.TOPIC, topic)


def _acl(kind: ResourceType, name: str, operation: AclOperation, permission: AclPermissionType) -> AclBinding:
    return AclBinding(kind, name, ResourcePatternType.LITERAL, "User:*", "*", operation, permission)


def _any_acl(kind: ResourceType, name: str) -> AclBindingFilter:
    anyone, anywhere = None, None
    return AclBindingFilter(
        kind,
        name,
        ResourcePatternType.LITERAL,
        anyone,  # type: ignore[arg-type]  # the documentation has None for any
        anywhere,  # type: ignore[arg-type]  # the same
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
