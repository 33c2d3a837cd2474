"""Compile sources: from what the configuration says to closures that read a record. Done once, at start.

A part of `source`: stages may import it. Paths of one and two steps have closures of their own, since nearly
all are that short.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import structs

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, WithRegion, WithUnit
from consumer.core.reasons import RejectReason
from consumer.core.rules.expressions import compile_expression
from consumer.core.rules.plain_numbers import plain_number
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    FirstOf,
    Getter,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
    Unreadable,
)
from consumer.core.rules.texts import text_of

# Tuples, since `isinstance(value, int | str)` makes its union again at each call: 0.3 µs.
_CONTAINERS: Final = (str, list, dict, bytes, tuple)
_WRAPPED: Final = (WithUnit, WithRegion)
_WRITTEN: Final = (str, int)
_NUMERIC: Final = (int, float, Decimal, str)


IsNothing = Callable[[object], bool]
"""Whether a value stands for nothing where another may be had."""


def _never(_: object) -> bool:
    return False


def compile_source(source: Source, is_nothing: IsNothing = _never) -> Getter:
    """Compile to the value with what the configuration says of it: `WithUnit`, `WithRegion`.

    Kafka's `$timestamp` is `WithUnit(…, "ms")`. Lists are wrapped whole, empty values not at all. Of several sources,
    what `is_nothing` counts only if none has anything else.
    The getter returns None for what is absent, null, out of range, or in a container of another kind than its
    path expects. For an item of `contents.each`, give it a `Decoded` whose fields are the item.

    Raises:
        RecordRejected: MAP_CALL or MAP_CEL, by the getter, when a user's function or expression fails.
    """
    match source:
        case KafkaPart(part="timestamp"):
            return _with_unit(_part(source), "ms")
        case FirstOf(sources):
            return _first_of([compile_source(one, is_nothing) for one in sources], is_nothing)
        case TransformedSource(inner, unit=unit, region=region):
            # What is scaled counts in the unit that stands beside the scale, whatever unit it had.
            is_rescaled = unit is not None and source.scale is not None
            changed = _changed(source, (compile_plain if is_rescaled else compile_source)(inner, is_nothing))
            return _with_unit(changed, unit) if unit else _with_region(changed, region) if region else changed
        case _:
            return compile_plain(source, is_nothing)


def compile_plain(source: Source, is_nothing: IsNothing = _never) -> Getter:
    """Compile to the value alone, as `compile_source` without unit and region: what conditions compare."""
    match source:
        case PathSource(steps):
            return _path(steps)
        case KafkaPart():
            return _part(source)
        case ConstSource(value):
            return lambda _: value
        case FirstOf(sources):
            return _first_of([compile_plain(one, is_nothing) for one in sources], is_nothing)
        case CallSource() | CelSource():
            return _computed(source)
        case _:
            return _changed(source, compile_plain(source.source, is_nothing))


def _path(steps: tuple[str | int, ...]) -> Getter:
    match steps:
        case (str(name),):
            return lambda decoded: decoded.fields.get(name)
        case (str(outer), str(inner)):
            return _two_names(outer, inner)
        case _:
            return _many_steps(steps)


def _two_names(outer: str, inner: str) -> Getter:
    def get(decoded: Decoded) -> Any:
        container = decoded.fields.get(outer)
        return container.get(inner) if isinstance(container, dict) else None

    return get


def _many_steps(steps: tuple[str | int, ...]) -> Getter:
    def get(decoded: Decoded) -> Any:
        value: Any = decoded.fields
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            else:
                value = value[step] if isinstance(value, list) and step < len(value) else None
        return value

    return get


def _part(source: KafkaPart) -> Getter:
    return _header(source.header or "") if source.part == "header" else _PARTS[source.part]


_PARTS: Final[Mapping[str, Getter]] = {
    "key": lambda decoded: text_of(decoded.record.key) if decoded.key is None else decoded.key,
    "timestamp": lambda decoded: None if decoded.record.timestamp_ms < 0 else decoded.record.timestamp_ms,
    "topic": lambda decoded: decoded.record.origin.topic,
    "partition": lambda decoded: decoded.record.origin.partition,
    "offset": lambda decoded: decoded.record.origin.offset,
    "schema": lambda decoded: decoded.schema or None,
}


def _header(name: str) -> Getter:
    folded = name.casefold()

    def get(decoded: Decoded) -> str | Unreadable | None:
        if not decoded.record.are_headers_readable:
            raise RecordRejected(
                RejectReason.DECODE_HEADERS, "a header's name is not UTF-8, or there are more than 1,000"
            )
        for other, value in reversed(decoded.record.headers):
            if other == name:
                return text_of(value)
        for other, value in reversed(decoded.record.headers):
            if other.casefold() == folded:
                return text_of(value)
        return None

    return get


def _first_of(getters: list[Getter], is_nothing: IsNothing) -> Getter:
    def get(decoded: Decoded) -> Any:
        useless = None
        for getter in getters:
            value = getter(decoded)
            if not (value or _is_filled(value)):
                continue
            if type(value) is not Unreadable and not is_nothing(value.value if type(value) in _WRAPPED else value):
                return value
            useless = useless or value  # noted, unless another can be read
        return useless

    return get


def _is_filled(value: object) -> bool:
    """Whether there is something to read: 0 and False are."""
    return value is not None and (not isinstance(value, _CONTAINERS) or len(value) > 0)


def _computed(source: CallSource | CelSource) -> Getter:
    if isinstance(source, CelSource):
        return compile_expression(source.expression)
    return _call(source.target, source.function)


def _call(target: str, function: Callable[[dict[str, Any]], Any]) -> Getter:
    def get(decoded: Decoded) -> Any:
        try:
            return function(decoded.fields)
        except Exception as error:  # a user's function may raise anything; its text may quote the record
            detail = f"{target} raised {type(error).__name__}"
        raise RecordRejected(RejectReason.MAP_CALL, detail)

    return get


def _changed(source: TransformedSource, getter: Getter) -> Getter:
    if source.trim:
        getter = _with_text(getter, str.strip)
    if source.lower:
        getter = _with_text(getter, str.lower)
    if source.values is not None:
        getter = _with_values(getter, source.values)
    if source.scale is not None:
        getter = _with_scale(getter, source.scale)
    return _with_default(getter, source.default)


def _with(getter: Getter, change: Callable[[Any], Any]) -> Getter:
    """What an element says of a value, its unit or region, stays with it, whatever is done to the value itself."""

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        if type(value) not in _WRAPPED:
            return change(value)
        changed = change(value.value)
        return None if changed is None else structs.replace(value, value=changed)

    return get


def _with_text(getter: Getter, change: Callable[[str], str]) -> Getter:
    return _with(getter, lambda value: change(value) if isinstance(value, str) else value)


def _with_values(getter: Getter, values: Mapping[str, Any]) -> Getter:
    table = {_key(one): to for one, to in values.items()}
    numbers = {number: to for one, to in table.items() if one is not None and (number := plain_number(one)) is not None}

    def named(value: Any) -> Any:
        if isinstance(value, str):
            return table.get(value)
        if isinstance(value, float | Decimal):
            number = Decimal(repr(value)) if isinstance(value, float) else value
            return None if number.is_snan() else numbers.get(number)
        return table.get(_key(value))

    return _with(getter, named)


def _key(value: object) -> str | None:
    """How `values` writes it: YAML's `true`, `12` and `19.99` name the record's True, 12 and 19.99."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, _WRITTEN) else None


