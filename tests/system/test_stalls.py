"""What once kept everything waiting forever keeps nothing waiting that it need not."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from tests.endurance.flow import Flow, codes, keys, run
from tests.support.kafka import Cluster
from tests.support.letters import letter
from tests.support.processes import Service
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene, scene_of
from tests.support.stream import expected_keys, expected_letters, make_bad, make_purchases
from tests.support.topics import Kafka
from tests.support.wait import wait_until

BAD: Final = 30
"""More than the twenty single refusals in a row that hold a pixel."""


@pytest.mark.timeout(400)
def test_a_held_pixel_opens_by_itself_once_good_events_come(scene: Scene) -> None:
    """It is tried once a minute, in turns with what was refused and with what is new."""
    scene.sandbox.refuse(*(f"1-{number}" for number in range(BAD)))
    service = run(scene, 1)
    flow = Flow(scene)
    flow.write(BAD)
    wait_until(lambda: service.metrics().value("pixel_state", pixel="pixel0", state="held"), 90, what="it is held")
    dead = len(scene.dead_letters())
    assert dead < BAD

    flow.write(40)
    scene.wait_until_accepted(40, 240)

    scene.wait_until_settled()
    service.wait_until_ready()
    refused = {(codes(1)[0], "Purchase", f"1-{number}") for number in range(BAD)}
    scene.assert_accepted_once(keys(flow.written, 1) - refused)
    assert len(scene.dead_letters()) == BAD


@pytest.mark.timeout(200)
def test_a_parked_record_that_cannot_be_written_waits_until_its_pixel_opens(scene: Scene) -> None:
    service = run(scene, 2, delivery={"backoff": {"first": "500ms", "max": "1s"}, "park": {"after": "2s"}})
    parked, closed = f"{scene.group}.parked.pixel0", codes(2)[0]
    wait_until(lambda: parked in scene.kafka.topics(), 90, what="its own topics are made")
    flow = Flow(scene)
    with scene.kafka.forbidden(ResourceType.TOPIC, parked, AclOperation.WRITE):
        scene.sandbox.misbehave({"do": {"status": 503}, "match": {"pixel": closed}})
        flow.write(40)
        wait_until(lambda: service.metrics().value("park_errors_total"), 90, what="parking was tried")
        flow.write(40)
        scene.wait_until_accepted(40)
        assert service.metrics().value("dead_letters_blocked") == 0
        assert service.is_ready()

        scene.sandbox.misbehave()
        scene.wait_until_accepted(80)
        scene.wait_until_settled()

    scene.assert_accepted_once(keys(80, 2))
    assert scene.kafka.read_all(parked) == []
    assert service.stop() == 0


def test_a_breaker_that_is_closed_while_it_still_drains_strands_nothing(scene: Scene) -> None:
    """With `of_last: 100` it judges from the tenth record on: the sixth bad one, beside five good ones, opens it."""
    schema_ids = scene.schema_ids()
    good, more = make_purchases(5, schema_ids), make_purchases(30, schema_ids, first=100)
    bad = make_bad(["decode.left_over"] * 8, schema_ids)
    scene.sandbox.misbehave({"do": {"latency_ms": 15_000}, "for_next": 1})
    service = scene.run(delivery={"timeout": "60s"}, dead_letter={"breaker": {"share": 0.5, "of_last": 100}})
    scene.kafka.produce(scene.topic, [replace(made.raw, partition=0) for made in (*good, *bad, *more)])
    wait_until(lambda: service.metrics().value("breaker_open"), 90, what="the breaker is open")
    wait_until(lambda: service.metrics().value("requests_in_flight") == 1, 5, what="the good ones are under way")
    assert not _has_logged(service, "breaker.open")

    service.send(signal.SIGHUP)

    scene.wait_until_settled()
    service.wait_until_ready()
    assert _has_logged(service, "breaker.open")
    assert _has_logged(service, "breaker.closed")
    scene.assert_accepted_once(expected_keys([*good, *more]))
    assert set(map(letter, scene.dead_letters())) == set(expected_letters(bad))
    assert len(scene.dead_letters()) == len(bad)
    assert service.metrics().unaccounted == 0


_SLOW_NAMES: Final = """
import socket, time
ask = socket.getaddrinfo
def slowly(host, *arguments, **options):
    if host == "no-answer.invalid":
        time.sleep(40)
    return ask(host, *arguments, **options)
