"""No schema ends or stalls the process: each is learned in little time, or its records are `decode.schema_unusable`."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from consumer.core.decode.decoder import Decoder
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Position, Record, SchemaId
from tests.support.cpu import within

MOST_SECONDS: Final = 5.0
"""Processor time to learn one, away from the thread that decides; 6,000 nested types took a minute."""


def record_of(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": of} for key, of in fields.items()]}


def doubling() -> Any:
    types = [record_of(f"D{n}", {"a": f"D{n + 1}", "b": f"D{n + 1}"}) for n in range(1500)]
    return [record_of("D1500", {"x": "null"}), *reversed(types)]


def branches(count: int) -> Any:
    return [record_of("R", {"a": [record_of(f"B{n}", {"x": "int"}) for n in range(count)]})]


def chained(count: int) -> Any:
    return [record_of(f"C{count}", {"x": "int"})] + [
        record_of(f"C{n}", {"next": ["null", f"C{n + 1}"]}) for n in reversed(range(count))
    ]


def nested(count: int) -> Any:
    """Each type within another, sixty deep, and each tower held by one record."""
    towers: dict[str, Any] = {}
    for tower in range(count // 60):
        inner: Any = "int"
        for level in range(60):
            inner = record_of(f"N{tower}_{level}", {"a": ["null", inner]})
        towers[f"t{tower}"] = inner
    return [record_of("Towers", towers)]


def wide(count: int) -> Any:
    return [record_of("W", {f"f{n}": ["null", "string"] for n in range(count)})]


SCHEMAS: Final[dict[str, Callable[[], Any]]] = {
    "doubling types": doubling,
    "a union of 3,000 records": lambda: branches(3000),
    "a union of 10,000 records": lambda: branches(10_000),
    "250 chained references": lambda: chained(250),
    "4,000 chained references": lambda: chained(4000),
    "4,900 nested types": lambda: nested(4900),
    "6,000 nested types": lambda: nested(6000),
    "20,000 fields": lambda: wide(20_000),
    "half a surrogate in a type's name": lambda: [record_of("x\ud83d", {"a": "int"})],
    "half a surrogate in a field's name": lambda: [record_of("R", {"x\ud83d": "int"})],
    "half a surrogate in a missing type's name": lambda: [record_of("R", {"x": "x\ud83d"})],
    "half a surrogate in a symbol": lambda: [
        record_of("R", {"a": {"type": "enum", "name": "E", "symbols": ["x\ud83d"]}})
    ],
    "a fixed of 10^400 bytes": lambda: [record_of("R", {"a": {"type": "fixed", "name": "F", "size": 10**400}})],
    "a fixed of half of what there is": lambda: [record_of("R", {"a": {"type": "fixed", "name": "F", "size": 2**30}})],
    "a type that never ends": lambda: [record_of("R", {"a": "R"})],
    "two that never end": lambda: [record_of("R", {"a": record_of("S", {"b": "R"})})],
    "a union of nothing": lambda: [record_of("R", {"a": []})],
    "more text than may be": lambda: [record_of("R", {"a": "int"}) | {"doc": "x" * (3 << 20)}],
    "a type that is a number": lambda: [record_of("R", {"a": 5})],
    "fields that are a number": lambda: [{"type": "record", "name": "R", "fields": 5}],
    "symbols that are numbers": lambda: [record_of("R", {"a": {"type": "enum", "name": "E", "symbols": [1, 2]}})],
    "a name that is a list": lambda: [{"type": "record", "name": ["R"], "fields": []}],
    "items that are nothing": lambda: [record_of("R", {"a": {"type": "array", "items": None}})],
    "a logical type that is a record": lambda: [record_of("R", {"a": {"type": "bytes", "logicalType": {"a": 1}}})],
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("make", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_a_schema_is_learned_in_little_time_or_costs_its_records_alone(make: Callable[[], Any]) -> None:
    *references, text = [json.dumps(each) for each in make()]
    decoder = Decoder("confluent", max_record_bytes=1 << 20)

    within(MOST_SECONDS, lambda: decoder.learn(SchemaId(1), text, references))

    for value in (b"", b"\x00" * 10, b"\x02" * 100, b"\x02" * 5000):
        assert within(0.3, partial(outcome, decoder, value)) in ("decoded", "decode.*", "decode.schema_unusable")


def outcome(decoder: Decoder, value: bytes) -> str:
    position = Position("t", 0, 0)
    try:
        decoded = decoder.decode(Record(position, 0, None, b"\0\0\0\0\1" + value, (), position))
    except RecordRejected as rejected:
        rejected.detail.encode()  # it goes into a header
        return "decode.*" if rejected.reason.value.startswith("decode.") else rejected.reason.value
    assert isinstance(decoded, Decoded)
    return "decoded"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a union of 3,000 records", "a union of more than 250 branches"),
        ("20,000 fields", "a record of more than 5000 fields"),
        ("6,000 nested types", "more than 5000 named types"),
        ("half a surrogate in a field's name", "no name by Avro's rule"),
        ("half a surrogate in a missing type's name", "is not defined in it"),
        ("more text than may be", "more than 2 MiB of text"),
    ],
)
def test_says_which_limit_a_schema_is_beyond(name: str, why: str) -> None:
    *references, text = [json.dumps(each) for each in SCHEMAS[name]()]
    decoder = Decoder("confluent", max_record_bytes=1 << 20)
    decoder.learn(SchemaId(17), text, references)
    position = Position("t", 0, 0)

    with pytest.raises(RecordRejected, match=f"schema id 17: .*{why}") as caught:
        decoder.decode(Record(position, 0, None, b"\0\0\0\0\x11", (), position))

    assert caught.value.reason.value == "decode.schema_unusable"


def test_reads_by_a_long_chain_of_references_what_is_not_deep() -> None:
    *references, text = [json.dumps(each) for each in chained(250)]
    decoder = Decoder("confluent", max_record_bytes=1 << 20)
    decoder.learn(SchemaId(1), text, references)

    assert outcome(decoder, b"\x02\x02\x00") == "decoded"


@pytest.mark.parametrize("longest", [1000, 1_000_000])
def test_no_schema_makes_a_dead_letter_that_no_broker_takes(longest: int) -> None:
    """What is wrong is told with the names of the schema: it goes into headers, and a dead letter must be written."""
    decoder = Decoder("confluent", max_record_bytes=1 << 20)
    decoder.learn(SchemaId(1), json.dumps(record_of("R" * longest, {"f" * longest: "int"})))
    position = Position("t", 0, 0)

    with pytest.raises(RecordRejected) as caught:
        decoder.decode(Record(position, 0, None, b"\0\0\0\0\1", (), position))

    assert len(caught.value.detail) <= 1000
    assert caught.value.detail.endswith("ends within a number")
