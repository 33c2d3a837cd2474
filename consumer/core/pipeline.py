"""The way of one record: decode → route → map → normalize → validate. Read this first.

`Pipeline.decide` takes a record and says what becomes of it; the same values in, the same decision out.
`run`, `explain`, `dlq` and the tests all decide by it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from traceback import extract_tb, walk_tb
from typing import Final

from msgspec import Struct, structs

from consumer.core.decode.decoder import Decoder
from consumer.core.errors import RecordRejected
from consumer.core.map import compile_map
from consumer.core.model import (
    Decision,
    Decoded,
    Event,
    MappedEvent,
    NormalizedEvent,
    Record,
    Rejection,
    SchemaWanted,
)
from consumer.core.normalize.event import IdFromPosition, normalize, outline
from consumer.core.reasons import DropReason, RejectReason
from consumer.core.route.conditions import compile_pixel, compile_when
from consumer.core.rules.source import Rule
from consumer.core.validate import EventLimits, validate


class PipelineSettings(Struct, frozen=True):
    """What deciding depends on, besides the rules."""

    pixels: Mapping[str, str]
    """A pixel's name → its code."""
    id_from_position: IdFromPosition
    reject_bad_fields: bool
    limits: EventLimits
    placeholders: frozenset[str] = frozenset()
    """Lowercase words that are no identifier, besides those that never are one."""


class _Rule(Struct, frozen=True):
    """A rule made ready: no configuration is looked at any more."""

    name: str
    is_shadow: bool
    missed: Callable[[Decoded], str | None]
    pixel_of: Callable[[Decoded], str]
    map: Callable[[Decoded], MappedEvent]


class Trace(Struct, frozen=True):
    """What the stages made of a record for one rule: the last that is set is how far it came."""

    rule: str
    holds: bool
    """False, too, where a user's function in the rule's conditions raised."""
    pixel: str | None = None
    mapped: MappedEvent | None = None
    normalized: NormalizedEvent | None = None


