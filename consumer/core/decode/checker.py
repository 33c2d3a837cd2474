"""Walk over Avro bytes without building anything: whether they are what the schema says, else where not.

Used before reading what could do harm (`bounds`), and afterwards to say what is wrong with what could not be read.
It takes a few times as long as reading, save where reading would be the death of us.
"""

from collections.abc import Callable, Mapping
from typing import Final

from fastavro.types import DictSchema
from fastavro.types import Schema as Node

from consumer.core.decode.cursor import Cursor
from consumer.core.decode.schema import MAX_DECIMAL_BYTES, RECORDS, Schema
from consumer.core.decode.size_limits import (
    CONTAINER_COST,
    ENTRY_COST,
    ITEM_COST,
    SCALAR_COST,
    TEXT_COST,
    decimal_cost,
    least_size,
    least_sizes,
    record_cost,
)
from consumer.core.errors import RecordRejected
from consumer.core.model import RejectReason

Step = Callable[[Cursor], None]
"""Moves over one value of one type."""

_EMPTY_COST: Final = 64
"""The least that an item without bytes is reckoned at, so that even a million of them are too many."""


class Checker:
    """The walk over one schema's values.

    Args:
        budget: the most that a value may cost, in the bytes of `bounds`.
        longest: the most bytes that a value can have; a length beyond it is absurd.
        record_floor: as for `bounds.safe_length`.
    """

    def __init__(self, schema: Schema, *, budget: float, longest: int, record_floor: int = 0) -> None:
        self._budget = budget
        self._longest = longest
        self._step = _Steps(schema.named, record_floor).of(schema.top)

    def check(self, value: bytes, start: int) -> None:
        """Look for what is wrong with the Avro bytes from `start` on.

        Raises:
            RecordRejected: with the field and what is wrong there, never what it holds.
        """
        walk = Cursor(value, start, self._budget, self._longest)
        self._step(walk)
        if walk.at != walk.end:
            raise RecordRejected(RejectReason.DECODE_LEFT_OVER, f"{walk.end - walk.at} bytes left over")


class _Steps:
    """The steps of a schema's types. Those of a named type are looked up when walked, so that it can hold itself."""

    def __init__(self, named: Mapping[str, DictSchema], record_floor: int) -> None:
        self._record_floor = record_floor
        self._least = least_sizes(named)
        self._named: dict[str, Step] = {}
        for name, node in named.items():
            self._named[name] = self._of_dict(node)

    def of(self, node: Node) -> Step:
        if isinstance(node, list):
            return _union([self.of(each) for each in node])
        if isinstance(node, dict):
            return self._of_dict(node)
        return _PRIMITIVE_STEPS[node] if node in _PRIMITIVE_STEPS else self._reference(node)

    def _reference(self, name: str) -> Step:
        steps = self._named

        def step(walk: Cursor) -> None:
            steps[name](walk)

        return step

    def _of_dict(self, node: DictSchema) -> Step:
        kind = node["type"]
        is_decimal = node.get("logicalType") == "decimal"
        if kind in RECORDS:
            return self._record(node)
        if kind == "array":
            return _blocks(self.of(node["items"]), least_size(node["items"], self._least), ITEM_COST)
        if kind == "map":
            return _blocks(_entry(self.of(node["values"])), 1 + least_size(node["values"], self._least), ENTRY_COST)
        if kind == "enum":
            return _enum(len(node["symbols"]))
        if kind == "fixed":
            size = node["size"]
            return _fixed(size, decimal_cost(size) if is_decimal else SCALAR_COST + size)
        return _decimal if kind == "bytes" and is_decimal else _PRIMITIVE_STEPS[kind]

    def _record(self, node: DictSchema) -> Step:
        steps = [(f"{node['name']}.{each['name']}", self.of(each["type"])) for each in node["fields"]]
        fields = [(name, step) for name, step in steps if step is not _null]
        cost = max(record_cost(len(steps)), self._record_floor)

        def step(walk: Cursor) -> None:
            walk.enter(cost)
            for walk.field, read in fields:
                read(walk)
            walk.depth -= 1

        return step


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
        field = walk.field
        while count := walk.block():
            walk.spend(count * (cost if least else max(cost, _EMPTY_COST)))
            if count * least > walk.end - walk.at:
                raise walk.too_long(count)
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


def _entry(value: Step) -> Step:
    def step(walk: Cursor) -> None:
        _text(walk)
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


def _decimal(walk: Cursor) -> None:
    length = walk.length()
    if length > MAX_DECIMAL_BYTES:
        raise walk.fault(RejectReason.DECODE_LENGTH, f"a decimal of more than {MAX_DECIMAL_BYTES} bytes")
    walk.spend(decimal_cost(length))
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
