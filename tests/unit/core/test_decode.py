"""What becomes of bytes: framing, schemas, and every way in which Avro can be wrong."""

import io
import json
import struct
from datetime import UTC, datetime
from decimal import Context, Decimal
from math import isfinite, isnan
from typing import Any
from uuid import UUID

import pytest
from fastavro import parse_schema, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.core.decode.decoder import Decoder
from consumer.core.decode.logical_types import OUT_OF_RANGE
from consumer.core.errors import ConfigError, RecordRejected
from consumer.core.model import Decoded, Headers, Position, Record, SchemaGuid, SchemaId, SchemaWanted
from consumer.core.rules.selection import EVERYTHING, read_paths
from consumer.core.rules.source import CallSource, ContentsSource, Rule, parse_path

ORDER = {
    "type": "record",
    "name": "Order",
    "namespace": "example",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "email", "type": ["null", "string"], "default": None},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["NEW", "OLD"]}},
    ],
}
VALUE = {"id": "o-1", "email": "ann@example.com", "kind": "OLD"}
GUID = "0b5cd9d1-3c0e-4a55-9c5b-1df0a2f0a001"
MAX = 1 << 20


def encoded(schema: Any, value: object) -> bytes:
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(schema), value)
    return out.getvalue()


def record(value: bytes, *headers: tuple[str, bytes | None]) -> Record:
    position = Position("events", 0, 7)
    return Record(position, 1_700_000_000_000, None, value, tuple(headers), position)


def plain(schema: Any, **options: Any) -> Decoder:
    return Decoder("plain", max_record_bytes=MAX, local_schemas=[schema], **options)


def fields_of(decoder: Decoder, value: bytes, *headers: tuple[str, bytes | None]) -> dict[str, Any]:
    decoded = decoder.decode(record(value, *headers))
    assert isinstance(decoded, Decoded)
    return decoded.fields


def reason(decoder: Decoder, value: bytes, *headers: tuple[str, bytes | None]) -> str:
    with pytest.raises(RecordRejected) as caught:
        decoder.decode(record(value, *headers))
    assert caught.value.__context__ is None, "what fastavro raises may quote the value"
    return caught.value.reason.value


def holding(of: Any, *named: Any) -> dict[str, Any]:
    """A schema with one field `a` of the type `of`, after fields that define the types `named`."""
    before = [{"name": f"n{place}", "type": each} for place, each in enumerate(named)]
    return {"type": "record", "name": "R", "fields": [*before, {"name": "a", "type": of}]}


def varint(number: int) -> bytes:
    bits = (number << 1) ^ (number >> 63)
    out = bytearray()
    while bits > 0x7F:
        out.append(bits & 0x7F | 0x80)
        bits >>= 7
    return bytes([*out, bits])


