"""Joining two copies: what is filled, what never is, and that no value changes on its way."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from consumer.core.dedupe.merge import LIMITED_TRUE, ORDER, merge, presence
from consumer.core.model import Event
from consumer.core.tiktok_event import FIELD_BIT
from tests.support.dedupe_events import made, values_of

ROOMY = 1 << 20


def merged(first: Mapping[str, Any], copy: Mapping[str, Any]) -> Event:
    event = merge(made(first), made(copy), ROOMY)
    assert event is not None
    return event


def test_fills_what_is_absent_and_keeps_what_is_there() -> None:
    event = merged(
        {"user.email": "a", "page.url": "u", "properties.order_id": "1"},
        {
            "user.email": "b",
            "user.phone": "c",
            "page.referrer": "r",
            "properties.order_id": "2",
            "properties.status": "s",
        },
    )

    assert values_of(event) == {
        "user.email": "a",
        "user.phone": "c",
        "page.url": "u",
        "page.referrer": "r",
        "properties.order_id": "1",
        "properties.status": "s",
    }
    assert event.fields == sum(FIELD_BIT[name] for name in values_of(event))


def test_fills_the_order_as_one_group_or_not_at_all() -> None:
    yen = {"properties.value": 10, "properties.currency": "JPY", "properties.content_type": "product"}

    assert values_of(merged({"properties.value": 10}, yen | {"properties.status": "s"})) == {
        "properties.value": 10,
        "properties.status": "s",
    }
    assert merged({"properties.value": 10}, yen).fields == FIELD_BIT["properties.value"]
    assert values_of(merged({"user.email": "a"}, yen)) == {"user.email": "a"} | yen
    assert merged({}, yen).fields == sum(FIELD_BIT[name] for name in yen)


@pytest.mark.parametrize(
    ("first", "copy", "result"),
    [
        (None, True, True),
        (None, False, False),
        (None, None, None),
        (False, True, True),
        (True, False, True),
        (False, None, False),
        (True, None, True),
    ],
)
def test_a_true_limited_data_use_always_wins(first: bool | None, copy: bool | None, result: bool | None) -> None:
    def flag(value: bool | None) -> dict[str, Any]:
        return {} if value is None else {"limited_data_use": value}

    assert values_of(merged(flag(first), flag(copy))) == flag(result)


def test_no_number_changes_on_its_way() -> None:
    long = Decimal("0.12345678901234567890123456789")
    event = merged({"user.email": "a"}, {"properties.value": long, "properties.num_items": 2})
    again = merge(event, made({"user.phone": "p"}), ROOMY)

    assert again is not None
    assert b'"num_items":2}' in again.body
    assert b'"value":0.12345678901234567890123456789,' in again.body
    assert b'"value":10.10}' in merged({"properties.value": Decimal("10.10")}, {"user.email": "a"}).body


def test_writes_the_parts_in_the_order_validate_does() -> None:
    first = {"user.phone": "p", "properties.value": 1.5, "limited_data_use": True}
    copy = {"user.email": "e", "page.url": "u"}

    assert merged(first, copy).body == made(first | copy).body


def test_identity_and_time_stay_the_firsts() -> None:
    first = made({"user.email": "a"}, rule="one", event_time_s=100)
    copy = made({"user.phone": "b"}, rule="two", event_time_s=200)
    event = merge(first, copy, ROOMY)

    assert event is not None
    assert (event.rule, event.event_time_s, event.event_id) == ("one", 100, "order-1")
    assert b'"event_time":100,' in event.body


def test_does_not_merge_into_something_too_large() -> None:
    whole = merged({"user.email": "a"}, {"user.phone": "b"})

    assert merge(made({"user.email": "a"}), made({"user.phone": "b"}), len(whole.body)) == whole
    assert merge(made({"user.email": "a"}), made({"user.phone": "b"}), len(whole.body) - 1) is None


def test_presence_lets_one_field_of_the_order_stand_for_all() -> None:
    assert presence(made({"user.email": "a"})) == FIELD_BIT["user.email"]
    assert presence(made({"properties.currency": "EUR"})) == ORDER
    assert presence(made({"properties.status": "s"})) == FIELD_BIT["properties.status"]


def test_presence_tells_a_true_limited_data_use_from_a_false_one() -> None:
    bit = FIELD_BIT["limited_data_use"]

    assert presence(made({"limited_data_use": True})) == bit | LIMITED_TRUE
    assert presence(made({"limited_data_use": False})) == bit
    assert presence(made({"limited_data_use": False, "page.url": '"limited_data_use":true}'})) & LIMITED_TRUE == 0
