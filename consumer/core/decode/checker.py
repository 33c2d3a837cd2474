"""Walk over Avro bytes without building anything: whether they are what the schema says, else where not.

Used before reading what could do harm (`size_limits`), and afterwards to say what is wrong with what could not be read.
It takes a few times as long as reading, except where reading would be too much.
"""

from collections.abc import Callable, Mapping
from typing import Final

from fastavro.types import DictSchema
from fastavro.types import Schema as Node

from consumer.core.decode.cursor import Cursor
from consumer.core.decode.schema import RECORDS
from consumer.core.decode.size_limits import (
    CONTAINER_COST,
    ENTRY_COST,
    ITEM_COST,
    SCALAR_COST,
    TEXT_COST,
    budget_of,
    least_size,
    least_sizes,
    record_cost,
)
from consumer.core.errors import RecordRejected
from consumer.core.reasons import RejectReason
from consumer.core.rules.selection import ReadSelection

Step = Callable[[Cursor], None]
"""Moves over one value of one type."""

_EMPTY_COST: Final = 64
"""The least that an item without bytes is reckoned at, so that even a million of them are too many."""
_MOST_EMPTY: Final = 1000
"""Items without bytes that a list may have however short the value is; beyond, as many as the value has bytes."""


class Checker:
    """The walk over a record's bytes.

    Args:
        name: of the record.
        selection: what is read of it; what is not need only be there, whatever it says.
        longest: the most bytes that a value can have; a length beyond it is absurd.
        record_floor: as for `size_limits.safe_length`.
    """

    def __init__(
        self,
        named: Mapping[str, DictSchema],
        name: str,
        selection: ReadSelection,
        *,
        longest: int,
        record_floor: float = 0,
    ) -> None:
        self._longest = longest
        steps = _Steps(named, record_floor)
        self._step = steps.of(name, selection)
        steps.finish()

    def check(self, value: bytes, start: int) -> None:
        """Look for what is wrong with the Avro bytes from `start` on.

        Raises:
            RecordRejected: with the field and what is wrong there, never what it holds.
        """
        walk = Cursor(value, start, budget_of(len(value)), self._longest)
        self._step(walk)
        if walk.at != walk.end:
            left = walk.end - walk.at
            raise RecordRejected(RejectReason.DECODE_LEFT_OVER, f"{left} byte{'s' * (left > 1)} left over")


class _Steps:
    """The steps of a schema's types, each for what is read of it. Those of a named type are looked up when walked, so
    that it can hold itself, and are made one after another, since types may form long chains."""

    def __init__(self, named: Mapping[str, DictSchema], record_floor: float) -> None:
        self._record_floor = record_floor
        self._types = named
        self._least = least_sizes(named)
        self._named: dict[tuple[str, ReadSelection | None], Step] = {}
        self._wanted: list[tuple[str, ReadSelection | None]] = []

    def finish(self) -> None:
        """Make the steps of all named types that were met."""
        for key in self._wanted:  # grows meanwhile
            if key not in self._named:
                self._named[key] = self._of_dict(self._types[key[0]], key[1])

    def of(self, node: Node, selection: ReadSelection | None) -> Step:
        if isinstance(node, list):
            return _union([self.of(each, selection) for each in node])
        if isinstance(node, dict):
            return self._of_dict(node, selection)
        if node in self._types:
            return self._reference((node, selection))
        return _step_of_kind(node, selection)

    def _reference(self, key: tuple[str, ReadSelection | None]) -> Step:
        self._wanted.append(key)
        steps = self._named

        def step(walk: Cursor) -> None:
            steps[key](walk)

        return step

    def _of_dict(self, node: DictSchema, selection: ReadSelection | None) -> Step:
        kind = node["type"]
        if kind in RECORDS:
            return self._record(node, selection)
        if kind == "array":
            item = self.of(node["items"], selection and selection.of_items)
            return _blocks(item, least_size(node["items"], self._least), ITEM_COST)
        if kind == "map":
            key, value = (
                (_bytes if selection is None else _text),
                self.of(node["values"], selection and selection.of_values),
            )
            return _blocks(_entry(key, value), 1 + least_size(node["values"], self._least), ENTRY_COST)
        if kind == "enum":
            return _number if selection is None else _enum(len(node["symbols"]))
        if kind == "fixed":
            return _fixed(node["size"], SCALAR_COST + node["size"])
        return _step_of_kind(kind, selection)

    def _record(self, node: DictSchema, selection: ReadSelection | None) -> Step:
        name = node["name"]
        steps = [
            (f"{name}.{each['name']}", self.of(each["type"], selection and selection.of(each["name"])))
            for each in node["fields"]
        ]
        fields = [(name, step) for name, step in steps if step is not _null]
        cost = max(record_cost(len(node["fields"])), self._record_floor)

        def step(walk: Cursor) -> None:
            walk.enter(cost)
            for walk.field, read in fields:
                read(walk)
            walk.depth -= 1

        return step