class TestConfluent:
    def decoder(self) -> Decoder:
        return Decoder("confluent", max_record_bytes=MAX)

    def test_wants_the_schema_of_an_id_and_decodes_by_it_once_it_is_learned(self) -> None:
        decoder = self.decoder()
        value = b"\x00\x00\x00\x01\x02" + encoded(ORDER, VALUE)

        assert decoder.decode(record(value)) == SchemaWanted(SchemaId(258))
        decoder.learn(SchemaId(258), json.dumps(ORDER))

        assert fields_of(decoder, value) == VALUE

    def test_reads_bare_avro_where_a_header_names_the_schema_by_guid(self) -> None:
        decoder = self.decoder()
        header = ("__value_schema_id", b"\x01" + UUID(GUID).bytes)
        value = encoded(ORDER, VALUE)

        assert decoder.decode(record(value, header)) == SchemaWanted(SchemaGuid(GUID))
        decoder.learn(SchemaGuid(GUID), json.dumps(ORDER))

        assert fields_of(decoder, value, ("other", b"x"), header) == VALUE

    def test_reads_an_id_in_the_header_as_confluents_clients_do(self) -> None:
        header = ("__value_schema_id", b"\x00\x00\x00\x00\x07")

        assert self.decoder().decode(record(b"", header)) == SchemaWanted(SchemaId(7))

    def test_takes_the_last_of_several_headers_and_ignores_one_without_content(self) -> None:
        headers: Headers = (("__value_schema_id", b"junk"), ("__value_schema_id", b"\x00\x00\x00\x00\x07"))

        assert self.decoder().decode(record(b"", *headers)) == SchemaWanted(SchemaId(7))
        assert self.decoder().decode(record(b"\0\0\0\0\5", ("__value_schema_id", None))) == SchemaWanted(SchemaId(5))

    @pytest.mark.parametrize("value", [b"", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00\x01rest", b"{}{}{}"])
    def test_rejects_values_without_magic_byte_and_id(self, value: bytes) -> None:
        assert reason(self.decoder(), value) == "decode.framing"

    @pytest.mark.parametrize("content", [b"", b"\x01short", b"\x02" + bytes(16), b"\x00" + bytes(16)])
    def test_rejects_a_header_that_is_neither_guid_nor_id(self, content: bytes) -> None:
        assert reason(self.decoder(), b"\x00\x00\x00\x00\x01", ("__value_schema_id", content)) == "decode.framing"

    def test_rejects_records_of_a_denied_schema_until_it_is_forgotten(self) -> None:
        decoder = self.decoder()
        decoder.deny(SchemaId(1))
        decoder.deny(SchemaGuid(GUID))

        assert reason(decoder, b"\0\0\0\0\1rest") == "decode.schema_unknown"
        assert reason(decoder, b"x", ("__value_schema_id", b"\x01" + UUID(GUID).bytes)) == "decode.schema_unknown"
        decoder.forget(SchemaId(1))
        decoder.forget(SchemaId(2))

        assert decoder.decode(record(b"\0\0\0\0\1rest")) == SchemaWanted(SchemaId(1))

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[" * 100_000,
            '"string"',
            '["null"]',
            "[]",
            "17",
            '{"type": "record"}',
            '{"type": ["null"]}',
            '{"type": "record", "name": "int", "fields": []}',
            json.dumps(holding("Unknown")),
            json.dumps(holding({"type": "fixed", "name": "F", "size": -1})),
            json.dumps(holding({"type": "fixed", "name": "F", "size": "12"})),
            json.dumps(holding({"type": "fixed", "name": "F", "size": 10**400})),
            json.dumps(holding("int") | {"name": "half\ud83d"}),
            json.dumps(holding("int") | {"namespace": "no name"}),
            json.dumps({"type": "record", "name": "R", "fields": [{"name": "no-name", "type": "int"}]}),
            json.dumps(holding({"type": "enum", "name": "E", "symbols": ["A", "half\ud83d"]})),
        ],
    )
    def test_rejects_records_of_a_schema_that_cannot_be_used(self, text: str) -> None:
        decoder = self.decoder()
        decoder.learn(SchemaId(1), text)

        assert reason(decoder, b"\0\0\0\0\1rest") == "decode.schema_unusable"

    def test_rejects_records_of_a_schema_that_is_nested_out_of_all_reason(self) -> None:
        deep: Any = "string"
        for _ in range(250):
            deep = {"type": "array", "items": deep}
        decoder = self.decoder()
        decoder.learn(SchemaId(1), json.dumps(holding(deep)))
        decoder.learn(SchemaId(2), json.dumps(holding([[deep] * 2] * 2)))

        assert reason(decoder, b"\0\0\0\0\1" + b"\2" * 300) == "decode.too_deep"
        deep = {"type": "array", "items": deep}
        for _ in range(250):
            deep = {"type": "array", "items": deep}
        decoder.learn(SchemaId(1), json.dumps(holding(deep)))
        assert reason(decoder, b"\0\0\0\0\1" + b"\2" * 300) == "decode.schema_unusable"

    def test_uses_a_schema_whose_default_does_not_fit_since_a_writers_defaults_are_never_used(self) -> None:
        decoder = self.decoder()
        schema = holding("string")
        schema["fields"][0]["default"] = 5
        decoder.learn(SchemaId(1), json.dumps(schema))

        assert fields_of(decoder, b"\0\0\0\0\1" + b"\x02x") == {"a": "x"}

    def test_says_what_the_registry_lacks_of_what_a_schema_refers_to(self) -> None:
        decoder = self.decoder()
        decoder.deny(SchemaId(1), "version 3 of subject address")

        with pytest.raises(RecordRejected, match="id 1 refers to version 3 of subject address, which") as caught:
            decoder.decode(record(b"\0\0\0\0\1rest"))
        assert caught.value.reason == "decode.schema_unknown"

    def test_a_schema_on_which_the_parser_fails_unforeseen_costs_its_records_only(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(text: str, references: object) -> None:
            raise RuntimeError(text)

        monkeypatch.setattr("consumer.core.decode.decoder.parse_text", failing)

        assert self.decoder().prepare("{}") == "it cannot be made ready (RuntimeError)"

    def test_rejects_records_of_a_refused_schema_with_the_reason(self) -> None:
        decoder = self.decoder()
        decoder.refuse(SchemaId(1), "the registry has it as PROTOBUF, not Avro")

        with pytest.raises(RecordRejected, match="schema id 1: the registry has it as PROTOBUF"):
            decoder.decode(record(b"\0\0\0\0\1rest"))

    def test_resolves_references_to_other_schemas(self) -> None:
        name = {"type": "record", "name": "example.Name", "fields": [{"name": "first", "type": "string"}]}
        fields = [{"name": "name", "type": "Name"}]
        person = {"type": "record", "name": "Person", "namespace": "example", "fields": fields}
        visit = {"type": "record", "name": "Visit", "fields": [{"name": "who", "type": ["null", "example.Person"]}]}
        decoder = self.decoder()
        decoder.learn(SchemaId(9), json.dumps(visit), [json.dumps(name), json.dumps(person)])

        assert fields_of(decoder, b"\0\0\0\0\x09" + b"\x02\x06Ann") == {"who": {"name": {"first": "Ann"}}}

    @pytest.mark.parametrize("reader_schema", [None, {**ORDER, "aliases": ["example.Other"]}])
    def test_reads_several_event_types_of_one_topic_from_a_union_of_references(self, reader_schema: Any) -> None:
        other = {"type": "record", "name": "example.Order2", "fields": [{"name": "n", "type": "long"}]}
        decoder = Decoder("confluent", max_record_bytes=MAX, reader_schema=reader_schema)
        references = [json.dumps(ORDER), json.dumps(other)]
        decoder.learn(SchemaId(1), '["example.Order", "example.Order2"]', references)

        assert fields_of(decoder, b"\0\0\0\0\1" + b"\x00" + encoded(ORDER, VALUE)) == VALUE
        if reader_schema:
            assert reason(decoder, b"\0\0\0\0\1" + b"\x02\x02") == "decode.schema_mismatch"
        else:
            assert fields_of(decoder, b"\0\0\0\0\1" + b"\x02\x02") == {"n": 1}
        assert reason(decoder, b"\0\0\0\0\1" + b"\x04\x02") == "decode.value"

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            (b"", "decode.truncated: the value: ends within a number"),
            (b"\x80", "decode.truncated: the value: ends within a number"),
            (b"\xff" * 11, "decode.value: the value: takes a type beyond the union's 1"),
        ],
    )
    def test_rejects_a_value_that_does_not_say_which_of_a_unions_records_it_is(self, value: bytes, why: str) -> None:
        decoder = self.decoder()
        decoder.learn(SchemaId(1), json.dumps([ORDER]))

        with pytest.raises(RecordRejected) as caught:
            decoder.decode(record(b"\0\0\0\0\1" + value))
        assert f"{caught.value.reason.value}: {caught.value.detail}" == why

    def test_reads_each_branch_of_a_union_whose_index_takes_two_bytes(self) -> None:
        others = [{"type": "fixed", "name": f"F{number}", "size": 1} for number in range(70)]
        schema = {"type": "record", "name": "R", "fields": [{"name": "x", "type": ["null", *others]}]}
        decoder = plain(schema)

        assert fields_of(decoder, b"\x02a") == {"x": b"a"}
        assert fields_of(decoder, b"\x8a\x01b") == {"x": b"b"}

    def test_rejects_a_number_that_no_writer_spells_so(self) -> None:
        decoder = plain({"type": "record", "name": "R", "fields": [{"name": "x", "type": ["null", "string"]}]})

        assert fields_of(decoder, b"\x00") == {"x": None}
        assert reason(decoder, b"\x80\x00") == "decode.value"

    def test_resolves_to_the_record_of_a_reader_schemas_union_that_was_written(self) -> None:
        other = {"type": "record", "name": "example.Other", "fields": [{"name": "n", "type": "long"}]}
        wanted = {**ORDER, "fields": ORDER["fields"][:1]}
        decoder = plain(ORDER, reader_schema=[other, wanted])

        assert fields_of(decoder, encoded(ORDER, VALUE)) == {"id": "o-1"}


