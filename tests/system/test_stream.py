"""20,000 records of every kind through two processes of one group, undisturbed and under `kill -9`."""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from tests.support.letters import letter, origin
from tests.support.scene import CLASSIC, CONSUMER, Scene
from tests.support.stream import Made, StreamSettings, expected_keys, expected_letters, make_purchases, make_stream

PROTOCOLS = pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])


@PROTOCOLS
def test_two_processes_settle_every_record_exactly_once(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    stream = make_stream(StreamSettings(), scene.schema_ids())
    places = scene.produce(stream[:10_000])

    services = [scene.run(), scene.run()]
    scene.wait_until_shared()
    places += scene.produce(stream[10_000:])
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(stream))
    letters = scene.dead_letters()
    assert Counter(map(letter, letters)) == expected_letters(stream)
    bad_places = {(scene.topic, *place) for place, made in zip(places, stream, strict=True) if made.reason}
    assert set(map(origin, letters)) == bad_places
    assert scene.kafka.committed(scene.group, scene.topic) == scene.kafka.end_offsets(scene.topic)

    scrapes = [service.metrics_now() for service in services]
    assert [scrape.unaccounted for scrape in scrapes] == [0, 0]
    shares = [scrape.value("records_read_total", topic=scene.topic) for scrape in scrapes]
    assert min(shares) > 2_000, "the second process has its part in the events, not only in topics that are empty"
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
def test_members_that_join_and_leave_in_mid_stream_make_no_event_go_twice(
    scene: Scene, protocol: dict[str, str]
) -> None:
    scene.protocol = protocol
    feed = Feed(scene, make_purchases(30_000, scene.schema_ids()))
    # Something is always in flight: what is taken away must be settled and committed first.
    slow: dict[str, Any] = {
        "batch": {"max_events": 50},
        "delivery": {"max_requests_per_second": 10},
        "limits": {"max_records_in_flight": 500},
    }

    members = [scene.start(**slow)]
    feed.until(members[0].is_ready)
    for _ in range(2):
        members.append(scene.start(**slow))
        feed.until(members[-1].is_ready)
        feed.on(chunks=4)
        assert members.pop(0).stop() == 0
        feed.on(chunks=4)
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(feed.fed))
    assert members[0].metrics().unaccounted == 0


class Feed:
    """Writes a stream bit by bit, so that there is always work while something else happens, and never much."""

    def __init__(self, scene: Scene, stream: list[Made]) -> None:
        self.fed: list[Made] = []
        self._scene = scene
        self._chunks = (stream[place : place + CHUNK] for place in range(0, len(stream), CHUNK))

    def until(self, is_done: Callable[[], bool]) -> None:
        while not is_done():
            self.on(chunks=1)

    def on(self, chunks: int) -> None:
        for chunk in islice(self._chunks, chunks):
            self._scene.produce(chunk)
            self.fed += chunk
            if len(self.fed) > BACKLOG:
                self._scene.wait_until_accepted(len(self.fed) - BACKLOG)


CHUNK = 250
BACKLOG = 1_000


@PROTOCOLS
@pytest.mark.timeout(600)
def test_loses_nothing_while_its_processes_are_killed_in_turn(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    scene.expire_sessions_soon()
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
