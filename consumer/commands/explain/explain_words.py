"""What notes and reasons mean for people, and what to do about them."""

from collections.abc import Mapping
from json import dumps
from typing import Final

from consumer.commands.explain.field_story import HashedText
from consumer.core.reasons import PROBLEMS, DropReason, Problem, RejectReason
from consumer.core.remarks import OLD_EVENTS, near_standard
from consumer.terminal import printable

REASONS: Final[Mapping[str, str]] = {
    "decode": "see avro.framing and avro.schema, and what the producer writes",
    "route": "add the pixel or rule to the configuration, or fix the record",
    "map": "fix the function or the source that the rule names",
    "normalize": "map the field that holds it, in a form that can be read",
    "validate": "fix clock or unit of event_time, or change `limits`",
    "deliver": "see TikTok's code",
    "bug": "report it: this should not happen",
}
"""By the part of a reason before the dot."""

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
    return REASONS[reason.partition(".")[0]]


def worded_text(hashed: HashedText) -> str:
    """What was hashed, in quotes so that a blank in it can be seen, and its digest."""
    if hashed.text is None:
        return f"{hashed.digest}, as it came"
    return f"{printable(dumps(hashed.text, ensure_ascii=False))} → {hashed.digest}"
