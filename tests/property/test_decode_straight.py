"""What is read straight through is what fastavro reads by the same schema, and what is selected is the same again."""

import random
from io import BytesIO
from typing import Any, Final

import pytest
from fastavro import parse_schema, schemaless_reader
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.decode.compiled_reader import ReadValue, compiled
from consumer.core.decode.resolution import Target
from consumer.core.decode.schema import Schema, parse
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.errors import RecordRejected
from consumer.core.model import Position, Record
from consumer.core.rules.selection import EVERYTHING, ReadPaths, ReadSelection
from tests.support.avro import encoded
from tests.support.avro_fuzz import LOGICAL, NASTY, ORDINARY, array, mutated, record_of, seeds

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
PARSED: Final = {name: parse(schema) for name, schema in SCHEMAS.items()}
TARGETS: Final = {name: Target(schema) for name, schema in PARSED.items()}
SEEDS: Final = {name: seeds(schema) for name, schema in SCHEMAS.items()}


def reading(schema: Schema) -> ReadValue:
    return compiled(schema.named, schema.branches[0], EVERYTHING)


READERS: Final = {name: reading(schema) for name, schema in PARSED.items()}


def read_whole(read: ReadValue, value: bytes) -> Any:
    """The value; None if it cannot be read."""
    try:
        fields, end = read(value, 0)
    except Exception:  # whatever Python raises
        return None
    return fields if end == len(value) else None


def fastavros(name: str, value: bytes) -> Any:
    schema, buffer = PARSED[name], BytesIO(value)
    target = TARGETS[name]
    fields = schemaless_reader(buffer, target.written(schema, schema.branches[0]), target.selected(EVERYTHING))
    assert buffer.tell() == len(value)
    return fields


def agrees(name: str, value: bytes) -> bool:
    fields = read_whole(READERS[name], value)
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


def test_reads_what_writers_write() -> None:
    schema = ORDINARY["event"]

    assert read_whole(READERS["event"], encoded(parse_schema(schema), ORDER)) == ORDER


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_reads_values_of_every_type(name: str) -> None:
    assert all(read_whole(READERS[name], value) is not None for value in SEEDS[name] if name != "top")


@pytest.mark.parametrize("value", [b"\x03a", b"\x82\x80", b"\x82\x00", b"\x80" * 10 + b"\x00", b"\x02"])
def test_reads_nothing_that_is_not_there(value: bytes) -> None:
    """A negative length, a cut number, an index in two bytes, eleven of them, and text that is not there."""
    left = [read_whole(reading(parse(record_of("R", a=kind))), value) for kind in ("string", ["string", "string"])]

    assert left == [None, None]


@pytest.mark.parametrize("branches", [64, 65, 200])
def test_reads_each_branch_of_a_long_union(branches: int) -> None:
    union = [record_of(f"R{number}", **{f"f{number}": "int"}) for number in range(branches)]
    schema = record_of("R", a=union, b="int")
    read, skip = (compiled(parse(schema).named, "R", ReadSelection(names=((name, EVERYTHING),))) for name in ("a", "b"))

    for number in (0, 1, branches - 1):
        value = encoded(parse_schema(schema), {"a": {f"f{number}": number}, "b": 7})
        assert read_whole(read, value) == {"a": {f"f{number}": number}}
        assert read_whole(skip, value) == {"b": 7}


def test_names_of_fields_are_no_code() -> None:
    name = "a'\n: 1}; raise SystemExit #"
    named = {"R": record_of("R", **{name: "int"})}

    assert read_whole(compiled(named, "R", EVERYTHING), b"\x02") == {name: 1}


def selections(schema: Any) -> st.SearchStrategy[ReadSelection]:
    """Some of a record's fields, and some of theirs."""
    leaf = st.just(EVERYTHING)
    inner = st.dictionaries(st.sampled_from(["sku", "price", "f", "e", "b", "x"]), leaf, max_size=2).map(_selection)
    parts = st.one_of(leaf, inner, st.builds(ReadSelection, items=inner))
    fields = {field["name"]: leaf if "map" in str(field["type"]) else parts for field in schema["fields"]}
    return st.fixed_dictionaries({}, optional=fields).map(_selection)


def _selection(names: dict[str, ReadSelection]) -> ReadSelection:
    return ReadSelection(names=tuple(sorted(names.items(), key=lambda one: one[0])))


@given(st.data(), st.sampled_from(sorted(SCHEMAS.keys() - {"top"})), st.integers(0, 1 << 32))
@settings(deadline=None, max_examples=500)
def test_what_is_selected_is_what_is_read_of_the_whole(data: st.DataObject, name: str, seed: int) -> None:
    selection = data.draw(selections(SCHEMAS[name]))
    value = mutated(random.Random(seed), SEEDS[name])
    whole, part = (
        outcome(SchemaReader(PARSED[name], None, ReadPaths(s, s), "", 1 << 20), value) for s in (EVERYTHING, selection)
    )

    if isinstance(whole, dict):
        assert isinstance(part, dict)
        assert repr(part) == repr(selected(whole, selection))
    elif not isinstance(part, dict):
        assert part.startswith("decode.")


def outcome(reader: SchemaReader, value: bytes) -> Any:
    position = Position("t", 0, 0)
    try:
        return reader.decode(Record(position, 0, None, value, (), position), value, 0).fields
    except RecordRejected as rejected:
        return rejected.reason.value


def selected(value: Any, selection: ReadSelection) -> Any:
    """What a selection leaves of a value."""
    if selection.is_whole:
        return value
    if isinstance(value, list):
        return [selected(each, selection.of_items) for each in value]
    if isinstance(value, dict) and selection.items is None:
        return {key: selected(each, kept) for key, each in value.items() if (kept := selection.of(key)) is not None}
    return value
