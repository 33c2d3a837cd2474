"""The window over restarts, crashes and rebalances, judged by what reaches TikTok, key by key."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.processes import Service
from tests.support.sandbox import Key
from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import Made, StreamSettings, expected_identifiers, expected_keys, make_stream

PROTOCOLS = pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
SLOW: dict[str, Any] = {"batch": {"max_events": 50}, "delivery": {"max_requests_per_second": 10}}
FEW: dict[str, Any] = {**SLOW, "limits": {"max_records_in_flight": 500}}
"""A stop finishes what is in flight, and has its time for that."""
READ_AT_ONCE = 500
"""Records that a process may have read since its last scrape, a tenth of a second before it was killed."""


def split_stream(scene: Scene, count: int) -> list[Made]:
    """Three in ten records come twice in their partition: email in the first, phone in the copy."""
    settings = StreamSettings(count=count, bad=0.0, duplicates=0.3)
    return make_stream(settings, scene.schema_ids())


def bodies(scene: Scene) -> dict[Key, list[str]]:
    """Every accepted event, by key, as the JSON text that was sent."""
    found = defaultdict(list)
    for event in scene.sandbox.events(limit=100_000):
        body = event["body"]
        key = (event["pixel"], body["event"], body["event_id"])
        found[key].append(json.dumps(body, sort_keys=True))
    return found


def sends_beyond_the_forwards(stream: Sequence[Made], sent: dict[Key, list[str]]) -> int:
    """How often a key was sent more often than once, or than twice where its copy may be forwarded."""
    copies = Counter(key for made in stream for key in made.keys)
    return sum(max(0, len(texts) - copies[key]) for key, texts in sent.items())


def assert_all_fields_arrived(stream: Sequence[Made], sent: dict[Key, list[str]]) -> None:
    for key, wanted in expected_identifiers(stream).items():
        there = {name for text in sent[key] for name in json.loads(text)["user"]}
        assert wanted <= there, key


def uncommitted(service: Service) -> int:
    """How many records it has read beyond what is committed, as it says itself."""
    return int(service.metrics().value("uncommitted_span"))


def assert_warmed_up_in_time(services: Sequence[Service]) -> None:
    logged = [line["event"] for service in services for line in service.log()]
    assert "window.warmup_cut" not in logged
    assert "window.cold" not in logged


@PROTOCOLS
@pytest.mark.timeout(600)
def test_a_killed_process_sends_again_only_what_it_had_not_committed(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    scene.expire_sessions_soon()
    stream = split_stream(scene, 10_000)
    scene.produce(stream)
    slow: dict[str, Any] = {**SLOW, "limits": {"max_records_in_flight": 2000}}

    running = [scene.start(**slow), scene.start(**slow)]
    beyond = kills = 0
    for goal in range(2_000, len(expected_keys(stream)), 2_500):
        scene.wait_until_accepted(goal)
        killed = running.pop(0)
        beyond += uncommitted(killed) + READ_AT_ONCE
        killed.kill()
        kills += 1
        running.append(scene.start(**slow))
    scene.wait_until_settled(timeout_s=300)
    for service in running:
        service.wait_until_ready()

    sent = bodies(scene)
    again = sends_beyond_the_forwards(stream, sent)
    print(f"{kills} kills: {again} sends again, of {beyond} records read beyond the committed offsets")  # noqa: T201 - both counts
    assert kills >= 3
    assert sent.keys() == expected_keys(stream)
    assert_all_fields_arrived(stream, sent)
    assert again <= beyond
    assert_warmed_up_in_time(scene.services)
    assert sum(service.metrics().value("records_rewound_total") for service in running) > 0
    assert [service.metrics().unaccounted for service in running] == [0, 0]


@PROTOCOLS
def test_planned_restarts_and_rebalances_send_no_duplicate_at_all(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = split_stream(scene, 6_000)
    scene.produce(stream[:6_000])
    first, second = scene.run(**FEW), scene.run(**FEW)
    scene.wait_until_accepted(1_000)
    assert first.stop() == 0
    scene.run(**FEW)
    scene.wait_until_accepted(2_500)
    third = scene.run(**FEW)
    scene.wait_until_accepted(3_500)
    assert third.stop() == 0
    scene.produce(stream[6_000:])
    scene.wait_until_settled(timeout_s=200)

    sent = bodies(scene)
    assert sent.keys() == expected_keys(stream)
    assert_all_fields_arrived(stream, sent)
    assert sends_beyond_the_forwards(stream, sent) == 0
    assert [key for key, texts in sent.items() if len(set(texts)) < len(texts)] == []
    assert_warmed_up_in_time(scene.services)
    assert second.metrics().unaccounted == 0
