"""What the outcomes topic says of an event, and under which key."""

import json

from consumer.core.model import EventOutcome, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.settle.outcome_record import outcome_of, outcome_of_rejection, parse_outcome
from tests.support.fakes import item

ITEM = item(7)
[RECORD] = ITEM.records
TIME = "2026-11-22T12:00:00.000+00:00"
REFUSED = Rejection(RejectReason.DELIVER_REFUSED, "TikTok refused it", "purchases", "shop", 40002, "req-1")


def test_an_events_outcome_names_it_and_has_its_id_as_key() -> None:
    outcome = outcome_of(RECORD, ITEM.event, "a copy's rule", EventOutcome.MERGED, TIME, request_id="req-2")

    assert outcome.key == b"7"
    assert json.loads(outcome.body) == {
        "position": {"topic": "orders", "partition": 0, "offset": 7},
        "rule": "a copy's rule",
        "pixel": "shop",
        "event": "Purchase",
        "event_id": "7",
        "outcome": "merged",
        "time": TIME,
        "reason": None,
        "request_id": "req-2",
    }


def test_what_is_rejected_says_why() -> None:
    outcome = outcome_of_rejection(RECORD, REFUSED, ITEM.event, TIME)

    assert (outcome.outcome, outcome.reason, outcome.request_id) == ("rejected", "deliver.refused", "req-1")
    assert (outcome.event, outcome.event_id, outcome.key) == ("Purchase", "7", b"7")


def test_what_never_was_an_event_has_its_position_as_key() -> None:
    outcome = outcome_of_rejection(RECORD, Rejection(RejectReason.DECODE_FRAMING, "cut short"), None, TIME)

    assert (outcome.event, outcome.event_id, outcome.rule) == (None, None, None)
    assert outcome.key == b"orders:0:7"


def test_is_read_back_and_what_is_something_else_is_not() -> None:
    outcome = outcome_of(RECORD, ITEM.event, "purchases", EventOutcome.ACCEPTED, TIME)

    assert parse_outcome(outcome.body) == outcome
    assert parse_outcome(b'{"outcome": "accepted"}') is None
    assert parse_outcome(b"\x00") is None
    assert parse_outcome(None) is None
