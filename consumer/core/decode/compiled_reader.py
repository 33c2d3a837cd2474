"""A schema made into Python that reads its values straight through, and skips what no rule reads. Part of `decode`.

fastavro asks of each value of each record again what type it has. Here that is asked once a schema, and what is left is
compiled: a value of the shipped schema takes 7 µs instead of 20, and less where rules leave fields unread. What is
skipped is passed over by its length: it must be there, and nothing is asked of what it says. (`tests/golden/code` shows
what is written for a schema.) It raises whatever Python raises for bytes that are not of the schema; `checker` then
says what is wrong with them, and is asked before where a value could do harm.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from struct import Struct
from typing import Any, Final

from fastavro.types import DictSchema
from fastavro.types import Schema as Node

from consumer.core.decode.logical_types import converter
from consumer.core.decode.schema import RECORDS
from consumer.core.decode.size_limits import least_size, least_sizes
from consumer.core.rules.selection import ReadSelection

ReadValue = Callable[[bytes, int], tuple[Any, int]]
"""Bytes and where a value begins → the value and where it ends, which may lie beyond the last byte."""

# Lines that read a value into $ and move `at` behind it.
_COUNT: Final = ("n = lengths[data[at]]", "if n < 0: n, at = count(data, at)", "else: at += 1")
_LENGTH: Final = ("n = lengths[data[at]]", "if n < 0: n, at = length(data, at)", "else: at += 1")
_LENGTH_AFTER_INDEX: Final = (
    "n = lengths[data[at + 1]]",
    "if n < 0: n, at = length(data, at + 1)",
    "else: at += 2",
)
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
# Lines that only move `at` behind a value.
_SKIP_NUMBER: Final = ("if data[at] < 0x80: at += 1", "else: n, at = number(data, at)")
_SKIPS: Final[Mapping[str, tuple[str, ...]]] = {
    "null": (),
    "boolean": ("at += 1",),
    "int": _SKIP_NUMBER,
    "long": _SKIP_NUMBER,
    "enum": _SKIP_NUMBER,
    "float": ("at += 4",),
    "double": ("at += 8",),
    "bytes": (*_LENGTH, "at += n"),
    "string": (*_LENGTH, "at += n"),
}
_NOTHING: Final[tuple[list[str], ...]] = (["$ = None"], [])
_ENDLESS: Final = 1 << 31
"""Bytes of a value that holds itself forever: more than any record has."""
_CONTAINERS: Final = RECORDS | {"array", "map"}


def compiled(named: Mapping[str, DictSchema], node: Node, selection: ReadSelection) -> ReadValue:
    """What reads values of `node`, as far as they are selected."""
    writer = _Writer(named)
    for code in writer.functions(node, selection):
        # One by one, so that other threads get their turns.
        exec(code, writer.known)  # noqa: S102  # of the schema's words only names of fields, as literals
    read: ReadValue = writer.known["read_0"]
    return read


def code_of(named: Mapping[str, DictSchema], node: Node, selection: ReadSelection) -> str:
    """What `compiled` compiles, for people."""
    return "\n\n".join(_Writer(named).functions(node, selection)) + "\n"


def number_at(data: bytes, at: int) -> tuple[int, int]:
    """A zig-zag number of at most ten bytes, modulo 2^64, and where it ends."""
    byte = data[at]
    if byte < 0x80:  # nearly every length, count and small number
        return (byte >> 1) ^ -(byte & 1), at + 1
    more = data[at + 1 : at + 6]
    if len(more) == 5:
        b, c, d, e, f = more
        if (
            f < 0x80 <= b and c >= 0x80 and d >= 0x80 and e >= 0x80
        ):  # Unix milliseconds of 1971 to 2039: at half the cost
            bits = byte & 0x7F | (b & 0x7F) << 7 | (c & 0x7F) << 14 | (d & 0x7F) << 21 | (e & 0x7F) << 28 | f << 35
            return (bits >> 1) ^ -(bits & 1), at + 6
    bits = byte & 0x7F
    for shift in range(7, 77, 7):
        at += 1
        if byte < 0x80:
            bits &= 0xFFFF_FFFF_FFFF_FFFF
            return (bits >> 1) ^ -(bits & 1), at
        byte = data[at]
        bits |= (byte & 0x7F) << shift
    raise OverflowError


def _length(data: bytes, at: int) -> tuple[int, int]:
    length, at = number_at(data, at)
    if length < 0:
        raise ValueError
    return length, at


def _count(data: bytes, at: int) -> tuple[int, int]:
    """Of a block: if it is negative, the block's size follows, which is not needed."""
    count, at = number_at(data, at)
    if count < 0:
        _, at = number_at(data, at)
    return abs(count), at


