"""How a record's value compares with an operand of the configuration. Raises nothing, whatever the value is.

A part of `route`. There are three kinds that never equal each other: text (a UUID and a date are their text),
numbers, true/false. In an order stand numbers, text that is plainly a number with a number, times with a
time, and text with other text.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final
from uuid import UUID

from consumer.core.rules.plain_numbers import plain_number

Scalar = str | bool | int | float | Decimal

# First, since `fromisoformat` also takes 20260101 and 2026-W01.
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T|t| |$)", re.ASCII)
# A tuple, since `isinstance(value, int | float)` makes its union again at each call: 0.3 µs.
_BINARY: Final = (int, float)
_NONE: Final[frozenset[Any]] = frozenset()


def is_scalar(value: object) -> bool:
    """Text, true, false, or a finite number: what values can be equal to."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, str | bool) or _is_number(value)


def same_kind(operands: Iterable[Scalar]) -> Callable[[object], tuple[Any, frozenset[Any]]]:
    """Sort operands by kind.

    Returns:
        A function that gives, for a value, the value to look up and the operands of its kind, in which it can be
        looked up; (None, empty) for what is of no kind.
    """
    texts = frozenset(one for one in operands if isinstance(one, str))
    flags = frozenset(one for one in operands if isinstance(one, bool))
    numbers = frozenset(twin for one in operands if _is_number(one) for twin in (one, _exact(one)))

    def of_its_kind(value: object) -> tuple[Any, frozenset[Any]]:
        if isinstance(value, str):
            return value, texts
        if isinstance(value, bool):
            return value, flags
        if _is_number(value):
            return value, numbers
        text = _text(value)
        return (None, _NONE) if text is None else (text, texts)

    return of_its_kind


def in_order(compare: Callable[[Any, Any], bool], operand: Scalar) -> Callable[[object], bool]:
    """Whether `compare(value, operand)`, for one of `operator`'s lt, le, gt, ge.

    Args:
        operand: a number; or a date, or a time with its zone, in ISO 8601: it is compared with times and such text;
            or other text, which is compared with text, in the order of code points. A date is its midnight in UTC.

    Returns:
        A function of the value, False where the two have no order: also for a number and a time, since
        nothing says in which unit it counts, and for a time without zone.
    """
    if not isinstance(operand, str):
        exact = _exact(operand)
        return lambda value: _beside_number(compare, value, operand, exact)
    moment = _moment(operand)
    if moment is not None:
        return lambda value: (other := _moment(value)) is not None and compare(other, moment)
    return lambda value: (text := _text(value)) is not None and compare(text, operand)


def has_order(value: object) -> bool:
    """Whether it can be an operand of `in_order`: not a flag, empty text, or a time without its zone."""
    if isinstance(value, str):
        return value != "" and (_DATE.match(value) is None or _moment(value) is not None)
    return is_scalar(value) and not isinstance(value, bool)


def _beside_number(compare: Callable[[Any, Any], bool], value: object, operand: object, exact: Decimal) -> bool:
    if isinstance(value, str):
        return (number := plain_number(value)) is not None and compare(number, exact)
    return _is_number(value) and compare(value, exact if isinstance(value, Decimal) else operand)


def _is_number(value: object) -> bool:
    """True and False are not numbers. A decimal that is not finite has no order, and may raise when compared."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, _BINARY) and not isinstance(value, bool)


def _exact(number: Any) -> Decimal:
    """As the configuration writes it: 0.1 equals the record's decimal 0.1, and is not the binary fraction near it."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else None


def _moment(value: object) -> datetime | None:
    """A time that has a zone; of a date alone, its midnight in UTC; of anything else None."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else None
    text = _text(value)
    if text is None or not _DATE.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if len(text) == 10 else _moment(moment)