socket.getaddrinfo = slowly
"""
"""What Python loads at its start: a name server that does not answer."""


@pytest.mark.timeout(200)
def test_a_process_stays_healthy_while_no_name_server_answers(scene: Scene) -> None:
    """A look-up cannot be given up, but a request can: it ends with its timeout, and the process is no stuck one."""
    (scene.folder / "sitecustomize.py").write_text(_SLOW_NAMES)
    delivery = {"base_url": "http://no-answer.invalid:1", "timeout": "1s", "backoff": {"first": "100ms", "max": "1s"}}
    service = Service(scene.config(delivery=delivery), scene.folder, env={"PYTHONPATH": str(scene.folder)})
    scene.services.append(service)
    service.wait_until_ready()
    scene.produce(make_purchases(20, scene.schema_ids()))
    wait_until(lambda: service.metrics().value("requests_total") >= 5, 90, what="requests ended with their timeouts")

    for _ in range(20):
        time.sleep(0.3)
        answer = service.get("/healthz")
        assert answer is not None
        assert answer.status_code == 200, answer.text
    assert service.metrics().value("connected", to="tiktok") == 0
    assert scene.kafka.committed(scene.group, scene.topic).get(0, 0) == 0
    service.send(signal.SIGTERM)
    assert service.wait(60) in (0, 69)


@pytest.fixture
def three_brokers(registry: Registry, sandbox: Sandbox, tmp_path: Path) -> Iterator[tuple[Cluster, Scene]]:
    """A topic whose partition 1 is on the third broker alone: without that, it has no leader."""
    with Cluster(brokers=3) as cluster:
        kafka = Kafka(cluster.bootstrap)
        kafka.create_placed_topic("events", (1, 3, 2))
        with scene_of(kafka, registry, sandbox, tmp_path, "events") as scene:
            yield cluster, scene


@pytest.mark.timeout(400)
def test_a_partition_without_a_leader_at_a_restart_keeps_no_other_waiting(three_brokers: tuple[Cluster, Scene]) -> None:
    cluster, scene = three_brokers
    schema_ids = scene.schema_ids()
    before, others, later = (
        make_purchases(12, schema_ids, first=first, partitions=partitions)
        for first, partitions in ((0, (0, 1, 2)), (100, (0, 2)), (200, (1,)))
    )
    scene.produce(before)
    first = scene.run()
    scene.wait_until_settled()
    assert first.stop() == 0
    cluster.brokers[2].kill()
    scene.produce(others)

    service = scene.start()
    scene.wait_until_accepted(24)
    reason = wait_until(lambda: _reason(service, "events[1] cannot be read"), 90, what="it says which cannot be read")

    assert reason is not None
    assert "leader" in reason.lower()
    assert service.metrics_now().value("positions_unknown") == 1
    wait_until(lambda: service.metrics().value("lag", topic="events", partition="0") == 0, 90, what="no lag beside it")
    cluster.brokers[2].start()
    cluster.wait_until_ready()
    scene.produce(later)
    scene.wait_until_accepted(36)
    scene.wait_until_settled()
    service.wait_until_ready()
    assert service.metrics_now().value("positions_unknown") == 0
    scene.assert_accepted_once(expected_keys([*before, *others, *later]))


def _reason(service: Any, words: str) -> str | None:
    """The reason on /readyz that has these words."""
    answer = service.get("/readyz")
    reasons: list[str] = [] if answer is None or answer.status_code == 200 else answer.json()["reasons"]
    return next((reason for reason in reasons if words in reason), None)


def _has_logged(service: Any, event: str) -> bool:
    return any(line["event"] == event for line in service.log())
