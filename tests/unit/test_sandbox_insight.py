"""What the Test Events page says of an accepted event: match keys, warnings, and each part explained."""

from typing import Any

import pytest

from consumer.sandbox.event_rows import FIELDS
from consumer.sandbox.rules.event_insight import EventWarning, general, leaves, match_keys, parts, warnings
from consumer.sandbox.rules.parameter_texts import ABOUT

Json = dict[str, Any]
NOW_S = 1_780_000_000.0
HASH = "a" * 64
GOOD: Json = {
    "event": "Purchase",
    "event_time": 1_779_999_000,
    "event_id": "1",
    "user": {"email": HASH},
    "page": {"url": "https://shop.example.com/"},
    "properties": {"value": 2, "currency": "EUR", "contents": [{"content_id": "sku", "price": 0, "quantity": 1}]},
}


def event(**changes: object) -> Json:
    """The good event with members replaced; None takes one out."""
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not None}


def warned(of: Json) -> list[str]:
    return [one.field for one in warnings(of, NOW_S)]


def test_finds_nothing_to_warn_of_in_a_good_event() -> None:
    assert warnings(GOOD, NOW_S) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"event": "purchase"}, "event", "standard event Purchase only by case"),
        ({"event": "completepayment"}, "event", "standard event CompletePayment only by case"),
        ({"event": "CompletePayment"}, "event", "an old name, now Purchase"),
        ({"event": "PlaceAnOrder"}, "event", "without a successor"),
        ({"event": "Wished"}, "event", "a custom event"),
        ({"event_id": None}, "event_id", "counts twice"),
        ({"event_time": 1_777_000_000}, "event_time", "more than 28 days"),
        ({"user": None}, "user", "no match key"),
        ({"user": {"first_name": HASH}}, "user", "no match key"),
        ({"user": {"email": HASH, "ip": "84.20.3.7"}}, "user.user_agent", "only together"),
        ({"user": {"email": HASH, "user_agent": "x"}}, "user.ip", "only together"),
        ({"limited_data_use": True}, "user.ip", "limited_data_use"),
        ({"page": None}, "page.url", "missing"),
        ({"page": {"url": "/checkout"}}, "page.url", "absolute"),
        ({"page": {"url": "javascript:alert(1)"}}, "page.url", "absolute"),
        ({"properties": None}, "properties.value", "missing"),
        ({"properties": {"value": 0, "content_ids": ["a"]}}, "properties.currency", "missing"),
        ({"properties": {"value": 1, "currency": "XAU", "content_ids": ["a"]}}, "properties.currency", "lists"),
        ({"properties": {"value": -1, "currency": "EUR", "content_ids": ["a"]}}, "properties.value", "negative"),
        ({"properties": {"value": 1, "currency": "EUR"}}, "properties.contents", "missing"),
        ({"properties": {**GOOD["properties"], "price": 3}}, "properties.price", "belongs into contents"),
        ({"properties": {**GOOD["properties"], "colour": "x"}}, "properties.colour", "not known"),
    ],
)
def test_warns_of(changes: Json, field: str, words: str) -> None:
    found = [one.what for one in warnings(event(**changes), NOW_S) if one.field == field]

    assert [words in what for what in found] == [True]


def test_warns_of_each_product_by_its_place() -> None:
    contents = [{"content_id": "a", "price": -1}, {"price": 1}, {"content_id": ""}]

    assert warned(event(properties={**GOOD["properties"], "contents": contents})) == [
        "properties.contents[0].price",
        "properties.contents[1].content_id",
        "properties.contents[2].content_id",
    ]


def test_does_not_ask_an_event_without_products_for_them() -> None:
    assert warned(event(event="Lead", properties=None)) == []


def test_ip_address_and_user_agent_are_one_match_key_and_only_together() -> None:
    assert match_keys({"user": {"user_agent": "x", "ttp": "c"}}) == ["ttp"]
    assert match_keys({"user": {"user_agent": "x", "ip": "84.20.3.7", "phone": HASH}}) == ["phone", "ip_and_user_agent"]
    assert match_keys({}) == []


def test_explains_every_part_in_the_order_sent() -> None:
    explained = parts(event(user={"email": [HASH, HASH], "ttclid": "E.C.P"}, properties={"colour": {"a": [1]}}), [])

    assert [(one.path, one.verdict, one.is_right) for one in explained if not one.is_missing] == [
        ("event", "right as it is", True),
        ("event_time", "right as it is", True),
        ("event_id", "right as it is", True),
        ("user.email", "hashed right, 2 values", True),
        ("user.ttclid", "right as it is", True),
        ("page.url", "right as it is", True),
        ("properties.colour", "not known to TikTok", False),
    ]


def test_what_is_missing_stands_behind_what_was_sent() -> None:
    incomplete = event(event="Purchase", user={"email": HASH}, properties={"contents": [{"price": 1}]})
    explained = parts(incomplete, warnings(incomplete, NOW_S))

    missing = {one.path: one.verdict for one in explained if one.is_missing}
    assert [one.is_missing for one in explained] == sorted(one.is_missing for one in explained)
    assert missing["properties.value"] == "missing: see the warning"
    assert missing["properties.contents[0].content_id"] == "missing: see the warning"
    assert missing["user.phone"] == "not sent, but recommended"
    assert not {"user.email", "properties.contents", "properties.price"} & missing.keys()
    assert not any(one.is_right or one.value for one in explained if one.is_missing)


def test_an_event_without_products_is_not_asked_for_a_value() -> None:
    missing = [one.path for one in parts(event(event="Lead", properties=None), []) if one.is_missing]

    assert missing
    assert not [path for path in missing if path.startswith("properties.")]


def test_a_part_that_is_warned_of_is_not_called_right() -> None:
    [name, *_] = parts(GOOD, [EventWarning("event", "a custom event")])

    assert (name.verdict, name.is_right) == ("see the warning", False)


def test_takes_contents_apart_and_nothing_else() -> None:
    paths = dict(leaves({"properties": {"contents": [{"price": 1}, {"price": 2}], "content_ids": ["a", "b"]}}))

    assert paths == {
        "properties.contents[0].price": 1,
        "properties.contents[1].price": 2,
        "properties.content_ids": ["a", "b"],
    }


def test_knows_a_part_whatever_its_place() -> None:
    assert general("properties.contents[12].price") == "properties.contents[].price"
    assert all(general(path) == path for path in ABOUT)


def test_the_page_can_hold_the_fields_of_a_row_in_one_number() -> None:
    assert len(FIELDS) <= 53