_KNOWN: Final[Mapping[str, Any]] = {
    "number": number_at,
    "length": _length,
    "count": _count,
    # Of a length's first byte; -1 if that is not all of it, or it is negative.
    "lengths": tuple(byte >> 1 if byte < 0x80 and not byte & 1 else -1 for byte in range(0x100)),
    "float_at": Struct("<f").unpack_from,
    "double_at": Struct("<d").unpack_from,
}


class _Writer:
    """Writes a function for each type that holds others, and for each selection of it: so a type may hold itself.

    A selection of None is one of nothing: such functions are named `skip_` and return only where the value ends.
    """

    def __init__(self, named: Mapping[str, DictSchema]) -> None:
        self._named = named
        self._least = least_sizes(named)
        self._functions: dict[tuple[str, ReadSelection | None], str] = {}
        self._wanted: list[tuple[Any, ReadSelection | None]] = []
        self.known: dict[str, Any] = dict(_KNOWN)
        """What the functions know besides one another."""

    def functions(self, top: Node, selection: ReadSelection) -> Iterator[str]:
        """The text of all that is needed to read `top`, which is `read_0`."""
        self._function(self._named.get(top, {"type": top}) if isinstance(top, str) else top, selection)
        for number, (node, selected) in enumerate(self._wanted):  # grows meanwhile
            name = f"read_{number}" if selected is not None else f"skip_{number}"
            body = self._reading(node, selected) if selected is not None else self._skipping(node)
            yield "\n".join((f"def {name}(data, at):", *_indented(body)))

    def _function(self, node: Any, selection: ReadSelection | None) -> str:
        key = "" if isinstance(node, list) else node.get("name", ""), selection
        function = self._functions.get(key)
        if function is None:
            function = f"{'skip' if selection is None else 'read'}_{len(self._wanted)}"
            self._wanted.append((node, selection))
            if key[0]:
                self._functions[key] = function
        return function

    def _least_of(self, node: Node) -> int:
        return int(min(least_size(node, self._least), _ENDLESS))

    def _know(self, constant: object) -> str:
        name = f"known_{len(self.known)}"
        self.known[name] = constant
        return name

    # ── what is read ────────────────────────────────────────────────────────────────────────────

    def _reading(self, node: Any, selection: ReadSelection) -> Iterator[str]:
        kind = "union" if isinstance(node, list) else node["type"]
        if kind == "array":
            yield "items = []"
            item = self._value(node["items"], selection.of_items)
            yield from _blocks([*_into("item", item), "items.append(item)"], "items, at", self._least_of(node["items"]))
        elif kind == "map":
            yield "items = {}"
            item = self._value(node["values"], selection.of_values)
            entry = (*_into("key", _LINES["string"]), *_into("item", item), "items[key] = item")
            yield from _blocks(entry, "items, at", 1 + self._least_of(node["values"]))
        elif kind in RECORDS:
            yield from self._record(node, selection)
        else:
            yield from _into("value", self._value(node, selection))
            yield "return value, at"

    def _record(self, node: DictSchema, selection: ReadSelection) -> Iterator[str]:
        entries = []
        for place, field in enumerate(node["fields"]):
            selected = selection.of(field["name"])
            if selected is None:
                yield from self._skip(field["type"])
            else:
                yield from _into(f"f{place}", self._value(field["type"], selected))
                entries.append(f"{field['name']!r}: f{place}")
        yield f"return {{{', '.join(entries)}}}, at"

    def _value(self, node: Any, selection: ReadSelection) -> Iterator[str]:
        return self._union(node, selection) if isinstance(node, list) else self._one(node, selection)

    def _union(self, branches: list[Node], selection: ReadSelection) -> Iterator[str]:
        return _choice([list(self._value(branch, selection)) for branch in branches])

    def _one(self, node: Any, selection: ReadSelection) -> Iterator[str]:
        if isinstance(node, str):
            node = {"type": node} if node in _LINES else self._named[node]
        kind = node["type"]
        if kind in _CONTAINERS:
            yield f"$, at = {self._function(node, selection)}(data, at)"
            return
        if kind == "enum":
            yield "n, at = number(data, at)"
            yield f"$ = {self._know(dict(enumerate(node['symbols'])))}[n]"
        elif kind == "fixed":
            yield f"$ = data[at : (at := at + {node['size']})]"
        else:
            yield from _LINES[kind]
        convert = converter(node)
        if convert is not None:
            yield f"$ = {self._know(convert)}($)"

    # ── what is skipped ─────────────────────────────────────────────────────────────────────────

    def _skipping(self, node: Any) -> Iterator[str]:
        kind = node["type"]
        if kind == "array":
            yield from _blocks(self._skip(node["items"]), "at", self._least_of(node["items"]))
        elif kind == "map":
            least = 1 + self._least_of(node["values"])
            yield from _blocks((*_SKIPS["bytes"], *self._skip(node["values"])), "at", least)
        else:
            for field in node["fields"]:
                yield from self._skip(field["type"])
            yield "return at"

    def _skip(self, node: Any) -> Iterable[str]:
        if isinstance(node, list):
            return _choice([list(self._skip(branch)) for branch in node])
        if isinstance(node, str):
            node = {"type": node} if node in _LINES else self._named[node]
        kind = node["type"]
        if not least_size(node, self._least):
            return ()  # a null, and what has only nulls
        if kind in _CONTAINERS:
            return (f"at = {self._function(node, None)}(data, at)",)
        return (f"at += {node['size']}",) if kind == "fixed" else _SKIPS[kind]


