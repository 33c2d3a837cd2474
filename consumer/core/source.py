"""Sources and conditions as values: what the configuration says, before `route` and `mapping` compile it.

The one module beside `model` and `errors` that stages may import: a `field:` in a condition and the
right side of a map are the same thing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from consumer.core.model import Decoded

Getter = Callable[[Decoded], Any]
"""A compiled source: the value in a record, or None where it is absent or null."""


class Path(Struct, frozen=True):
    """`a.b[0]["x.y"]`: names are str, indices int. Absent, null and out of range are all None."""

    steps: tuple[str | int, ...]


class KafkaPart(Struct, frozen=True):
    """`$key`, `$timestamp`, `$topic`, `$partition`, `$offset`, `$headers.NAME`.

    Of parked and replayed records these are the origin's.
    """

    part: str
    """key, timestamp, topic, partition, offset or header."""
    header: str | None = None


class Const(Struct, frozen=True):
    value: Any


class FirstOf(Struct, frozen=True):
    """`[p1, p2]`: the first that is present and not empty."""

    sources: tuple["Source", ...]


class Call(Struct, frozen=True):
    """A user's function of the record's fields; `target` is its `package.module:name`."""

    target: str
    function: Callable[[dict[str, Any]], Any]


class Changed(Struct, frozen=True):
    """A source with options, applied in this order: trim, lower, values, default, then unit or region."""

    source: "Source"
    default: Any = None
    lower: bool = False
    trim: bool = False
    values: Mapping[str, Any] | None = None
    unit: str | None = None
    region: str | None = None


Source = Path | KafkaPart | Const | FirstOf | Call | Changed


class Test(Struct, frozen=True):
    """One comparison. `operator` is one of the names of interface.md, section 1, Conditions."""

    field: Source
    operator: str
    operand: Any


class All(Struct, frozen=True):
    conditions: tuple["Condition", ...]


class AnyOf(Struct, frozen=True):
    conditions: tuple["Condition", ...]


class Not(Struct, frozen=True):
    condition: "Condition"


Condition = Test | All | AnyOf | Not


class Contents(Struct, frozen=True):
    """Products. With `each`, its list's items are the records that `fields` read; else there is one product."""

    each: Source | None
    fields: Mapping[str, Source]
    """Names of `model.CONTENT_FIELDS` → source; within `each`, a Path starts at the item."""


class Rule(Struct, frozen=True):
    """One rule as configured. `elements` are already put in place."""

    name: str
    pixel: str | Source
    """A pixel's name, or the source of a pixel code."""
    when: Condition = All(())
    is_shadow: bool = False
    parameters: Mapping[str, Source] | None = None
    """Dotted TikTok parameter (`event`, `user.email`, `properties.query`) → source. None: no `map` at all."""
    contents: Contents | None = None
