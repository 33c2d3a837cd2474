"""Follow a path through an Avro schema: what may stand there, or why nothing can."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consumer.config.checks.kinds import kind_of_value
from consumer.config.problems import hint
from consumer.core.decode.logical_types import converter
from consumer.core.decode.schema import RECORDS, Schema
from consumer.core.rules.source import PathSource, Unreadable, format_path

Type = dict[str, Any]
"""One Avro type, names resolved: never a union, never null."""

_WRITTEN: Final[Mapping[str, object]] = {
    "string": "",
    "enum": "",
    "boolean": False,
    "int": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "bytes": b"",
    "fixed": bytes(16),
    "array": [],
    "map": {},
}
"""A value of each type before its logical type is looked at; a fixed one with one has 16 bytes, or any number."""


@dataclass(frozen=True)
class MissingPath:
    """Nothing can ever stand at the path; `text` says what is wrong and what to do."""

    text: str


def top(schema: Schema) -> tuple[Type, ...]:
    """The records that a value of the schema may be."""
    return tuple(types_of(schema.top, schema))


def types_of(node: Any, schema: Schema) -> Iterable[Type]:
    """A node without unions, names and null."""
    if isinstance(node, list):
        for branch in node:
            yield from types_of(branch, schema)
    elif isinstance(node, str):
        if node in schema.named:
            yield schema.named[node]
        elif node != "null":
            yield {"type": node}
    elif isinstance(node["type"], str) and node["type"] not in schema.named:
        if node["type"] != "null":
            yield node
    else:
        yield from types_of(node["type"], schema)


def follow(path: PathSource, start: Sequence[Type], schema: Schema) -> tuple[Type, ...] | MissingPath:
    """The types that may stand at a path, from any of the types in `start`."""
    here = tuple(start)
    for index, step in enumerate(path.steps):
        inner = tuple(found for each in here for found in _inner(each, step, schema))
        if not inner and not any(_may_hold(each, step) for each in here):
            return MissingPath(_why(path, index, here))
        here = inner
    return here


def items_of(types: Sequence[Type], schema: Schema) -> tuple[Type, ...]:
    """The types of the items of those that are lists."""
    return tuple(found for each in types if each["type"] == "array" for found in types_of(each["items"], schema))


def kind_of(avro: Type) -> str:
    """What the decoder makes of it, in words: one of `SAMPLES`. Of what a registry's rule encrypts, its type's kind."""
    if avro["type"] in RECORDS:
        return "record"
    written, convert = _WRITTEN[avro["type"]], converter(avro)
    decoded = written if convert is None else convert(written)
    return kind_of_value(written if isinstance(decoded, Unreadable) else decoded)


def _inner(avro: Type, step: str | int, schema: Schema) -> Iterable[Type]:
    if isinstance(step, int):
        return items_of([avro], schema)
    if avro["type"] == "map":
        return types_of(avro["values"], schema)
    fields = avro["fields"] if avro["type"] in RECORDS else ()
    return (found for field in fields if field["name"] == step for found in types_of(field["type"], schema))


def _may_hold(avro: Type, step: str | int) -> bool:
    """True where the step is right though only null can stand there."""
    if isinstance(step, int):
        return bool(avro["type"] == "array")
    fields = avro["fields"] if avro["type"] in RECORDS else ()
    return avro["type"] == "map" or any(field["name"] == step for field in fields)


def _why(path: PathSource, index: int, here: Sequence[Type]) -> str:
    before, step = format_path(PathSource(path.steps[:index])), path.steps[index]
    where = f"`{before}`" if before else "the record"
    names = [field["name"] for each in here if each["type"] in RECORDS for field in each["fields"]]
    if isinstance(step, int):
        return f"{where} is no list in the schema; remove the index"
    if names:
        return f"the schema has no `{format_path(PathSource(path.steps[: index + 1]))}`; {hint(step, names)}"
    if any(each["type"] == "array" for each in here):
        return f"{where} is a list in the schema; add an index, as in {before}[0]"
    kinds = " or ".join(sorted({kind_of(each) for each in here})) or "null"
    return f"{where} is {kinds} in the schema and holds nothing further; shorten the path"