class TestSingleObject:
    # Avro specification, "Single-object encoding"; the canonical form is fingerprinted, so `doc` does not count.
    def decoder(self) -> Decoder:
        other = holding("string")
        return Decoder("single_object", max_record_bytes=MAX, local_schemas=[{**ORDER, "doc": "An order."}, other])

    def framed(self, schema: Any, value: object) -> bytes:
        rabin = bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))
        return b"\xc3\x01" + rabin + encoded(schema, value)

    def test_decodes_each_local_schema_by_its_fingerprint(self) -> None:
        assert fields_of(self.decoder(), self.framed(ORDER, VALUE)) == VALUE
        assert fields_of(self.decoder(), self.framed(holding("string"), {"a": "x"})) == {"a": "x"}

    def test_knows_the_fingerprint_that_avro_publishes_for_a_schema(self) -> None:
        # `"int"` is 0x7275d51a3f395c8f in the specification's test data for fingerprints, least byte first here.
        assert fingerprint('"int"', "CRC-64-AVRO") == "8f5c393f1ad57572"

    def test_rejects_an_unknown_fingerprint(self) -> None:
        assert reason(self.decoder(), self.framed(holding("long"), {"a": 1})) == "decode.schema_unknown"

    @pytest.mark.parametrize("value", [b"", b"\xc3\x01", b"\x00\x00\x00\x00\x01 and the rest"])
    def test_rejects_other_framings(self, value: bytes) -> None:
        assert reason(self.decoder(), value) == "decode.framing"


