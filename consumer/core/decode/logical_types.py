"""What Avro's logical types become, and which of them are ignored. Part of `decode`.

Avro, "Logical Types": a logical type that is unknown or invalid (a decimal whose scale is above its precision) is to be
ignored, and the underlying type read. A value that is valid Avro and that Python cannot hold (the date 2147483647) is
`OUT_OF_RANGE`: it costs the field that it was mapped to, not the record. `uuid` text is what was written: its
digest and its copies depend on each letter.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from math import isfinite, log10
from struct import Struct
from typing import Any, Final
from uuid import UUID

from consumer.core.reasons import Problem
from consumer.core.rules.source import Unreadable

OUT_OF_RANGE: Final = Unreadable(Problem.OUT_OF_RANGE)
ENCRYPTED: Final = Unreadable(Problem.ENCRYPTED)
ENCRYPTED_NAME: Final = "encrypted-by-a-registry-rule"
"""A logical type of this service's, on the text and bytes that `encryption` has found to be ciphertext."""
MAX_DECIMAL_BYTES: Final = 64
"""Of one decimal: 153 digits. Databases have up to 76; what making a longer one takes grows by the square."""
_DIGITS: Final = Context(prec=500)
"""More than a decimal can have that is read."""
_MOST_SCALE: Final = 300
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # a local timestamp has no zone
_EPOCH_DAY: Final = _EPOCH.toordinal()
_DAY_US: Final = 86_400_000_000
_EXACT: Final = 1e6
"""Six digits: whole numbers below are what was written."""
_SMALLEST_NORMAL: Final = 2.0**-126
_FLOAT: Final = Struct("<f")

Convert = Callable[[Any], Any]


def shortest(binary: float) -> float:
    """The shortest decimal that reads back as this Avro `float`: 10.9, where 10.899999618530273 is stored.

    As Java's `Float.toString` has it: so people wrote it. Six digits always survive a float, nine always do to find it.
    """
    if not isfinite(binary) or (abs(binary) < _EXACT and binary.is_integer()):
        return binary
    for digits in range(6 if abs(binary) >= _SMALLEST_NORMAL else 1, 9):
        near = float(f"{binary:.{digits}g}")
        if _as_float(near) == binary:
            return near
    return float(f"{binary:.9g}")


def _as_float(near: float) -> float:
    """The float next to that. There is one: six digits or more of the largest float do not round up beyond it."""
    (binary,) = _FLOAT.unpack(_FLOAT.pack(near))
    return float(binary)


def _date(days: int) -> object:
    try:
        return date.fromordinal(days + _EPOCH_DAY)
    except (ValueError, OverflowError):
        return OUT_OF_RANGE


def _time(per_us: float) -> Convert:
    def convert(count: int) -> object:
        us = int(count * per_us)
        return (_LOCAL_EPOCH + timedelta(microseconds=us)).time() if 0 <= us < _DAY_US else OUT_OF_RANGE

    return convert


def _timestamp(epoch: datetime, us: Callable[[int], int]) -> Convert:
    def convert(count: int) -> object:
        try:
            return epoch + timedelta(microseconds=us(count))
        except OverflowError:
            return OUT_OF_RANGE

    return convert


def _decimal(scale: int) -> Convert:
    def convert(unscaled: bytes) -> object:
        if len(unscaled) > MAX_DECIMAL_BYTES:
            return OUT_OF_RANGE
        return Decimal(int.from_bytes(unscaled, "big", signed=True)).scaleb(-scale, _DIGITS)

    return convert


def _from_millis(count: int) -> int:
    return count * 1000


def _from_micros(count: int) -> int:
    return count


def _from_nanos(count: int) -> int:
    return count // 1000


def _encrypted(_: object) -> object:
    return ENCRYPTED


def _uuid(raw: bytes) -> str:
    return str(UUID(bytes=raw))


_CONVERT: Final[Mapping[str, Convert]] = {
    "int-date": _date,
    "int-time-millis": _time(1000),
    "long-time-micros": _time(1),
    "long-timestamp-millis": _timestamp(_EPOCH, _from_millis),
    "long-timestamp-micros": _timestamp(_EPOCH, _from_micros),
    "long-timestamp-nanos": _timestamp(_EPOCH, _from_nanos),
    "long-local-timestamp-millis": _timestamp(_LOCAL_EPOCH, _from_millis),
    "long-local-timestamp-micros": _timestamp(_LOCAL_EPOCH, _from_micros),
    "long-local-timestamp-nanos": _timestamp(_LOCAL_EPOCH, _from_nanos),
    "fixed-uuid": _uuid,
    f"string-{ENCRYPTED_NAME}": _encrypted,
    f"bytes-{ENCRYPTED_NAME}": _encrypted,
}


def is_valid(node: Mapping[str, Any]) -> bool:
    """Whether the logical type of a schema's node is one that is known, on a type that it may be on."""
    kind, logical = node.get("type"), node.get("logicalType")
    if logical == "decimal" and kind in ("bytes", "fixed"):
        return _is_valid_decimal(node)
    if logical == "uuid":
        return kind == "string" or (kind == "fixed" and node.get("size") == 16)
    return isinstance(logical, str) and f"{kind}-{logical}" in _CONVERT


def _is_valid_decimal(node: Mapping[str, Any]) -> bool:
    precision, scale, size = node.get("precision"), node.get("scale", 0), node.get("size", MAX_DECIMAL_BYTES)
    if type(precision) is not int or type(scale) is not int or type(size) is not int:
        return False
    if not 0 <= scale <= min(precision, _MOST_SCALE) or precision < 1 or not 0 < size <= MAX_DECIMAL_BYTES:
        return False
    return node["type"] == "bytes" or precision <= int((8 * size - 1) * log10(2))


def converter(node: Mapping[str, Any]) -> Convert | None:
    """What makes a value of this type of what is written; None if that is the value. The logical type is valid."""
    kind = node["type"]
    if kind == "float":
        return shortest
    if node.get("logicalType") == "decimal":
        return _decimal(node.get("scale", 0))
    return _CONVERT.get(f"{kind}-{node.get('logicalType')}")


def meaning(node: Mapping[str, Any]) -> str:
    """What values of this type are, whatever their unit or scale: `timestamp`, `decimal` …; empty if they are of the
    plain type. The logical type is valid."""
    has_own = node["type"] != "float" and converter(node) is not None
    return _UNIT.sub("", node["logicalType"]) if has_own else ""


_UNIT: Final = re.compile("-(milli|micro|nano)s$")