class Pipeline:
    """All rules over one decoder."""

    def __init__(self, decoder: Decoder, rules: Sequence[Rule], settings: PipelineSettings) -> None:
        self._decoder = decoder
        self._settings = settings
        self._rules = tuple(_compiled(rule, settings) for rule in rules)
        self._names = frozenset(rule.name for rule in rules)

    def decide(self, record: Record, now_s: float, *, is_rewound: bool = False) -> Decision | SchemaWanted:
        """Say what becomes of a record. No value of it can raise.

        Args:
            now_s: wall clock, Unix seconds: events may be too old, or in the future.
            is_rewound: it is read again only to fill the window: its events need not be such as could be sent.
        """
        if record.value is None:
            return _TOMBSTONE
        if is_rewound and (self._settings.reject_bad_fields or len(record.value) > _MOST_OUTLINED_BYTES):
            is_rewound = False  # whether there was an event depends on more than an outline has
        try:
            return self._decide(record, now_s, is_rewound)
        except RecordRejected as rejected:
            return Decision(rejections=(Rejection(rejected.reason, rejected.detail, self._configured(record.rule)),))
        except (
            Exception
        ) as bug:  # promise 11: an unforeseen exception costs one record; the breaker guards against more
            return Decision(rejections=(_bug(bug, self._configured(record.rule)),))

    def trace(self, record: Record) -> tuple[Decoded, list[Trace]] | None:
        """What was between the record and its decision, by the same stages: for people, not per event.

        Ask only of a record that `decide` has decided without a `bug.` reason.

        Returns:
            The record's fields and a trace of each rule, in order, of none where the record names one that is not
            configured; None if it cannot be decoded, or has no value.
        """
        try:
            decoded = None if record.value is None else self._decoder.decode(record)
        except RecordRejected:
            return None
        if not isinstance(decoded, Decoded):
            return None
        rules = [rule for rule in self._rules if record.rule in (None, rule.name)]
        return self._decoder.decode_whole(record), [self._trace(rule, decoded) for rule in rules]

    def _trace(self, rule: _Rule, decoded: Decoded) -> Trace:
        trace, settings = Trace(rule.name, False), self._settings
        try:
            if rule.missed(decoded) is None:
                trace = Trace(rule.name, True)
                trace = structs.replace(trace, pixel=rule.pixel_of(decoded))
                trace = structs.replace(trace, mapped=(mapped := rule.map(decoded)))
                normalized = normalize(
                    mapped,
                    id_from_position=settings.id_from_position,
                    reject_bad_fields=settings.reject_bad_fields,
                    placeholders=settings.placeholders,
                )
                trace = structs.replace(trace, normalized=normalized)
        except RecordRejected:
            pass  # the decision says why
        return trace

    def _decide(self, record: Record, now_s: float, is_rewound: bool) -> Decision | SchemaWanted:
        decoded = self._decoder.decode(record)
        if isinstance(decoded, SchemaWanted):
            return decoded
        rules = self._rules if record.rule is None else self._only(record.rule)
        events: list[Event] = []
        rejections: list[Rejection] = []
        missed: list[tuple[str, str]] = []
        for rule in rules:
            made = self._make(rule, decoded, now_s, is_rewound)
            if isinstance(made, Event):
                events.append(made)
            elif isinstance(made, Rejection):
                rejections.append(made)
            else:
                missed.append((rule.name, made))
        dropped = None if events or rejections else DropReason.NO_RULE
        return Decision(tuple(events), tuple(rejections), dropped, tuple(missed))

    def _only(self, name: str) -> Sequence[_Rule]:
        if name not in self._names:
            raise RecordRejected(RejectReason.ROUTE_UNKNOWN_RULE, "the rule named in its headers is not configured")
        return [rule for rule in self._rules if rule.name == name]

    def _configured(self, name: str | None) -> str | None:
        """A rule that a record names, if there is one: what metrics and logs say is no text of a header."""
        return name if name in self._names else None

    def _make(self, rule: _Rule, decoded: Decoded, now_s: float, is_rewound: bool) -> Event | Rejection | str:
        """One rule's event; why there is none, though another's may go its way; or which condition does not hold."""
        settings, pixel = self._settings, None
        try:
            if (missed := rule.missed(decoded)) is not None:
                return missed
            pixel = rule.pixel_of(decoded)
            mapped = rule.map(decoded)
            return validate(
                outline(mapped, settings.placeholders)
                if is_rewound
                else normalize(
                    mapped,
                    id_from_position=settings.id_from_position,
                    reject_bad_fields=settings.reject_bad_fields,
                    placeholders=settings.placeholders,
                ),
                rule=rule.name,
                pixel=pixel,
                pixel_code=settings.pixels[pixel],
                is_shadow=rule.is_shadow,
                now_s=now_s,
                limits=settings.limits,
            )
        except RecordRejected as rejected:
            return Rejection(rejected.reason, rejected.detail, rule.name, pixel)


_MOST_OUTLINED_BYTES: Final = 4096
"""Of a value: no event made of it comes near the bytes that a request may have, in which its outline would be wrong."""
_TOMBSTONE: Final = Decision(dropped=DropReason.TOMBSTONE)
_CORE: Final = __name__.split(".")[:2]
_BUG_OF_STAGE: Final = {
    "decode": RejectReason.BUG_DECODE,
    "route": RejectReason.BUG_ROUTE,
    "map": RejectReason.BUG_MAP,
    "normalize": RejectReason.BUG_NORMALIZE,
    "validate": RejectReason.BUG_VALIDATE,
}


def _compiled(rule: Rule, settings: PipelineSettings) -> _Rule:
    return _Rule(
        rule.name,
        rule.is_shadow,
        compile_when(rule.when),
        compile_pixel(rule.pixel, {code: name for name, code in settings.pixels.items()}),
        compile_map(rule, settings.placeholders),
    )


def _bug(bug: Exception, rule: str | None) -> Rejection:
    """Name a bug by its frames alone: the text of an exception may hold a value."""
    frames = [(PurePath(frame.filename), frame) for frame in extract_tb(bug.__traceback__)]
    where = " < ".join(f"{path.name}:{frame.lineno} {frame.name}" for path, frame in reversed(frames))
    return Rejection(_stage_at_fault(bug), f"{type(bug).__name__} at {where}", rule)


def _stage_at_fault(bug: Exception) -> RejectReason:
    """The stage that was entered first: its package is called like it. None was: the pipeline itself is at fault."""
    modules = (str(frame.f_globals.get("__name__")).split(".") for frame, _ in walk_tb(bug.__traceback__))
    stages = (parts[2] for parts in modules if parts[:2] == _CORE and len(parts) > 2)
    return next((_BUG_OF_STAGE[stage] for stage in stages if stage in _BUG_OF_STAGE), RejectReason.BUG_PIPELINE)
