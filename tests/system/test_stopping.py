"""How a process ends, and what the next one finds."""

import signal
import time
from collections import Counter

import pytest

from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import StreamSettings, expected_keys, make_purchases, make_stream
from tests.support.wait import wait_until

PROTOCOLS = pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])


@PROTOCOLS
def test_a_restart_in_mid_stream_sends_nothing_twice(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = make_purchases(5_000, scene.schema_ids())
    scene.produce(stream)

    few = {"max_records_in_flight": 500}  # a stop drains what is in flight; the rest is for the next process
    first = scene.run(batch={"max_events": 100}, delivery={"max_requests_per_second": 10}, limits=few)
    scene.wait_until_accepted(1_000)
    assert first.stop() == 0
    accepted_by_first = scene.sandbox.events_accepted()
    scene.run()
    scene.wait_until_settled()

    assert accepted_by_first < len(stream)
    scene.assert_accepted_once(expected_keys(stream))


def test_leaves_the_group_when_told_to_stop(scene: Scene) -> None:
    service = scene.run()
    assert scene.kafka.members(scene.group) == 1

    assert service.stop() == 0

    assert scene.kafka.members(scene.group) == 0


def test_a_second_signal_leaves_at_once_and_loses_nothing(scene: Scene) -> None:
    stream = make_purchases(100, scene.schema_ids())
    scene.produce(stream)
    scene.sandbox.misbehave({"do": {"end": "hang"}})
    service = scene.run(delivery={"timeout": "60s"}, shutdown_timeout="60s")
    wait_until(lambda: service.metrics().value("requests_in_flight"), 90, what="a request is under way")

    service.send(signal.SIGTERM)
    service.wait_until_logged("run.stopping")
    asked_again_s = time.monotonic()
    service.send(signal.SIGTERM)

    assert service.wait() == 69
    assert time.monotonic() - asked_again_s < 30
    scene.sandbox.misbehave()
    scene.run()
    scene.wait_until_settled()
    assert set(scene.sandbox.accepted()) == expected_keys(stream)


def test_a_request_unfinished_at_the_end_of_its_time_is_told_by_the_exit_code(scene: Scene) -> None:
    scene.produce(make_purchases(10, scene.schema_ids()))
    scene.sandbox.misbehave({"do": {"end": "hang"}})
    service = scene.run(delivery={"timeout": "60s"}, shutdown_timeout="2s")
    wait_until(lambda: service.metrics().value("requests_in_flight"), 90, what="a request is under way")

    assert service.stop() == 69


def test_a_dry_run_decides_and_counts_but_sends_and_commits_nothing(scene: Scene) -> None:
    stream = make_stream(StreamSettings(count=500), scene.schema_ids())
    scene.produce(stream)

    service = scene.run("--dry-run")
    wait_until(lambda: service.metrics().value("records_settled_total") == 500, 90, what="all were decided")
    scrape = service.metrics()
    assert service.stop() == 0

    assert scrape.by("rejected_total", "reason") == Counter(made.reason for made in stream if made.reason)
    assert scene.sandbox.requests() == 0
    assert scene.kafka.committed(scene.group, scene.topic) == {}
    assert scene.dead_letters() == []


def test_a_run_with_a_test_event_code_sends_to_test_events_in_a_group_of_its_own(scene: Scene) -> None:
    stream = make_purchases(50, scene.schema_ids())
    scene.produce(stream)

    scene.run("--test-event-code", "TEST123", "--group", f"{scene.group}-test")
    wait_until(
        lambda: scene.kafka.is_at_end(f"{scene.group}-test", scene.topic), 90, what="the test group has settled all"
    )

    assert {event["test_event_code"] for event in scene.sandbox.events()} == {"TEST123"}
    assert set(scene.sandbox.accepted()) == expected_keys(stream)
    assert scene.kafka.committed(scene.group, scene.topic) == {}


@PROTOCOLS
def test_a_static_member_comes_back_to_its_partitions(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = {**protocol, "group.instance.id": "one"}
    stream = make_purchases(200, scene.schema_ids())
    scene.produce(stream[:100])
    first = scene.run()
    scene.wait_until_settled()

    assert first.stop() == 0
    assert scene.kafka.members(scene.group) == 1  # it stays until its session ends
    scene.produce(stream[100:])
    scene.run()
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(stream))


def test_a_member_whose_instance_id_another_takes_over_is_fenced_and_says_so(scene: Scene) -> None:
    scene.protocol = {**CLASSIC, "group.instance.id": "one"}
    first = scene.run()

    second = scene.run()

    assert first.wait() == 69
    assert "group.instance.id" in first.stderr.read_text()
    stream = make_purchases(10, scene.schema_ids())
    scene.produce(stream)
    scene.wait_until_settled()
    assert second.is_running
    scene.assert_accepted_once(expected_keys(stream))
