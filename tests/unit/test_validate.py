"""TikTok's limits, the encoding, and what people should know of an event that is sent all the same."""

import json
from decimal import Decimal
from typing import Any

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import (
    Decoded,
    Event,
    MappedEvent,
    NormalizedEvent,
    Note,
    Position,
    Problem,
    Record,
    RejectReason,
)
from consumer.core.tiktok_event import FIELD_BIT, Content, Properties, TikTokEvent, User
from consumer.core.validate import (
    OLD_EVENTS,
    STANDARD_EVENTS,
    EventLimits,
    match_keys,
    near_standard,
    remarks,
    validate,
)

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
        "event_time: more than 3600 s in the future",
    )


def test_rejects_what_is_older_than_the_limit() -> None:
    assert validated(normalized(int(NOW_S) - DAY_S), max_event_age_s=DAY_S)
    assert rejection_of(normalized(int(NOW_S) - DAY_S - 1), max_event_age_s=DAY_S) == (
        RejectReason.VALIDATE_EVENT_TOO_OLD,
        "event_time: more than 86400 s ago",
    )


def test_takes_any_age_with_the_limit_off() -> None:
    assert validated(normalized(0), max_event_age_s=0.0)


def test_rejects_what_no_request_can_hold() -> None:
    size = len(validated(normalized()).body)

    assert validated(normalized(), max_body_bytes=size)
    assert rejection_of(normalized(), max_body_bytes=size - 1) == (
        RejectReason.VALIDATE_EVENT_TOO_LARGE,
        f"event: {size} bytes, limit {size - 1}",
    )


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ((), ("none",)),
        (("user.ip",), ("none",)),
        (("user.user_agent", "page.url"), ("none",)),
        (("user.ip", "user.user_agent"), ("ip_and_user_agent",)),
        (("user.email", "user.ttclid", "user.city"), ("email", "ttclid")),
        (("user.phone", "user.external_id", "user.ttp"), ("phone", "external_id", "ttp")),
    ],
)
def test_names_what_tiktok_can_match_an_event_by(fields: tuple[str, ...], keys: tuple[str, ...]) -> None:
    assert match_keys(sum(FIELD_BIT[field] for field in fields)) == keys


def test_knows_the_standard_events() -> None:
    assert len(STANDARD_EVENTS) == 18
    assert not STANDARD_EVENTS & OLD_EVENTS.keys()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("purchase", "Purchase"),
        ("Add To Cart", "AddToCart"),
        ("view_content", "ViewContent"),
        ("start-trial", "StartTrial"),
        ("complete_payment", "CompletePayment"),
        ("Purchase", None),
        ("Pageview", None),
        ("Purchased", None),
    ],
)
def test_knows_a_standard_name_that_was_nearly_met(name: str, near: str | None) -> None:
    assert near_standard(name) == near


def remarked(
    event: TikTokEvent, *fields: str, is_id_from_position: bool = False, **raw: Any
) -> set[tuple[str, Problem]]:
    mask = sum(FIELD_BIT[field] for field in fields)
    mapped = MappedEvent(Decoded(Record(AT, 0, None, b"", (), AT), {}, is_shipped=True), **raw)
    found = remarks(mapped, NormalizedEvent(event, mask, is_id_from_position=is_id_from_position))
    assert not any(note.is_dropped for note in found)
    return {(note.field, note.problem) for note in found}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("CompletePayment", Problem.OLD_EVENT_NAME),
        ("purchase", Problem.NEAR_STANDARD_EVENT),
        ("Rated", Problem.CUSTOM_EVENT),
    ],
)
def test_remarks_on_names_that_campaigns_do_not_know(name: str, problem: Problem) -> None:
    assert remarked(TikTokEvent(name, 0), "page.url", "user.ttp") == {("event", problem)}


def test_has_nothing_to_remark_on_a_good_event() -> None:
    event = TikTokEvent("Purchase", 0, properties=Properties(contents=[Content(content_id="a")]), limited_data_use=True)
    fields = ("page.url", "user.ttp", "user.ip", "properties.value", "properties.currency", "properties.contents")

    assert remarked(event, *fields, properties={"value": 5}) == set()


def test_remarks_on_what_is_missing() -> None:
    event = TikTokEvent("Purchase", 0, properties=Properties(contents=[Content(content_id="a"), Content(price=1)]))

    assert remarked(event, "properties.value", "properties.contents", properties={"value": 5}) == {
        ("page.url", Problem.NO_PAGE_URL),
        ("properties.currency", Problem.NO_CURRENCY),
        ("properties.contents[1].content_id", Problem.NO_CONTENT_ID),
        ("user", Problem.NO_MATCH_KEY),
    }


def test_remarks_on_limited_data_use_without_an_address() -> None:
    event = TikTokEvent("Purchase", 0, limited_data_use=True)

    assert remarked(event, "page.url", "user.ttp") == {("user.ip", Problem.NO_IP_FOR_LIMITED_DATA_USE)}


def test_remarks_on_what_was_filled_in() -> None:
    event = TikTokEvent("Purchase", 0, properties=Properties(value=5))
    fields = ("page.url", "user.ttclid", "properties.value", "properties.currency")

    assert remarked(event, *fields, is_id_from_position=True, user={"ttclid": ""}) == {
        ("user.ttclid", Problem.FILLED_IN),
        ("properties.value", Problem.FILLED_IN),
        ("event_id", Problem.FILLED_IN),
    }
