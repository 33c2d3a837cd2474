"""An .avsc made ready for reading, within limits: no registered schema may stop the service.

Everything here takes time in proportion to the schema's text, and recursion goes as deep as its JSON, which is bounded.
(`docs/limits.md` lists the limits.)
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastavro.schema import SchemaParseException, UnknownType, fingerprint, parse_schema, to_parsing_canonical_form
from fastavro.types import DictSchema, NamedSchemas
from fastavro.types import Schema as Node
from msgspec import Struct

from consumer.core.decode.logical_types import is_valid, meaning

MAX_TEXT_BYTES: Final = 2 << 20
"""Of a schema and all that it refers to. A registry that keeps schemas in Kafka takes 1 MiB each by default."""
MAX_NESTING: Final = 400
"""Of JSON in an .avsc; a level of records takes three. Far beyond it the parser would run out of stack."""
MAX_TYPES: Final = 5000
"""Named types in a schema."""
MAX_BRANCHES: Final = 250
"""Of a union: its branches become so many comparisons."""
MAX_FIELDS: Final = 5000
"""Of one record: they become one function, and the time that compiling it takes grows faster than they do."""
PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
RECORDS: Final = frozenset({"record", "error"})
KEY_FIELD: Final = "key"
_KEY_HOLDER: Final = "__key__"
_TYPE_WORDS: Final = PRIMITIVES | RECORDS | {"enum", "array", "map", "fixed", "union", "error_union", "request"}
INNER: Final = ("items", "values")
_NAME: Final = re.compile(r"[^\W\d]\w*")
"""Avro's names are letters, digits and _, no digit first. Java's Avro takes letters of every alphabet, as here."""
_NAMESPACE: Final = re.compile(r"[\w.-]*")
_MAX_FIXED: Final = (1 << 31) - 1
# What fastavro raises for JSON that is no schema; it validates by using.
_PARSE_FAULTS: Final = (
    SchemaParseException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class UnusableSchemaError(Exception):
    """This schema cannot be used; the text says why."""


class Schema(Struct, frozen=True):
    """A schema whose values are records: a record, or a union of records.

    `top` is the schema as parsed, where a named type stands at its first use; in `named` each is there once, and a
    reference by full name wherever it is used.
    """

    name: str | None
    """Full name; None for a union."""
    top: Node
    named: Mapping[str, DictSchema]
    branches: tuple[str, ...]
    """Full names of the records that a value may be; one, if the schema is no union."""
    forms: Mapping[str, str]
    """The parsing canonical form of each named type, and what its parts mean; under the empty name, which of them a
    value has."""

    @property
    def is_of_keys(self) -> bool:
        """True for what `parse_key_text` has made."""
        return self.name == _KEY_HOLDER

    @property
    def is_union(self) -> bool:
        return self.name is None

    def is_written_like(self, other: "Schema") -> bool:
        """True if both give the same bytes for the same value, under the same names, and mean the same by them."""
        return self.forms == other.forms


def parse_text(text: str, references: Sequence[str] = ()) -> Schema:
    """A schema as a registry gives it, and the texts of what it refers to, each after what it needs itself.

    Raises:
        UnusableSchemaError: too long, not JSON, or what `parse` says.
    """
    if sum(len(each) for each in (text, *references)) > MAX_TEXT_BYTES:
        raise UnusableSchemaError(f"more than {MAX_TEXT_BYTES >> 20} MiB of text, with all that it refers to")
    try:
        *needed, document = [json.loads(each) for each in (*references, text)]
    except (ValueError, RecursionError):
        raise UnusableSchemaError("not JSON") from None
    return parse(document, needed)


def parse(document: Node, references: Sequence[Node] = (), *, are_defaults_used: bool = False) -> Schema:
    """A schema from its JSON.

    Args:
        are_defaults_used: a reader schema's are; a writer's need not even fit their types.

    Raises:
        UnusableSchemaError: not Avro, beyond a limit, or its values are not records.
    """
    if any(_is_nested_beyond(MAX_NESTING, each) for each in (*references, document)):
        raise UnusableSchemaError(f"nested more than {MAX_NESTING} deep")
    named: NamedSchemas = {}
    options = {"_write_hint": False, "_force": True, "_ignore_default_error": not are_defaults_used}
    try:
        for each in references:
            parse_schema(_without_invalid(each), named, **options)
        return _made_ready(parse_schema(_without_invalid(document), named, **options), named)
    except UnknownType as fault:
        missing = _printable(str(fault.name))
        raise UnusableSchemaError(f"the type {missing} is not defined in it, nor in what it refers to") from None
    except _PARSE_FAULTS as fault:
        raise UnusableSchemaError(f"not a valid Avro schema: {_printable(str(fault)[:200])}") from None


def parse_key_text(text: str, references: Sequence[str] = ()) -> Schema:
    """A key's schema, which may be of any type: as that of a record with one field, `KEY_FIELD`, of that type.

    Raises:
        UnusableSchemaError: as `parse_text`.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableSchemaError("not JSON") from None
    holder = {"type": "record", "name": _KEY_HOLDER, "fields": [{"name": KEY_FIELD, "type": document}]}
    return parse_text(json.dumps(holder), references)


