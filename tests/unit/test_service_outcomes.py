"""The outcomes topic: a record for what became of each event, and nothing waits for it."""

import json
from collections import Counter
from typing import Any

from structlog.testing import capture_logs

from consumer.core.model import Position, Record, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.rules.source import Rule
from consumer.core.settle.outcome_record import OutcomePosition, OutcomeRecord, outcome_of_rejection, parse_outcome
from consumer.service.outcomes import SAY_EVERY_S
from tests.support.fakes import FORBIDDEN, REFUSED
from tests.support.service import FakeOutcomes, Scene, encoded
from tests.support.service_pair import Pair

TIME = "2026-11-22T12:00:00.000+00:00"


def told(outcomes: FakeOutcomes) -> list[tuple[Any, ...]]:
    """Of each record: offset, rule, event_id, outcome."""
    found = [parse_outcome(body) for _, body in outcomes.written]
    return [(each.position.offset, each.rule, each.event_id, each.outcome) for each in found if each]


def test_says_of_each_event_what_became_of_it_under_its_event_id() -> None:
    scene = Scene(outcomes=FakeOutcomes())
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.produce(b"\x07bad")
    scene.run()

    assert told(scene.outcomes) == [
        (0, "all", "a", "accepted"),
        (1, "all", "a", "duplicate"),
        (2, "all", "a", "duplicate"),
        (3, None, None, "rejected"),
    ]
    assert [key for key, _ in scene.outcomes.written] == [b"a", b"a", b"a", b"web-events:0:3"]
    body = json.loads(scene.outcomes.written[0][1])
    assert body == {
        "position": {"topic": "web-events", "partition": 0, "offset": 0},
        "rule": "all", "pixel": "shop", "event": "Purchase", "event_id": "a",
        "outcome": "accepted", "time": body["time"], "reason": None, "request_id": "20261122-1",
    }  # fmt: skip


def test_one_that_tiktok_refuses_is_told_with_its_event_id_once_its_letter_is_there() -> None:
    scene = Scene(outcomes=FakeOutcomes())
    scene.sender.script.append(REFUSED)
    scene.letters.is_silent = True
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    assert scene.outcomes.written == []

    scene.letters.is_silent = False
    scene.run()
    (found,) = [parse_outcome(body) for _, body in scene.outcomes.written]
    assert found is not None
    assert (found.event_id, found.outcome, found.reason) == ("a", "rejected", "deliver.refused")
    assert found.request_id == "20261122-1"


def test_parked_events_are_told() -> None:
    scene = Scene(outcomes=FakeOutcomes(), pixels=("shop", "app"), park_after_s=1.0)
    scene.sender.judge = lambda request: FORBIDDEN
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(30.0)

    assert (0, "all", "a", "parked") in told(scene.outcomes)


def test_events_of_shadow_rules_are_told() -> None:
    scene = Scene(outcomes=FakeOutcomes(), rules=(Rule("trial", "shop", is_shadow=True),))
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()

    assert told(scene.outcomes) == [(0, "trial", "a", "shadow")]


def test_a_lost_record_is_counted_and_said_now_and_then_and_stops_nothing() -> None:
    scene = Scene(outcomes=FakeOutcomes())
    scene.outcomes.error = "TOPIC_AUTHORIZATION_FAILED"
    for number in range(5):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    with capture_logs() as lines:
        scene.run(SAY_EVERY_S / 2)
        scene.kafka.produce(encoded(event_id="late"))
        scene.run(SAY_EVERY_S)

    assert scene.kafka.committed_offset() == 6
    assert scene.numbers()["outcome_errors{}"] == 6
    assert len(scene.sent) == 6
    assert [line["lost"] for line in lines if line["event"] == "outcomes.lost"] == [5, 1]


def test_copies_that_another_process_sent_are_told() -> None:
    pair = Pair()
    pair.one, pair.other = (pair.process(partition, outcomes=FakeOutcomes()) for partition in (0, 1))
    for partition in (0, 1):
        pair.produce(partition)
    pair.run()

    outcomes = [each[3] for side in (pair.one, pair.other) for each in told(side.outcomes)]
    assert Counter(outcomes) == {"accepted": 1, "duplicate": 1}


def test_what_is_not_ours_is_not_read() -> None:
    assert parse_outcome(None) is None
    assert parse_outcome(b"{}") is None
    ours = OutcomeRecord(OutcomePosition("t", 1, 2), "r", "p", "Purchase", "e", "accepted", TIME)
    assert parse_outcome(ours.body) == ours


def test_one_rejected_before_it_had_an_id_is_known_by_its_place() -> None:
    at = Position("t", 1, 2)
    record = Record(Position("g.replay", 0, 9), 0, None, b"", (), at)

    found = outcome_of_rejection(record, Rejection(RejectReason.DECODE_UTF8, "not UTF-8"), None, TIME)

    assert (found.key, found.reason, found.event) == (b"t:1:2", "decode.utf8", None)
