"""What a reader schema's logical types and defaults make of what was written: `avro.reader_schema`."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer

from consumer.core.decode.decoder import Decoder
from consumer.core.decode.encryption import Encryption, marked
from consumer.core.decode.logical_types import ENCRYPTED, OUT_OF_RANGE
from consumer.core.decode.resolution import Target
from consumer.core.decode.schema import parse
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.errors import ConfigError, RecordRejected
from consumer.core.model import Decoded, Position, Record
from consumer.core.rules.selection import ReadPaths

MS = 1_767_225_600_000
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
MAX = 1 << 20


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


MILLIS, MICROS = logical("long", "timestamp-millis"), logical("long", "timestamp-micros")
NANOS, LOCAL = logical("long", "timestamp-nanos"), logical("long", "local-timestamp-millis")
DATE = logical("int", "date")
TIME_MILLIS, TIME_MICROS = logical("int", "time-millis"), logical("long", "time-micros")
DECIMAL = logical("bytes", "decimal", precision=9, scale=2)
FINER = logical("bytes", "decimal", precision=9, scale=4)
FIXED = {"type": "fixed", "name": "F", "size": 2}
FIXED_DECIMAL = {**FIXED, "logicalType": "decimal", "precision": 4, "scale": 2}
ID = {"type": "fixed", "name": "Id", "size": 16}
CENTS = b"\x07\xcf"
"""19.99 of scale 2."""


def array(of: Any) -> Any:
    return {"type": "array", "items": of}


def map_of(of: Any) -> Any:
    return {"type": "map", "values": of}


def record_of(of: Any, name: str = "R", **more: Any) -> Any:
    return {"type": "record", "name": name, "fields": [{"name": "a", "type": of, **more}]}


def encoded(schema: Any, value: Any) -> bytes:
    """Written plainly: what stands in the schema of logical types is for who reads."""
    plain = json.loads(json.dumps(schema).replace('"logicalType"', '"meant"'))
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(plain), value)
    return out.getvalue()


def read(decoder: Decoder, value: bytes) -> Any:
    position = Position("events", 0, 7)
    decoded = decoder.decode(Record(position, 0, None, value, (), position))
    assert isinstance(decoded, Decoded)
    return decoded.fields


def resolved(writer: Any, reader: Any, value: Any) -> Any:
    """A value of the type `writer` as one of `reader`: where all else is alike, and where the reader has more."""
    written = record_of(writer)
    more = {**record_of(reader)}
    more["fields"] = [*more["fields"], {"name": "b", "type": "int", "default": 1}]
    same, other = (
        read(Decoder("plain", max_record_bytes=MAX, local_schemas=[written], reader_schema=each), raw)
        for raw in [encoded(written, {"a": value})]
        for each in (record_of(reader), more)
    )
    assert other == {**same, "b": 1}
    return same["a"]


class TestLogicalTypes:
    @pytest.mark.parametrize(
        ("writer", "reader", "value", "expected"),
        [
            ("long", MILLIS, MS, MOMENT),
            ("int", MILLIS, 1, datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)),
            ("long", LOCAL, MS, datetime(2026, 1, 1)),  # noqa: DTZ001  # a local timestamp has no zone
            ("long", MILLIS, 2**62, OUT_OF_RANGE),
            ("int", DATE, 20_454, date(2026, 1, 1)),
            ("int", TIME_MILLIS, 1000, time(0, 0, 1)),
            ("int", TIME_MICROS, 1000, time(0, 0, 0, 1000)),
            ("bytes", DECIMAL, CENTS, Decimal("19.99")),
            (FIXED, FIXED_DECIMAL, CENTS, Decimal("19.99")),
            (ID, {**ID, "logicalType": "uuid"}, bytes(16), "00000000-0000-0000-0000-000000000000"),
            ("string", logical("string", "uuid"), "ABC", "ABC"),
        ],
    )
    def test_are_seen_where_the_writer_has_none(self, writer: Any, reader: Any, value: Any, expected: object) -> None:
        assert resolved(writer, reader, value) == expected

    @pytest.mark.parametrize(
        ("writer", "reader", "value", "expected"),
        [
            (MILLIS, "long", MS, MS),
            (MILLIS, "double", MS, float(MS)),
            (DATE, "int", 20_454, 20_454),
            (DATE, "long", 20_454, 20_454),
            (TIME_MILLIS, "float", 5, 5.0),
            (DECIMAL, "bytes", CENTS, CENTS),
            (DECIMAL, "string", b"ok", "ok"),
            (FIXED_DECIMAL, FIXED, CENTS, CENTS),
            ({**ID, "logicalType": "uuid"}, ID, bytes(16), bytes(16)),
        ],
    )
    def test_of_the_writer_are_not_where_the_reader_has_none(
        self, writer: Any, reader: Any, value: Any, expected: object
    ) -> None:
        assert resolved(writer, reader, value) == expected

    @pytest.mark.parametrize(
        ("writer", "reader", "value", "expected"),
        [
            (MILLIS, MICROS, MS, MOMENT),
            (MICROS, MILLIS, MS * 1000, MOMENT),
            (NANOS, MILLIS, MS * 1_000_000, MOMENT),
            (TIME_MILLIS, TIME_MICROS, 1000, time(0, 0, 1)),
            (DECIMAL, FINER, CENTS, Decimal("19.99")),
            (FINER, DECIMAL, CENTS, Decimal("0.1999")),
            (FIXED_DECIMAL, {**FIXED_DECIMAL, "scale": 0}, CENTS, Decimal("19.99")),
        ],
    )
    def test_that_mean_the_same_keep_the_unit_and_scale_that_was_written(
        self, writer: Any, reader: Any, value: Any, expected: object
    ) -> None:
        assert resolved(writer, reader, value) == expected

    @pytest.mark.parametrize(
        ("writer", "reader", "value", "expected"),
        [
            (MILLIS, LOCAL, MS, datetime(2026, 1, 1)),  # noqa: DTZ001  # a local timestamp has no zone
            (LOCAL, MILLIS, MS, MOMENT),
            (DATE, TIME_MILLIS, 1000, time(0, 0, 1)),
        ],
    )
    def test_that_mean_something_else_are_the_readers(
        self, writer: Any, reader: Any, value: Any, expected: object
    ) -> None:
        assert resolved(writer, reader, value) == expected

    @pytest.mark.parametrize(
        ("of", "put"),
        [
            (array, lambda it: [it]),
            (map_of, lambda it: {"k": it}),
            (lambda of: ["null", of], lambda it: it),
            (lambda of: record_of(of, "In"), lambda it: {"a": it}),
            (lambda of: array(["null", of]), lambda it: [it, None]),
        ],
    )
    def test_are_seen_wherever_they_stand(self, of: Callable[[Any], Any], put: Callable[[Any], Any]) -> None:
        assert resolved(of("long"), of(MILLIS), put(MS)) == put(MOMENT)
        assert resolved(of(MILLIS), of("long"), put(MS)) == put(MS)

    def test_are_seen_where_one_of_both_is_a_union(self) -> None:
        assert resolved("long", ["null", MILLIS], MS) == MOMENT
        assert resolved(["null", "long"], MILLIS, MS) == MOMENT

    def test_are_seen_under_a_fields_alias(self) -> None:
        reader = {"type": "record", "name": "R", "fields": [{"name": "at", "type": MILLIS, "aliases": ["a"]}]}
        decoder = Decoder("plain", max_record_bytes=MAX, local_schemas=[record_of("long")], reader_schema=reader)

        assert read(decoder, encoded(record_of("long"), {"a": MS})) == {"at": MOMENT}

    def test_text_is_no_decimal_though_it_is_promoted_to_bytes(self) -> None:
        assert resolved("string", "bytes", "19.99") == b"19.99"
        with pytest.raises(RecordRejected, match=r"does not resolve to avro\.reader_schema"):
            resolved("string", DECIMAL, "19.99")

    def test_what_a_rule_encrypted_stays_unreadable(self) -> None:
        writer = parse(json.loads(marked(json.dumps(record_of("bytes")), Encryption((frozenset(),)))))
        reader = SchemaReader(writer, Target(parse(record_of(DECIMAL))), ReadPaths(), "", MAX)
        position = Position("events", 0, 7)

        fields = reader.decode(Record(position, 0, None, None, (), position), b"\x04" + CENTS, 0).fields

        assert fields == {"a": ENCRYPTED}


class TestUnions:
    @pytest.mark.parametrize(
        ("writer", "reader", "value", "expected"),
        [
            (DATE, [MILLIS, DATE], 20_454, date(2026, 1, 1)),
            ("string", ["bytes", "string"], "x", "x"),
            ("string", [DECIMAL, "string"], "x", "x"),
            ("bytes", ["string", "bytes"], b"\xff", b"\xff"),
            ("long", ["double", "long"], 5, 5),
            ("int", [MILLIS, "string"], 1, datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)),
            (MICROS, [MICROS, MILLIS], MS * 1000, MOMENT),
        ],
    )
    def test_of_a_readers_union_the_written_type_comes_before_what_it_could_be_promoted_to(
        self, writer: Any, reader: Any, value: Any, expected: object
    ) -> None:
        found = resolved(writer, reader, value)

        assert (found, type(found)) == (expected, type(expected))


def default_of(of: Any, default: Any) -> Any:
    decoder = Decoder(
        "plain",
        max_record_bytes=MAX,
        local_schemas=[{"type": "record", "name": "R", "fields": []}],
        reader_schema=record_of(of, default=default),
    )
    return read(decoder, b"")["a"]


WITH_OWN = {
    "type": "record",
    "name": "In",
    "fields": [{"name": "at", "type": MILLIS}, {"name": "tax", "type": DECIMAL, "default": "\x07\xcf"}],
}


class TestDefaults:
    @pytest.mark.parametrize(
        ("of", "default", "expected"),
        [
            (DECIMAL, "\x07\xcf", Decimal("19.99")),
            (FIXED_DECIMAL, "\x07\xcf", Decimal("19.99")),
            (MILLIS, MS, MOMENT),
            (DATE, 20_454, date(2026, 1, 1)),
            (DATE, 2_147_483_647, OUT_OF_RANGE),
            ("bytes", "\xff", b"\xff"),
            (FIXED, "ab", b"ab"),
            ("float", 10.9, 10.9),
            ("double", 1, 1),
            ("boolean", True, True),
            ("string", "x", "x"),
            (logical("string", "uuid"), "ABC", "ABC"),
            ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B", "B"),
            (array(MILLIS), [MS], [MOMENT]),
            (map_of(array(DATE)), {"k": [20_454]}, {"k": [date(2026, 1, 1)]}),
            (["null", MILLIS], None, None),
            ([MILLIS, "null"], MS, MOMENT),
            (["null", MILLIS], MS, MOMENT),
            (WITH_OWN, {"at": MS}, {"at": MOMENT, "tax": Decimal("19.99")}),
        ],
    )
    def test_are_values_of_the_readers_type(self, of: Any, default: Any, expected: object) -> None:
        assert default_of(of, default) == expected

    def test_text_may_say_what_json_has_no_number_for(self) -> None:
        assert default_of("double", "Infinity") == float("inf")

    @pytest.mark.parametrize(
        ("of", "default"),
        [
            (array(MILLIS), ["2026"]),
            (array("int"), [True]),
            (map_of("string"), {"k": 5}),
            (array(["int", "string"]), [1.5]),
            (array("double"), ["many"]),
            (FIXED, "abc"),
            ("bytes", "\u0100"),
            ({"type": "enum", "name": "E", "symbols": ["A"]}, "B"),
            (WITH_OWN, {}),
            (array(map_of("int")), [[]]),
            (array("null"), [0]),
        ],
    )
    def test_that_are_no_values_of_their_types_are_an_error_of_the_configuration(self, of: Any, default: Any) -> None:
        with pytest.raises(ConfigError, match=r"avro\.reader_schema: the default of R\.a is no value of its type"):
            default_of(of, default)

    def test_that_hold_themselves_are_one_too(self) -> None:
        endless = {"type": "record", "name": "In", "fields": [{"name": "in", "type": "In", "default": {}}]}

        with pytest.raises(ConfigError, match=r"avro\.reader_schema: the default of R\.a is no value of its type"):
            default_of(endless, {})


def test_units_and_scales_alone_are_no_reason_to_resolve() -> None:
    """Such records are read straight through, like those of the reader schema itself."""
    plain, millis, micros = (parse(record_of(of)) for of in ("long", MILLIS, MICROS))

    assert millis.is_written_like(micros)
    assert not plain.is_written_like(millis)
    assert parse(record_of(DECIMAL)).is_written_like(parse(record_of(FINER)))
