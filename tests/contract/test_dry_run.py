"""The consumer of a dry run on a real Kafka: outside of the groups, it begins where each of them stands."""

import json
from collections.abc import Sequence
from contextlib import closing

from consumer.config import Settings, parse
from consumer.core.model import TopicPartition
from consumer.core.read import GroupRole
from consumer.wiring import dry
from tests.support.topics import Kafka
from tests.support.wait import wait_until


class Listener:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[Sequence[TopicPartition], GroupRole]] = []

    def assigned(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        self.given.append((partitions, group))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        raise AssertionError("there is no group that takes anything back")

    def lost(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        raise AssertionError("there is no group that takes anything back")


def settings(kafka: Kafka, topic: str) -> Settings:
    given = {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "topics": [topic], "group_id": topic},
        "pixels": {"shop": {"pixel_code": "P", "access_token": "made-up"}},
        "rules": [{"name": "all", "pixel": "shop"}],
    }
    return parse(json.dumps(given), {})


def test_it_begins_where_both_groups_stand_and_takes_partitions_that_are_added(kafka: Kafka) -> None:
    topic = kafka.new_topic("events")
    replay = f"{topic}.replay"
    kafka.create_topic(replay)
    kafka.commit(topic, topic, {0: 3}, "")
    kafka.commit(f"{topic}.own", replay, {0: 5}, "")
    _, replaced = dry(settings(kafka, topic), None)
    assert replaced.member is not None
    listener = Listener()

    with closing(replaced.member(lambda offsets, is_whole: None)) as member:
        stored = member.committed([(topic, 0), (replay, 0)])
        member.subscribe([topic, replay], listener)
        assert listener.given == [([(topic, 0)], GroupRole.ORIGIN), ([(replay, 0)], GroupRole.OWN)]
        kafka.add_partitions(topic, 2)

        def are_all_given() -> bool:
            member.subscribe([topic, replay], listener)
            return ([(topic, 1)], GroupRole.ORIGIN) in listener.given

        wait_until(are_all_given, 60, what="the added partition is given")

    assert {partition: each.offset for partition, each in stored.items()} == {(topic, 0): 3, (replay, 0): 5}
