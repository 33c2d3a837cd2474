"""What is written by one schema, as a value of another: Avro's "Schema Resolution". Part of `decode`.

fastavro matches the types; what becomes of a number, text or bytes is said here. The reader's type decides:

- The reader's logical type is what is seen, also of what was written without one; where the reader has none, the plain
  value is seen.
- Where both mean the same in other units or scales (`timestamp-millis` and `-micros`, two decimals), the value is
  what was written. Avro calls such decimals no match, and is silent on times; Java takes the writer's count in the
  reader's unit, which is another moment and another amount.
- Of a reader's union, the branch of just the written type comes before those that it could be promoted to, as in Java.
- Text is no decimal, though Avro promotes it to bytes.
- What a registry's rule encrypted stays unreadable.
- A field that was not written has its default, which is a value of the reader's type.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import NoneType
from typing import Any, Final

from fastavro.read import LOGICAL_READERS
from fastavro.types import DictSchema

from consumer.core.decode.logical_types import ENCRYPTED, ENCRYPTED_NAME, Convert, converter, meaning, shortest
from consumer.core.decode.schema import INNER, RECORDS, Schema, UnusableSchemaError, parsed_for_fastavro
from consumer.core.rules.selection import ReadSelection

_ResolvedAs = tuple[str, Convert]
"""What a value means (`logical_types.meaning`), and what makes it of what is written."""
_Table = Mapping[str, _ResolvedAs]
"""The same by what is written: `int`, `long` …"""

_RESOLVED: Final = "resolved-here"
"""A logical type of this service's, for fastavro's own table of readers, on what is written."""
_OWN: Final = "resolved-own"
_FROM: Final = "resolved-from"
"""Further attributes of types: of a written one its `_ResolvedAs`, of a reader's its `_Table`."""


def _same(value: Any) -> Any:
    return value


_SAME: Final = ("", _same)
_FLOATED: Final = ("", float)
_PLAIN: Final[Mapping[str, _Table]] = {
    "int": {"int": _SAME},
    "long": {"int": _SAME, "long": _SAME},
    "float": {"int": _FLOATED, "long": _FLOATED, "float": ("", shortest)},
    "double": {"int": _FLOATED, "long": _FLOATED, "float": ("", shortest), "double": _SAME},
    "bytes": {"bytes": _SAME, "string": ("", str.encode)},
    "string": {"string": _SAME, "bytes": ("", bytes.decode)},
    "fixed": {"fixed": _SAME},
}
"""Avro's promotions, for a reader's types without a logical type."""


