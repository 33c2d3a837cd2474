"""The adapters of Kafka on a real one: a client that is made again while it is a member, and what transactions hide."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import pytest
from confluent_kafka import IsolationLevel, Producer

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer
from consumer.config import parse
from consumer.config.kafka_clients import consumer_properties
from consumer.core.model import TopicPartition
from consumer.core.read import GroupRole
from tests.support.records import Raw
from tests.support.scene import CLASSIC, CONSUMER
from tests.support.topics import Kafka
from tests.support.wait import wait_until

ASK_S: Final = 60.0
SESSION_S: Final = 60.0
"""Of both protocols: a member that did not leave stays so long, and one that left is gone long before."""


class Listener:
    """Takes whatever the group gives, and reads it from its beginning."""

    def __init__(self, member: KafkaConsumer) -> None:
        self.member = member
        self.calls: list[str] = []

    def assigned(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        self.calls.append("assigned")
        for partition in partitions:
            self.member.assign(partition, 0, 1, is_paused=False)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.calls.append("revoked")

    def lost(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        self.calls.append("lost")


def properties(kafka: Kafka, topic: str, more: Mapping[str, str]) -> Mapping[str, str]:
    """Those of a `run`, with a session that lasts."""
    session_ms = str(int(SESSION_S * 1000))
    if more.get("group.protocol") == "consumer":
        kafka.configure_group(topic, "consumer.session.timeout.ms", session_ms)
    else:
        more = {**more, "session.timeout.ms": session_ms}
    settings = {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "topics": [topic], "group_id": topic, "properties": more},
        "pixels": {"shop": {"pixel_code": "P", "access_token": "made-up"}},
        "rules": [{"name": "all", "pixel": "shop"}],
    }
    return consumer_properties(parse(json.dumps(settings), {}))


def values(member: KafkaConsumer) -> Iterator[bytes | None]:
    return (record.value for record in member.read(10, 0.2).records)


@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
@pytest.mark.parametrize("instance", [{}, {"group.instance.id": "one"}], ids=["dynamic", "static"])
def test_a_member_whose_client_is_made_again_leaves_and_gets_its_partitions_back(
    kafka: Kafka, protocol: dict[str, str], instance: dict[str, str]
) -> None:
    topic = kafka.new_topic("events")
    kafka.produce(topic, [Raw(b"one", partition=0)])
    told: list[Any] = []
    with closing(
        KafkaConsumer(properties(kafka, topic, {**protocol, **instance}), lambda *commit: told.append(commit))
    ) as member:
        listener = Listener(member)
        member.subscribe([topic], listener)
        wait_until(lambda: b"one" in values(member), 60, what="it reads")
        member.commit({(topic, 0): (1, "")}, wait=False)
        wait_until(lambda: kafka.committed(topic, topic) == {0: 1}, 60, what="the commit is stored")

        member.renew(GroupRole.ORIGIN)
        member.subscribe([topic], listener)
        wait_until(lambda: b"one" in values(member), 60, what="the new client reads")

        assert told == [], "an answer to the old client comes in another thread"
        assert set(listener.calls) == {"assigned"}, "what the old client had was given up before"
        assert kafka.members(topic) == 1


@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
@pytest.mark.parametrize("is_early", [True, False], ids=["in_a_rebalance", "at_rest"])
def test_a_member_without_partitions_leaves_the_group_when_it_is_closed(
    kafka: Kafka, protocol: dict[str, str], is_early: bool
) -> None:
    """Else the group keeps it until its session is over, and each rebalance until then waits for it."""
    topic = kafka.new_topic("events")
    kafka.produce(topic, [Raw(b"one", partition=0)])
    first, second = (KafkaConsumer(properties(kafka, topic, protocol), lambda offsets, is_all: None) for _ in range(2))
    with closing(first):
        first.subscribe([topic], Listener(first))
        wait_until(lambda: b"one" in values(first), 60, what="the first reads")
        second.subscribe([topic], Listener(second))

        def are_members(count: int, *reading: KafkaConsumer) -> bool:
            for member in reading:
                member.read(10, 0.05)
            return kafka.members(topic) == count

        wait_until(lambda: are_members(2, first, second), 60, what="both are members")
        for _ in range(0 if is_early else 20):
            are_members(2, first, second)

        second.close()

        wait_until(lambda: are_members(1, first), SESSION_S / 2, what="the first is alone")


@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
def test_a_member_that_has_not_begun_to_read_what_it_was_given_leaves_when_it_is_closed(
    kafka: Kafka, protocol: dict[str, str]
) -> None:
    topic = kafka.new_topic("events")
    given: list[TopicPartition] = []
    member = KafkaConsumer(properties(kafka, topic, protocol), lambda offsets, is_all: None)
    listener = Listener(member)
    listener.assigned = lambda partitions, group: given.extend(partitions)  # type: ignore[method-assign]
    member.subscribe([topic], listener)
    wait_until(lambda: member.read(10, 0.05) and given, 60, what="it is given a partition")

    member.close()

    wait_until(lambda: kafka.members(topic) == 0, SESSION_S / 2, what="it has left")


def test_the_end_for_a_reader_of_committed_records_is_before_the_first_open_transaction(kafka: Kafka) -> None:
    topic = kafka.new_topic("events")
    place = (topic, 0)
    kafka.produce(topic, [Raw(b"whole", partition=0)])
    of_producer: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap, "transactional.id": topic, "log_level": 2}
    producer = Producer(of_producer)
    producer.init_transactions(ASK_S)
    producer.begin_transaction()
    producer.produce(topic, b"open", partition=0)
    producer.flush(ASK_S)
    cluster = KafkaCluster({"bootstrap.servers": kafka.bootstrap})

    assert cluster.ends([place]) == {place: 2}
    assert cluster.ends([place], IsolationLevel.READ_COMMITTED) == {place: 1}

    producer.abort_transaction(ASK_S)
    end_s = time.monotonic() + ASK_S
    while cluster.ends([place], IsolationLevel.READ_COMMITTED) != {place: 3}:  # the mark behind it counts
        assert time.monotonic() < end_s