class TestConfiguration:
    def test_needs_exactly_one_schema_for_plain_and_one_at_least_for_single_object(self) -> None:
        with pytest.raises(ConfigError, match="exactly one schema"):
            Decoder("plain", max_record_bytes=MAX)
        with pytest.raises(ConfigError, match="exactly one schema"):
            Decoder("plain", max_record_bytes=MAX, local_schemas=[ORDER, ORDER])
        with pytest.raises(ConfigError, match="at least one schema"):
            Decoder("single_object", max_record_bytes=MAX)

    def test_names_the_place_of_an_unusable_schema(self) -> None:
        with pytest.raises(ConfigError, match=r"avro\.schema\[0\]: the type nonesuch is not defined"):
            plain({"type": "record", "name": "R", "fields": [{"name": "a", "type": "nonesuch"}]})
        with pytest.raises(ConfigError, match=r"avro\.reader_schema: its values are not records"):
            plain(ORDER, reader_schema="string")


class TestReading:
    def test_never_sniffs_a_plain_record_may_begin_with_a_zero_byte(self) -> None:
        assert fields_of(plain(holding(["null", "string"])), b"\x00") == {"a": None}

    def test_knows_the_shipped_schema_by_its_full_name(self) -> None:
        shipped = {**holding("string"), "name": "WebEvent", "namespace": "tiktok_events"}

        def is_shipped(decoder: Decoder) -> bool:
            decoded = decoder.decode(record(b"\x02x"))
            assert isinstance(decoded, Decoded)
            return decoded.is_shipped

        assert is_shipped(plain(shipped))
        assert not is_shipped(plain(holding("string")))
        assert is_shipped(plain(holding("string"), shipped="R"))
        assert is_shipped(plain({**holding("string"), "name": "WebEvent"}, reader_schema=shipped))
        assert not is_shipped(plain(shipped, reader_schema={**holding("string"), "name": "WebEvent"}))

    def test_reads_logical_types(self) -> None:
        types = {
            "at": {"type": "long", "logicalType": "timestamp-millis"},
            "price": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
            "id": {"type": "string", "logicalType": "uuid"},
            "total": {"type": "fixed", "name": "F", "size": 8, "logicalType": "decimal", "precision": 6, "scale": 1},
        }
        schema = {"type": "record", "name": "L", "fields": [{"name": n, "type": t} for n, t in types.items()]}
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        value = {"at": at, "price": Decimal("19.99"), "id": GUID, "total": Decimal("7.5")}

        assert fields_of(plain(schema), encoded(schema, value)) == value

    def test_keeps_every_digit_of_a_decimal_beyond_its_precision(self) -> None:
        price = {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 2}

        fields = fields_of(plain(holding(price)), b"\x06" + (123_456).to_bytes(3, "big"))

        assert str(fields["a"]) == "1234.56"

    def test_reads_a_map_and_blocks_with_sizes(self) -> None:
        schema = holding({"type": "map", "values": "long"})

        assert fields_of(plain(schema), b"\x01\x08\x02k\x02\x00") == {"a": {"k": 1}}


READER = {
    "type": "record",
    "name": "Order",
    "namespace": "example",
    "fields": [
        {"name": "key", "aliases": ["id"], "type": "string"},
        {"name": "country", "type": "string", "default": "US"},
    ],
}


class TestResolution:
    def test_resolves_every_record_to_the_reader_schema(self) -> None:
        fields = fields_of(plain(ORDER, reader_schema=READER), encoded(ORDER, VALUE))

        assert fields == {"key": "o-1", "country": "US"}

    def test_reads_straight_away_what_was_written_by_the_reader_schema_itself(self) -> None:
        reader = {**ORDER, "doc": "the same, documented"}

        assert fields_of(plain(ORDER, reader_schema=reader), encoded(ORDER, VALUE)) == VALUE

    def test_rejects_what_does_not_resolve(self) -> None:
        reader = {**READER, "fields": [{"name": "missing", "type": "string"}]}

        assert reason(plain(ORDER, reader_schema=reader), encoded(ORDER, VALUE)) == "decode.schema_mismatch"

    def test_finds_the_same_faults_as_without(self) -> None:
        decoder = plain(ORDER, reader_schema=READER)

        assert reason(decoder, encoded(ORDER, VALUE) + b"x") == "decode.left_over"
        assert reason(decoder, encoded(ORDER, VALUE)[:-1]) == "decode.truncated"
        assert reason(decoder, b"\x02x\x01") == "decode.value"