def rabin(schema: Schema) -> bytes:
    """The fingerprint that a single-object record carries: CRC-64-AVRO, eight bytes."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema.top), "CRC-64-AVRO"))


def references(node: Node) -> Iterator[str]:
    """The named types that a type's values hold, as it is written down in `Schema.named`."""
    if isinstance(node, str):
        if node not in PRIMITIVES:
            yield node
    elif isinstance(node, list):
        for each in node:
            yield from references(each)
    else:
        for each in (*(field["type"] for field in node.get("fields", ())), *(node[n] for n in INNER if n in node)):
            yield from references(each)


def parsed_for_fastavro(node: DictSchema, named: NamedSchemas) -> DictSchema:
    """Spare fastavro parsing it again for each record."""
    return {**node, "__fastavro_parsed": True, "__named_schemas": named}


def _made_ready(top: Node, named: NamedSchemas) -> Schema:
    union = top if isinstance(top, list) else [top]
    types = [named.get(each, {"type": each}) if isinstance(each, str) else each for each in union]
    if not types or any(each["type"] not in RECORDS for each in types):
        raise UnusableSchemaError("its values are not records")
    if len(named) > MAX_TYPES:
        raise UnusableSchemaError(f"more than {MAX_TYPES} named types")
    flat = {name: _flat(node, is_outermost=True) for name, node in named.items()}
    for name, node in flat.items():
        _check_named(name, node)
    names = tuple(each["name"] for each in types)
    _check_union(names)
    return Schema(
        name=None if isinstance(top, list) else names[0],
        top=top,
        named=flat,
        branches=names,
        forms={name: _form(node) for name, node in flat.items()} | {"": str(list(names))},
    )


def _flat(node: Any, *, is_outermost: bool = False) -> Any:
    """With a reference in place of each named type within."""
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        _check_union(node)
        return [_flat(each) for each in node]
    if "name" in node and not is_outermost:
        return node["name"]
    changes: dict[str, object] = {inner: _flat(node[inner]) for inner in INNER if inner in node}
    if node["type"] in RECORDS:
        changes["fields"] = [{**field, "type": _flat(field["type"])} for field in node["fields"]]
    return {**node, **changes}


def _check_union(branches: Sequence[object]) -> None:
    if len(branches) > MAX_BRANCHES:
        raise UnusableSchemaError(f"a union of more than {MAX_BRANCHES} branches")


def _check_named(name: str, node: DictSchema) -> None:
    """What fastavro lets pass, and stumbles over with each record."""
    if name in _TYPE_WORDS:
        raise UnusableSchemaError(f"a type is named {name}, which means another")
    if len(node.get("fields", ())) > MAX_FIELDS:
        raise UnusableSchemaError(f"a record of more than {MAX_FIELDS} fields")
    space, _, own = name.rpartition(".")
    _check_names([own, *(field["name"] for field in node.get("fields", ()))])
    if not _NAMESPACE.fullmatch(space):
        raise UnusableSchemaError(f"{_printable(space)} is no name by Avro's rule")
    size = node["size"] if node["type"] == "fixed" else 0
    if type(size) is not int or not 0 <= size <= _MAX_FIXED:
        raise UnusableSchemaError(f"the size of {name} is not a whole number of bytes")
    if node["type"] == "enum":
        _check_names(node["symbols"])


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise UnusableSchemaError(f"{_printable(name)} is no name by Avro's rule")


def _printable(text: str) -> str:
    """Fit for a header and a log: of half a surrogate, its code."""
    return text[:200].encode("utf-8", "backslashreplace").decode()


def _form(node: DictSchema) -> str:
    """The canonical form leaves out logical types."""
    canonical: str = to_parsing_canonical_form(parsed_for_fastavro(node, {}))
    return f"{canonical} {','.join(_meanings(node))}"


def _meanings(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _meanings(each)
    elif isinstance(node, str):
        yield ""
    elif node["type"] in RECORDS:
        for field in node["fields"]:
            yield from _meanings(field["type"])
    else:
        yield meaning(node)
        for inner in (node[name] for name in INNER if name in node):
            yield from _meanings(inner)


def _without_invalid(document: Any) -> Any:
    """Without logical types that are to be ignored: fastavro refuses a schema for some of them."""
    if isinstance(document, list):
        return [_without_invalid(each) for each in document]
    if not isinstance(document, dict):
        return document
    is_ignored = "logicalType" in document and "type" in document and not is_valid(document)
    return {
        name: _without_invalid(value) if name in _HOLDS_TYPES else value
        for name, value in document.items()
        if not (is_ignored and name == "logicalType")
    }


_HOLDS_TYPES: Final = frozenset({"type", "fields", *INNER})


def _is_nested_beyond(levels: int, document: Node) -> bool:
    inner: list[object] = [document]
    while inner and levels >= 0:
        inner = [value for each in inner for value in _children(each)]
        levels -= 1
    return bool(inner)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
