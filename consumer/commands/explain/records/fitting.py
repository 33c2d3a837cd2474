"""A JSON value → what an Avro schema says it is, so that it can be encoded and then decoded as `run` would.

Plain JSON is taken, and Avro's own JSON (`{"string": "x"}` for a branch of a union), which console tools print. A
branch that is named is the one that is written, if what stands there fits it. Plain JSON is written as the first that
holds it wholly, else as the first that takes it.
Text may stand for a time, date, decimal or UUID, a number for a time in the schema's unit. Below `{"bytes": …}` text is
bytes, as Avro's JSON has a decimal; elsewhere `"12"` is twelve.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from sys import float_info
from typing import Any, Final

from fastavro.types import DictSchema

from consumer.commands.explain.records.encoding import chosen
from consumer.commands.explain.records.exact_fit import is_held_wholly
from consumer.core.decode.schema import RECORDS, Schema
from consumer.terminal import printable

_NONE: Final = "none of what the schema takes there"


class MisfitError(Exception):
    """A value that no record of the schema can hold; the text names the place, and says what is expected there.

    Keys of a map are data, and are not in it.
    """


def fitted(value: object, schema: Schema) -> Any:
    """The value as `AvroEncoder` writes it.

    Raises:
        MisfitError: it does not fit.
    """
    return _fit(value, schema.name or list(schema.branches), schema, "")


def _fit(value: object, node: Any, schema: Schema, place: str) -> Any:
    if isinstance(node, list):
        return _fit_union(value, node, schema, place)
    if isinstance(node, str):
        return _fit(value, schema.named[node], schema, place) if node in schema.named else _plain(value, node, place)
    kind = node["type"]
    fit = _fit_record if kind in RECORDS else _INNER.get(kind, _fit_leaf)
    return fit(value, node, schema, place)


def _fit_array(value: object, node: Mapping[str, Any], schema: Schema, place: str) -> list[Any]:
    items = _expect(value, list, "a list", place)
    return [_fit(item, node["items"], schema, f"{place}[{index}]") for index, item in enumerate(items)]


def _fit_map(value: object, node: Mapping[str, Any], schema: Schema, place: str) -> dict[str, Any]:
    pairs = _expect(value, dict, "an object", place)
    return {name: _fit(inner, node["values"], schema, f"{place}[…]") for name, inner in pairs.items()}


def _fit_record(value: object, node: Mapping[str, Any], schema: Schema, place: str) -> dict[str, Any]:
    given = _expect(value, dict, f"an object of {node['name']}", place)
    known = {field["name"]: field for field in node["fields"]}
    for name in given:
        if name not in known:
            raise MisfitError(f"{printable(_joined(place, name))}: the schema has no such field")
    fitting = {}
    for name, field in known.items():
        inner = _joined(place, name)
        if name in given:
            fitting[name] = _fit(given[name], field["type"], schema, inner)
        elif "default" in field:
            fitting[name] = _fit_default(field["default"], field["type"], schema, inner)
        else:
            try:
                fitting[name] = _fit(None, field["type"], schema, inner)
            except MisfitError:
                raise MisfitError(f"{inner}: missing, and the schema has no default for it") from None
    return fitting


def _fit_default(default: object, of: Any, schema: Schema, place: str) -> Any:
    """What a field has that is not given. Of a union, of the first branch that it fits."""
    for branch in of if isinstance(of, list) else [of]:
        try:
            found = _fit_tagged(default, branch, schema, place)
        except MisfitError:
            continue
        return chosen(branch, found) if isinstance(of, list) else found
    raise MisfitError(f"{place}: missing, and its default in the schema is no value of its type")


def _fit_union(value: object, branches: list[Any], schema: Schema, place: str) -> tuple[str, object]:
    tagged, fault = _tagged(value, branches, schema), None
    if tagged is not None:
        branch, inner = tagged
        try:
            return chosen(branch, _fit_tagged(inner, branch, schema, place))
        except MisfitError as misfit:
            fault = misfit  # it may be plain JSON all the same: a map with this key
    first, faults = None, []
    for branch in branches:
        try:
            found = _fit(value, branch, schema, place)
        except MisfitError as misfit:
            faults.append((branch, misfit))
            continue
        if isinstance(branch, list) or is_held_wholly(found, _node(branch, schema)):
            return chosen(branch, found)
        first = first or chosen(branch, found)
    if first is None:
        raise fault or _meant(value, faults, schema) or MisfitError(f"{place or 'the record'}: {_NONE}")
    return first


def _meant(value: object, faults: list[tuple[Any, MisfitError]], schema: Schema) -> MisfitError | None:
    """The fault of the branch that was meant: the only one, or the one that the value is most like."""
    others = [(branch, fault) for branch, fault in faults if branch != "null"]
    if len(others) == 1 and value is not None:
        return others[0][1]
    ranked = sorted(((_likeness(value, branch, schema), fault) for branch, fault in others), key=itemgetter(0))
    likest = [fault for likeness, fault in ranked if likeness == ranked[-1][0] and likeness > (0, 0)]
    return likest[0] if len(likest) == 1 else None


def _likeness(value: object, branch: Any, schema: Schema) -> tuple[int, int]:
    """How many of a record's fields are given, and how few are not; of lists and maps, only the kind counts."""
    node = {} if isinstance(branch, list) else _node(branch, schema)
    if isinstance(value, dict) and node.get("type") in RECORDS:
        names = {field["name"] for field in node["fields"]}
        shared = len(names & value.keys())
        return (shared, shared - len(names)) if shared else (0, 0)
    is_kind = isinstance(value, {"array": list, "map": dict}.get(str(node.get("type")), ()))
    return (0, 1) if is_kind else (0, 0)


