"""What is read straight through is what fastavro reads; what is not is left to fastavro."""

import random
from io import BytesIO
from typing import Any, Final

import pytest
from fastavro import parse_schema, schemaless_reader
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.decode.compiled_reader import Straight, straight
from consumer.core.decode.schema import parse
from tests.property.test_decode_fuzz import LOGICAL, NASTY, ORDINARY, array, mutated, record_of, seeds
from tests.support.avro import encoded

# None of them makes much of few bytes: those that do are walked over before they are read.
SCHEMAS: Final = {
    **ORDINARY,
    "logical": LOGICAL,
    "unions": NASTY["unions"],
    "fixed": record_of("Fixeds", a={"type": "fixed", "name": "F", "size": 3}, b="F", c="bytes", d="double"),
    "nested": record_of(
        "Nested", m={"type": "map", "values": array(["null", record_of("In", f="float", e=record_of("Out"))])}, i="In"
    ),
    "top": [record_of("A", a="int"), record_of("B", b=["null", ["bytes", "A"]])],
}
READERS: Final = {name: (straight(parse(schema)), parse(schema)) for name, schema in SCHEMAS.items()}
SEEDS: Final = {name: seeds(schema) for name, schema in SCHEMAS.items()}


def read_whole(read: Straight, value: bytes) -> Any:
    """The value; None if it is left to fastavro."""
    try:
        fields, end = read(value, 0)
    except Exception:  # whatever Python raises: `decode` catches what fastavro may raise as well
        return None
    return fields if end == len(value) else None


def fastavros(name: str, value: bytes) -> Any:
    buffer = BytesIO(value)
    fields = schemaless_reader(buffer, READERS[name][1].strict, None)
    assert buffer.tell() == len(value)
    return fields


def agrees(name: str, value: bytes) -> bool:
    fields = read_whole(READERS[name][0], value)
    return fields is None or repr(fields) == repr(fastavros(name, value))  # NaN is not itself, but reads alike


@given(st.sampled_from(sorted(SCHEMAS)), st.binary(max_size=60))
@settings(deadline=None, max_examples=500)
def test_any_bytes_that_are_taken_are_what_fastavro_makes_of_them(name: str, value: bytes) -> None:
    assert agrees(name, value)


@given(st.sampled_from(sorted(SCHEMAS)), st.integers(0, 1 << 32))
@settings(deadline=None, max_examples=500)
def test_a_damaged_record_that_is_taken_is_what_fastavro_makes_of_it(name: str, seed: int) -> None:
    assert agrees(name, mutated(random.Random(seed), SEEDS[name]))


ORDER: Final = {
    "id": "é" * 100, "type": "VIEW", "created_at": 1_790_000_000_000, "email": None, "total": 1.5, "consent": True,
    "tags": {"a": "b", "c": ""}, "items": [{"sku": "s", "quantity": -2, "price": None}] * 70,
}  # fmt: skip


def test_reads_what_writers_write_itself() -> None:
    schema = ORDINARY["event"]

    assert read_whole(READERS["event"][0], encoded(parse_schema(schema), ORDER)) == ORDER


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_reads_values_of_every_type_itself(name: str) -> None:
    read = READERS[name][0]

    assert any(read_whole(read, value) is not None for value in SEEDS[name]), "not all have numbers of ten bytes"


@pytest.mark.parametrize("value", [b"\x03a", b"\x82\x80", b"\x82\x00", b"\x80" * 9 + b"\x00", b"\x02"])
def test_leaves_what_no_writer_writes_to_fastavro(value: bytes) -> None:
    """A negative length, a cut number, two bytes for one, ten of them, and text that is not there."""
    left = [read_whole(straight(parse(record_of("R", a=kind))), value) for kind in ("string", ["string", "string"])]

    assert left == [None, None]


def test_leaves_a_schema_that_it_does_not_know_to_fastavro() -> None:
    assert read_whole(straight(parse(record_of("R", a=[]))), b"\x00") is None


def test_names_of_fields_are_no_code() -> None:
    name = "a'\n: 1}; raise SystemExit #"
    with_name = parse(record_of("R", x="int"))
    plain: Any = with_name.plain
    plain["fields"][0]["name"] = name

    assert read_whole(straight(with_name), b"\x02") == {name: 1}
