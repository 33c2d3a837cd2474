"""What fails in a rule is told with its place. A part of `rules`."""

from collections.abc import Callable
from typing import Any, TypeVar

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded
from consumer.core.rules.source import (
    AllOf,
    AnyOf,
    CallSource,
    CelSource,
    Comparison,
    Condition,
    FirstOf,
    Not,
    Source,
    TransformedSource,
)

T = TypeVar("T")


def placed(place: str, what: Source | Condition, read: Callable[[Decoded], T]) -> Callable[[Decoded], T]:
    """`read`, which was compiled from `what`; where a function or expression in it fails, the detail begins with the
    place. What has none of these is read as it was, at no cost."""
    if not _may_fail(what):
        return read

    def placed_read(decoded: Decoded) -> T:
        try:
            return read(decoded)
        except RecordRejected as rejected:
            raise RecordRejected(rejected.reason, f"{place}: {rejected.detail}") from None

    return placed_read


def _may_fail(what: Any) -> bool:
    match what:
        case CallSource() | CelSource():
            return True
        case Comparison(field) | Not(field):
            return _may_fail(field)
        case AllOf(parts) | AnyOf(parts) | FirstOf(parts):
            return any(map(_may_fail, parts))
        case TransformedSource(inner, region=region):
            return _may_fail(inner) or _may_fail(region)
        case _:
            return False
