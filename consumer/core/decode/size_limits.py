"""How much harm a value of a schema can do, known before any is read.

One byte can stand for a record of a hundred nulls, five bytes for 2^60 of nothing, and a type that holds itself
for as many levels as there are bytes. Values short enough that their schema cannot make much of them are
read at once; the others are walked over first (`guard`).
"""

from collections.abc import Mapping
from math import inf
from typing import Final

from fastavro.types import DictSchema
from fastavro.types import Schema as Node
from msgspec import Struct

from consumer.core.decode.schema import MAX_DECIMAL_BYTES, RECORDS, Schema

MAX_DEPTH: Final = 100
"""Records, arrays and maps within one another in a value."""

# Costs are bytes of memory in CPython, rounded up, without counting what is shared (small numbers, empty text).
SCALAR_COST: Final = 64
"""A number, a time, or text and bytes beside their length: 49 to 80."""
CONTAINER_COST: Final = 64
ITEM_COST: Final = 16
"""A list's pointer to its item, and the room it keeps free."""
ENTRY_COST: Final = 160
"""A map's entry, and its key beside the key's length."""
TEXT_COST: Final = 4
"""For each encoded byte: text with one character beyond U+FFFF takes four for every other, too."""
_WIDTHS: Final = {"null": 0, "float": 4, "double": 8}


def record_cost(fields: int) -> int:
    """A dict with so many keys."""
    return 128 + 40 * fields


def decimal_cost(size: int) -> int:
    """Time counts here as memory: a decimal's grows by the square of its bytes."""
    return 2 * SCALAR_COST + size * size // 4


class SizeLimits(Struct, frozen=True):
    """A value of n bytes costs at most `fixed` + `per_byte` × n."""

    fixed: float
    per_byte: float
    depth: float
    """Containers within one another; infinite where a type holds itself."""
    has_decimals: bool = False


def safe_length(schema: Schema, budget: float, record_floor: int = 0) -> float:
    """The longest value, in bytes, that may be read unseen; below 0 if none.

    Args:
        budget: the most that a value may cost.
        record_floor: the least to reckon a record at: what it is resolved to may have more fields.
    """
    bounds = _Survey(schema.named, record_floor).bounds(schema.top)
    if bounds.depth > MAX_DEPTH or bounds.per_byte == inf:
        return -1
    length = (budget - bounds.fixed) / max(bounds.per_byte, 1)
    return min(length, MAX_DECIMAL_BYTES) if bounds.has_decimals else length


def least_sizes(named: Mapping[str, DictSchema]) -> Mapping[str, float]:
    """The fewest bytes that a value of each named type has; infinite for a type that no value can end."""
    sizes = dict.fromkeys(named, inf)
    while True:
        # Each round carries sizes one reference further; it is over when nothing changes.
        nearer = {name: least_size(each, sizes) for name, each in named.items()}
        if nearer == sizes:
            return sizes
        sizes = nearer


def least_size(node: Node, named: Mapping[str, float]) -> float:
    """The fewest bytes that a value has, where those of named types are known."""
    if isinstance(node, list):
        return 1 + min((least_size(each, named) for each in node), default=inf)
    if isinstance(node, str):
        return named.get(node, _WIDTHS.get(node, 1))
    if node["type"] in RECORDS:
        return sum(least_size(field["type"], named) for field in node["fields"])
    return int(node["size"]) if node["type"] == "fixed" else _WIDTHS.get(node["type"], 1)


class _Survey:
    """Bounds of a schema's types, each named one surveyed once."""

    def __init__(self, named: Mapping[str, DictSchema], record_floor: int) -> None:
        self._named = named
        self._record_floor = record_floor
        self._least = least_sizes(named)
        # A type met again before it is done holds itself.
        self._known: dict[str, SizeLimits] = {}

    def bounds(self, node: Node) -> SizeLimits:
        name = node if isinstance(node, str) else node.get("name", "") if isinstance(node, dict) else ""
        if name in self._known:
            return self._known[name]
        if name in self._named:
            self._known[name] = SizeLimits(inf, inf, inf)
            self._known[name] = self._of(self._named[name])
            return self._known[name]
        return self._of(node)

    def _of(self, node: Node) -> SizeLimits:
        if isinstance(node, list):
            return _worst([self.bounds(each) for each in node])
        kind = node if isinstance(node, str) else node["type"]
        if isinstance(node, dict) and kind in self._OF_KIND:
            return self._OF_KIND[kind](self, node)
        if isinstance(node, dict) and kind == "bytes" and node.get("logicalType") == "decimal":
            return SizeLimits(decimal_cost(0), TEXT_COST, 0, has_decimals=True)
        return SizeLimits(0 if kind == "null" else SCALAR_COST, TEXT_COST, 0)

    def _record(self, node: DictSchema) -> SizeLimits:
        fields = [self.bounds(each["type"]) for each in node["fields"]]
        own = max(record_cost(len(fields)), self._record_floor)
        worst = _worst(fields)
        return SizeLimits(own + sum(each.fixed for each in fields), worst.per_byte, worst.depth + 1, worst.has_decimals)

    def _array(self, node: DictSchema) -> SizeLimits:
        item = self.bounds(node["items"])
        return _repeated(item, ITEM_COST, least_size(node["items"], self._least))

    def _map(self, node: DictSchema) -> SizeLimits:
        value = self.bounds(node["values"])
        return _repeated(value, ENTRY_COST, 1 + least_size(node["values"], self._least))

    def _fixed(self, node: DictSchema) -> SizeLimits:
        size = int(node["size"])
        return SizeLimits(decimal_cost(size) if node.get("logicalType") == "decimal" else SCALAR_COST + size, 0, 0)

    _OF_KIND: Final = {"record": _record, "error": _record, "array": _array, "map": _map, "fixed": _fixed}


def _repeated(inner: SizeLimits, own: int, least: float) -> SizeLimits:
    each = (own + inner.fixed) / least if least else inf
    return SizeLimits(CONTAINER_COST, each + max(inner.per_byte, TEXT_COST), inner.depth + 1, inner.has_decimals)


def _worst(several: list[SizeLimits]) -> SizeLimits:
    return SizeLimits(
        fixed=max((each.fixed for each in several), default=0),
        per_byte=max((each.per_byte for each in several), default=0),
        depth=max((each.depth for each in several), default=0),
        has_decimals=any(each.has_decimals for each in several),
    )
