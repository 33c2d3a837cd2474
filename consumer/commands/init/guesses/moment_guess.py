"""Where the event's time stands, and what a plain number of it counts. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from consumer.commands.init.aliases import PEOPLE, TIME_FIELDS, WRAPPERS
from consumer.commands.init.matching import Match, matches
from consumer.commands.init.names import words_in
from consumer.commands.init.schema_leaves import Leaf

_TIME_WORDS: Final = words_in(
    "event created creation occurred placed ordered purchased completed submitted sent received ingested recorded "
    "logged processed published emitted date"
)
_UNIT_BY_WORD: Final = {
    **dict.fromkeys(("ms", "millis", "milliseconds", "millisecond", "msec", "milli"), "ms"),
    **dict.fromkeys(("us", "micros", "microseconds", "microsecond", "usec", "micro"), "us"),
    **dict.fromkeys(("ns", "nanos", "nanoseconds", "nanosecond", "nsec", "nano"), "ns"),
    **dict.fromkeys(("s", "sec", "secs", "seconds", "second", "unixtime"), "s"),
}
_UNIT_BY_ANNOTATION: Final = {
    "io.debezium.time.Timestamp": "ms",
    "io.debezium.time.MicroTimestamp": "us",
    "io.debezium.time.NanoTimestamp": "ns",
    "org.apache.kafka.connect.data.Timestamp": "ms",
    "timestamp-millis": "ms",
    "timestamp-micros": "us",
    "timestamp-nanos": "ns",
}
"""Debezium's and Connect's names for types that Avro sees as plain numbers, and logical types in the wrong place."""
_NO_MOMENT: Final = re.compile(
    r"io\.debezium\.time\.(?:Date|Time|MicroTime|NanoTime|ZonedTime|Year|MicroDuration|NanoDuration|Interval)"
    r"|org\.apache\.kafka\.connect\.data\.(?:Date|Time)|date|time-\w+|duration|local-timestamp-\w+"
)
"""Days, times of day, durations, and what has no zone."""
_DATE: Final = re.compile(r"io\.debezium\.time\.Date|org\.apache\.kafka\.connect\.data\.Date|date")
_FORM: Final = re.compile(r"\b(?:y{4}[-/.]?m{2}[-/.]?d{2}|d{2}[-/.]m{2}[-/.]y{2,4}|m{2}/d{2}/y{2,4})(.*)", re.I | re.S)
"""In a doc: how a text is written, such as YYYY-MM-DD, and what stands behind that."""
_HOUR: Final = re.compile("hh", re.IGNORECASE)
_ZONE: Final = re.compile(r"[zx]\b|utc|gmt|offset|zone|[+±]", re.IGNORECASE)
_DURATION_WORDS: Final = frozenset({"duration", "elapsed", "latency", "interval", "timeout", "ttl", "age", "uptime"})
_MOMENT_WORDS: Final = (
    WRAPPERS
    | PEOPLE
    | words_in("order purchase transaction booking reservation checkout server client unix epoch utc kafka page")
)
"""Words before `time_ms` with which it is still a moment; `load_time_ms` is how long something took."""
_OTHER_UNIT: Final = re.compile(r"\b(?:minute|hour|day|week|month|year)s? (?:since|from|after)\b", re.IGNORECASE)
"""In a doc: no time is given in these units."""
_FOREIGN: Final = frozenset(TIME_FIELDS.foreign.split())
_WORD: Final = re.compile(r"[a-z]+")


class MomentGuess(Struct, frozen=True):
    path: str
    unit: str | None
    """Of a plain number; None: the schema or the text itself says what it is."""
    why: str
    others: tuple[str, ...] = ()


def guess_moment(leaves: Sequence[Leaf]) -> MomentGuess:
    """The field that says when it happened; Kafka's own time where none does."""
    found = sorted(_found(leaves), key=lambda match: -match.score)
    if not found:
        return MomentGuess("$timestamp", None, f"{_why_none(leaves)}; this is Kafka's time of the record")
    leaf = found[0].leaf
    others = tuple(match.leaf.path for match in found[1:])
    if "time" in leaf.kinds:
        kind = next(each["logicalType"] for each in leaf.types if "logicalType" in each)
        return MomentGuess(leaf.path, None, f"{kind}: needs no unit", others)
    if "text" in leaf.kinds and "number" not in leaf.kinds:
        return MomentGuess(leaf.path, None, "text: must be ISO 8601 with a zone", others)
    unit, why = unit_of(leaf)
    return MomentGuess(leaf.path, unit, why, others)


