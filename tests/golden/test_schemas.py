"""The shipped schema and the golden pairs beside it, written by hand from TikTok's documentation.

NAME.record.json, as Avro of the shipped schema, becomes NAME.tiktok.json with a rule that maps nothing.
"""

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest

from consumer.core.map import compile_map
from consumer.core.model import Decoded, Position, Record
from consumer.core.normalize.event import normalize
from consumer.core.rules.source import Rule
from consumer.core.tiktok_event import CONTENT_FIELDS, PAGE_FIELDS, PROPERTY_FIELDS, USER_FIELDS
from consumer.core.validate import EventLimits, validate

SCHEMAS = Path(__file__).parents[2] / "schemas"
SCHEMA = json.loads((SCHEMAS / "web_event.avsc").read_text())
NAMES = sorted(path.name.removesuffix(".record.json") for path in SCHEMAS.glob("*.record.json"))
AT = Position("web-events", 0, 0)


def through_avro(fields: object) -> dict[str, Any]:
    parsed = fastavro.parse_schema(SCHEMA)
    written = io.BytesIO()
    fastavro.schemaless_writer(written, parsed, fields)
    written.seek(0)
    read = fastavro.schemaless_reader(written, parsed, None)
    assert isinstance(read, dict)
    return read


def nested(path: str) -> dict[str, dict[str, Any]]:
    """Name → field of the record under `path`, dotted."""
    record = SCHEMA
    for name in filter(None, path.split(".")):
        record = next(field for field in record["fields"] if field["name"] == name)["type"][1]
        record = record.get("items", record)
    return {field["name"]: field for field in record["fields"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_record_becomes_the_event_that_tiktok_is_to_get(name: str) -> None:
    record = Record(AT, 1_793_534_400_000, None, b"", (), AT)
    fields = through_avro(json.loads((SCHEMAS / f"{name}.record.json").read_text()))
    mapped = compile_map(Rule("all", "shop"))(Decoded(record, fields, is_shipped=True))

    event = validate(
        normalize(mapped, id_from_position="auto", reject_bad_fields=False),
        rule="all",
        pixel="shop",
        pixel_code="CODE",
        is_shadow=False,
        now_s=1_793_534_400.0,
        limits=EventLimits(max_event_age_s=0.0, max_body_bytes=1_000_000),
    )

    assert json.loads(event.body) == json.loads((SCHEMAS / f"{name}.tiktok.json").read_text())


def test_every_record_has_its_event_and_there_are_at_least_ten() -> None:
    events = sorted(path.name.removesuffix(".tiktok.json") for path in SCHEMAS.glob("*.tiktok.json"))

    assert events == NAMES
    assert len(NAMES) >= 10


@pytest.mark.parametrize("path", ["", "user", "page", "properties", "properties.contents"])
def test_every_field_is_documented_and_evolvable_save_the_event_name(path: str) -> None:
    for name, field in nested(path).items():
        assert field["doc"].strip(), name
        if name != "event":
            assert field["type"][0] == "null", name
            assert field["default"] is None, name


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", {"event", "event_time", "event_id", "limited_data_use", "pixel_code", "user", "page", "properties"}),
        ("user", set(USER_FIELDS)),
        ("page", set(PAGE_FIELDS)),
        ("properties", {*PROPERTY_FIELDS, *CONTENT_FIELDS, "query"}),
        ("properties.contents", set(CONTENT_FIELDS)),
    ],
)
def test_the_schema_has_every_parameter_and_no_other(path: str, names: set[str]) -> None:
    assert set(nested(path)) == names


def test_the_schema_has_the_name_that_readers_know() -> None:
    assert f"{SCHEMA['namespace']}.{SCHEMA['name']}" == "tiktok_events.WebEvent"


def test_a_reader_of_a_later_version_reads_a_record_of_this_one() -> None:
    later = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "added", "type": ["null", "string"], "default": None}]}
    written = io.BytesIO()
    fastavro.schemaless_writer(written, fastavro.parse_schema(SCHEMA), {"event": "Purchase"})
    written.seek(0)

    read = fastavro.schemaless_reader(written, fastavro.parse_schema(SCHEMA), fastavro.parse_schema(later))

    assert isinstance(read, dict)
    assert (read["event"], read["added"]) == ("Purchase", None)