def _step_of_kind(kind: str, selection: ReadSelection | None) -> Step:
    return _bytes if kind == "string" and selection is None else _PRIMITIVE_STEPS[kind]


def _union(branches: list[Step]) -> Step:
    def step(walk: Cursor) -> None:
        index = walk.number()
        if not 0 <= index < len(branches):
            raise walk.fault(RejectReason.DECODE_VALUE, f"takes a type beyond the union's {len(branches)}")
        branches[index](walk)

    return step


def _enum(symbols: int) -> Step:
    def step(walk: Cursor) -> None:
        if not 0 <= walk.number() < symbols:
            raise walk.fault(RejectReason.DECODE_VALUE, f"takes a symbol beyond the enum's {symbols}")

    return step


def _blocks(inner: Step, least: float, cost: int) -> Step:
    """An array or a map: blocks of a count and so many items, until a count of 0. `least`: an item's fewest bytes."""

    def step(walk: Cursor) -> None:
        walk.enter(CONTAINER_COST)
        field, seen = walk.field, 0
        while count := walk.block():
            seen += count
            walk.spend(count * (cost if least else max(cost, _EMPTY_COST)))
            if count * least > walk.end - walk.at:
                raise walk.too_long(count)
            if not least and seen > max(_MOST_EMPTY, walk.end):
                raise walk.fault(RejectReason.DECODE_LENGTH, "more items without bytes than the value has bytes")
            if least:
                for _ in range(count):
                    inner(walk)
            else:
                _walk_empty(walk, inner, count)
            walk.field = field
        walk.depth -= 1

    return step


def _walk_empty(walk: Cursor, inner: Step, count: int) -> None:
    """Items without bytes are all alike: walk over one, pay for all."""
    before = walk.budget
    inner(walk)
    walk.spend((before - walk.budget) * (count - 1))


def _entry(key: Step, value: Step) -> Step:
    def step(walk: Cursor) -> None:
        key(walk)
        value(walk)

    return step


def _fixed(size: int, cost: int) -> Step:
    def step(walk: Cursor) -> None:
        walk.spend(cost)
        walk.skip(size)

    return step


def _null(_walk: Cursor) -> None:
    """Nothing is written for null."""


def _number(walk: Cursor) -> None:
    walk.spend(SCALAR_COST)
    walk.number()


def _text(walk: Cursor) -> None:
    length = walk.length()
    walk.spend(SCALAR_COST + TEXT_COST * length)
    begin = walk.at
    walk.skip(length)
    if not _is_utf8(walk.data[begin : walk.at]):
        raise walk.fault(RejectReason.DECODE_UTF8, "text that is not UTF-8")


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bytes(walk: Cursor) -> None:
    length = walk.length()
    walk.spend(SCALAR_COST + length)
    walk.skip(length)


_PRIMITIVE_STEPS: Final[Mapping[str, Step]] = {
    "null": _null,
    "boolean": _fixed(1, 0),
    "int": _number,
    "long": _number,
    "float": _fixed(4, SCALAR_COST),
    "double": _fixed(8, SCALAR_COST),
    "string": _text,
    "bytes": _bytes,
}
