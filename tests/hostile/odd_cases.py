"""Made-up schemas, with records of them and rules over them: sound ones, odd ones, and ones that are meant to hurt.

All by one source of chance, so that hypothesis can make a case smaller.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MAX_BYTES: Final = 1 << 20
_DEEPEST: Final = 5
_TEXTS: Final = (
    *("", "a", "Purchase", "order-1", "a@example.com", "<a@b.example>", "x" * 300, "+12135550100", "0170 1234567"),
    *("1-800-FLOWERS", "8.8.8.8", "10.0.0.1, ", ",", "::", "https://example.com/?ttclid=%41&", "www.example.com/"),
    *("undefined", "{{user.email}}", "(not set)", "00000000-0000-0000-0000-000000000000", "USD", "en-US", "DE"),
    *("2026-11-01T12:00:00Z", "2026-11-01", "1793534400000", "1e999", "9" * 400, "-0.0", "1.000,00", "٣", "½"),
    *("\u200b", "\u202e", "\x00\x1b[2J", "ß", "ﬁ", "ﷺ", "e\u0301", "\u0301", "😀", "a.", "- ", "<", '"', "\\"),
    *("null", "true", "product", "[]", "{}", "a" * 64, "d41d8cd98f00b204e9800998ecf8427e"),
)
_NUMBERS: Final = (
    0,
    1,
    -1,
    2,
    5,
    1999,
    49170123456,
    1_793_534_400,
    1_793_534_400_000,
    2**31,
    2**53,
    2**63 - 1,
    -(2**63),
)
_DOUBLES: Final = (0.0, -0.0, 1.5, 19.99, 1e-300, 1e300, float("nan"), float("inf"), 5e-324)
_TIMES: Final = (1, 1, 1, 1, 2, 7, 300, 20_000, MAX_BYTES)
_LOGICAL: Final = (
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "long", "logicalType": "local-timestamp-millis"},
    {"type": "int", "logicalType": "date"},
    {"type": "int", "logicalType": "time-millis"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    {"type": "bytes", "logicalType": "decimal", "precision": 400, "scale": 400},
)


@dataclass
class MadeSchema:
    """A schema, what there is to name in it, and records of it."""

    rng: random.Random
    names: int = 0
    paths: list[str] = field(default_factory=list)
    types: dict[str, Any] = field(default_factory=dict)

    def record(self, depth: int, path: str, within: tuple[str, ...] = ()) -> dict[str, Any]:
        name = f"R{self.names}"
        self.names += 1
        inner = (*within, name)
        fields = []
        for number in range(self.rng.choice((1, 2, 3, 6))):
            own = f"f{number}"
            fields.append({"name": own, "type": self.node(depth + 1, f"{path}.{own}" if path else own, inner)})
        made = {"type": "record", "name": name, "fields": fields}
        self.types[name] = made
        return made

    def node(self, depth: int, path: str, within: tuple[str, ...]) -> Any:
        self.paths.append(path)
        kinds = ["plain"] * 3 + ["null", "logical", "enum", "fixed"]
        if depth < _DEEPEST:
            kinds += ["union", "union", "list", "list", "map", "record", "self"]
        kind = self.rng.choice(kinds)
        return self._flat(kind) or self._holder(kind, depth, path, within)

    def _flat(self, kind: str) -> Any:
        flat = {
            "plain": self.rng.choice(("string", "string", "long", "int", "double", "float", "boolean", "bytes")),
            "null": "null",
            "logical": dict(self.rng.choice(_LOGICAL)),
            "enum": {"type": "enum", "name": self._name("E"), "symbols": ["Purchase", "USD", "A"]},
            "fixed": {"type": "fixed", "name": self._name("F"), "size": self.rng.choice((0, 1, 16, 40))},
        }
        return flat.get(kind)

    def _holder(self, kind: str, depth: int, path: str, within: tuple[str, ...]) -> Any:
        holders: dict[str, Callable[[], Any]] = {
            "union": lambda: self.rng.choice((["null", self.node(depth + 1, path, within)], ["int", "string"])),
            "list": lambda: {"type": "array", "items": self.node(depth + 1, f"{path}[0]", within)},
            "map": lambda: {"type": "map", "values": self.node(depth + 1, f"{path}.k", within)},
            "record": lambda: self.record(depth + 1, path, within),
            "self": lambda: self.rng.choice((["null", within[-1]], {"type": "array", "items": within[-1]})),
        }
        return holders[kind]()

    def _name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    # ── records ─────────────────────────────────────────────────────────────────────────────────

    def value(self, node: Any, room: int, depth: int = 0) -> bytes:
        """Sound bytes of a type, some of them very many of one kind; seldom more than `room`."""
        if isinstance(node, list):
            branch = 0 if depth > 8 or room <= 0 else self.rng.randrange(len(node))
            return number(branch) + self.value(node[branch], room, depth + 1)
        if isinstance(node, str) and node in self.types:
            return self.value(self.types[node], room, depth + 1)
        kind = node if isinstance(node, str) else node["type"]
        return _WRITERS[kind](self, node, room, depth + 1)

    def _record_value(self, node: Any, room: int, depth: int) -> bytes:
        written = b""
        for each in node["fields"]:
            written += self.value(each["type"], room - len(written), depth)
        return written

    def _list_value(self, node: Any, room: int, depth: int, key: bytes = b"") -> bytes:
        written = b""
        inner = node.get("items", node.get("values"))
        for _ in range(0 if depth > 12 else self.rng.choice((0, 1, 1, 2))):
            item = (number(2) + self.rng.choice((b"k", b"j")) * 2 if key else b"") + self.value(inner, room >> 2, depth)
            times = min(self.rng.choice(_TIMES), max(1, (room - len(written)) // max(1, len(item))))
            is_one_block = self.rng.random() < 0.8
            written += number(times) + item * times if is_one_block else (number(1) + item) * max(1, times // 2)
        return written + b"\0"

    def _map_value(self, node: Any, room: int, depth: int) -> bytes:
        return self._list_value(node, room, depth, key=b"k")

    def _text_value(self, _node: Any, room: int, _depth: int) -> bytes:
        text = self.rng.choice(_TEXTS).encode()
        text *= min(self.rng.choice(_TIMES), max(1, room // max(1, len(text))))
        return number(len(text)) + text

    def _number_value(self, node: Any, _room: int, _depth: int) -> bytes:
        most = 31 if "int" in (node, node["type"] if isinstance(node, dict) else "") else 63
        return number(max(-(2**most), min(2**most - 1, self.rng.choice(_NUMBERS))))


def number(value: int) -> bytes:
    """Zig-zag, as Avro writes it."""
    bits = (value << 1) ^ (value >> 63)
    bits &= (1 << 64) - 1
    written = bytearray()
    while bits >= 0x80:
        written.append(bits & 0x7F | 0x80)
        bits >>= 7
    return bytes([*written, bits])


_Write = Callable[[MadeSchema, Any, int, int], bytes]
_WRITERS: Final[dict[str, _Write]] = {
    "null": lambda *_: b"",
    "boolean": lambda made, *_: bytes([made.rng.randrange(2)]),
    "int": MadeSchema._number_value,
    "long": MadeSchema._number_value,
    "float": lambda made, *_: struct.pack("<f", made.rng.choice((0.0, 1.5, float("nan"), float("inf")))),
    "double": lambda made, *_: struct.pack("<d", made.rng.choice(_DOUBLES)),
    "string": MadeSchema._text_value,
    "bytes": MadeSchema._text_value,
    "enum": lambda made, *_: number(made.rng.randrange(3)),
    "fixed": lambda made, node, *_: made.rng.choice((b"\0", b"\xff", b"7")) * node["size"],
    "array": MadeSchema._list_value,
    "map": MadeSchema._map_value,
    "record": MadeSchema._record_value,
}

# ── what is done to them ────────────────────────────────────────────────────────────────────────

_INSERTED: Final = (
    b"\x00",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xa0\x9c\x01",
    b"\x80\x80\x80\x80\x10",
    b"\xff" * 9 + b"\x01",
)
_ODD_NODES: Final[tuple[Any, ...]] = (
    None,
    5,
    -1,
    True,
    "",
    "x",
    "R0",
    "null",
    [],
    {},
    [[]],
    10**400,
    "x\ud83d",
    "x" * 5000,
)


def spoilt(rng: random.Random, value: bytes) -> bytes:
    """Some bytes of it put in, taken out or changed, or many put in."""
    for _ in range(rng.choice((0, 0, 0, 1, 1, 3))):
        at = rng.randrange(len(value) + 1)
        end = min(len(value), at + rng.choice((0, 0, 1, 4)))
        value = value[:at] + rng.choice(_INSERTED) * rng.choice((0, 1, 1, 50, 100_000)) + value[end:]
    return value[:MAX_BYTES]


def spoilt_schema(rng: random.Random, node: Any) -> Any:
    """With something else in some place."""
    if rng.random() < 0.15 or not isinstance(node, list | dict) or not node:
        return rng.choice(_ODD_NODES)
    if isinstance(node, list):
        at = rng.randrange(len(node))
        return [*node[:at], spoilt_schema(rng, node[at]), *node[at + 1 :]]
    name = rng.choice(sorted(node))
    return {**node, name: spoilt_schema(rng, node[name])}