class Target:
    """A reader schema, ready for records to be resolved to it.

    Raises:
        UnusableSchemaError: the default of a field is no value of its type.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self._changed = {"float"}
        """Written kinds that fastavro alone would make something else of."""
        self._named = {name: self._wanted(node) for name, node in schema.named.items()}
        for name, node in schema.named.items():
            if node["type"] in RECORDS:
                pairs = zip(self._named[name]["fields"], node["fields"], strict=True)
                self._named[name]["fields"] = [self._with_default(name, field, own["type"]) for field, own in pairs]

    def selected(self, selection: ReadSelection) -> Any:
        """What fastavro resolves to; of a record, the fields that are read."""
        tops = [parsed_for_fastavro(self._named[each], self._named) for each in self.schema.branches]
        if self.schema.is_union:
            return tops
        fields = [field for field in tops[0]["fields"] if selection.of(field["name"]) is not None]
        return {**tops[0], "fields": fields}

    def written(self, schema: Schema, branch: str) -> Any:
        """What fastavro resolves: a record of a writer's schema. An enum's symbols are a dict, since of a list it takes
        the index -1 for the last; of unions too, so its values are proven sound before."""
        named = {name: self._written(node) for name, node in schema.named.items()}
        for name, node in named.items():
            if node["type"] == "enum":
                named[name] = {**node, "symbols": dict(enumerate(node["symbols"]))}
        return parsed_for_fastavro(named[branch], named)

    # ── the reader's types ──────────────────────────────────────────────────────────────────────

    def _wanted(self, node: Any, exact: _Table | None = None) -> Any:
        """A type with its table. `exact`: of the union that it is a branch of."""
        if isinstance(node, list):
            branches = _exact(node)
            return [self._wanted(each, branches) for each in node]
        kind = node if isinstance(node, str) else node["type"]
        if kind not in _PLAIN:
            return node if isinstance(node, str) else _mapped(node, self._wanted)
        table = {**_table(node), **{each: way for each, way in (exact or {}).items() if each in _PLAIN[kind]}}
        changed = {each for each in {*table, *_PLAIN[kind]} if table.get(each) != _PLAIN[kind].get(each)}
        self._changed |= changed
        if kind == "fixed":
            return {**_bare(node), _FROM: table}
        return {"type": kind, _FROM: table} if changed else kind

    def _with_default(self, record: str, field: dict[str, Any], of: Any) -> dict[str, Any]:
        if "default" not in field:
            return field
        try:
            return {**field, "default": _default(field["default"], of, self.schema)}
        except (ValueError, LookupError, RecursionError):
            raise UnusableSchemaError(f"the default of {record}.{field['name']} is no value of its type") from None

    # ── the writer's types ──────────────────────────────────────────────────────────────────────

    def _written(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._written(each) for each in node]
        kind = node if isinstance(node, str) else node["type"]
        if kind not in _PLAIN:
            return node if isinstance(node, str) else _mapped(node, self._written)
        own = _own(node)
        if kind in self._changed or own[0] == ENCRYPTED_NAME:
            return {**_bare({"type": node} if isinstance(node, str) else node), "logicalType": _RESOLVED, _OWN: own}
        return _bare(node) if kind == "fixed" else kind


def _mapped(node: DictSchema, change: Callable[[Any], Any]) -> DictSchema:
    """A record, array or map of other types; an enum as it is."""
    changes: dict[str, object] = {inner: change(node[inner]) for inner in INNER if inner in node}
    if node["type"] in RECORDS:
        changes["fields"] = [{**field, "type": change(field["type"])} for field in node["fields"]]
    return {**node, **changes}


def _bare(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != "logicalType"}


def _own(node: Any) -> _ResolvedAs:
    """Of a type by itself."""
    meant = "" if isinstance(node, str) else meaning(node)
    return (meant, converter(node) or _same) if meant else _SAME


def _table(node: Any) -> _Table:
    plain, own = _PLAIN[node if isinstance(node, str) else node["type"]], _own(node)
    return {kind: own for kind, way in plain.items() if way == _SAME} if own[0] else plain


def _exact(union: Sequence[Any]) -> _Table:
    """How each kind is read that a union has itself; of two of one kind, fastavro takes the first."""
    branches = [each for each in reversed(union) if not isinstance(each, list)]
    kinds = {each if isinstance(each, str) else each["type"]: each for each in branches}
    return {kind: _table(each)[kind] for kind, each in kinds.items() if kind in _PLAIN}


def _resolve(value: Any, written: Any, reader: Any) -> Any:
    """For fastavro: a value as it was written → as the reader has it."""
    own_meaning, own = written[_OWN]
    if own_meaning == ENCRYPTED_NAME:
        return ENCRYPTED
    table = _PLAIN[reader] if isinstance(reader, str) else reader[_FROM]
    meant, convert = table[written["type"]]  # a KeyError says that it does not resolve
    return own(value) if meant and meant == own_meaning else convert(value)


LOGICAL_READERS.update({f"{kind}-{_RESOLVED}": _resolve for kind in _PLAIN})


# ── defaults ────────────────────────────────────────────────────────────────────────────────────


def _default(written: Any, node: Any, schema: Schema) -> Any:
    """A default's JSON as a value of its type. Of a union, of the first branch that it fits.

    Raises:
        ValueError, LookupError: it is no such value.
        RecursionError: it holds itself.
    """
    if isinstance(node, list):
        return _default_of_union(written, node, schema)
    if isinstance(node, str):
        node = schema.named.get(node, {"type": node})
    kind = node["type"]
    if kind in RECORDS:
        return _default_of_record(_expected(dict, written), node, schema)
    if kind == "array":
        return [_default(each, node["items"], schema) for each in _expected(list, written)]
    if kind == "map":
        return {key: _default(each, node["values"], schema) for key, each in _expected(dict, written).items()}
    if kind == "enum":
        return node["symbols"][node["symbols"].index(written)]
    _, convert = _own(node)
    return convert(_DEFAULTS[kind](written) if kind != "fixed" else _fixed(written, node["size"]))


def _default_of_union(written: Any, branches: Iterable[Any], schema: Schema) -> Any:
    for branch in branches:
        try:
            return _default(written, branch, schema)
        except (ValueError, LookupError):
            continue
    raise ValueError


def _default_of_record(written: Mapping[str, Any], node: DictSchema, schema: Schema) -> dict[str, Any]:
    """Fields that are not in it have their own defaults."""
    return {
        field["name"]: _default(
            written[field["name"]] if field["name"] in written else field["default"], field["type"], schema
        )
        for field in node["fields"]
    }


def _expected(kind: Any, written: Any) -> Any:
    if not isinstance(written, kind) or (isinstance(written, bool) and kind is not bool):
        raise ValueError
    return written


def _fixed(written: Any, size: int) -> bytes:
    raw = _DEFAULTS["bytes"](written)
    if len(raw) != size:
        raise ValueError
    return bytes(raw)


_DEFAULTS: Final[Mapping[str, Convert]] = {
    "null": partial(_expected, NoneType),
    "boolean": partial(_expected, bool),
    "int": partial(_expected, int),
    "long": partial(_expected, int),
    "float": lambda written: float(written) if isinstance(written, str) else _expected((int, float), written),
    "double": lambda written: float(written) if isinstance(written, str) else _expected((int, float), written),
    "bytes": lambda written: _expected(str, written).encode("latin-1"),  # a character a byte, as Avro's JSON has it
    "string": partial(_expected, str),
}