def _choice(branches: list[list[str]]) -> Iterator[str]:
    """By a union's index, of which all but the 65th branch and later take one byte.

    Null is asked for last: what is there costs more anyway.
    """
    yield "n = data[at]"
    is_long = len(branches) > 0x40
    if is_long:
        yield "at += 1"
        yield "if n > 0x7F: n = (n & 0x7F) | data[at] << 7; at += 1"
    numbered = sorted(enumerate(branches), key=lambda branch: branch[1] in _NOTHING)
    for place, (number, lines) in enumerate(numbered):
        yield f"{'elif' if place else 'if'} n == {2 * number}:"
        yield from _indented((lines or ["pass"]) if is_long else _after_index(lines))
    yield "else: raise IndexError" if branches else "raise IndexError"


def _after_index(lines: list[str]) -> Iterable[str]:
    """The lines where `at` still stands before a union's index of one byte."""
    if tuple(lines[:3]) == _LENGTH:
        return (*_LENGTH_AFTER_INDEX, *lines[3:])
    return ("at += 1", *lines)


def _blocks(item: Iterable[str], result: str, least: int) -> Iterator[str]:
    """`least`: an item's fewest bytes. A count of more than there is room for would be gone through to its end, since
    neither a part of `data` nor a step over some of it need be there. (Items without bytes were counted before.)"""
    lines = list(item)
    yield "while True:"
    yield from _indented((*_COUNT, f"if not n: return {result}"))
    if least:
        yield f" if n * {least} > len(data) - at: raise IndexError"
    if lines:
        yield " for _ in range(n):"
        yield from _indented(_indented(lines))


def _into(target: str, lines: Iterable[str]) -> Iterator[str]:
    return (line.replace("$", target) for line in lines)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f" {line}" for line in lines)