def unit_of(leaf: Leaf) -> tuple[str, str]:
    """What a plain number counts, and how that is known."""
    annotated = next((each for each in sorted(leaf.annotations) if each in _UNIT_BY_ANNOTATION), None)
    if annotated is not None:
        return _UNIT_BY_ANNOTATION[annotated], f"{annotated} in the schema"
    words = [*reversed(leaf.words[-1]), *_WORD.findall(leaf.doc.lower())]
    said = next((word for word in words if word in _UNIT_BY_WORD), None)
    if said:
        return _UNIT_BY_WORD[said], f'a plain number; "{said}" stands in its name or doc'
    types = {each["type"] for each in leaf.types}
    if "long" in types:
        return "ms", "a plain long: taken for milliseconds, see whether that is right"
    return "s", "a plain number: taken for seconds, see whether that is right"


def _found(leaves: Sequence[Leaf]) -> list[Match]:
    """Those called like it, without those that have no zone; of two alike, the one with a type of its own.

    Where nothing is called like it, what is a time by its type will do.
    """
    named = [
        Match(match.leaf, match.name, match.score + (5 if "time" in match.leaf.kinds else 0))
        for match in _named(leaves)
        if _lack(match.leaf) is None and not _is_no_moment(match.leaf)
    ]
    return named or [Match(leaf, "", -len(leaf.steps)) for leaf in leaves if _is_a_time(leaf)]


def _named(leaves: Sequence[Leaf]) -> list[Match]:
    kinds = TIME_FIELDS.kinds | {"time without zone", "date"}
    return matches(TIME_FIELDS._replace(kinds=kinds, tiers=_with_units(TIME_FIELDS.tiers)), leaves)


def _why_none(leaves: Sequence[Leaf]) -> str:
    lacks = ((match.leaf.path, _lack(match.leaf)) for match in _named(leaves))
    found = next((f"{path} is {lack}" for path, lack in lacks if lack), None)
    return found or "no field says when it happened"


def _lack(leaf: Leaf) -> str | None:
    """What it is instead of a moment, by its type or by the form that its doc gives; None: nothing says so."""
    if "time without zone" in leaf.kinds or any(each.startswith("local-timestamp") for each in leaf.annotations):
        return "local time without a zone"
    if "date" in leaf.kinds or any(_DATE.fullmatch(each) for each in leaf.annotations):
        return "a date without a time"
    form = _FORM.search(leaf.doc) if leaf.kinds == {"text"} else None
    if form is None or (_HOUR.search(form[1]) and _ZONE.search(form[1])):
        return None
    return "local time without a zone" if _HOUR.search(form[1]) else "a date without a time"


def _is_no_moment(leaf: Leaf) -> bool:
    if any(_NO_MOMENT.fullmatch(each) for each in leaf.annotations) or _DURATION_WORDS & set(leaf.words[-1]):
        return True
    if "time" not in leaf.kinds and _OTHER_UNIT.search(leaf.doc):
        return True
    *before, last = leaf.words[-1]
    is_counted = last in _UNIT_BY_WORD and before[-1:] == ["time"]
    return is_counted and bool(set(before[:-1]) - _MOMENT_WORDS - _TIME_WORDS)


def _is_a_time(leaf: Leaf) -> bool:
    return "time" in leaf.kinds and not any(_FOREIGN & set(words) for words in leaf.words)


def _with_units(tiers: tuple[str, ...]) -> tuple[str, ...]:
    """`created_at_ms` is `created_at`, too."""
    units = ("", *_UNIT_BY_WORD)
    return tuple(" ".join(f"{name}{unit}" for name in tier.split() for unit in units) for tier in tiers)