def _tagged(value: object, branches: list[Any], schema: Schema) -> tuple[Any, object] | None:
    """The branch that Avro's JSON names, and what stands there. A named type may stand without its namespace, if only
    one has that name."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(tag, inner)] = value.items()
    full = [branch for branch in branches if tag == _tag(branch)]
    short = [branch for branch in branches if _is_named(branch, schema) and tag == branch.rpartition(".")[2]]
    if full:
        return full[0], inner
    return (short[0], inner) if len(short) == 1 else None


def _is_named(branch: Any, schema: Schema) -> bool:
    return isinstance(branch, str) and branch in schema.named


def _node(branch: Any, schema: Schema) -> DictSchema:
    """A branch that is no union, as a dict."""
    return schema.named.get(branch, {"type": branch}) if isinstance(branch, str) else branch


def _fit_tagged(value: object, branch: Any, schema: Schema, place: str) -> Any:
    if not isinstance(branch, list) and (kind := _node(branch, schema)["type"]) in ("bytes", "fixed"):
        return _plain(value, kind, place)
    return _fit(value, branch, schema, place)


def _tag(branch: Any) -> str:
    """How Avro's JSON names a branch. (A union within a union, which Avro forbids and fastavro takes, has no name.)"""
    if isinstance(branch, str):
        return branch
    return "" if isinstance(branch, list) else str(branch["type"])


def _fit_leaf(value: object, node: Mapping[str, Any], _schema: Schema, place: str) -> Any:
    kind, logical = node["type"], node.get("logicalType")
    if kind == "fixed" and logical is None and isinstance(value, str) and len(value) != node["size"]:
        raise MisfitError(f"{place or 'the record'}: expected text of {node['size']} characters, one a byte")
    if kind == "enum":
        if value not in node["symbols"]:
            raise MisfitError(f"{place}: none of the symbols of {node['name']}")
        return value
    read = _LOGICAL.get((kind, logical)) or _LOGICAL.get(("", logical))
    if read is not None and isinstance(value, str | float | int) and not isinstance(value, bool):
        try:
            found = read(value)
        except (ValueError, InvalidOperation, OverflowError):
            raise MisfitError(f"{place}: not a {logical}") from None
        if isinstance(found, Decimal) and not is_held_wholly(found, node):
            digits, scale = node["precision"], node.get("scale", 0)
            raise MisfitError(f"{place}: more digits than the schema's decimal has: {digits}, {scale} after the point")
        if found is not None:
            return found
    elif logical == "decimal":
        raise MisfitError(f"{place}: not a decimal")
    return _plain(value, kind, place)


def _plain(value: object, kind: str, place: str) -> Any:
    is_right, expected = _PLAIN[kind]
    if not is_right(value):
        raise MisfitError(f"{place or 'the record'}: expected {expected}")
    if kind in ("bytes", "fixed"):
        return str(value).encode("latin-1")  # as Avro's JSON writes bytes
    return value


def _is_whole(bits: int) -> Callable[[object], bool]:
    def is_within(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)

    return is_within


def _is_number(value: object) -> bool:
    """JSON's whole numbers have any number of digits."""
    if isinstance(value, bool):
        return False
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= float_info.max)


def _is_bytes(value: object) -> bool:
    return isinstance(value, str) and all(ord(character) < 256 for character in value)


_PLAIN: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "null": (lambda value: value is None, "null"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "int": (_is_whole(32), "a whole number of 32 bits"),
    "long": (_is_whole(64), "a whole number of 64 bits"),
    "float": (_is_number, "a number"),
    "double": (_is_number, "a number"),
    "string": (lambda value: isinstance(value, str), "text"),
    "bytes": (_is_bytes, "text of characters below U+0100, one a byte"),
    "fixed": (_is_bytes, "text of characters below U+0100, one a byte"),
}


def _moment(value: str | float) -> datetime | None:
    """Text of a time with its zone; None for a number, which stays in the schema's unit."""
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.astimezone(UTC)


def _local_moment(value: str | float) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=None) if isinstance(value, str) else None


def _day(value: str | float) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


_LOGICAL: Final[Mapping[tuple[str, str | None], Callable[[str | float], object]]] = {
    ("long", "timestamp-millis"): _moment,
    ("long", "timestamp-micros"): _moment,
    ("long", "local-timestamp-millis"): _local_moment,
    ("long", "local-timestamp-micros"): _local_moment,
    ("int", "date"): _day,
    ("", "decimal"): lambda value: Decimal(str(value)),
}


_INNER: Final[Mapping[str, Callable[[object, Mapping[str, Any], Schema, str], Any]]] = {
    "array": _fit_array,
    "map": _fit_map,
}


def _expect(value: object, kind: type, expected: str, place: str) -> Any:
    if not isinstance(value, kind):
        raise MisfitError(f"{place or 'the record'}: expected {expected}")
    return value


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
