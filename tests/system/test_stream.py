"""20,000 records of every kind through two processes of one group, undisturbed and under `kill -9`."""

from collections import Counter
from typing import Any

import pytest

from tests.support.letters import letter, origin
from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import StreamSettings, expected_keys, expected_letters, make_stream

PROTOCOLS = pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])


@PROTOCOLS
def test_two_processes_settle_every_record_exactly_once(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = make_stream(StreamSettings(), scene.schema_ids())
    places = scene.produce(stream[:10_000])

    # The second joins while the first is at work, and both have a part in the second half.
    services = [scene.run(), scene.run()]
    places += scene.produce(stream[10_000:])
    scene.wait_until_settled()

    assert scene.sandbox.accepted() == Counter(dict.fromkeys(expected_keys(stream), 1))
    letters = scene.dead_letters()
    assert Counter(map(letter, letters)) == expected_letters(stream)
    bad_places = {(scene.topic, *place) for place, made in zip(places, stream, strict=True) if made.reason}
    assert set(map(origin, letters)) == bad_places
    assert scene.kafka.committed(scene.group, scene.topic) == scene.kafka.end_offsets(scene.topic)

    scrapes = [service.metrics() for service in services]
    assert [scrape.unaccounted for scrape in scrapes] == [0, 0]
    assert all(scrape.value("records_settled_total") for scrape in scrapes)
    settled = {
        outcome: sum(scrape.value("records_settled_total", outcome=outcome) for scrape in scrapes)
        for outcome in ("sent", "rejected", "dropped")
    }
    assert settled == {
        "sent": sum(bool(made.keys) for made in stream),
        "rejected": sum(bool(made.reason) for made in stream),
        "dropped": sum(not made.keys and not made.reason for made in stream),
    }
    reasons = Counter(made.reason for made in stream if made.reason)
    assert {r: sum(scrape.value("rejected_total", reason=r) for scrape in scrapes) for r in reasons} == reasons


@PROTOCOLS
@pytest.mark.timeout(600)
def test_loses_nothing_while_its_processes_are_killed_in_turn(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = make_stream(StreamSettings(), scene.schema_ids())
    expected = expected_keys(stream)
    scene.produce(stream)
    slow: dict[str, Any] = {
        "batch": {"max_events": 50},
        "delivery": {"max_requests_per_second": 10},
    }  # 1,000 events a second by both

    running = [scene.start(**slow), scene.start(**slow)]
    kills = 0
    for goal in range(2_000, len(expected), 3_000):
        scene.wait_until_accepted(goal)
        running.pop(0).kill()
        running.append(scene.start(**slow))
        kills += 1
    scene.wait_until_settled(timeout_s=300)

    accepted = scene.sandbox.accepted()
    print(f"{kills} kills: {accepted.total() - len(expected)} of {len(expected)} events were accepted again")  # noqa: T201 - how often
    assert kills >= 5
    assert set(accepted) == expected
    assert set(map(letter, scene.dead_letters())) == set(expected_letters(stream))
    assert scene.kafka.committed(scene.group, scene.topic) == scene.kafka.end_offsets(scene.topic)
    assert [service.metrics().unaccounted for service in running] == [0, 0]
