"""A schema made into Python that reads its values straight through. Part of `decode`.

fastavro asks of each value of each record again what type it has. Here that is asked once a schema, and what is left is
compiled: a value of the shipped schema takes 7 µs instead of 20. It reads only what writers write. Whatever else there
is, such as a union's index of two bytes or a negative length, makes it raise, and fastavro reads the value from its
beginning: so nothing is refused here, and what is taken is what fastavro takes (see its property tests).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from struct import Struct
from typing import Any, Final

from fastavro.read import LOGICAL_READERS
from fastavro.types import DictSchema
from fastavro.types import Schema as Node

from consumer.core.decode.schema import RECORDS, Schema

Straight = Callable[[bytes, int], tuple[Any, int]]
"""Bytes and where a value begins → the value and where it ends, which may lie beyond the last byte. Raises whatever
Python raises for bytes that it does not read."""

# Lines that read a value into $ and move `at` behind it.
_LENGTH: Final = ("n = lengths[data[at]]", "if n < 0: n, at = length(data, at)", "else: at += 1")
_PART: Final = "data[at : (at := at + n)]"
_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "null": ("$ = None",),
    "boolean": ("$ = data[at] != 0", "at += 1"),
    "int": ("$, at = number(data, at)",),
    "long": ("$, at = number(data, at)",),
    "float": ("$, = float_at(data, at)", "at += 4"),
    "double": ("$, = double_at(data, at)", "at += 8"),
    "bytes": (*_LENGTH, f"$ = {_PART}"),
    "string": (*_LENGTH, f"$ = {_PART}.decode()"),
}
_CONTAINERS: Final = RECORDS | {"array", "map"}


def straight(schema: Schema) -> Straight:
    """What reads values of `schema`; nothing, if there is a type in it that is unknown here."""
    writer = _Writer(schema)
    try:
        lines = list(writer.lines(schema.plain))
    except LookupError:
        return _nothing
    exec("\n".join(lines), writer.known)  # noqa: S102 — of the schema's words only names of fields, as literals
    read: Straight = writer.known["read_0"]
    return read


def _nothing(_data: bytes, _at: int) -> tuple[Any, int]:
    raise LookupError


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A zig-zag number of at most nine bytes; fastavro takes longer ones modulo 2^64."""
    byte = data[at]
    bits = byte & 0x7F
    for shift in range(7, 70, 7):
        at += 1
        if byte < 0x80:
            return (bits >> 1) ^ -(bits & 1), at
        byte = data[at]
        bits |= (byte & 0x7F) << shift
    raise OverflowError


def _length(data: bytes, at: int) -> tuple[int, int]:
    length, at = _number(data, at)
    if length < 0:
        raise ValueError
    return length, at


_KNOWN: Final[Mapping[str, Any]] = {
    "number": _number,
    "length": _length,
    # Of a length's first byte; -1 if that is not all of it, or it is negative.
    "lengths": tuple(byte >> 1 if byte < 0x80 and not byte & 1 else -1 for byte in range(0x100)),
    "float_at": Struct("<f").unpack_from,
    "double_at": Struct("<d").unpack_from,
}


class _Writer:
    """Writes a function for each type that holds others, one after another: so a type may hold itself."""

    def __init__(self, schema: Schema) -> None:
        top: Any = schema.plain[0] if isinstance(schema.plain, list) else schema.plain
        self._named: Mapping[str, DictSchema] = top["__named_schemas"]
        self._functions: dict[str, str] = {}
        self._wanted: list[Node] = []
        self.known: dict[str, Any] = dict(_KNOWN)
        """What the functions know beside one another."""

    def lines(self, top: Node) -> Iterator[str]:
        """All that is needed to read `top`, which is `read_0`. Raises LookupError for a type that is unknown."""
        self._function(top)
        for number, node in enumerate(self._wanted):  # grows meanwhile
            yield f"def read_{number}(data, at):"
            yield from _indented(self._body(node))

    def _function(self, node: Node) -> str:
        name = node.get("name", "") if isinstance(node, dict) else ""
        function = self._functions.get(name)
        if function is None:
            function = f"read_{len(self._wanted)}"
            self._wanted.append(node)
            if name:
                self._functions[name] = function
        return function

    def _know(self, constant: object) -> str:
        name = f"known_{len(self.known)}"
        self.known[name] = constant
        return name

    def _body(self, node: Any) -> Iterator[str]:
        if isinstance(node, list):
            yield from _into("value", self._union(node))
            yield "return value, at"
        elif node["type"] == "array":
            yield "items = []"
            yield from _blocks("items", [*_into("item", self._value(node["items"])), "items.append(item)"])
        elif node["type"] == "map":
            yield "items = {}"
            entry = (*_into("key", _LINES["string"]), *_into("item", self._value(node["values"])))
            yield from _blocks("items", [*entry, "items[key] = item"])
        else:
            fields = node["fields"]
            for place, field in enumerate(fields):
                yield from _into(f"f{place}", self._value(field["type"]))
            entries = ", ".join(f"{field['name']!r}: f{place}" for place, field in enumerate(fields))
            yield f"return {{{entries}}}, at"

    def _value(self, node: Node) -> Iterator[str]:
        return self._union(node) if isinstance(node, list) else self._one(node)

    def _union(self, branches: list[Node]) -> Iterator[str]:
        if not branches:
            raise LookupError
        yield "byte = data[at]"
        yield "at += 1"
        for place, branch in enumerate(branches):
            yield f"{'elif' if place else 'if'} byte == {2 * place}:"
            yield from _indented(self._one(branch))
        yield "else: raise IndexError"

    def _one(self, node: Any) -> Iterator[str]:
        if isinstance(node, str):
            node = {"type": node} if node in _LINES else self._named[node]
        if isinstance(node, list) or node["type"] in _CONTAINERS:
            yield f"$, at = {self._function(node)}(data, at)"
            return
        kind = node["type"]
        if kind == "enum":
            yield "n, at = number(data, at)"
            yield f"$ = {self._know(dict(enumerate(node['symbols'])))}[n]"
        elif kind == "fixed":
            yield f"$ = data[at : (at := at + {node['size']})]"
        else:
            yield from _LINES[kind]
        logical = LOGICAL_READERS.get(f"{kind}-{node.get('logicalType')}")
        if logical is not None:
            yield f"$ = {self._know(logical)}($, {self._know(node)}, None)"


def _blocks(items: str, item: Iterable[str]) -> Iterator[str]:
    yield "while True:"
    yield from _indented((*_LENGTH, f"if not n: return {items}, at", "for _ in range(n):"))
    yield from _indented(_indented(item))


def _into(target: str, lines: Iterable[str]) -> Iterator[str]:
    return (line.replace("$", target) for line in lines)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f" {line}" for line in lines)
