"""TikTok's limits, the encoding, and what people should know of an event that is sent all the same."""

import json
from decimal import Decimal
from typing import Any

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import Event, NormalizedEvent, Note, Position
from consumer.core.reasons import Problem, RejectReason
from consumer.core.tiktok_event import Properties, TikTokEvent, User
from consumer.core.validate import EventLimits, validate

NOW_S = 1_793_534_400.0
DAY_S = 86_400
NOTE = Note("user.phone", Problem.NOT_E164)
AT = Position("web-events", 0, 0)


def normalized(event_time: int = int(NOW_S), **parts: Any) -> NormalizedEvent:
    return NormalizedEvent(TikTokEvent("Purchase", event_time, "order-1", **parts), 5, (NOTE,), False)


def validated(event: NormalizedEvent, max_event_age_s: float = 28.0 * DAY_S, max_body_bytes: int = 1000) -> Event:
    return validate(
        event,
        rule="purchases",
        pixel="shop",
        pixel_code="CODE",
        is_shadow=True,
        now_s=NOW_S,
        limits=EventLimits(max_event_age_s, max_body_bytes),
    )


def rejection_of(event: NormalizedEvent, **limits: Any) -> tuple[RejectReason, str]:
    with pytest.raises(RecordRejected) as caught:
        validated(event, **limits)
    return caught.value.reason, caught.value.detail


def test_encodes_what_is_present_and_hands_on_the_rest() -> None:
    event = validated(normalized(user=User(ttp="cookie-1"), properties=Properties(value=0)))

    assert event == Event(
        "purchases",
        "shop",
        "CODE",
        "Purchase",
        "order-1",
        int(NOW_S),
        event.body,
        5,
        is_shadow=True,
        is_id_from_position=False,
        notes=(NOTE,),
        remarks=(Problem.NO_PAGE_URL, Problem.NO_VALUE, Problem.NO_CURRENCY, Problem.NO_CONTENTS),
    )
    assert json.loads(event.body) == {
        "event": "Purchase",
        "event_time": int(NOW_S),
        "event_id": "order-1",
        "user": {"ttp": "cookie-1"},
        "properties": {"value": 0},
    }


def test_says_that_an_id_was_made_from_the_position() -> None:
    event = NormalizedEvent(TikTokEvent("Purchase", int(NOW_S), "t.0.0.0"), 0, is_id_from_position=True)

    assert validated(event).is_id_from_position


def test_writes_decimals_as_numbers_with_all_their_digits() -> None:
    body = validated(normalized(properties=Properties(value=Decimal("12345678901234.123456789")))).body

    assert b'"value":12345678901234.123456789' in body


def test_rejects_what_lies_more_than_an_hour_ahead() -> None:
    assert validated(normalized(int(NOW_S) + 3600))
    assert rejection_of(normalized(int(NOW_S) + 3601)) == (
        RejectReason.VALIDATE_EVENT_TIME_FUTURE,
        "event_time: more than 1 hour in the future",
    )


def test_rejects_what_is_older_than_the_limit() -> None:
    assert validated(normalized(int(NOW_S) - DAY_S), max_event_age_s=DAY_S)
    assert rejection_of(normalized(int(NOW_S) - DAY_S - 1), max_event_age_s=DAY_S) == (
        RejectReason.VALIDATE_EVENT_TOO_OLD,
        "event_time: more than 1 day ago, which is the limit",
    )


@pytest.mark.parametrize(
    ("age_s", "words"), [(28 * DAY_S, "28 days"), (36 * 3600, "36 hours"), (600, "10 minutes"), (90.5, "90.5 seconds")]
)
def test_says_the_limit_in_words(age_s: float, words: str) -> None:
    _, detail = rejection_of(normalized(0), max_event_age_s=age_s)

    assert detail == f"event_time: more than {words} ago, which is the limit"


def test_takes_any_age_with_the_limit_off() -> None:
    assert validated(normalized(0), max_event_age_s=0.0)


def test_rejects_what_no_request_can_hold() -> None:
    size = len(validated(normalized()).body)

    assert validated(normalized(), max_body_bytes=size)
    assert rejection_of(normalized(), max_body_bytes=size - 1) == (
        RejectReason.VALIDATE_EVENT_TOO_LARGE,
        f"event: {size} bytes, batch.max_bytes has room for {size - 1}",
    )
