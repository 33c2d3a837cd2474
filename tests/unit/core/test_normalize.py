"""The event as a whole: what is required, what is left out, what is filled in."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, MappedEvent, NormalizedEvent, Note, Position, Record
from consumer.core.normalize.event import IdFromPosition, normalize
from consumer.core.reasons import Problem, RejectReason
from consumer.core.tiktok_event import FIELD_BIT, Content, Page, Properties, TikTokEvent, User

HERE = Position("web-events.parked", 3, 99, epoch=7)
ORIGIN = Position("web-events", 1, 42)
RECORD = Record(HERE, 1_793_534_400_123, None, b"", (), ORIGIN)


def mapped(**parts: Any) -> MappedEvent:
    required: dict[str, Any] = {
        "event": "Purchase",
        "event_time": datetime(2026, 11, 1, 12, tzinfo=UTC),
        "event_id": "order-1",
    }
    return MappedEvent(Decoded(RECORD, {}, is_shipped=True), **required | parts)


def normalized(
    event: MappedEvent, id_from_position: IdFromPosition = "auto", reject_bad_fields: bool = False
) -> NormalizedEvent:
    return normalize(event, id_from_position=id_from_position, reject_bad_fields=reject_bad_fields)


def rejection_of(event: MappedEvent, reject_bad_fields: bool = False) -> tuple[RejectReason, str]:
    with pytest.raises(RecordRejected) as caught:
        normalized(event, reject_bad_fields=reject_bad_fields)
    return caught.value.reason, caught.value.detail


def bits(*fields: str) -> int:
    return sum(FIELD_BIT[field] for field in fields)


def properties_of(event: NormalizedEvent) -> Properties:
    assert event.event.properties is not None
    return event.event.properties


def test_an_event_needs_no_more_than_a_name_and_a_time() -> None:
    assert normalized(mapped(event=" Purchase ", event_id=None), "never") == NormalizedEvent(
        TikTokEvent("Purchase", 1_793_534_400), fields=0
    )


def test_every_object_is_brought_into_its_form() -> None:
    event = mapped(
        user={"email": "Jane@example.com", "ip": "8.8.8.8"},
        page={"url": "https://example.com/"},
        properties={"currency": "eur", "value": "19.99"},
        contents=({"price": 19.99, "quantity": 1, "content_id": 5},),
        limited_data_use="true",
    )

    assert normalized(event) == NormalizedEvent(
        TikTokEvent(
            "Purchase",
            1_793_534_400,
            "order-1",
            User(email=sha256(b"jane@example.com").hexdigest(), ip="8.8.8.8"),
            Page(url="https://example.com/"),
            Properties(contents=[Content(price=19.99, quantity=1, content_id="5")], currency="EUR", value=19.99),
            limited_data_use=True,
        ),
        fields=bits("user.email", "user.ip", "page.url", "limited_data_use")
        | bits("properties.currency", "properties.value", "properties.contents"),
    )


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        (None, "event: missing"),
        ("", "event: missing"),
        (" ", "event: missing"),
        (5, "event: wrong_type"),
        ("undefined", "event: placeholder"),
    ],
)
def test_an_event_without_a_usable_name_is_rejected(name: object, detail: str) -> None:
    assert rejection_of(mapped(event=name)) == (RejectReason.NORMALIZE_EVENT, detail)


def test_an_event_without_a_time_is_rejected() -> None:
    assert rejection_of(mapped(event_time=None)) == (RejectReason.NORMALIZE_EVENT_TIME, "event_time: missing")


BAD: list[tuple[dict[str, Any], str, Problem]] = [
    ({"event_id": 1.5}, "event_id", Problem.WRONG_TYPE),
    ({"limited_data_use": "maybe"}, "limited_data_use", Problem.NOT_A_BOOLEAN),
    ({"user": {"phone": "0170"}}, "user.phone", Problem.NO_REGION),
    ({"user": {"email": ["jane", "a@example.com"]}}, "user.email[0]", Problem.NOT_AN_EMAIL),
    ({"user": {"ttclid": 5}}, "user.ttclid", Problem.WRONG_TYPE),
    ({"page": {"url": "/x"}}, "page.url", Problem.NOT_A_URL),
    ({"properties": {"value": "€5"}}, "properties.value", Problem.NOT_A_NUMBER),
    ({"properties": {"content_type": "car"}}, "properties.content_type", Problem.NOT_ALLOWED),
    ({"properties": {"customer_type": "old"}}, "properties.customer_type", Problem.NOT_ALLOWED),
    ({"properties": {"num_items": 1.5}}, "properties.num_items", Problem.NOT_WHOLE),
    ({"contents": ({"price": 1}, {"price": -1})}, "properties.contents[1].price", Problem.NEGATIVE),
    ({"contents": ({"price": 1}, "sku-1")}, "properties.contents[1]", Problem.WRONG_TYPE),
    ({"contents": {"price": 1}}, "properties.contents", Problem.WRONG_TYPE),
    ({"contents": "sku-1"}, "properties.contents", Problem.WRONG_TYPE),
]


@pytest.mark.parametrize(("parts", "field", "problem"), BAD, ids=[field for _, field, _ in BAD])
def test_an_optional_field_that_cannot_be_sent_is_left_out_and_noted(
    parts: dict[str, Any], field: str, problem: Problem
) -> None:
    assert normalized(mapped(**parts)).notes == (Note(field, problem),)


@pytest.mark.parametrize(("parts", "field", "problem"), BAD, ids=[field for _, field, _ in BAD])
def test_or_rejects_the_event_where_that_is_configured(parts: dict[str, Any], field: str, problem: Problem) -> None:
    assert rejection_of(mapped(**parts), reject_bad_fields=True) == (
        RejectReason.NORMALIZE_BAD_FIELD,
        f"{field}: {problem}",
    )


def test_what_is_left_of_a_list_is_sent() -> None:
    event = normalized(mapped(user={"email": ["jane", "a@example.com"]}))

    assert event.event.user == User(email=sha256(b"a@example.com").hexdigest())
    assert event.fields == bits("user.email")


def test_a_currency_that_tiktok_does_not_list_is_noted_and_rejects_nothing() -> None:
    event = normalized(mapped(properties={"currency": "xaf"}), reject_bad_fields=True)

    assert event.notes == (Note("properties.currency", Problem.CURRENCY_NOT_LISTED, is_dropped=False),)
    assert properties_of(event).currency == "XAF"


def test_empty_values_are_absent_without_a_note() -> None:
    event = mapped(
        event_id=" ",
        limited_data_use="",
        user={"email": "", "ttp": " "},
        page={"url": ""},
        properties={"currency": "", "content_ids": []},
        contents=({"content_id": ""}, {}),
    )

    assert normalized(event, "never") == NormalizedEvent(TikTokEvent("Purchase", 1_793_534_400), fields=0)


@pytest.mark.parametrize("ttclid", [{}, {"ttclid": ""}])
def test_the_click_id_is_read_from_the_page_url_where_none_is_mapped(ttclid: dict[str, Any]) -> None:
    event = normalized(mapped(user=ttclid, page={"url": "https://example.com/?ttclid=E.C.P.x"}))

    assert event.event.user == User(ttclid="E.C.P.x")
    assert event.fields == bits("user.ttclid", "page.url")


def test_the_click_id_that_is_mapped_stays() -> None:
    event = normalized(mapped(user={"ttclid": "mapped"}, page={"url": "https://example.com/?ttclid=other"}))

    assert event.event.user == User(ttclid="mapped")


@pytest.mark.parametrize("page", [{}, {"url": "https://example.com/"}, {"url": "ftp://x/?ttclid=y"}])
def test_there_is_no_click_id_without_one_in_a_usable_url(page: dict[str, Any]) -> None:
    assert normalized(mapped(page=page)).event.user is None


@pytest.mark.parametrize("properties", [{}, {"value": " "}])
def test_the_value_is_the_sum_where_none_is_mapped(properties: dict[str, Any]) -> None:
    contents = ({"price": 0.1, "quantity": 3}, {"price": Decimal("0.2"), "quantity": "1"})
    event = normalized(mapped(properties=properties, contents=contents))

    assert properties_of(event).value == 0.5
    assert event.fields == bits("properties.contents", "properties.value")


@pytest.mark.parametrize(
    ("properties", "contents", "value"),
    [
        ({"value": 0}, ({"price": 5, "quantity": 1},), 0),
        ({"value": "1,299.00"}, ({"price": 5, "quantity": 1},), None),
        ({"value": -5}, ({"price": 5, "quantity": 1},), None),  # a refund is no revenue
        ({}, ({"price": 5, "quantity": 1}, {"price": 5}), None),
        ({}, ({"price": 5, "quantity": 1}, {"price": 5, "quantity": 0}), None),
        ({}, ({"price": 5, "quantity": 1}, {}), None),
        ({}, ({"price": 5, "quantity": 1}, None), None),
        ({}, None, None),
    ],
)
def test_the_value_is_not_computed_from_less_than_everything(
    properties: dict[str, Any], contents: tuple[dict[str, Any], ...], value: int | None
) -> None:
    event = normalized(mapped(properties=properties | {"status": "x"}, contents=contents))

    assert properties_of(event).value == value
    assert bool(event.fields & bits("properties.value")) is (value is not None)


def test_no_currency_is_made_up() -> None:
    assert properties_of(normalized(mapped(properties={"value": 5}))).currency is None


@pytest.mark.parametrize(
    ("policy", "event_id", "ttp", "is_made"),
    [
        ("auto", None, None, True),
        ("auto", " ", " ", True),
        ("auto", 1.5, None, True),
        ("auto", None, "cookie-1", False),
        ("always", None, "cookie-1", True),
        ("always", "order-1", None, False),
        ("auto", "order-1", None, False),
        ("never", None, None, False),
    ],
)
def test_an_id_is_made_from_the_position_as_configured(
    policy: IdFromPosition, event_id: object, ttp: str | None, is_made: bool
) -> None:
    event = normalized(mapped(event_id=event_id, user={"ttp": ttp or ""}), policy)

    assert event.is_id_from_position is is_made
    assert (event.event.event_id == "web-events.1.42.1793534400123") is is_made


def test_a_number_as_event_id_becomes_text() -> None:
    assert normalized(mapped(event_id=1001)).event.event_id == "1001"


def test_more_products_than_anyone_orders_are_a_bad_field() -> None:
    event = normalized(mapped(contents=({"content_id": "a"},) * 1001))

    assert event.event.properties is None
    assert event.notes == (Note("properties.contents", Problem.TOO_MANY),)
    assert len(properties_of(normalized(mapped(contents=({"content_id": "a"},) * 1000))).contents or ()) == 1000
