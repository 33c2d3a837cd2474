"""Compile sources: from what the configuration says to closures that read a record. Done once, at start.

A part of `source`: stages may import it. Paths of one and two steps have closures of their own, since nearly
all are that short.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, RejectReason, WithRegion, WithUnit
from consumer.core.rules.source import (
    CallSource,
    ConstSource,
    FirstOf,
    Getter,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
)

# Tuples, since `isinstance(value, int | str)` makes its union anew at each call: 0.3 µs.
_CONTAINERS: Final = (str, list, dict, bytes, tuple)
_WRAPPED: Final = (WithUnit, WithRegion)
_WRITTEN: Final = (str, int)


def compile_source(source: Source) -> Getter:
    """Compile to the value with what the configuration says of it: `WithUnit`, `WithRegion`.

    Kafka's `$timestamp` is `WithUnit(…, "ms")`. Lists are wrapped whole, empty values not at all.
    The getter returns None for what is absent, null, out of range, or in a container of another kind than its
    path expects. For an item of `contents.each`, give it a `Decoded` whose fields are the item.

    Raises:
        RecordRejected: MAP_CALL, by the getter, when a user's function raises.
    """
    match source:
        case KafkaPart(part="timestamp"):
            return _wrapped(_part(source), "ms", None)
        case FirstOf(sources):
            return _first_of([compile_source(one) for one in sources])
        case TransformedSource(inner, unit=unit, region=region):
            return _wrapped(_changed(source, compile_source(inner)), unit, region)
        case _:
            return compile_plain(source)


def compile_plain(source: Source) -> Getter:
    """Compile to the value alone, as `compile_source` without unit and region: what conditions compare."""
    match source:
        case PathSource(steps):
            return _path(steps)
        case KafkaPart():
            return _part(source)
        case ConstSource(value):
            return lambda _: value
        case FirstOf(sources):
            return _first_of([compile_plain(one) for one in sources])
        case CallSource(target, function):
            return _call(target, function)
        case _:
            return _changed(source, compile_plain(source.source))


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
    match source.part:
        case "key":
            return lambda decoded: _text(decoded.record.key)
        case "timestamp":
            return lambda decoded: None if decoded.record.timestamp_ms < 0 else decoded.record.timestamp_ms
        case "topic":
            return lambda decoded: decoded.record.origin.topic
        case "partition":
            return lambda decoded: decoded.record.origin.partition
        case "offset":
            return lambda decoded: decoded.record.origin.offset
        case _:
            return _header(source.header or "")


def _header(name: str) -> Getter:
    folded = name.casefold()

    def get(decoded: Decoded) -> str | None:
        if not decoded.record.are_headers_readable:
            raise RecordRejected(RejectReason.DECODE_HEADERS, "a header's name is not UTF-8")
        for other, value in reversed(decoded.record.headers):
            if other == name:
                return _text(value)
        for other, value in reversed(decoded.record.headers):
            if other.casefold() == folded:
                return _text(value)
        return None

    return get


def _text(raw: bytes | None) -> str | None:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _first_of(getters: list[Getter]) -> Getter:
    def get(decoded: Decoded) -> Any:
        for getter in getters:
            value = getter(decoded)
            if value or _is_filled(value):
                return value
        return None

    return get


def _is_filled(value: object) -> bool:
    """Whether there is something to read: 0 and False are."""
    return value is not None and (not isinstance(value, _CONTAINERS) or len(value) > 0)


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
    return _with_default(getter, source.default)


def _with_text(getter: Getter, change: Callable[[str], str]) -> Getter:
    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        return change(value) if isinstance(value, str) else value

    return get


def _with_values(getter: Getter, values: Mapping[str, Any]) -> Getter:
    table = {_key(one): to for one, to in values.items()}

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        return table.get(value if isinstance(value, str) else _key(value))

    return get


def _key(value: object) -> str | None:
    """How `values` writes it: YAML's `true` and `12` name the record's True and 12."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, _WRITTEN) else None


def _with_default(getter: Getter, default: object) -> Getter:
    if default is None:
        return getter

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        return default if value is None else value

    return get


def _wrapped(getter: Getter, unit: str | None, region: str | None) -> Getter:
    """What is wrapped already stays so: `{path: [created_at, $timestamp], unit: s}` knows Kafka's unit better."""
    if unit is None and region is None:
        return getter

    def get(decoded: Decoded) -> Any:
        value = getter(decoded)
        if type(value) in _WRAPPED or not (value or _is_filled(value)):
            return value
        return WithUnit(value, unit) if unit is not None else WithRegion(value, region or "")

    return get
