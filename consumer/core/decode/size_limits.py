"""How much harm a value of a schema can do, known before any is read.

One byte can stand for a record of a hundred nulls, five bytes for 2^60 of nothing, and a type that holds itself
for as many levels as there are bytes. Values short enough that their schema cannot make much of them are
read at once; the others are walked over first (`checker`).
"""

from collections.abc import Mapping
from math import inf
from typing import Final

from fastavro.types import DictSchema
from fastavro.types import Schema as Node
from msgspec import Struct

from consumer.core.decode.schema import RECORDS, references

MAX_DEPTH: Final = 100
"""Records, arrays and maps within one another in a value."""

# Costs are bytes of memory in CPython, rounded up, without counting what is shared (small numbers, empty text).
SCALAR_COST: Final = 64
"""A number, a time, or text and bytes besides their length: 49 to 80."""
CONTAINER_COST: Final = 64
ITEM_COST: Final = 256
"""A list's pointer to its item, and the room it keeps free; more than those take, since each item takes time too: an
item may have one byte, and a megabyte of them is not read within 0.3 s."""
LONG_NUMBER_COST: Final = 48
"""For each byte of a number of several: none of memory, but ten of them take as long as four numbers of one."""
ENTRY_COST: Final = 400
"""A map's entry, and its key besides the key's length; more than those take, as for a list's item."""
TEXT_COST: Final = 4
"""For each encoded byte: text with one character beyond U+FFFF takes four for every other, too."""
_WIDTHS: Final[Mapping[str, float]] = {"null": 0, "float": 4, "double": 8}

_LEAST_BUDGET: Final = 1 << 20
_BUDGET_PER_BYTE: Final = 512
_MOST_BUDGET: Final = 32 << 20


def budget_of(size_bytes: int) -> float:
    """The most that reading a value of so many bytes may cost: far more than any event, far less than a machine has."""
    return min(_MOST_BUDGET, _LEAST_BUDGET + _BUDGET_PER_BYTE * size_bytes)


def record_cost(fields: int) -> float:
    """A dict with so many keys."""
    return 128.0 + 40 * fields


class SizeLimits(Struct, frozen=True):
    """A value of n bytes costs at most `fixed` + `per_byte` × n."""

    fixed: float
    per_byte: float
    depth: float
    """Containers within one another; infinite where a type holds itself."""


def safe_length(named: Mapping[str, DictSchema], name: str, record_floor: float = 0) -> float:
    """The longest value of this type, in bytes, that may be read unseen; below 0 if none.

    Args:
        record_floor: the least to reckon a record at: what it is resolved to may have more fields.
    """
    limits = _Survey(named, record_floor).of(name)
    if limits.depth > MAX_DEPTH or limits.per_byte == inf or limits.fixed > _LEAST_BUDGET:
        return -1
    longest = (_MOST_BUDGET - limits.fixed) / max(limits.per_byte, 1)
    if limits.per_byte <= _BUDGET_PER_BYTE:
        return longest
    return min(longest, (_LEAST_BUDGET - limits.fixed) / (limits.per_byte - _BUDGET_PER_BYTE))


def least_sizes(named: Mapping[str, DictSchema]) -> Mapping[str, float]:
    """No value of a named type has fewer bytes than this; 0 only for a type whose values have none."""
    sizes: dict[str, float] = {}
    for name in _inner_first(named):
        # What is not there yet holds this one: a union, array or map ends that, and takes a byte.
        sizes[name] = least_size(named[name], sizes)
    return sizes


def least_size(node: Node, named: Mapping[str, float]) -> float:
    """No value has fewer bytes, where those of named types are known."""
    if isinstance(node, list):
        return 1 + min((least_size(each, named) for each in node), default=inf)
    if isinstance(node, str):
        return named.get(node, _WIDTHS.get(node, 1.0))
    if node["type"] in RECORDS:
        return sum((least_size(field["type"], named) for field in node["fields"]), 0.0)
    return float(node["size"]) if node["type"] == "fixed" else _WIDTHS.get(node["type"], 1.0)


def _inner_first(named: Mapping[str, DictSchema]) -> list[str]:
    """Each type after those that it holds, except where they hold it. Without recursion: types may form long chains."""
    order: list[str] = []
    met: set[str] = set()
    for root in named:
        way = [] if root in met else [(root, references(named[root]))]
        met.add(root)
        while way:
            name, inner = way[-1]
            following = next((each for each in inner if each not in met), None)
            if following is None:
                order.append(name)
                way.pop()
            else:
                met.add(following)
                way.append((following, references(named[following])))
    return order


class _Survey:
    """Limits of a schema's types, each named one surveyed once, after what it holds."""

    def __init__(self, named: Mapping[str, DictSchema], record_floor: float) -> None:
        self._record_floor = record_floor
        self._least = least_sizes(named)
        # A type met before it is done holds itself.
        self._known: dict[str, SizeLimits] = dict.fromkeys(named, SizeLimits(inf, inf, inf))
        for name in _inner_first(named):
            self._known[name] = self._of(named[name])

    def of(self, name: str) -> SizeLimits:
        return self._known[name]

    def _of(self, node: Node) -> SizeLimits:
        if isinstance(node, list):
            return _worst([self._of(each) for each in node])
        if isinstance(node, str) and node in self._known:
            return self._known[node]
        kind = node if isinstance(node, str) else node["type"]
        if isinstance(node, dict) and kind in self._OF_KIND:
            return self._OF_KIND[kind](self, node)
        return SizeLimits(0.0 if kind == "null" else SCALAR_COST, TEXT_COST, 0)

    def _record(self, node: DictSchema) -> SizeLimits:
        fields = [self._of(each["type"]) for each in node["fields"]]
        own = max(record_cost(len(fields)), self._record_floor)
        worst = _worst(fields)
        return SizeLimits(own + sum(each.fixed for each in fields), worst.per_byte, worst.depth + 1)

    def _array(self, node: DictSchema) -> SizeLimits:
        return _repeated(self._of(node["items"]), ITEM_COST, least_size(node["items"], self._least))

    def _map(self, node: DictSchema) -> SizeLimits:
        return _repeated(self._of(node["values"]), ENTRY_COST, 1 + least_size(node["values"], self._least))

    def _fixed(self, node: DictSchema) -> SizeLimits:
        return SizeLimits(SCALAR_COST + float(node["size"]), 0, 0)

    _OF_KIND: Final = {"record": _record, "error": _record, "array": _array, "map": _map, "fixed": _fixed}


def _repeated(inner: SizeLimits, own: int, least: float) -> SizeLimits:
    each = (own + inner.fixed) / least if 0 < least < inf else inf
    return SizeLimits(CONTAINER_COST, each + max(inner.per_byte, TEXT_COST), inner.depth + 1)


def _worst(several: list[SizeLimits]) -> SizeLimits:
    return SizeLimits(
        fixed=max((each.fixed for each in several), default=0),
        per_byte=max((each.per_byte for each in several), default=0),
        depth=max((each.depth for each in several), default=0),
    )
