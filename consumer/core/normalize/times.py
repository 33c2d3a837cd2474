"""The event's time, in whatever form it comes, as Unix seconds: a part of `normalize`."""

import re
from datetime import date, datetime
from decimal import Decimal
from math import floor
from typing import Final

from consumer.core.errors import RecordRejected
from consumer.core.model import WithUnit
from consumer.core.reasons import RejectReason
from consumer.core.rules.placeholders import trimmed
from consumer.core.rules.plain_numbers import plain_number

_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_LAST_S: Final = 253_402_300_799  # 9999-12-31T23:59:59Z; beyond, a unit was taken for another
_LONGEST: Final = 100
"""Characters of a time in any spelling."""
_SPELT: Final = re.compile(
    r"(?P<day>\d{4}-?\d\d-?\d\d)[T ]\s*(?P<hour>\d\d)(?P<minute>:?\d\d)(?P<second>:?\d\d)?(?:[.,:]\d+)?"
    r"\s*(?P<utc>Z|UTC|GMT|UT)?\s*(?P<offset>[+\u2212-]\d\d(?::?\d\d)?)?\s*(?:\[[A-Z0-9_+/-]+\]|(?(offset)[A-Z]{2,5}|(?!)))?",
    re.ASCII,
)
"""ISO 8601 with what programs put in: blanks, any fraction, UTC by name, and behind an offset Java's
`[Europe/Berlin]` or Go's `CEST`, which say no more than the offset does."""
_NUMBERS: Final = (int, float, Decimal)


def event_time_s(raw: object) -> int:
    """Unix seconds, rounded down.

    Args:
        raw: an aware datetime (what Avro timestamps decode to), ISO 8601 text, Adobe's
            `2023-09-26T10:15:30:123+0000` (docs/tiktok.md §6), or a number, or text that is one,
            inside `WithUnit`.

    Raises:
        RecordRejected: NORMALIZE_EVENT_TIME_NO_ZONE for a local time or a date alone, which are not
            guessed at; else NORMALIZE_EVENT_TIME.
    """
    if isinstance(raw, datetime):
        return _of_datetime(raw)
    if isinstance(raw, WithUnit):
        return _with_unit(raw.value, raw.unit)
    return _with_unit(raw, None)


def _with_unit(raw: object, unit: str | None) -> int:
    if isinstance(raw, str):
        return _of_text(trimmed(raw), unit)
    if isinstance(raw, _NUMBERS) and not isinstance(raw, bool):
        return _of_number(raw, unit)
    if isinstance(raw, datetime):
        return _of_datetime(raw)
    if isinstance(raw, date):
        raise _without_zone("a date alone")
    raise _fault("missing" if raw is None else "neither a time, text nor a number")


def _of_datetime(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise _without_zone("a time without zone")
    seconds = floor(moment.timestamp())
    if seconds < 0:
        raise _fault("before 1970")
    return seconds


def _of_text(text: str, unit: str | None) -> int:
    if not text:
        raise _fault("missing")
    if len(text) > _LONGEST:
        raise _fault("not ISO 8601")
    if (number := plain_number(text)) is not None:  # first, since `fromisoformat` takes some numbers for dates
        return _of_number(number, unit)
    text = text.upper()
    if text[16:17] == text[19:20] == ":":  # Adobe's colon before the milliseconds
        text = f"{text[:19]}.{text[20:]}"
    try:
        return _of_datetime(datetime.fromisoformat(text))
    except ValueError:
        return _of_spelling(text)


def _of_spelling(text: str) -> int:
    """What `fromisoformat` does not take, or not in every Python; the fraction goes, as seconds are rounded down."""
    found = _SPELT.fullmatch(text)
    if found is None:
        raise _fault("not ISO 8601")
    hour, minute, second = (int((found[name] or "0").lstrip(":")) for name in ("hour", "minute", "second"))
    is_midnight = (hour, minute, second) == (24, 0, 0)  # the day's end: the next day's 00:00
    is_leap_second = (minute, second) == (59, 60)
    offset = (found["offset"] or ("Z" if found["utc"] else "")).replace("\u2212", "-")
    shown = f"{found['day']}T{0 if is_midnight else hour:02}:{minute:02}:{59 if is_leap_second else second:02}{offset}"
    try:
        moment = datetime.fromisoformat(shown)
    except ValueError:
        raise _fault("not ISO 8601") from None
    return _of_datetime(moment) + is_midnight * 86_400 + is_leap_second


def _of_number(number: float | Decimal, unit: str | None) -> int:
    if unit is None:
        raise _fault("plain number without a unit: give unit: s, ms, us or ns")
    per_second = _PER_SECOND[unit]
    is_nan = isinstance(number, Decimal) and number.is_nan()
    if is_nan or not 0 <= number <= _LAST_S * per_second:  # no float NaN is within
        raise _fault("before 1970 or after 9999: is the unit right?")
    return int(number // per_second)


def _fault(problem: str) -> RecordRejected:
    return RecordRejected(RejectReason.NORMALIZE_EVENT_TIME, f"event_time: {problem}")


def _without_zone(problem: str) -> RecordRejected:
    return RecordRejected(RejectReason.NORMALIZE_EVENT_TIME_NO_ZONE, f"event_time: {problem}")
