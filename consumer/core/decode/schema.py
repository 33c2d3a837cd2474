"""An .avsc made ready for reading.

fastavro is fast and trusting: it takes the union index -1 for the last branch, as Python lists do, and rounds
decimals to their precision. Both are mended in the schema that it is given, at no cost for each record:

- A union becomes a dict from index to branch, an enum's symbols a dict from index to symbol: what is not
  in there cannot be taken.
- A decimal's precision becomes one that no accepted value reaches, so that amounts stay what was written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fastavro.schema import SchemaParseException, fingerprint, parse_schema, to_parsing_canonical_form
from fastavro.types import DictSchema, NamedSchemas
from fastavro.types import Schema as Node
from msgspec import Struct

MAX_NESTING: Final = 400
"""Of JSON in an .avsc; a level of records takes three. Far beyond it the parser would run out of stack."""
MAX_DECIMAL_BYTES: Final = 4096
"""Of one decimal. The time that making a number takes grows by the square: 2 ms for these, two minutes for 1 MiB."""
_DECIMAL_PRECISION: Final = 10_000
"""More digits than `MAX_DECIMAL_BYTES` can hold: 9,864."""
PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
RECORDS: Final = frozenset({"record", "error"})
_TYPE_WORDS: Final = PRIMITIVES | RECORDS | {"enum", "array", "map", "fixed", "union", "error_union", "request"}
_INNER: Final = frozenset({"items", "values"})
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

    `strict` and `plain` are what fastavro reads by: `strict` takes no index that is not there, `plain` can be
    resolved to a reader schema. `top` and `named` are the schema as parsed; after its first use a named type is
    a reference by full name.
    """

    name: str | None
    """Full name; None for a union."""
    top: Node
    named: Mapping[str, DictSchema]
    strict: DictSchema
    plain: Node
    forms: Mapping[str, str]
    """The parsing canonical form of each named type; under the empty name, which of them a value has."""

    def is_written_like(self, other: "Schema") -> bool:
        """True if both give the same bytes for the same value, under the same names."""
        return self.forms == other.forms


def parse_text(text: str, references: Sequence[str] = ()) -> Schema:
    """A schema as a registry gives it, and the texts of what it refers to, each after what it needs itself.

    Raises:
        UnusableSchemaError: not JSON, or what `parse` says.
    """
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
        UnusableSchemaError: not Avro, nested too deeply, or its values are not records.
    """
    if any(_is_nested_beyond(MAX_NESTING, each) for each in (*references, document)):
        raise UnusableSchemaError(f"nested more than {MAX_NESTING} deep")
    named: NamedSchemas = {}
    options = {"_write_hint": False, "_force": True, "_ignore_default_error": not are_defaults_used}
    try:
        for each in references:
            parse_schema(each, named, **options)
        return _made_ready(parse_schema(document, named, **options), named)
    except _PARSE_FAULTS as fault:
        raise UnusableSchemaError(f"not a valid Avro schema: {str(fault)[:200]}") from None


def rabin(schema: Schema) -> bytes:
    """The fingerprint that a single-object record carries: CRC-64-AVRO, eight bytes."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema.top), "CRC-64-AVRO"))


def _made_ready(top: Node, named: NamedSchemas) -> Schema:
    union = top if isinstance(top, list) else [top]
    types = [named.get(each, {"type": each}) if isinstance(each, str) else each for each in union]
    if not types or any(each["type"] not in RECORDS for each in types):
        raise UnusableSchemaError("its values are not records")
    _check_named(named)
    names = [each["name"] for each in types]
    strict = {name: _mended(each, is_strict=True) for name, each in named.items()}
    plain = {name: _mended(each, is_strict=False) for name, each in named.items()}
    is_union = isinstance(top, list)
    return Schema(
        name=None if is_union else names[0],
        top=top,
        named=named,
        strict=_marked(_mended(types, is_strict=True) if is_union else strict[names[0]], strict),
        plain=[_marked(plain[name], plain) for name in names] if is_union else _marked(plain[names[0]], plain),
        forms={name: to_parsing_canonical_form(_marked(each, {})) for name, each in named.items()} | {"": str(names)},
    )


def _check_named(named: NamedSchemas) -> None:
    """What fastavro lets pass, and stumbles over with each record."""
    for name, node in named.items():
        if name in _TYPE_WORDS:
            raise UnusableSchemaError(f"a type is named {name}, which means another")
        size = node["size"] if node["type"] == "fixed" else 0
        if type(size) is not int or size < 0:
            raise UnusableSchemaError(f"the size of {name} is not a whole number")
        if size > MAX_DECIMAL_BYTES and node.get("logicalType") == "decimal":
            raise UnusableSchemaError(f"the decimal {name} has more than {MAX_DECIMAL_BYTES} bytes")


def _marked(node: DictSchema, named: NamedSchemas) -> DictSchema:
    """Spare fastavro parsing it again for each record."""
    return {**node, "__fastavro_parsed": True, "__named_schemas": named}


def _mended(node: Node, *, is_strict: bool) -> Any:
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        mended = [_mended(each, is_strict=is_strict) for each in node]
        return {"type": "union", **dict(enumerate(mended))} if is_strict else mended
    changes: dict[str, object] = {name: _mended(node[name], is_strict=is_strict) for name in _INNER & node.keys()}
    if node["type"] in RECORDS:
        changes["fields"] = [{**each, "type": _mended(each["type"], is_strict=is_strict)} for each in node["fields"]]
    if node["type"] == "enum" and is_strict:
        changes["symbols"] = dict(enumerate(node["symbols"]))
    if node.get("logicalType") == "decimal":
        changes["precision"] = _DECIMAL_PRECISION
    return {**node, **changes}


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
