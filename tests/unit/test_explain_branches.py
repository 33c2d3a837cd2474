"""JSON in place of a union: the branch that is named, else the first that holds the value wholly."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from consumer.commands.explain.records.encoding import AvroEncoder
from consumer.commands.explain.records.fitting import MisfitError, fitted
from consumer.core.decode.schema import parse
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.model import Position, Record
from consumer.core.rules.selection import ReadPaths


def record_of(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


A = record_of("n.A", field("x", "string"), field("y", ["null", "string"], default=None))
B = record_of("n.B", field("x", "string"), field("z", "string", default="zz"))
OF_A, OF_B = {"x": "q", "y": None}, {"x": "q", "z": "zz"}
DATE = {"type": "int", "logicalType": "date"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
KIND = {"type": "enum", "name": "n.Kind", "symbols": ["a", "b"]}
FIXED = {"type": "fixed", "name": "n.Fixed", "size": 2}
OTHER = {"type": "fixed", "name": "m.Fixed", "size": 2}
LINE = record_of("n.Line", field("sku", "string"), field("price", DECIMAL))
LONGS = {"type": "array", "items": "long"}
TEXTS = {"type": "map", "values": "string"}


def read(schema: Any, value: Any) -> Any:
    """What the decoder makes of a JSON value of this schema."""
    parsed = parse(schema)
    raw = AvroEncoder(parsed).encoded(fitted(value, parsed))
    position = Position("events", 0, 7)
    reader = SchemaReader(parsed, None, ReadPaths(), "", 1 << 20)
    return reader.decode(Record(position, 0, None, raw, (), position), raw, 0).fields


def read_of(kind: Any, value: Any) -> Any:
    return read(record_of("n.R", field("a", kind)), {"a": value})["a"]


@pytest.mark.parametrize(
    ("union", "value", "expected"),
    [
        (["null", DATE, "string"], {"string": "2026-01-01"}, "2026-01-01"),
        (["null", "string", DATE], {"int": "2026-01-01"}, date(2026, 1, 1)),
        (["null", "string", DATE], {"int": 20_454}, date(2026, 1, 1)),
        (["null", "int", MILLIS], {"long": 1000}, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (["null", "double", MILLIS], {"double": 1000}, 1000.0),
        (["null", A, B], {"n.B": {"x": "q"}}, OF_B),
        (["null", B, A], {"n.A": {"x": "q"}}, OF_A),
        (["null", A, B], {"B": {"x": "q"}}, OF_B),
        (["null", "string", KIND], {"n.Kind": "a"}, "a"),
        (["null", "string", FIXED], {"n.Fixed": "ab"}, b"ab"),
        (["null", FIXED, OTHER], {"m.Fixed": "ab"}, b"ab"),
        (["null", "string", "bytes"], {"bytes": "\u00ff"}, b"\xff"),
        (["null", "bytes", "string"], {"string": "x"}, "x"),
        (["null", "string", DECIMAL], {"bytes": "\x07\xcf"}, Decimal("19.99")),
        (["null", DECIMAL, "string"], {"string": "19.99"}, "19.99"),
        (["null", LONGS, TEXTS], {"array": [1]}, [1]),
        (["null", LONGS, TEXTS], {"map": {"k": "v"}}, {"k": "v"}),
        (["null", TEXTS, "string"], {"string": "x"}, "x"),
        ([{"type": "array", "items": [DATE, "string"]}], {"array": [{"string": "2026-01-01"}]}, ["2026-01-01"]),
        ({"type": "array", "items": [A, B]}, [{"n.B": {"x": "q"}}, {"x": "q"}], [OF_B, OF_A]),
        ({"type": "map", "values": [A, B]}, {"k": {"n.B": {"x": "q"}}}, {"k": OF_B}),
        (record_of("n.In", field("b", [DATE, "string"])), {"b": {"string": "2026-01-01"}}, {"b": "2026-01-01"}),
    ],
)
def test_a_branch_that_is_named_is_the_one_that_is_written(union: Any, value: Any, expected: object) -> None:
    assert read_of(union, value) == expected


@pytest.mark.parametrize(
    ("union", "value", "expected"),
    [
        (["null", A, B], {"x": "q"}, OF_A),
        (["null", A, B], {"x": "q", "z": "w"}, {"x": "q", "z": "w"}),
        (["null", DATE, "string"], "2026-01-01", date(2026, 1, 1)),
        (["null", DATE, "string"], "today", "today"),
        (["null", "int", "double"], 3_000_000_000, 3e9),
        (["null", "double", "long"], 2**53 + 1, 2**53 + 1),
        (["null", "double", "long"], 5, 5.0),
        (["null", "float", "double"], 10.9, 10.9),
        (["null", "float", "double"], 3.141592653589793, 3.141592653589793),
        (["null", "float", "double"], 1e300, 1e300),
        (["null", "double"], 2**53 + 1, float(2**53)),
        (["null", "bytes", "string"], "x", "x"),
        (["null", "bytes"], "x", b"x"),
        (["null", FIXED, "string"], "abc", "abc"),
        (["null", FIXED, "string"], "ab", b"ab"),
        (["null", DECIMAL, "string"], "1.005", "1.005"),
        (["null", DECIMAL, "string"], "1.5", Decimal("1.50")),
        (["null", TEXTS, "long"], {"long": "x"}, {"long": "x"}),
        (["null", ["string", "bytes"]], "x", "x"),
        (["null", "string"], None, None),
    ],
)
def test_plain_json_is_the_first_branch_that_holds_it_wholly(union: Any, value: Any, expected: object) -> None:
    found = read_of(union, value)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "default", "expected"),
    [
        (DECIMAL, "\x07\xcf", Decimal("19.99")),
        ([DECIMAL, "null"], "\x07\xcf", Decimal("19.99")),
        ([DATE, "string"], 20_454, date(2026, 1, 1)),
        (["null", A, B], None, None),
        ([B, A], {"x": "q"}, OF_B),
    ],
)
def test_a_field_that_is_not_given_has_its_default(kind: Any, default: Any, expected: object) -> None:
    assert read(record_of("n.R", field("a", kind, default=default)), {}) == {"a": expected}


def test_a_default_that_is_no_value_of_its_type_is_told() -> None:
    with pytest.raises(MisfitError, match="a: missing, and its default in the schema is no value of its type"):
        read(record_of("n.R", field("a", LONGS, default=["x"])), {})


def test_of_a_union_of_records_the_named_one_is_written() -> None:
    assert read([A, B], {"n.B": {"x": "q"}}) == OF_B
    assert read([A, B], {"x": "q"}) == OF_A


@pytest.mark.parametrize(
    ("union", "value", "why"),
    [
        (["null", A, B], {"n.B": {"y": "q"}}, "a.y: the schema has no such field"),
        (["null", FIXED, OTHER], {"Fixed": "ab"}, "a: none of what the schema takes there"),
        (["null", DATE, "string"], {"long": 1}, "a: none of what the schema takes there"),
        (["null", "double"], 10**400, "a: expected a number"),
        ("float", 10**400, "a: expected a number"),
        (["null", A, LINE], {"sku": "s"}, "^a.price: missing, and the schema has no default"),
        (["null", LINE, A], {"sku": "s", "price": "x"}, "^a.price: not a decimal"),
        (["null", A, LINE], {"sku": 5, "price": 1}, "^a.sku: expected text"),
        (["null", A, LINE], {"sku": "s", "price": 59.985}, "^a.price: more digits than .* 4, 2 after the point"),
        (["null", A, LINE], {"other": 5}, "^a: none of what the schema takes there"),
        (["null", A, B], {"x": 5}, "^a: none of what the schema takes there"),
        (["null", A, TEXTS], {"k": 5}, r"^a\[…\]: expected text"),
        (["null", "string", LONGS], [1, "x"], r"^a\[1\]: expected a whole number"),
        (["null", "string", "long"], 1.5, "^a: none of what the schema takes there"),
        (DECIMAL, True, "^a: not a decimal"),
        (DECIMAL, "123.45", "^a: more digits than the schema's decimal has: 4, 2 after the point"),
        (["null", DECIMAL], 59.985, "^a: more digits than"),
        (["null", FIXED], "abc", "^a: expected text of 2 characters, one a byte"),
        (FIXED, "abc", "^a: expected text of 2 characters, one a byte"),
    ],
)
def test_what_no_branch_takes_is_told(union: Any, value: Any, why: str) -> None:
    with pytest.raises(MisfitError, match=why):
        read_of(union, value)
