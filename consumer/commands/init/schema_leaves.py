"""A parsed schema → the fields that hold values, each with its path, its kinds and its words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from consumer.commands.init.names import words_of
from consumer.config.checks.avro_paths import Type, items_of, kind_of, types_of
from consumer.core.decode.schema import RECORDS, Schema
from consumer.core.rules.source import PathSource, format_path

MAX_DEPTH: Final = 8
"""Records within records; a schema may contain itself."""


class Leaf(Struct, frozen=True):
    """A field that is no record, or may be something else, too. A list or a map is one leaf."""

    steps: tuple[str, ...]
    types: tuple[Type, ...]
    words: tuple[tuple[str, ...], ...]
    """Of each step."""
    doc: str = ""
    annotations: frozenset[str] = frozenset()
    """What Connect and Debezium call its type, and a `logicalType` that stands at the field instead of at its type."""
    money: tuple[str, str] | None = None
    """Of a record of whole units and billionths, as google.type.Money: the names of both fields."""
    nulls: tuple[tuple[str, ...], ...] = ()
    """Of money: the steps to it, from the top, and to both fields, that may be null."""
    around: str = ""
    """What the schema says of the field and the type that it stands in."""

    @property
    def path(self) -> str:
        """As the configuration writes it."""
        return format_path(PathSource(self.steps))

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(map(kind_of, self.types))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Of enums: all texts that it can be."""
        return tuple(symbol for each in self.types if each["type"] == "enum" for symbol in each["symbols"])

    @property
    def is_open_text(self) -> bool:
        return any(each["type"] == "string" for each in self.types)


def leaves_of(types: Sequence[Type], schema: Schema) -> list[Leaf]:
    """All leaves under some records, in the order of the schema; of several with the same path, one."""
    found: dict[tuple[str, ...], Leaf] = {}
    for each in types:
        for leaf in _under(each, schema, _Place((), ()), frozenset()):
            found.setdefault(leaf.steps, leaf)
    return list(found.values())


def records_in(leaf: Leaf, schema: Schema) -> tuple[Type, ...]:
    """The records that are the items of a list; empty for any other leaf."""
    return tuple(each for each in items_of(leaf.types, schema) if each["type"] in RECORDS)


def has_text_items(leaf: Leaf, schema: Schema) -> bool:
    """True for a list of plain texts or numbers."""
    kinds = {kind_of(each) for each in items_of(leaf.types, schema)}
    return bool(kinds) and kinds <= {"text", "number"}


class _Place(Struct, frozen=True):
    """Where a record stands."""

    steps: tuple[str, ...]
    nulls: tuple[tuple[str, ...], ...]
    doc: str = ""


def _under(record: Type, schema: Schema, place: _Place, within: frozenset[str]) -> Iterator[Leaf]:
    name = record.get("name", "")
    if record["type"] not in RECORDS or name in within or len(place.steps) >= MAX_DEPTH:
        return
    inner = structs.replace(place, doc=f"{place.doc} {record.get('doc', '')}")
    for field in record["fields"]:
        yield from _of_field(field, schema, inner, within | {name})


def _of_field(field: Mapping[str, Any], schema: Schema, place: _Place, within: frozenset[str]) -> Iterator[Leaf]:
    steps = (*place.steps, field["name"])
    types = tuple(types_of(field["type"], schema))
    plain = tuple(each for each in types if each["type"] not in RECORDS)
    words, doc = tuple(map(words_of, steps)), str(field.get("doc", ""))
    nulls = (*place.nulls, steps) if _may_be_null(field) else place.nulls
    if plain:
        yield Leaf(steps, plain, words, doc, _annotations(field, plain), around=place.doc)
    for each in types:
        if (money := _money_fields(each)) is not None:
            parts = [
                (*steps, inner["name"]) for inner in each["fields"] if inner["name"] in money and _may_be_null(inner)
            ]
            yield Leaf(steps, ({"type": "double"},), words, doc, money=money, nulls=(*nulls, *parts))
        yield from _under(each, schema, _Place(steps, nulls, doc), within)


def _may_be_null(field: Mapping[str, Any]) -> bool:
    return isinstance(field["type"], list) and any(each in ("null", {"type": "null"}) for each in field["type"])


def _annotations(field: Mapping[str, Any], types: Sequence[Type]) -> frozenset[str]:
    said = [field.get("logicalType"), field.get("connect.name"), *(each.get("connect.name") for each in types)]
    return frozenset(each for each in said if isinstance(each, str))


def _money_fields(record: Type) -> tuple[str, str] | None:
    names = [field["name"] for field in record["fields"]] if record["type"] in RECORDS else []
    return ("units", "nanos") if {"units", "nanos"} <= set(names) else None
