"""Amounts in minor units, and what a rule makes of numbers before."""

from decimal import Decimal
from typing import Any

import pytest

from consumer.core.map import compile_map
from consumer.core.model import Decoded, Note, Position, Record
from consumer.core.normalize.event import normalize
from consumer.core.reasons import Problem
from consumer.core.rules.getters import compile_source
from consumer.core.rules.source import (
    ConstSource,
    ContentsSource,
    KafkaPart,
    PathSource,
    Rule,
    Source,
    TransformedSource,
    Unreadable,
)
from consumer.core.tiktok_event import Properties

AT = Position("web-events", 0, 1)
RECORD = Record(AT, 0, b"\x00\x00\x00\x00\x05", b"", (("n", b"\x00\x01"), ("t", b"a\tb")), AT)
VALUE = TransformedSource(PathSource(("v",)), unit="minor")


def made(fields: dict[str, Any], contents: ContentsSource | None = None) -> tuple[Properties | None, tuple[Note, ...]]:
    parameters: dict[str, Source] = {
        "event": ConstSource("Purchase"),
        "event_time": ConstSource("2026-11-29T00:00:00Z"),
        "properties.value": VALUE,
        "properties.currency": PathSource(("c",)),
    }
    rule = Rule("r", "shop", parameters=parameters, contents=contents)
    event = normalize(
        compile_map(rule)(Decoded(RECORD, fields, False)), id_from_position="never", reject_bad_fields=False
    )
    return event.event.properties, event.notes


@pytest.mark.parametrize(
    ("raw", "currency", "value"),
    [
        (1999, "EUR", 19.99),
        (1999, "eur ", 19.99),
        (100, "JPY", 100),
        (100, "HUF", 1),
        (100, "KWD", 0.1),
        (100, "UYW", 0.01),
        ("1999", "EUR", 19.99),
        (Decimal("1999"), "EUR", 19.99),
        (1999.0, "EUR", 19.99),
        (0, "EUR", 0),
        (10**15, "EUR", 10**13),
    ],
)
def test_minor_units_are_of_the_currency(raw: object, currency: str, value: float) -> None:
    properties, _ = made({"v": raw, "c": currency})

    assert properties is not None
    assert properties.value == value


@pytest.mark.parametrize("currency", [None, "", "nope", 5, "XAU"])
def test_without_a_usable_currency_the_amount_is_a_bad_field(currency: object) -> None:
    properties, notes = made({"v": 1999, "c": currency})

    assert properties is None or properties.value is None
    assert Note("properties.value", Problem.NOT_A_CURRENCY) in notes


@pytest.mark.parametrize(("raw", "problem"), [("x", Problem.NOT_A_NUMBER), (-5, Problem.NEGATIVE)])
def test_what_is_no_amount_is_said_to_be_that(raw: object, problem: Problem) -> None:
    assert Note("properties.value", problem) in made({"v": raw, "c": "EUR"})[1]


def test_prices_of_products_are_in_minor_units_and_the_sum_is_of_whole_ones() -> None:
    price = TransformedSource(PathSource(("p",)), unit="minor")
    contents = ContentsSource(PathSource(("i",)), {"price": price, "quantity": PathSource(("q",))})

    properties, notes = made({"c": "EUR", "i": [{"p": 1999, "q": 3}, {"p": None, "q": 1}]}, contents)
    assert properties is not None
    assert [item.price for item in properties.contents or ()] == [19.99, None]
    properties, notes = made({"c": "EUR", "i": [{"p": 1999, "q": 3}]}, contents)
    assert properties is not None
    assert (properties.value, notes) == (59.97, ())


@pytest.mark.parametrize(
    ("raw", "scaled"),
    [
        (1999, Decimal("19.99")),
        ("1999", Decimal("19.99")),
        ("3.89150649E8", Decimal("3891506.49")),
        ("\ufeff1999", Decimal("19.99")),
        ("1999\u00a0", Decimal("19.99")),
        ("19.99 EUR", "19.99 EUR"),
        (0.1, Decimal("0.001")),
        (Decimal("5"), Decimal("0.05")),
        (True, True),
        ("text", "text"),
        (None, None),
        ([1], [1]),
        (float("inf"), Decimal("Infinity")),
    ],
)
def test_scale_multiplies_numbers_and_leaves_the_rest(raw: object, scaled: object) -> None:
    source = TransformedSource(PathSource(("v",)), scale=Decimal("0.01"))

    assert compile_source(source)(Decoded(RECORD, {"v": raw}, False)) == scaled


def test_a_default_is_not_scaled() -> None:
    source = TransformedSource(PathSource(("v",)), scale=Decimal("0.01"), default=5)

    assert compile_source(source)(Decoded(RECORD, {}, False)) == 5


def test_schema_is_the_name_of_the_record_s_type() -> None:
    assert compile_source(KafkaPart("schema"))(Decoded(RECORD, {}, False, "shop.Order")) == "shop.Order"
    assert compile_source(KafkaPart("schema"))(Decoded(RECORD, {}, False)) is None


def test_bytes_with_control_characters_are_no_text() -> None:
    decoded = Decoded(RECORD, {}, False)

    assert compile_source(KafkaPart("key"))(decoded) == Unreadable(Problem.NOT_TEXT)
    assert compile_source(KafkaPart("header", "n"))(decoded) == Unreadable(Problem.NOT_TEXT)
    assert compile_source(KafkaPart("header", "t"))(decoded) == "a\tb"


def test_a_blank_amount_is_absent() -> None:
    properties, notes = made({"v": "  ", "c": "EUR"})

    assert properties == Properties(currency="EUR")
    assert notes == ()
