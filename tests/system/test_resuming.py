"""Where reading starts and goes on: nothing is skipped but what `latest` says, and what was lost is counted."""

import signal

import pytest

from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import expected_keys, make_purchases
from tests.support.wait import wait_until

PROTOCOLS = pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])


@PROTOCOLS
@pytest.mark.parametrize("start", ["earliest", "latest"])
def test_partitions_added_later_are_read_from_their_beginning(
    scene: Scene, protocol: dict[str, str], start: str
) -> None:
    scene.protocol = protocol
    stream = make_purchases(60, scene.schema_ids(), partitions=(0, 4, 5))
    scene.run(kafka={"start": start})
    scene.wait_until_shared()  # it is ready before it knows from where to read

    scene.kafka.add_partitions(scene.topic, 6)
    scene.produce(stream)

    scene.wait_until_settled()
    scene.assert_accepted_once(expected_keys(stream))


@pytest.mark.parametrize("records", [50, 150], ids=["shorter", "longer"])
def test_a_topic_made_anew_is_read_from_its_beginning(scene: Scene, records: int) -> None:
    before = make_purchases(100, scene.schema_ids(), partitions=(0,))
    after = make_purchases(records, scene.schema_ids(), first=1000, partitions=(0,))
    scene.produce(before)
    service = scene.run()
    scene.wait_until_settled()

    scene.kafka.delete_topic(scene.topic)
    scene.kafka.create_topic(scene.topic, 4)
    scene.produce(after)

    scene.wait_until_accepted(100 + records)
    scene.wait_until_settled()
    assert set(scene.sandbox.accepted()) == expected_keys(before + after)
    assert service.metrics().unaccounted == 0


def test_goes_on_at_the_logs_start_where_it_lost_records_and_counts_them(scene: Scene) -> None:
    stream = make_purchases(300, scene.schema_ids(), partitions=(0,))
    scene.produce(stream[:100])
    first = scene.run()
    scene.wait_until_settled()
    assert first.stop() == 0
    scene.produce(stream[100:])
    scene.kafka.delete_records(scene.topic, 0, before=180)

    second = scene.run()
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(stream[:100] + stream[180:]))
    assert second.metrics_now().value("offsets_lost_total") == 80


def test_a_new_group_that_starts_at_the_latest_skips_only_what_was_there(scene: Scene) -> None:
    schema_ids = scene.schema_ids()
    old, new, while_away = (make_purchases(20, schema_ids, first=first) for first in (0, 100, 200))
    scene.produce(old)
    first = scene.run(kafka={"start": "latest"})
    scene.wait_until_shared()  # it is ready before it knows where the end was

    scene.produce([made for made in new if made.raw.partition == 0])
    scene.wait_until_accepted(5)
    assert first.stop() == 0
    scene.produce([made for made in while_away if made.raw.partition != 0])
    scene.run(kafka={"start": "latest"})
    scene.wait_until_settled()

    wanted = [made for made in new if made.raw.partition == 0]
    wanted += [made for made in while_away if made.raw.partition != 0]
    scene.assert_accepted_once(expected_keys(wanted))


def test_topics_named_by_a_pattern_are_followed_as_they_appear(scene: Scene) -> None:
    schema_ids = scene.schema_ids()
    first, second = make_purchases(20, schema_ids), make_purchases(20, schema_ids, first=100)
    scene.produce(first)
    scene.run(kafka={"topics": [f"^{scene.topic}(-more)?$"]})
    scene.wait_until_settled()

    more = f"{scene.topic}-more"
    scene.kafka.create_topic(more, 4)
    scene.kafka.produce(more, (made.raw for made in second))

    wait_until(lambda: scene.kafka.is_at_end(scene.group, more), 90, what=f"{more} is settled")
    scene.assert_accepted_once(expected_keys(first + second))


@PROTOCOLS
def test_a_partition_lost_while_it_was_paused_is_read_again_once_it_is_back(
    scene: Scene, protocol: dict[str, str]
) -> None:
    scene.protocol = protocol
    scene.expire_sessions_soon()
    stream = make_purchases(400, scene.schema_ids())
    scene.produce(stream)
    scene.sandbox.misbehave({"do": {"end": "hang"}})
    service = scene.run(batch={"max_events": 50}, limits={"max_records_in_flight": 100})
    wait_until(lambda: service.metrics().value("records_in_flight") >= 100, 90, what="reading has paused")

    service.send(signal.SIGSTOP)
    wait_until(lambda: scene.kafka.members(scene.group) == 0, 90, what="the group has put it out")
    scene.sandbox.misbehave()
    service.send(signal.SIGCONT)

    scene.wait_until_settled()
    scene.wait_until_accepted(len(stream))  # what waited while the pixel was unavailable may have been parked
    assert set(scene.sandbox.accepted()) == expected_keys(stream)
    assert service.metrics_now().value("rebalances_total", kind="lost") > 0
