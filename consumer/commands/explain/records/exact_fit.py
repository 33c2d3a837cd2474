"""Whether a union's branch holds a value wholly, so that plain JSON is written as the branch that people mean."""

from collections.abc import Mapping
from decimal import Decimal
from struct import Struct
from typing import Any, Final

from consumer.core.decode.logical_types import shortest

_FLOAT: Final = Struct("<f")


def is_held_wholly(value: Any, node: Mapping[str, Any]) -> bool:
    """Whether nothing is lost where a value that fits this type is written as it. Text is no bytes, though it fits."""
    kind = node["type"]
    if isinstance(value, Decimal):
        return _is_within(value, node)
    if kind in ("float", "double"):
        return _is_number_of(value, kind)
    return bool(kind != "bytes" and (kind != "fixed" or len(value) == node["size"]))


def _is_within(value: Decimal, node: Mapping[str, Any]) -> bool:
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and -exponent <= node.get("scale", 0) and len(digits) <= node["precision"]


def _is_number_of(value: float, kind: str) -> bool:
    try:
        return (shortest(*_FLOAT.unpack(_FLOAT.pack(value))) if kind == "float" else float(value)) == value
    except OverflowError:
        return False
