"""Records as people write them: JSON, containers and raw values, read as `run` would read them from Kafka."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest

from consumer.commands.explain.records.encoding import AvroEncoder
from consumer.commands.explain.records.fitting import MisfitError, fitted
from consumer.commands.explain.records.given import GivenRecord, InputError
from consumer.commands.explain.records.given_records import read_bytes
from consumer.commands.explain.records.json_records import read_avsc
from consumer.config.loading import parse
from consumer.config.schema_files import SchemaFile
from consumer.config.settings import Settings
from consumer.core.decode.logical_types import OUT_OF_RANGE
from consumer.core.decode.schema import parse as parse_schema
from consumer.core.model import Decoded, Position
from consumer.wiring import decoder_of

NOW_MS = 1_793_534_400_000
CONFIG = """
kafka: {bootstrap_servers: "localhost:9092", topics: [web-events], group_id: g}
pixels: {shop: {pixel_code: PIXEL, access_token: made-up}}
rules: [{name: all, pixel: shop}]
"""
REGISTRY = CONFIG + "avro: {registry: {url: 'http://localhost:8081'}}\n"


def given(
    content: bytes | str, name: str = "-", config: str = CONFIG, schemas: Sequence[SchemaFile] = ()
) -> list[GivenRecord]:
    settings = settings_of(config)
    raw = content.encode() if isinstance(content, str) else content
    return read_bytes(raw, name, settings, decoder_of(settings), NOW_MS, schemas=schemas)


def settings_of(config: str) -> Settings:
    return parse(config, {})


def fields_of(one: GivenRecord) -> dict[str, Any]:
    decoded = one.decoder.decode(one.record)
    assert isinstance(decoded, Decoded)
    whole = one.decoder.decode_whole(one.record)
    return {name: value for name, value in whole.fields.items() if value is not None}


def test_a_plain_object_is_the_value_itself() -> None:
    (one,) = given('{"event": "Purchase", "event_id": "1"}')

    assert fields_of(one) == {"event": "Purchase", "event_id": "1"}
    assert one.record.timestamp_ms == NOW_MS
    assert not one.has_position


def test_kafkas_part_is_read_beside_the_value() -> None:
    (one,) = given(
        '{"$key": "k", "$headers": {"a": "b", "c": null}, "$timestamp": 5, "$topic": "t", "$partition": 3,'
        ' "$offset": 42, "value": {"event": "Purchase"}}'
    )

    assert (one.record.key, one.record.headers, one.record.timestamp_ms) == (b"k", (("a", b"b"), ("c", None)), 5)
    assert one.record.position == one.record.origin == Position("t", 3, 42)
    assert one.has_position


def test_a_timestamp_may_be_iso_8601() -> None:
    (one,) = given('{"$timestamp": "1970-01-01T00:00:01Z", "value": null}')

    assert (one.record.timestamp_ms, one.record.value) == (1000, None)


@pytest.mark.parametrize("text", ['[{"event": "A"}, {"event": "B"}]', '{"event": "A"}\n\n{"event": "B"}\n'])
def test_several_records_come_as_a_list_or_one_a_line(text: str) -> None:
    assert [fields_of(one)["event"] for one in given(text, "x.json")] == ["A", "B"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\u0085"])
def test_a_line_ends_at_a_line_feed_alone(inside: str, ending: str) -> None:
    """JSON may have the other separators within text."""
    text = ending.join([f'{{"event": "A{inside}"}}', "", '{"event": "B"}', ""])

    assert [fields_of(one)["event"] for one in given(text, "x.jsonl")] == [f"A{inside}", "B"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("", "empty: there is no record in it"),
        (" \n", "empty: there is no record in it"),
        ('{"event": "A"}\n{', "line 2"),
        ('{"event": NaN}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "a record is an object"),
        ('{"value": 1, "$key": "k"}', "its value is none"),
        ('{"$key": "k", "event": "A"}', "write the record itself as `value`"),
        ('{"$timestamp": "yesterday", "value": null}', "ISO 8601"),
        ('{"$timestamp": 1.5, "value": null}', "no whole number"),
        ('{"$key": 1, "value": null}', "no text"),
        ('{"$headers": [], "value": null}', "no object"),
        ('{"event": 1}', "event: expected text"),
        ('{"evnt": "A"}', "evnt: the schema has no such field"),
        ('{"user": {"email": "A"}}', "event: missing"),
        ('{"$key": "\\ud800", "value": null}', r"\$key holds half a surrogate pair"),
        ("[]", "no record in it"),
    ],
)
def test_what_cannot_be_a_record_is_said_so_without_its_value(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        given(text, "x.json")

    assert "yesterday" not in str(caught.value)


def test_bytes_that_are_no_text_are_no_json() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        given(b"\xff", "x.json")


def test_a_raw_value_stays_as_it_is() -> None:
    for name, content in (("x.bin", b'{"a": 1}'), ("-", b"\0\0\0\0\1abc")):
        (one,) = given(content, name)

        assert one.record.value == content


def contained(values: list[Any], of: Any, codec: str = "null") -> bytes:
    content = io.BytesIO()
    schema = {"type": "record", "name": "Order", "fields": [{"name": "at", "type": of}]}
    fastavro.writer(content, fastavro.parse_schema(schema), [{"at": value} for value in values], codec=codec)
    return content.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_a_time_out_of_range_in_a_container_costs_its_field_alone(codec: str) -> None:
    of = {"type": "long", "logicalType": "timestamp-millis"}
    found = given(contained([1000, 9_223_372_036_825_200], of, codec))

    assert [fields_of(one)["at"] == OUT_OF_RANGE for one in found] == [False, True]


def test_a_damaged_record_of_a_container_costs_the_rest_of_its_block_alone() -> None:
    content = contained(["a" * 5, "b" * 5, "c" * 5], "string")
    damaged = content.replace(b"\x0abbbbb", b"\x7fbbbbb")

    assert [one.record.value for one in given(damaged)] == [b"\x0aaaaaa", b"\x7fbbbbb\x0accccc"]


def test_a_container_that_is_cut_off_gives_what_is_whole_of_it() -> None:
    content = contained(["a" * 5], "string")

    assert [one.record.value for one in given(content[:-5])] == [b""]


def test_a_codec_that_is_not_installed_is_named_with_its_remedy() -> None:
    content = contained(["a"], "string").replace(b"\x08null", b"\x0csnappy")

    with pytest.raises(InputError, match=r"snappy codec .* install .*cramjam"):
        given(content)


def test_a_container_is_read_by_the_schema_it_names() -> None:
    schema = {
        "type": "record",
        "name": "Order",
        "fields": [{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}],
    }
    content = io.BytesIO()
    fastavro.writer(content, fastavro.parse_schema(schema), [{"at": 1000}, {"at": 2000}])

    found = given(content.getvalue())

    assert [fields_of(one)["at"].timestamp() for one in found] == [1.0, 2.0]
    assert [one.record.position.offset for one in found] == [0, 1]


@pytest.mark.parametrize("content", [b"Obj\x01", b"Obj\x01\x02\x03\x04", b"anything"])
def test_a_damaged_container_is_said_so(content: bytes) -> None:
    with pytest.raises(InputError, match="not an Avro container"):
        given(content, "x.avro")


def test_with_a_registry_a_value_like_the_shipped_schema_is_taken_for_one() -> None:
    (one,) = given('{"event": "Purchase"}', config=REGISTRY)
    decoded = one.decoder.decode(one.record)

    assert isinstance(decoded, Decoded)
    assert decoded.is_shipped


def test_with_a_registry_a_schema_that_is_given_says_what_a_value_is(tmp_path: Path) -> None:
    at = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    (tmp_path / "o.avsc").write_text(json.dumps({"type": "record", "name": "Order", "fields": [at]}))

    (one,) = given('{"at": 1600000000000}', config=REGISTRY, schemas=[read_avsc(tmp_path / "o.avsc")])

    assert fields_of(one)["at"] == datetime.fromtimestamp(1_600_000_000, UTC)
    assert one.read_as == "JSON, taken for Order"


def test_a_value_that_does_not_fit_the_schema_given_is_no_guess(tmp_path: Path) -> None:
    (tmp_path / "o.avsc").write_text('{"type": "record", "name": "Order", "fields": [{"name": "at", "type": "long"}]}')

    with pytest.raises(InputError, match=r"does not fit .*o\.avsc: at: expected a whole number"):
        given('{"at": "noon"}', config=REGISTRY, schemas=[read_avsc(tmp_path / "o.avsc")])


def test_a_schema_is_for_json_alone(tmp_path: Path) -> None:
    (tmp_path / "o.avsc").write_text('{"type": "record", "name": "Order", "fields": []}')

    with pytest.raises(InputError, match="for JSON records, which these are not"):
        given(b"\0\0\0\0\1", "x.bin", REGISTRY, [read_avsc(tmp_path / "o.avsc")])


@pytest.mark.parametrize(
    ("written", "meant"),
    [({"bytes": "12"}, "125.94"), ("12", "12.00"), (12, "12.00"), ("1.5", "1.50")],
    ids=["as Avro's JSON has it", "text", "whole", "fraction"],
)
def test_a_decimal_is_bytes_only_where_avros_json_says_so(tmp_path: Path, written: object, meant: str) -> None:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    fields = [{"name": "sum", "type": ["null", decimal]}]
    (tmp_path / "o.avsc").write_text(json.dumps({"type": "record", "name": "Order", "fields": fields}))

    (one,) = given(json.dumps({"sum": written}), config=REGISTRY, schemas=[read_avsc(tmp_path / "o.avsc")])

    assert fields_of(one)["sum"] == Decimal(meant)


def test_a_record_nested_without_end_is_no_bug(tmp_path: Path) -> None:
    inner = {"name": "inner", "type": ["null", "Node"], "default": None}
    (tmp_path / "o.avsc").write_text(json.dumps({"type": "record", "name": "Node", "fields": [inner]}))
    value: dict[str, Any] = {}
    for _ in range(400):
        value = {"inner": value}

    with pytest.raises(InputError, match="nested too deeply"):
        given(json.dumps(value), config=REGISTRY, schemas=[read_avsc(tmp_path / "o.avsc")])


def test_with_a_registry_any_other_value_is_taken_as_it_is() -> None:
    (one,) = given('{"type": "order", "lines": [{"sku": 1}]}', config=REGISTRY)
    decoded = one.decoder.decode(one.record)

    assert isinstance(decoded, Decoded)
    assert (decoded.fields, decoded.is_shipped) == ({"type": "order", "lines": [{"sku": 1}]}, False)


def maybe(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", *(kind if isinstance(kind, list) else [kind])], "default": None}


LINE = {"type": "record", "name": "L", "fields": [{"name": "n", "type": "int"}]}
SCHEMA = parse_schema(
    {
        "type": "record",
        "name": "Every",
        "fields": [
            maybe("when", {"type": "long", "logicalType": "timestamp-micros"}),
            maybe("local", {"type": "long", "logicalType": "local-timestamp-millis"}),
            maybe("day", {"type": "int", "logicalType": "date"}),
            maybe("total", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}),
            maybe("id", {"type": "string", "logicalType": "uuid"}),
            maybe("kind", {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}),
            maybe("raw", "bytes"),
            maybe("mark", {"type": "fixed", "name": "Mark", "size": 2}),
            {"name": "tags", "type": {"type": "map", "values": "int"}, "default": {}},
            {"name": "lines", "type": {"type": "array", "items": LINE}, "default": []},
            maybe("other", ["L", "string", "boolean"]),
            maybe("again", "Kind"),
        ],
    }
)


@pytest.mark.parametrize(
    "value",
    [
        {"when": "2026-11-01T13:00:00+01:00", "day": "2026-11-01", "local": "2026-11-01T13:00:00"},
        {"when": 1, "day": 1, "local": 1},
        {"total": "12.50", "id": "12345678-1234-5678-1234-567812345678", "kind": "A", "again": "B"},
        {"total": 12.5, "raw": "\u00ff", "mark": "ab", "tags": {"a": 1}, "lines": [{"n": 1}, {"n": 2}]},
        {"other": {"n": 1}},
        {"other": {"L": {"n": 1}}, "when": {"long": 5}},
        {"other": {"string": "x"}},
        {"other": True},
        {},
    ],
)
def test_json_and_avros_own_json_fit_a_schema_and_can_be_written(value: dict[str, Any]) -> None:
    assert AvroEncoder(SCHEMA).encoded(fitted(value, SCHEMA))


@pytest.mark.parametrize("text", ["EA7583CD-A667-48BC-B806-42ECB2B48606", "{EA75}", "order-1", ""])
def test_the_text_of_a_uuid_is_what_was_written(text: str) -> None:
    assert text.encode() in AvroEncoder(SCHEMA).encoded(fitted({"id": text}, SCHEMA))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"when": "yesterday"}, "when: not a timestamp-micros"),
        ({"when": "2026-11-01T13:00:00"}, "when: not a timestamp-micros"),
        ({"total": "ten"}, "total: not a decimal"),
        ({"kind": "C"}, "kind: none of the symbols of Kind"),
        ({"raw": "\u0100"}, "raw: expected text of characters below"),
        ({"tags": {"a": 2**31}}, r"tags\[…\]: expected a whole number of 32 bits"),
        ({"tags": []}, "tags: expected an object"),
        ({"lines": {}}, "lines: expected a list"),
        ({"lines": [{"n": 1}, {"n": True}]}, r"lines\[1\].n: expected a whole number"),
        ({"lines": [{}]}, r"lines\[0\].n: missing"),
        ({"other": 1}, "other: none of what the schema takes there"),
        ({"other": {"double": 1}}, "other: none of what"),
        ([], "the record: expected an object of Every"),
    ],
)
def test_what_no_record_can_hold_is_said_with_its_place(value: object, why: str) -> None:
    with pytest.raises(MisfitError, match=why):
        fitted(value, SCHEMA)


def test_the_schemas_golden_records_are_read_whole() -> None:
    for path in sorted((Path(__file__).parents[2] / "schemas").glob("*.record.json")):
        (one,) = given(path.read_bytes(), str(path))

        assert fields_of(one)["event"] == json.loads(path.read_text())["event"]
