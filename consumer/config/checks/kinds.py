"""Kinds of values, as people call them, and values of each as the decoder gives them: what a kind can do is tried."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

SAMPLES: Final[Mapping[str, tuple[object, ...]]] = {
    "text": ("1", "2026-01-31T00:00:00Z"),
    "number": (1,),
    "true or false": (True,),
    "time": (datetime(2026, 1, 31, tzinfo=UTC),),
    "time without zone": (datetime(2026, 1, 31),),  # noqa: DTZ001  # what an Avro local timestamp is
    "date": (date(2026, 1, 31),),
    "time of day": (time(12),),
    "list": (["1"],),
    "map": ({"1": "1"},),
    "record": ({"1": "1"},),
    "bytes": (b"1",),
}
"""Of each kind, at least one value with which a thing works that works with any value of the kind."""


def kind_of_value(value: object) -> str:
    """The kind of a value that the decoder gives, or the configuration; a record's dict is a map."""
    if isinstance(value, datetime):
        return "time without zone" if value.tzinfo is None else "time"
    return next((kind for types, kind in _KINDS if isinstance(value, types)), "bytes")


_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (str, "text"),
    (bool, "true or false"),
    ((int, float, Decimal), "number"),
    (date, "date"),
    (time, "time of day"),
    ((list, tuple), "list"),
    (dict, "map"),
)
"""The first that fits: True is an int."""
