"""Schemas of every kind, records of them, and ways to spoil a record."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fastavro import parse_schema, schemaless_writer
from fastavro.utils import generate_one

MAX_BYTES: Final = 1 << 20
"""The longest record there can be."""


def record_of(name: str, **types: Any) -> Any:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": each} for key, each in types.items()]}


def array(items: Any) -> Any:
    return {"type": "array", "items": items}


def logical(kind: str, logical_type: str, **more: Any) -> Any:
    return {"type": kind, "logicalType": logical_type, **more}


ORDINARY: Final[dict[str, Any]] = {
    "event": record_of(
        "Event",
        id="string",
        type={"type": "enum", "name": "Type", "symbols": ["BUY", "VIEW", "LEAD"]},
        created_at=["null", "long"],
        email=["null", "string"],
        total=["null", "double"],
        tags={"type": "map", "values": "string"},
        items=array(record_of("Item", sku="string", quantity="int", price=["null", "double"])),
        consent="boolean",
    ),
    "web_event": json.loads((Path(__file__).parents[2] / "schemas" / "web_event.avsc").read_text()),
}
LOGICAL: Final = record_of(
    "Logical",
    decimals=array(logical("bytes", "decimal", precision=9, scale=2)),
    fixed=logical("fixed", "decimal", name="Fixed", size=16, precision=20, scale=5),
    date=logical("int", "date"),
    time_millis=logical("int", "time-millis"),
    time_micros=logical("long", "time-micros"),
    millis=["null", logical("long", "timestamp-millis")],
    micros=logical("long", "timestamp-micros"),
    local=logical("long", "local-timestamp-micros"),
    uuid=["null", logical("string", "uuid")],
)
NASTY: Final[dict[str, Any]] = {
    "nulls": record_of("Nulls", a=array("null"), m={"type": "map", "values": "null"}),
    "empties": record_of("Empties", a=array(array(record_of("Empty"))), b=array(["null"])),
    "list": record_of("List", value="int", next=["null", "List"]),
    "tree": record_of("Tree", children=array("Tree"), by_name={"type": "map", "values": "Tree"}),
    "wide": record_of("Wide", a=array(record_of("Row", b="boolean", **{f"n{n}": "null" for n in range(200)}))),
    "unions": record_of(
        "Unions", a=array(["null", "int", "string", "bytes", array("long"), record_of("U", x="float")])
    ),
    "fixed": record_of(
        "Fixeds", a=array({"type": "fixed", "name": "None", "size": 0}), b="None", c="bytes", d="double"
    ),
    "doubling": record_of("D", a=array(record_of("D0", x=record_of("D1", y=record_of("D2"), z="D2"), w="D1"))),
}


INTERESTING: Final = (
    b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\x7f", b"\x80", b"\xff", b"\xa0\x9c\x01", b"\x80\x80\x80\x01",
    b"\x80\x80\x80\x80\x10", b"\x80\x80\x80\x80\x80\x80\x80\x80\x20", b"\xff" * 9 + b"\x01", b"\x80" * 12 + b"\x00",
)  # fmt: skip
Mutation = Callable[[random.Random, bytes, int], bytes]


def flip(rng: random.Random, value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1 << rng.randrange(8)]) + value[at + 1 :]


def cut(_rng: random.Random, value: bytes, at: int) -> bytes:
    return value[:at]


def delete(rng: random.Random, value: bytes, at: int) -> bytes:
    return value[:at] + value[at + rng.randint(1, 4) :]


def insert(rng: random.Random, value: bytes, at: int) -> bytes:
    return value[:at] + rng.choice(INTERESTING) + value[at:]


def replace(rng: random.Random, value: bytes, at: int) -> bytes:
    return value[:at] + rng.choice(INTERESTING) + value[at + 1 :]


def repeat(rng: random.Random, value: bytes, at: int) -> bytes:
    part = value[at : at + rng.randint(1, 8)]
    return value[:at] + part * rng.choice((2, 3, 100)) + value[at:]


def flood(rng: random.Random, value: bytes, at: int) -> bytes:
    """Now and then up to the longest record there can be."""
    size = MAX_BYTES if rng.random() < 0.002 else rng.randint(1, 200)
    return (value[:at] + rng.choice(INTERESTING) * size)[:MAX_BYTES]


MUTATIONS: Final[tuple[Mutation, ...]] = (flip, flip, cut, delete, insert, replace, replace, repeat, flood)


def seeds(schema: Any) -> list[bytes]:
    """Sound records to start from. `generate_one` has random values; recursion it cannot do, so those start empty."""
    parsed = parse_schema(schema)
    made: list[bytes] = []
    for _ in range(20):
        out = io.BytesIO()
        try:
            schemaless_writer(out, parsed, generate_one(parsed))
        except (RecursionError, ValueError, OverflowError):
            return [b"\x00\x00", b"\x02\x02\x00", b"\x02" * 40, b"\x02\x00\x00\x00\x00"]
        made.append(out.getvalue() or b"\x00")
    return made


def mutated(rng: random.Random, corpus: list[bytes]) -> bytes:
    value = rng.choice(corpus)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        value = rng.choice(MUTATIONS)(rng, value, rng.randrange(len(value))) or b"\x00"
    return value
