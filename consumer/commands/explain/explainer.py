"""What becomes of one record, and why. Pure: decides by `Pipeline`, and looks at what its stages handed on."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Raw, Struct, structs

from consumer.commands.explain.field_story import FieldStory, HashedText, stories, with_texts
from consumer.commands.explain.rule_story import Unmet, unmet
from consumer.core.dedupe.digest import has_key
from consumer.core.model import (
    Decision,
    Decoded,
    Event,
    Note,
    Record,
    SchemaWanted,
)
from consumer.core.normalize.user.identifiers import hashed_texts
from consumer.core.pipeline import Pipeline, Trace
from consumer.core.remarks import remarks
from consumer.core.rules.source import Rule


class RuleStory(Struct, frozen=True):
    """One rule and the record."""

    rule: Rule
    trace: Trace
    unmet: tuple[Unmet, ...] = ()
    """If it does not hold: the condition that says so, and what within it."""
    fields: tuple[FieldStory, ...] = ()
    """If it was mapped: each parameter that it reads."""


class ExplainedEvent(Struct, frozen=True):
    event: Event
    notes: tuple[Note, ...]
    """Those of `normalize`, then what Events Manager would remark."""
    has_key: bool
    """False if it is sent without deduplication."""


class Explained(Struct, frozen=True):
    """One record's way."""

    record: Record
    read_as: str
    has_position: bool
    decision: Decision
    decoded: Decoded | None
    rules: tuple[RuleStory, ...]
    """Empty if the record could not be decoded."""
    events: tuple[ExplainedEvent, ...]

    def texts_of(self, rule: str) -> list[HashedText]:
        """What the digests of a rule's event were made of, if that is to be shown."""
        fields = [each for story in self.rules if story.rule.name == rule for each in story.fields]
        return [text for each in fields for text in each.hashed]

    @property
    def verdict(self) -> str:
        """`send`, `reject` or `drop`, as README.md, has it."""
        if self.decision.events:
            return "send"
        return "reject" if self.decision.rejections else "drop"


class Explaining(Struct, frozen=True):
    """What explaining depends on."""

    rules: Sequence[Rule]
    has_window: bool
    """False if the window is off: then nothing has a key."""
    shows_texts: bool = False
    """Whether the texts that were hashed are to be shown."""


def explain(
    given: tuple[Record, str, bool], pipeline: Pipeline, explaining: Explaining, now_s: float
) -> Explained | SchemaWanted:
    """Explain one record.

    Args:
        given: the record, how it is read in words, and whether its position is Kafka's.
        now_s: wall clock, Unix seconds.
    """
    record, read_as, has_position = given
    decision = pipeline.decide(record, now_s)
    if isinstance(decision, SchemaWanted):
        return decision
    is_bug = any(rejection.reason.startswith("bug.") for rejection in decision.rejections)
    traced = None if is_bug else pipeline.trace(record)
    decoded, traces = traced if traced is not None else (None, [])
    by_name = {trace.rule.name: trace for trace in traces}
    return Explained(
        record,
        read_as,
        has_position,
        decision,
        decoded,
        tuple(
            _story(number, rule, by_name[rule.name], decoded, explaining.shows_texts)
            for number, rule in enumerate(explaining.rules)
            if decoded is not None and rule.name in by_name
        ),
        tuple(_event(event, by_name[event.rule], explaining.has_window) for event in decision.events),
    )


def _story(number: int, rule: Rule, trace: Trace, decoded: Decoded, shows_texts: bool) -> RuleStory:
    if not trace.holds:
        return RuleStory(rule, trace, tuple(unmet(rule.when, decoded, f"rules[{number}].when")))
    if trace.mapped is None:
        return RuleStory(rule, trace)
    fields = stories(rule, trace.mapped, trace.normalized)
    if shows_texts:
        texts = hashed_texts(trace.mapped.user)
        return RuleStory(rule, trace, fields=tuple(with_texts(each, texts) for each in fields))
    return RuleStory(rule, trace, fields=tuple(fields))


def _event(event: Event, trace: Trace, has_window: bool) -> ExplainedEvent:
    mapped, normalized = trace.mapped, trace.normalized
    found = remarks(mapped, normalized) if mapped is not None and normalized is not None else ()
    return ExplainedEvent(event, (*event.notes, *found), has_window and has_key(event))


def as_json(explained: Explained) -> dict[str, Any]:
    """The object of README.md; `msgspec.json.encode` writes it."""
    at = explained.record.position
    decision = explained.decision
    return {
        "position": {"topic": at.topic, "partition": at.partition, "offset": at.offset}
        if explained.has_position
        else None,
        "decision": explained.verdict,
        "dropped": decision.dropped,
        "rejected": [
            {"rule": each.rule, "reason": str(each.reason), "detail": each.detail} for each in decision.rejections
        ],
        "events": [_event_json(each, explained.texts_of(each.event.rule)) for each in explained.events],
    }


def _event_json(explained: ExplainedEvent, texts: Sequence[HashedText]) -> Mapping[str, Any]:
    event = explained.event
    shown = {"hashed": [structs.asdict(each) for each in texts]} if texts else {}
    return {
        "rule": event.rule,
        "pixel": event.pixel,
        "pixel_code": event.pixel_code,
        "dedupe_key": [event.pixel_code, event.event_id, event.event] if explained.has_key else None,
        "event": Raw(event.body),
        "notes": [_note_json(note) for note in explained.notes],
        **shown,
    }


def _note_json(note: Note) -> Mapping[str, Any]:
    """With a count where a list has it in more than one place: then `field` names the first."""
    counted = {"count": note.count} if note.count > 1 else {}
    return {"field": note.field, "problem": str(note.problem), **counted}
