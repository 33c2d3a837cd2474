"""What notes and reasons mean for people, and what to do about them."""

from collections.abc import Mapping
from json import dumps
from typing import Final

from consumer.commands.explain.field_story import HashedText
from consumer.core.reasons import PROBLEMS, DropReason, Problem, RejectReason
from consumer.core.remarks import OLD_EVENTS, near_standard
from consumer.terminal import printable

_SCHEMA: Final = "see avro.framing and avro.schema, and what the producer writes"
_BUG: Final = "report it: this should not happen"
_R: Final = RejectReason
REASONS: Final[Mapping[RejectReason, str]] = {
    _R.DECODE_FRAMING: "see avro.framing, and what the producer writes",
    _R.DECODE_SCHEMA_UNKNOWN: "have that schema where avro.registry or avro.schema says, or fix the producer",
    _R.DECODE_SCHEMA_UNUSABLE: "register a schema that can be read, or have the producer use another",
    _R.DECODE_SCHEMA_MISMATCH: "see avro.reader_schema, and what the producer writes",
    _R.DECODE_TRUNCATED: _SCHEMA,
    _R.DECODE_LEFT_OVER: _SCHEMA,
    _R.DECODE_LENGTH: "have the producer write shorter lists; or the schema is another: see avro.framing, avro.schema",
    _R.DECODE_TOO_DEEP: "have the producer nest less; or the schema is another: see avro.framing, avro.schema",
    _R.DECODE_TOO_LARGE: "raise limits.max_record_bytes, or have the producer write less",
    _R.DECODE_UTF8: _SCHEMA,
    _R.DECODE_VALUE: _SCHEMA,
    _R.DECODE_HEADERS: "fix the producer's headers, or read none of them in this rule",
    _R.ROUTE_UNKNOWN_PIXEL: "add the pixel to `pixels`, or fix the code that the record names",
    _R.ROUTE_UNKNOWN_RULE: "call a rule as its headers say, or replay it with --to-origin: then any rule may take it",
    _R.MAP_CALL: "fix the function that the rule names",
    _R.MAP_CEL: "where a field may be null or missing, ask first: `a == null ? null : double(a)`, `a != true` for `!a`",
    _R.NORMALIZE_EVENT: "map `event` to a field that holds the name as text, or to a constant",
    _R.NORMALIZE_EVENT_TIME: "map event_time to a field that holds it; a plain number needs its `unit`",
    _R.NORMALIZE_EVENT_TIME_NO_ZONE: "have the producer write the zone, or map a field that has one: none is guessed",
    _R.NORMALIZE_BAD_FIELD: "map a field that holds it, or leave out what is bad with `on_bad_field: drop`",
    _R.VALIDATE_EVENT_TIME_FUTURE: "see the `unit` of event_time, and the producer's clock",
    _R.VALIDATE_EVENT_TOO_OLD: "see the `unit` of event_time; if it is that old, limits.max_event_age",
    _R.VALIDATE_EVENT_TOO_LARGE: "map less into the event, or raise batch.max_bytes",
    _R.DELIVER_REFUSED: "see TikTok's code and words",
    _R.DELIVER_UNANSWERABLE: "report it to TikTok, with the ids of the requests",
    **{each: _BUG for each in RejectReason if each.startswith("bug.")},
}

DROPS: Final[Mapping[DropReason, str]] = {
    DropReason.TOMBSTONE: "it has no value: a tombstone, dropped and counted",
    DropReason.NO_RULE: "no rule holds for it: dropped and counted",
}
_FILLED_IN: Final = {
    "user.ttclid": "filled in from the ttclid of the page URL",
    "properties.value": "filled in: the sum of price × quantity",
    "event_id": "filled in from the record's place in Kafka, so that a re-delivery cannot count twice",
}


def of_note(field: str, problem: Problem, event: str) -> tuple[str, str]:
    """A note in words, and its remedy, for an event of that name."""
    if problem is Problem.FILLED_IN:
        return _FILLED_IN.get(field, "filled in"), ""
    text, remedy = PROBLEMS[problem]
    newer = OLD_EVENTS.get(event)
    if problem is Problem.OLD_EVENT_NAME and newer:
        return text, f"it is now called {newer}"
    near = near_standard(event)
    if problem is Problem.NEAR_STANDARD_EVENT and near:
        return text, f"write {near}"
    return text, remedy


def of_reason(reason: RejectReason) -> str:
    """What to do about a rejection."""
    return REASONS[reason]


def worded_text(hashed: HashedText) -> str:
    """What was hashed, in quotes so that a blank in it can be seen, and its digest."""
    if hashed.text is None:
        return f"{hashed.digest}, as it came"
    return f"{printable(dumps(hashed.text, ensure_ascii=False))} → {hashed.digest}"
