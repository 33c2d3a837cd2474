"""A megabyte of many small values is read, or refused, in little time."""

from contextlib import suppress
from functools import partial
from typing import Any, Final

import pytest

from consumer.core.decode.decoder import Decoder
from consumer.core.errors import RecordRejected
from consumer.core.model import Position, Record
from consumer.core.rules.selection import EVERYTHING, ReadPaths, ReadSelection
from tests.support.cpu import within

MAX_BYTES: Final = 1 << 20
MOST_CPU_S: Final = 0.3
_UUID: Final = b"\x48" + b"0b5cd9d1-3c0e-4a55-9c5b-1df0a2f0a001"


def array(items: Any) -> Any:
    return {"type": "array", "items": items}


def row(of: Any) -> Any:
    return {"type": "record", "name": "Row", "fields": [{"name": f"x{n}", "type": of} for n in range(8)]}


def logical(kind: str, logical_type: str, **more: Any) -> Any:
    return {"type": kind, "logicalType": logical_type, **more}


CASES: Final[dict[str, tuple[Any, bytes]]] = {
    "truths": ("boolean", b"\0"),
    "numbers": ("int", b"\2"),
    "numbers of ten bytes": ("long", b"\xff" * 9 + b"\1"),
    "doubles": ("double", b"\0" * 8),
    "absent numbers": (["null", "int"], b"\0"),
    "numbers in a union": (["null", "int"], b"\2\2"),
    "empty texts": ("string", b"\0"),
    "short texts": ("string", b"\2x"),
    "symbols": ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\0"),
    "empty lists": (array("int"), b"\0"),
    "rows of numbers": (row("int"), b"\0" * 8),
    "rows of absent numbers": (row(["null", "int"]), b"\0" * 8),
    "short decimals": (logical("bytes", "decimal", precision=9, scale=2), b"\2\1"),
    "long decimals": (logical("bytes", "decimal", precision=150, scale=2), b"\x80\1" + b"\x11" * 64),
    "times": (logical("long", "timestamp-millis"), b"\2"),
    "dates": (logical("int", "date"), b"\2"),
    "UUIDs": (logical("string", "uuid"), _UUID),
}


def count_of(items: int) -> bytes:
    """As Avro writes it."""
    bits, written = items << 1, b""
    while bits >= 0x80:
        written += bytes([bits & 0x7F | 0x80])
        bits >>= 7
    return written + bytes([bits])


def in_one_block(item: bytes, size: int) -> bytes:
    count = size // len(item)
    return count_of(count) + item * count + b"\0"


def in_blocks_of_one(item: bytes, size: int) -> bytes:
    return (b"\2" + item) * (size // (1 + len(item))) + b"\0"


ENTRIES: Final = {
    "of symbols": ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\2k\0"),
    "of texts": ("string", b"\2k\2v"),
}


@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize(
    "items",
    [*("boolean", "float", "double"), {"type": "fixed", "name": "F", "size": 40}, row("double"), row("boolean")],
)
@pytest.mark.timeout(60)
def test_a_count_of_more_items_than_there_can_be_is_not_gone_through(items: Any, is_read: bool) -> None:
    """Fifteen bytes, of 2^60 items: whether a rule reads the list or not."""
    for holder in (array(items), {"type": "map", "values": items}):
        fields = [{"name": "a", "type": holder}, {"name": "b", "type": "int"}]
        paths = ReadPaths() if is_read else ReadPaths(of_others=ReadSelection(names=(("b", EVERYTHING),)))
        decoder = Decoder(
            "plain",
            max_record_bytes=MAX_BYTES,
            local_schemas=[{"type": "record", "name": "R", "fields": fields}],
            reads=paths,
        )
        for count in (1 << 60, 1 << 40, 1_000_000_000):
            value = count_of(count) + b"\x02" * 6
            within(MOST_CPU_S, partial(decode, decoder, value))


@pytest.mark.parametrize("share", [1.0, 0.6, 0.3, 0.1])
@pytest.mark.parametrize("name", ENTRIES)
def test_many_small_entries_take_little_time(name: str, share: float) -> None:
    values, entry = ENTRIES[name]
    fields = [{"name": "a", "type": {"type": "map", "values": values}}]
    decoder = Decoder(
        "plain", max_record_bytes=MAX_BYTES, local_schemas=[{"type": "record", "name": "R", "fields": fields}]
    )
    size = int((MAX_BYTES - 8) * share)
    for value in (in_one_block(entry, size), in_blocks_of_one(entry, size)):
        within(MOST_CPU_S, partial(decode, decoder, value))


@pytest.mark.parametrize("share", [1.0, 0.3, 0.1])
@pytest.mark.parametrize("name", CASES)
def test_many_small_values_take_little_time(name: str, share: float) -> None:
    """Of a whole record's length, and of those that are short enough to be read without a look before."""
    items, item = CASES[name]
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": array(items)}]}
    decoder = Decoder("plain", max_record_bytes=MAX_BYTES, local_schemas=[schema])
    size = int((MAX_BYTES - 8) * share)
    for value in (in_one_block(item, size), in_blocks_of_one(item, size)):
        within(MOST_CPU_S, partial(decode, decoder, value))


def decode(decoder: Decoder, value: bytes) -> None:
    position = Position("t", 0, 0)
    with suppress(RecordRejected):
        decoder.decode(Record(position, 0, None, value, (), position))