def _with_scale(getter: Getter, scale: Decimal) -> Getter:
    def scaled(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, _NUMERIC):
            return value
        number = plain_number(value) if isinstance(value, str) else value
        return value if number is None else _scaled(number, scale)

    return _with(getter, scaled)


def _scaled(value: float | Decimal, scale: Decimal) -> Any:
    """By the digits that a number is written with. What has no end, or too many digits, stays as it is."""
    try:
        return Decimal(repr(value) if isinstance(value, float) else value) * scale
    except (ArithmeticError, ValueError):
        return value


def _with_default(getter: Getter, default: object) -> Getter:
    if default is None:
        return getter

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        return default if value is None else value

    return get


def _with_unit(getter: Getter, unit: str) -> Getter:
    """What is wrapped already stays so: `{path: [created_at, $timestamp], unit: s}` knows Kafka's unit better."""

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        if type(value) in _WRAPPED or not (value or _is_filled(value)):
            return value
        return WithUnit(value, unit)

    return get


def _with_region(getter: Getter, region: str | Source) -> Getter:
    """A number that says its own country is not wrapped: nothing asks for its region."""
    region_of = compile_plain(region) if not isinstance(region, str) else None
    fixed = region.strip().upper() if isinstance(region, str) else None

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        if isinstance(value, str) and value.startswith("+"):
            return value
        if type(value) in _WRAPPED or not (value or _is_filled(value)):
            return value
        where = region_of(decoded) if region_of else fixed
        return WithRegion(value, where.strip().upper() if isinstance(where, str) else None)

    return get
