"""Money and counts: a part of `normalize`. Sums are made in decimal arithmetic, never in binary."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from consumer.core.model import WithUnit
from consumer.core.normalize.fields import FieldError
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import trimmed
from consumer.core.rules.plain_numbers import plain_number
from consumer.core.tiktok_event import Content, Number

LARGEST: Final = 10**15
"""No price, total or count is beyond this; above it a double is no longer exact to a cent."""
_NUMBERS: Final = (int, float, Decimal)


def amount(raw: object) -> Number | None:
    """A price or total of at least 0; 0 is a value. Empty text is None.

    Ints stay ints and floats floats. Decimals and text become an int if written without a fraction, else the
    float that reads the same, else (too many digits for a float) a Decimal.
    """
    if (type(raw) is float or type(raw) is int) and 0 < raw <= LARGEST:
        return raw
    number = _number(raw)
    if number is not None and number < 0:
        raise FieldError(Problem.NEGATIVE)
    return number


def count(raw: object) -> int | None:
    """A whole number of at least 0; `2.0` and "2.0" are whole, too."""
    if type(raw) is int and 0 <= raw <= LARGEST:
        return raw
    number = amount(raw)
    if number is None:
        return None
    if number != int(number):
        raise FieldError(Problem.NOT_WHOLE)
    return int(number)


def quantity(raw: object) -> int | None:
    """A whole number above 0 (docs/tiktok.md §1)."""
    if type(raw) is int and 0 < raw <= LARGEST:
        return raw
    number = _number(raw)
    if number is not None and number <= 0:
        raise FieldError(Problem.NOT_POSITIVE)
    return count(number) if number is not None else None


def total(contents: Iterable[Content]) -> Number | None:
    """The sum of price × quantity, exact to the digits that the prices were written in; None if any item lacks one.

    Prices in whole hundredths, nearly all, are summed as ints. Such a price is known by dividing back: below
    10^15 hundredths, no two decimals of two places are the same double.
    """
    hundredths = 0
    for item in contents:
        if item.price is None or item.quantity is None:
            return None
        each = round(item.price * 100)
        if each / 100 != item.price or each > LARGEST:
            return _exact_total(contents)
        hundredths += each * item.quantity
    if hundredths > LARGEST:
        return _exact_total(contents)
    return hundredths / 100 if hundredths % 100 else hundredths // 100


def _exact_total(contents: Iterable[Content]) -> Number | None:
    result = Decimal()
    for item in contents:
        if item.price is None or item.quantity is None:
            return None
        result += Decimal(repr(item.price) if isinstance(item.price, float) else item.price) * item.quantity
    if result > LARGEST:
        return None
    return int(result) if result == int(result) else _of_decimal(result)


def _number(raw: object) -> Number | None:
    """Any number within ±LARGEST, of whatever type carries it. A bool is none, nor are NaN and infinity."""
    if isinstance(raw, str):
        written, raw = raw, plain_number(raw)
        if raw is None:
            if not trimmed(written):
                return None
            raise FieldError(Problem.NOT_A_NUMBER)
    if isinstance(raw, bool) or not isinstance(raw, _NUMBERS):
        is_minor = isinstance(raw, WithUnit)  # still: its minor unit is not known
        raise FieldError(Problem.NOT_A_CURRENCY if is_minor else Problem.NOT_A_NUMBER)
    if (isinstance(raw, Decimal) and raw.is_nan()) or not -LARGEST <= raw <= LARGEST:  # no float NaN is within
        raise FieldError(Problem.NOT_A_NUMBER)
    if raw == 0:
        return 0.0 if isinstance(raw, float) else _of_decimal(abs(raw)) if isinstance(raw, Decimal) else 0
    return _of_decimal(raw) if isinstance(raw, Decimal) else raw


def _of_decimal(exact: Decimal) -> Number:
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0:
        return int(exact)
    near = float(exact)
    return near if Decimal(repr(near)) == exact else exact
