"""`{cel: …}`: what an expression sees, gives, and how it fails."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Headers, Position, Record
from consumer.core.reasons import RejectReason
from consumer.core.rules.expressions import FUNCTIONS, compile_expression, names_in

AT = Position("web-events", 3, 42)
HEADERS: Headers = (("source", b"web"), ("binary", b"\xff"), ("source", b"app"))


def value_of(expression: str, fields: dict[str, Any] | None = None, timestamp_ms: int = 1_700_000_000_000) -> Any:
    record = Record(AT, timestamp_ms, b"k-1", b"", HEADERS, AT)
    return compile_expression(expression)(Decoded(record, fields or {}, False, "shop.Order"))


@pytest.mark.parametrize(
    ("expression", "fields", "value"),
    [
        ("double(cents) / 100.0", {"cents": 1999}, 19.99),
        ("amount.units", {"amount": {"units": 5, "nanos": 0}}, 5),
        ("total > 10.0 ? 'large' : 'small'", {"total": Decimal("10.50")}, "large"),
        ("items.map(x, x.sku)", {"items": [{"sku": "a"}, {"sku": "b"}]}, ["a", "b"]),
        ("items.exists(x, x.qty > 1)", {"items": [{"qty": 1}, {"qty": 2}]}, True),
        ("day", {"day": date(2026, 11, 29)}, "2026-11-29"),
        ("local", {"local": datetime(2026, 1, 1)}, "2026-01-01T00:00:00"),  # noqa: DTZ001  # what the test is about
        ("at", {"at": datetime(2026, 1, 1, tzinfo=UTC)}, datetime(2026, 1, 1, tzinfo=UTC)),
        ("id", {"id": UUID(int=5)}, "00000000-0000-0000-0000-000000000005"),
        ("ids", {"ids": [UUID(int=5)]}, ["00000000-0000-0000-0000-000000000005"]),
        ("missing == null ? 'none' : missing", {}, "none"),
        ("missing", {}, None),
        ("key + '/' + topic + '/' + schema", {}, "k-1/web-events/shop.Order"),
        ("timestamp", {}, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("headers.source", {}, "app"),
        ("has(headers.binary)", {}, False),
        ("key", {"key": "the record's own"}, "the record's own"),
    ],
)
def test_an_expression_of_a_record(expression: str, fields: dict[str, Any], value: object) -> None:
    assert value_of(expression, fields) == value


def test_a_record_without_time_has_no_timestamp() -> None:
    assert value_of("timestamp == null", timestamp_ms=-1) is True


@pytest.mark.parametrize(
    ("expression", "fields", "kind"),
    [
        ("a + 1", {"a": "s3cret"}, "no such operation for these types"),
        ("a.b", {"a": {}}, "no such key"),
        ("a[3]", {"a": [1]}, "index out of range"),
        ("a / 0", {"a": 1}, "arithmetic out of range"),
        ("timestamp(a)", {"a": "s3cret"}, "cannot be evaluated"),
        ("a", {"a": "\ud800"}, "cannot be evaluated"),
    ],
)
def test_an_error_names_expression_and_kind_and_no_value(expression: str, fields: dict[str, Any], kind: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        value_of(expression, fields)

    assert caught.value.reason is RejectReason.MAP_CEL
    assert caught.value.detail == f"cel {expression}: {kind}"


@pytest.mark.parametrize(
    ("expression", "fields", "said"),
    [
        ("!opted_in", {"opted_in": None}, "no such operation for these types (null: opted_in)"),
        ("double(d) / 100.0", {}, "cannot be evaluated (null: d)"),
        ("a + b + c", {"b": "x"}, "no such operation for these types (null: a, c)"),
        ("items.map(x, x.price + 1)", {"items": [{"price": "a"}]}, "no such operation for these types"),
        ("m.k", {"m": {}}, "no such key"),
    ],
)
def test_an_expression_that_fails_on_a_null_names_what_is_null(
    expression: str, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(RecordRejected) as caught:
        value_of(expression, fields)

    assert sorted(caught.value.detail) == sorted(f"cel {expression}: {said}")


@pytest.mark.parametrize(
    ("expression", "fields", "value"),
    [
        ("opted_in != true", {}, True),
        ("opted_in != true", {"opted_in": True}, False),
        ("d == null ? null : double(d) / 100.0", {}, None),
        ("d == null ? null : double(d) / 100.0", {"d": 250}, 2.5),
        ("d != null && d > 1", {}, False),
        ("'k' in m ? m['k'] : null", {"m": {}}, None),
        ("has(m.k) ? m.k : null", {"m": {}}, None),
        ("has(m.k) ? m.k : null", {"m": {"k": 2}}, 2),
        ("m != null && 'k' in m ? m.k : null", {}, None),
        ("'x-source' in headers ? headers['x-source'] : null", {}, None),
    ],
)
def test_what_may_be_null_or_missing_can_be_asked_for(expression: str, fields: dict[str, Any], value: object) -> None:
    assert value_of(expression, fields) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [("a +", "column 4"), ("a b", "column 3"), ("foo(a)", "no function `foo`"), ("a.trim()", "no function `trim`")],
)
def test_what_is_no_expression_is_told_at_once(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="CEL") as caught:
        compile_expression(text)

    assert said in str(caught.value)


def test_names_are_those_of_the_record_alone() -> None:
    assert names_in("items.map(x, x.price * rate).size() + size(key) + size(headers)") == {"items", "rate"}


def test_every_function_that_is_named_is_there() -> None:
    for name in FUNCTIONS - {"has"}:
        with pytest.raises(RecordRejected) as caught:
            value_of(
                f"{name}(topic, topic, topic)"
                if name not in ("all", "exists", "exists_one", "map", "filter")
                else f"topic.{name}(x, true)"
            )
        assert caught.value.reason is RejectReason.MAP_CEL
