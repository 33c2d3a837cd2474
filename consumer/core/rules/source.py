"""Sources and conditions as values: what the configuration says, before `route` and `mapping` compile it.

One of the modules that all stages may import: a `field:` in a condition and the
right side of a map are the same thing. (`getter`, which compiles sources, is a part of it.)
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from consumer.core.model import Decoded
from consumer.core.reasons import Problem

Getter = Callable[[Decoded], Any]
"""A compiled source: the value in a record, or None where it is absent or null."""


class Unreadable(Struct, frozen=True, gc=False):
    """Stands in a record for a value that is there and of no use: left out where it is mapped, and noted as that."""

    problem: Problem


class PathSource(Struct, frozen=True):
    """`a.b[0]["x.y"]`: names are str, indices int. Absent, null and out of range are all None."""

    steps: tuple[str | int, ...]


class KafkaPart(Struct, frozen=True):
    """`$key`, `$timestamp`, `$topic`, `$partition`, `$offset`, `$headers.NAME`; and `$schema`, the Avro type's name.

    Of parked and replayed records these are the origin's. Key and headers are read as UTF-8 text, and
    are absent where they are something else. A header's name is taken as written; only where there is
    none of it, letters of either case will do (in Kafka, `TraceId` and `traceid` are two names, in HTTP one).
    Of several headers of one name the last one counts, as for Kafka's own `lastHeader`.
    """

    part: str
    """key, timestamp, topic, partition, offset, schema or header."""
    header: str | None = None


class ConstSource(Struct, frozen=True):
    value: Any


class FirstOf(Struct, frozen=True):
    """`[p1, p2]`: the first that is present and not empty. Empty are "", [] and {}; 0 and false are values."""

    sources: tuple["Source", ...]


class CallSource(Struct, frozen=True):
    """A user's function of the record's fields (within `each`: the item's); `target` is its `package.module:name`."""

    target: str
    function: Callable[[dict[str, Any]], Any]


class CelSource(Struct, frozen=True):
    """An expression of Google's Common Expression Language over the record (`rules.expressions`)."""

    expression: str


class TransformedSource(Struct, frozen=True):
    """A source with options, applied in this order: trim, lower, values, scale, default, then unit or region.

    `trim` and `lower` change text and leave the rest alone. `values` looks text, booleans (`true`, `false`) and
    integers up by their text, other numbers by their value; what it does not list is absent, so that `default`
    applies. `scale` multiplies numbers, and text that is plainly one, in decimal arithmetic.
    """

    source: "Source"
    default: Any = None
    lower: bool = False
    trim: bool = False
    values: Mapping[str, Any] | None = None
    scale: Decimal | None = None
    unit: str | None = None
    region: "str | Source | None" = None
    """Of a phone number: fixed, or where the record says it."""


Source = PathSource | KafkaPart | ConstSource | FirstOf | CallSource | CelSource | TransformedSource


class Comparison(Struct, frozen=True):
    """One comparison. `operator` is one of the names of docs/configuration.md, Conditions."""

    field: Source
    operator: str
    operand: Any


class AllOf(Struct, frozen=True):
    conditions: tuple["Condition", ...]


class AnyOf(Struct, frozen=True):
    conditions: tuple["Condition", ...]


class Not(Struct, frozen=True):
    condition: "Condition"


Condition = Comparison | AllOf | AnyOf | Not


class ContentsSource(Struct, frozen=True):
    """Products. With `each`, its list's items are the records that `fields` read; else there is one product."""

    each: Source | None
    fields: Mapping[str, Source]
    """Names of `model.CONTENT_FIELDS` → source; within `each`, a Path starts at the item."""


class Rule(Struct, frozen=True):
    """One rule as configured. `elements` are already put in place."""

    name: str
    pixel: str | Source
    """A pixel's name, or the source of a pixel code."""
    when: Condition = AllOf(())
    is_shadow: bool = False
    parameters: Mapping[str, Source] | None = None
    """Dotted TikTok parameter (`event`, `user.email`, `properties.query`) → source. None: no `map` at all."""
    contents: ContentsSource | None = None


_BRACKETED: Final = r'\[([0-9]{1,9})\]|\["((?:[^"\\]|\\["\\])*)"\]'
_NAME: Final = r'[^\s."\[\]]+'
_FIRST_STEP: Final = re.compile(rf"{_BRACKETED}|({_NAME})")
_NEXT_STEP: Final = re.compile(rf"{_BRACKETED}|\.({_NAME})")
_ESCAPED: Final = re.compile(r'\\(["\\])')
_BARE: Final = re.compile(rf"(?!\$){_NAME}")
_PARTS: Final = ("key", "timestamp", "topic", "partition", "offset", "schema")
_HEADER: Final = "$headers."


def parse_path(text: str) -> PathSource | KafkaPart:
    """Read a path as the configuration writes it: `a.b[0].c`, `a["x.y"]`, `$key`, `$headers.x-forwarded-for`.

    Within quotes, a backslash stands before `"` and before itself. A header's name is all that follows `$headers.`.

    Raises:
        ValueError: says in which column (from 1) what was expected.
    """
    if text.startswith("$"):
        return _parse_part(text)
    steps: list[str | int] = []
    at = 0
    while at < len(text) or not steps:
        found = (_NEXT_STEP if steps else _FIRST_STEP).match(text, at)
        if found is None:
            raise ValueError(_complaint(text, at, is_first=not steps))
        steps.append(_step(*found.groups()))
        at = found.end()
    return PathSource(tuple(steps))


def format_path(path: PathSource | KafkaPart) -> str:
    """Write a path so that `parse_path` reads the same one again."""
    if isinstance(path, KafkaPart):
        return f"{_HEADER}{path.header}" if path.part == "header" else f"${path.part}"
    return "".join(map(_format_step, path.steps)).removeprefix(".")


def _parse_part(text: str) -> KafkaPart:
    if text.startswith(_HEADER) and text != _HEADER:
        return KafkaPart("header", text.removeprefix(_HEADER))
    if text[1:] in _PARTS:
        return KafkaPart(text[1:])
    raise ValueError(f"column 1: expected {', '.join(f'${part}' for part in _PARTS)} or {_HEADER}NAME")


def _step(index: str | None, quoted: str | None, name: str | None) -> str | int:
    if index is not None:
        return int(index)
    return _ESCAPED.sub(r"\1", quoted) if quoted is not None else name or ""


def _complaint(text: str, at: int, is_first: bool) -> str:
    has_dot = not is_first and text.startswith(".", at)
    column = at + has_dot + 1
    if text.startswith("[", column - 1):
        return f'column {column}: expected ["key"] or an index from [0] on'
    if is_first or has_dot:
        return f'column {column}: expected a name (one with dots, brackets, quotes or blanks is written ["name"])'
    return f'column {column}: expected ".", "[" or the end'


def _format_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _BARE.fullmatch(step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'