NULLS = {"type": "array", "items": "null"}
EMPTY = {"type": "record", "name": "Empty", "fields": []}
LIST = {"type": "record", "name": "List", "fields": [{"name": "next", "type": ["null", "List"]}]}
ENDLESS = {"type": "record", "name": "Endless", "fields": [{"name": "again", "type": "Endless"}]}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
DATE = {"type": "int", "logicalType": "date"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MAP = {"type": "map", "values": "null"}
HUNDRED = [{"name": f"f{n}", "type": "null"} for n in range(100)]
WIDE = {
    "type": "array",
    "items": {"type": "record", "name": "Wide", "fields": [*HUNDRED, {"name": "b", "type": "boolean"}]},
}


def deep_records(levels: int) -> Any:
    inner: Any = "string"
    for level in range(levels):
        inner = {"type": "record", "name": f"L{level}", "fields": [{"name": "a", "type": inner}]}
    return inner


FAULTS: list[tuple[str, Any, bytes, str]] = [
    ("nothing at all", holding("string"), b"", "decode.truncated"),
    ("left-over bytes", holding("string"), b"\x02x\x00", "decode.left_over"),
    ("a cut string", holding("string"), b"\x06ab", "decode.truncated"),
    ("a cut number", holding("long"), b"\x80", "decode.truncated"),
    ("a cut double", holding("double"), b"1234567", "decode.truncated"),
    ("a cut float", holding("float"), b"123", "decode.truncated"),
    ("a cut boolean", holding("boolean"), b"", "decode.truncated"),
    ("cut bytes", holding("bytes"), b"\x08abc", "decode.truncated"),
    ("a cut fixed", holding({"type": "fixed", "name": "F", "size": 4}), b"abc", "decode.truncated"),
    ("an array without its end", holding({"type": "array", "items": "string"}), b"\x02\x02x", "decode.truncated"),
    ("items that are not there", holding({"type": "array", "items": "string"}), b"\x08\x02x", "decode.truncated"),
    ("a negative length", holding("string"), b"\x03abc", "decode.length"),
    ("the least length", holding("bytes"), b"\xff" * 9 + b"\x01", "decode.length"),
    ("an absurd length", holding("string"), varint(1 << 60) + b"abc", "decode.length"),
    ("an absurd count", holding({"type": "array", "items": "string"}), varint(1 << 60), "decode.length"),
    ("an absurd count of nothing", holding(NULLS), varint(1 << 60) + b"\0", "decode.length"),
    ("the least count", holding(NULLS), b"\xff" * 9 + b"\x01\x00\x00", "decode.length"),
    ("many blocks of nothing", holding(NULLS), (varint(100_000) * 50) + b"\0", "decode.length"),
    ("empty records without end", holding({"type": "array", "items": EMPTY}), varint(1 << 55) + b"\0", "decode.length"),
    ("too many empty records", holding({"type": "array", "items": EMPTY}), varint(600_000) + b"\0", "decode.length"),
    ("a map that claims too much", holding(MAP), varint(1 << 40) + b"\0", "decode.length"),
    ("wide records", holding(WIDE), varint(500_000) + bytes(500_001), "decode.length"),
    ("a list too deep", holding(LIST), b"\x02" * 5_000 + b"\0", "decode.too_deep"),
    ("a list as deep as can be", holding(LIST), b"\x02" * 1_000_000 + b"\0", "decode.too_deep"),
    ("a type that never ends", holding("null", ENDLESS), b"x", "decode.too_deep"),
    ("a record too deep", holding(deep_records(101)), b"\x02x", "decode.too_deep"),
    ("text that is not UTF-8", holding("string"), b"\x04\xff\xfe", "decode.utf8"),
    ("a key that is not UTF-8", holding({"type": "map", "values": "long"}), b"\x02\x02\xff\x02\x00", "decode.utf8"),
    ("a symbol beyond", holding({"type": "enum", "name": "E", "symbols": ["A", "B"]}), b"\x04", "decode.value"),
    ("a negative symbol", holding({"type": "enum", "name": "E", "symbols": ["A", "B"]}), b"\x01", "decode.value"),
    ("a type beyond", holding(["null", "string"]), b"\x04", "decode.value"),
    ("a negative type", holding(["null", "string"]), b"\x01\x02x", "decode.value"),
    ("a number too long", holding("string"), b"\x80" * 10 + b"\x01", "decode.value"),
    ("more nulls than bytes", holding(NULLS), varint(1001) + b"\0", "decode.length"),
    ("more than may be read", holding("string"), bytes(MAX + 1), "decode.too_large"),
]  # fmt: skip


class TestFaults:
    @pytest.mark.parametrize(
        ("schema", "value", "expected"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
    )
    @pytest.mark.timeout(60)
    def test_gives_each_fault_its_reason(self, schema: Any, value: bytes, expected: str) -> None:
        assert reason(plain(schema), value) == expected

    def test_takes_a_value_of_just_the_longest_length(self) -> None:
        decoder = Decoder("plain", max_record_bytes=3, local_schemas=[holding("string")])

        assert fields_of(decoder, b"\x04ab") == {"a": "ab"}
        assert reason(decoder, b"\x06abc") == "decode.too_large"

    def test_says_where_and_what_but_never_which_value(self) -> None:
        value = b"\x02\x0eann@exa"
        fields = [{"name": "email", "type": ["null", "string"]}, {"name": "age", "type": "int"}]
        schema = {"type": "record", "name": "example.User", "fields": fields}

        with pytest.raises(RecordRejected) as caught:
            plain(schema).decode(record(value))

        assert caught.value.detail == "example.User.age: ends within a number"
        assert "ann" not in str(caught.value)

    def test_reads_what_only_looks_dangerous(self) -> None:
        assert fields_of(plain(holding(NULLS)), b"\x06\x00") == {"a": [None] * 3}
        assert fields_of(plain(holding(LIST)), b"\x02\x02\x00")["a"] == {"next": {"next": {"next": None}}}
        decimals = holding({"type": "array", "items": DECIMAL})
        assert len(fields_of(plain(decimals), varint(3_000) + b"\x02\x05" * 3_000 + b"\0")["a"]) == 3_000
        assert fields_of(plain(holding("null", EMPTY)), b"") == {"n0": {}, "a": None}

    def test_walks_over_every_type_before_it_reads_one_that_holds_itself(self) -> None:
        types = {"next": ["null", "Node"], "b": "bytes", "m": {"type": "map", "values": "double"}, "d": DECIMAL}
        types |= {"x": "boolean", "y": "float", "f": {"type": "fixed", "name": "F", "size": 2}, "t": "string"}
        node = {"type": "record", "name": "Node", "fields": [{"name": n, "type": t} for n, t in types.items()]}
        inner = {"next": None, "b": b"ab", "m": {"k": 1.5}, "d": Decimal("0.05"), "x": True, "y": 0.5, "f": b"12"}
        value = {**inner, "t": "é", "next": {**inner, "t": ""}}

        assert fields_of(plain(node), encoded(node, value)) == value

    def test_reads_the_longest_decimal_that_it_accepts_to_the_last_digit(self) -> None:
        digits = b"\x7f" + b"\xff" * 63
        fields = fields_of(plain(holding(DECIMAL)), varint(64) + digits)

        assert fields["a"].scaleb(2, Context(prec=500)) == Decimal(int.from_bytes(digits, "big"))


def logical(kind: str, name: str, **more: object) -> dict[str, object]:
    return {"type": kind, "logicalType": name, **more}


class TestLogicalTypes:
    """Avro 1.12, "Logical Types": one that is unknown or invalid is ignored, and the underlying type read."""

    @pytest.mark.parametrize(
        "of",
        [
            logical("bytes", "decimal", precision=64, scale=127),
            logical("bytes", "decimal", precision=2, scale=3),
            logical("bytes", "decimal", precision="5"),
            logical("bytes", "decimal", precision=5, scale="2"),
            logical("bytes", "decimal", precision=5, scale=-1),
            logical("bytes", "decimal", precision=0),
            logical("bytes", "decimal", precision=True),
            logical("bytes", "decimal"),
            logical("bytes", "decimal", precision=10**9, scale=10**9),
            logical("bytes", "duration"),
            logical("bytes", "big-decimal"),
            logical("bytes", "nonesuch"),
            {"type": "bytes", "logicalType": None},
            {"type": "bytes", "logicalType": ["decimal"]},
        ],
        ids=str,
    )
    def test_ignores_one_that_is_invalid_or_unknown(self, of: Any) -> None:
        assert fields_of(plain(holding(of)), b"\x04\x01\x02") == {"a": b"\x01\x02"}
        resolved = fields_of(plain(holding(of), reader_schema=_with_default("bytes")), b"\x04\x01\x02")
        assert resolved == {"a": b"\x01\x02", "more": 1}

    @pytest.mark.parametrize(
        ("of", "value", "expected"),
        [
            ({**logical("fixed", "decimal", precision=5), "name": "F", "size": 2}, b"\x01\x02", b"\x01\x02"),
            ({**logical("fixed", "decimal", precision=9), "name": "F", "size": 5000}, bytes(5000), bytes(5000)),
            ({**logical("fixed", "uuid"), "name": "F", "size": 15}, bytes(15), bytes(15)),
            (logical("int", "timestamp-millis"), b"\x02", 1),
            (logical("long", "date"), b"\x02", 1),
            (logical("long", "uuid"), b"\x02", 1),
            (logical("string", "decimal", precision=5), b"\x02x", "x"),
        ],
    )
    def test_ignores_one_that_its_type_cannot_have(self, of: Any, value: bytes, expected: object) -> None:
        assert fields_of(plain(holding(of)), value) == {"a": expected}

    @pytest.mark.parametrize("text", ["EA7583CD-A667-48BC-B806-42ECB2B48606", "", "x", "{braces}", "urn:uuid:1"])
    def test_leaves_the_text_of_a_uuid_as_it_was_written(self, text: str) -> None:
        raw = text.encode()

        assert fields_of(plain(holding(logical("string", "uuid"))), varint(len(raw)) + raw) == {"a": text}

    @pytest.mark.parametrize(
        ("of", "value", "expected"),
        [
            (logical("long", "timestamp-nanos"), 1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456+00:00"),
            (logical("long", "local-timestamp-nanos"), 1_700_000_000_000_000_000, "2023-11-14T22:13:20"),
            (logical("long", "timestamp-millis"), -1, "1969-12-31T23:59:59.999000+00:00"),
            (logical("long", "local-timestamp-millis"), 1, "1970-01-01T00:00:00.001000"),
            (logical("int", "date"), 19_000, "2022-01-08"),
            (logical("int", "time-millis"), 86_399_999, "23:59:59.999000"),
            (logical("long", "time-micros"), 1, "00:00:00.000001"),
        ],
    )
    def test_reads_times(self, of: Any, value: int, expected: str) -> None:
        assert fields_of(plain(holding(of)), varint(value))["a"].isoformat() == expected

    def test_reads_a_uuid_of_sixteen_bytes(self) -> None:
        of = {**logical("fixed", "uuid"), "name": "F", "size": 16}

        assert fields_of(plain(holding(of)), UUID(GUID).bytes) == {"a": GUID}

    @pytest.mark.parametrize(
        ("of", "value"),
        [
            (MILLIS, 9_223_372_036_825_200),
            (MILLIS, -(2**63)),
            (logical("long", "timestamp-micros"), 2**62),
            (logical("long", "timestamp-micros"), 2**63 - 1),
            (logical("long", "local-timestamp-millis"), 2**60),
            (DATE, 2_147_483_647),
            (DATE, -2_147_483_648),
            (logical("int", "time-millis"), 90_000_000),
            (logical("int", "time-millis"), -1),
            (logical("long", "time-micros"), 86_400_000_000),
        ],
    )
    def test_takes_what_is_out_of_range_for_a_value_that_cannot_be_read(self, of: Any, value: int) -> None:
        assert fields_of(plain(holding(of)), varint(value)) == {"a": OUT_OF_RANGE}
        resolved = fields_of(plain(holding(of), reader_schema=_with_default(of)), varint(value))
        assert resolved == {"a": OUT_OF_RANGE, "more": 1}

    @pytest.mark.parametrize("size", [65, 5000])
    def test_takes_a_decimal_of_too_many_digits_for_one_that_cannot_be_read(self, size: int) -> None:
        assert fields_of(plain(holding(DECIMAL)), varint(size) + b"\x7f" * size) == {"a": OUT_OF_RANGE}


def _with_default(of: Any) -> Any:
    schema = holding(of)
    schema["fields"].append({"name": "more", "type": "int", "default": 1})
    return schema


class TestFloats:
    """The shortest decimal that reads back as the float, wherever it stands."""

    @pytest.mark.parametrize(
        ("of", "value", "expected"),
        [
            ("float", 10.9, 10.9),
            ({"type": "float"}, 19.99, 19.99),
            (["null", "float"], 0.1, 0.1),
            ("float", 112.247536, 112.247536),  # nine digits are needed
            ({"type": "array", "items": "float"}, [10.9, 19.99], [10.9, 19.99]),
            ({"type": "map", "values": ["null", "float"]}, {"k": 1e-7}, {"k": 1e-7}),
            ({"type": "record", "name": "In", "fields": [{"name": "f", "type": "float"}]}, {"f": 3.3}, {"f": 3.3}),
        ],
    )
    def test_are_what_was_meant_in_every_place(self, of: Any, value: object, expected: object) -> None:
        raw = encoded(holding(of), {"a": value})

        assert fields_of(plain(holding(of)), raw) == {"a": expected}
        assert fields_of(plain(holding(of), reader_schema=_with_default(of)), raw) == {"a": expected, "more": 1}

    def test_are_what_was_meant_where_a_reader_schema_makes_a_double_of_them(self) -> None:
        raw = encoded(holding("float"), {"a": 10.9})

        assert fields_of(plain(holding("float"), reader_schema=holding("double")), raw) == {"a": 10.9}
        assert fields_of(plain(holding("float"), reader_schema=holding(["null", "double"])), raw) == {"a": 10.9}
        assert fields_of(plain(holding(["null", "float"]), reader_schema=holding(["null", "double"])), b"\2" + raw) == {
            "a": 10.9
        }

    @given(st.integers(0, 2**32 - 1))
    @example(0x00000001)
    @example(0x7F7FFFFF)
    @example(0x00800000)
    @example(0x80000000)
    @example(0x7F800000)
    def test_read_back_as_the_same_float_and_no_shorter_decimal_does(self, bits: int) -> None:
        raw = bits.to_bytes(4, "little")
        (binary,) = struct.unpack("<f", raw)
        got = fields_of(plain(holding("float")), raw)["a"]

        if isnan(binary):
            assert isnan(got)
            return
        assert struct.pack("<f", got) == raw
        digits = len(Decimal(repr(got)).normalize().as_tuple().digits) if isfinite(got) else 0
        shorter = [float(f"{binary:.{fewer}g}") for fewer in range(1, digits)]
        assert not any(_is_same_float(each, binary) for each in shorter)


def _is_same_float(number: float, binary: float) -> bool:
    try:
        return bool(struct.unpack("<f", struct.pack("<f", number))[0] == binary)
    except OverflowError:
        return False


PARTS: Any = {
    "type": "record",
    "name": "R",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "maybe", "type": ["null", "string", {"type": "enum", "name": "E", "symbols": ["A"]}]},
        {"name": "many", "type": {"type": "array", "items": {"type": "map", "values": "string"}}},
        {"name": "nothing", "type": NULLS},
        {"name": "in", "type": {"type": "record", "name": "In", "fields": [
            {"name": "x", "type": "double"}, {"name": "y", "type": "string"}]}},
        {"name": "lines", "type": {"type": "array", "items": "In"}},
        {"name": "id", "type": "long"},
    ],
}  # fmt: skip
PART: Any = {"x": 1.5, "y": "z"}
PARTS_VALUE: Any = {
    "text": "é",
    "maybe": "A",
    "many": [{"k": "v"}],
    "nothing": [None],
    "in": PART,
    "lines": [PART] * 2,
    "id": 5,
}


class TestSelection:
    """What no rule reads is skipped: it must be there, and nothing is asked of what it says."""

    def decoder(self, *paths: str) -> Decoder:
        rule = Rule("r", "p", parameters={path: parse_path(path) for path in paths}, contents=None)
        return plain(PARTS, reads=read_paths([rule]))

    def test_reads_what_is_asked_for_and_nothing_else(self) -> None:
        raw = encoded(PARTS, PARTS_VALUE)

        assert fields_of(self.decoder("id"), raw) == {"id": 5}
        assert fields_of(self.decoder("in.y", "id"), raw) == {"in": {"y": "z"}, "id": 5}
        assert fields_of(self.decoder("lines[1].x"), raw) == {"lines": [{"x": 1.5}] * 2}
        assert fields_of(self.decoder("many[0].k"), raw) == {"many": [{"k": "v"}]}
        assert fields_of(self.decoder("in"), raw) == {"in": PART}
        assert self.decoder("id").decode_whole(record(raw)).fields == PARTS_VALUE

    @pytest.mark.parametrize("path", ["id", "in.x", "lines[0].y", "text"])
    def test_finds_what_is_cut_off_or_too_much_all_the_same(self, path: str) -> None:
        raw = encoded(PARTS, PARTS_VALUE)

        for length in range(len(raw)):
            assert reason(self.decoder(path), raw[:length]) in ("decode.truncated", "decode.value")
        assert reason(self.decoder(path), raw + b"x") == "decode.left_over"

    def test_odd_text_costs_nothing_where_it_is_not_read(self) -> None:
        raw = encoded(PARTS, PARTS_VALUE).replace("é".encode(), b"\xff\xfe")

        assert fields_of(self.decoder("id"), raw) == {"id": 5}
        assert reason(self.decoder("text"), raw) == "decode.utf8"
        assert self.decoder("id").decode_whole(record(raw)).fields == {"id": 5}

    def test_a_type_that_holds_itself_is_skipped_as_well(self) -> None:
        schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": LIST}, {"name": "b", "type": "int"}]}
        rule = Rule("r", "p", parameters={"event": parse_path("b")})
        decoder = plain(schema, reads=read_paths([rule]))

        assert fields_of(decoder, b"\x02\x02\x00\x0a") == {"b": 5}
        assert reason(decoder, b"\x02" * 5_000 + b"\0\x0a") == "decode.too_deep"

    def test_a_reader_schemas_fields_that_nothing_reads_are_not_resolved(self) -> None:
        reader = {**ORDER, "fields": [*ORDER["fields"][:1], {"name": "missing", "type": "string"}]}
        rule = Rule("r", "p", parameters={"event_id": parse_path("id")})
        decoder = plain(ORDER, reader_schema=reader, reads=read_paths([rule]))

        assert fields_of(decoder, encoded(ORDER, VALUE)) == {"id": "o-1"}

    def test_knows_each_records_own_type(self) -> None:
        other = {"type": "record", "name": "example.Other", "fields": [{"name": "n", "type": "long"}]}
        decoder = plain([ORDER, other])

        def type_of(value: bytes) -> str:
            decoded = decoder.decode(record(value))
            assert isinstance(decoded, Decoded)
            return decoded.schema

        assert type_of(b"\0" + encoded(ORDER, VALUE)) == "example.Order"
        assert type_of(b"\2\2") == "example.Other"

    def test_items_that_any_part_of_the_record_may_give_leave_nothing_unread(self) -> None:
        contents = ContentsSource(CallSource("shop:items", lambda _: []), {"price": parse_path("p")})

        assert read_paths([Rule("r", "p", parameters={}, contents=contents)]).of_others == EVERYTHING
