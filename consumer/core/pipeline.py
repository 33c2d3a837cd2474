"""The way of one record: decode → route → map → normalize → validate. Read this first.

`Pipeline.decide_all` takes records and says what becomes of each. `run`, `explain`, `dlq` and the tests decide by it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from traceback import extract_tb, walk_tb
from typing import Final

from msgspec import Struct

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


class CompiledRule(Struct, frozen=True):
    """A rule made ready: no configuration is looked at any more."""

    name: str
    is_shadow: bool
    missed: Callable[[Decoded], str | None]
    pixel_of: Callable[[Decoded], str]
    map: Callable[[Decoded], MappedEvent]


class Trace(Struct):
    """One record's way by one rule: the last of its fields that is set says how far it came."""

    rule: CompiledRule
    decoded: Decoded
    is_outlined: bool = False
    """Only the window is to know of the event."""
    missed: str = ""
    """The place in the file of the first condition that does not hold."""
    holds: bool = False
    """False, too, where a user's function in the rule's conditions raised."""
    pixel: str | None = None
    mapped: MappedEvent | None = None
    normalized: NormalizedEvent | None = None
    event: Event | None = None
    rejection: Rejection | None = None


class Pipeline:
    """All rules over one decoder."""

    def __init__(self, decoder: Decoder, rules: Sequence[Rule], settings: PipelineSettings) -> None:
        self._decoder = decoder
        self._settings = settings
        self._rules = tuple(_compiled(rule, settings) for rule in rules)
        self._names = frozenset(rule.name for rule in rules)

    def decide(self, record: Record, now_s: float, *, is_rewound: bool = False) -> Decision | SchemaWanted:
        """Say what becomes of one record, as `decide_all` of many."""
        return self.decide_all([record], now_s, [is_rewound])[0]

    def decide_all(
        self, records: Sequence[Record], now_s: float, are_rewound: Sequence[bool]
    ) -> list[Decision | SchemaWanted]:
        """Say what becomes of each record; the same values in, the same decisions out. No value can raise.

        All go through one stage before any goes through the next. One by one, a record costs a sixth more: the code of
        all stages does not fit a processor's nearest cache, and would be fetched again for each.

        Args:
            now_s: wall clock, Unix seconds: events may be too old, or in the future.
            are_rewound: of each record, whether it is read again only to fill the window: its events need not be such
                as could be sent.
        """
        ways = [self._begun(record, is_rewound) for record, is_rewound in zip(records, are_rewound, strict=True)]
        traces = self._normalized([trace for way in ways if isinstance(way, list) for trace in way])
        self._through(partial(self._validate, now_s), traces)
        return [_decision(way) if isinstance(way, list) else way for way in ways]

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
        traces = [Trace(rule, decoded) for rule in self._rules if record.rule in (None, rule.name)]
        self._normalized(traces)
        return self._decoder.decode_whole(record), traces

    def _begun(self, record: Record, is_rewound: bool) -> list[Trace] | Decision | SchemaWanted:
        """The ways before a record, one by each rule; or its end, where there are none."""
        if record.value is None:
            return _TOMBSTONE
        try:
            decoded = self._decoder.decode(record)
            if isinstance(decoded, SchemaWanted):
                return decoded
            rules = self._rules if record.rule is None else self._only(record.rule)
        except RecordRejected as rejected:
            return Decision(rejections=(Rejection(rejected.reason, rejected.detail, self._configured(record.rule)),))
        except Exception as bug:  # promise 11, as in `_through`
            return Decision(rejections=(_bug(bug, self._configured(record.rule)),))
        # With `reject_bad_fields`, whether there was an event depends on more than an outline has.
        is_outlined = is_rewound and not self._settings.reject_bad_fields and len(record.value) <= _MOST_OUTLINED_BYTES
        return [Trace(rule, decoded, is_outlined) for rule in rules]

    def _only(self, name: str) -> Sequence[CompiledRule]:
        if name not in self._names:
            raise RecordRejected(RejectReason.ROUTE_UNKNOWN_RULE, "the rule named in its headers is not configured")
        return [rule for rule in self._rules if rule.name == name]

    def _configured(self, name: str | None) -> str | None:
        """A rule that a record names, if there is one: what metrics and logs say is no text of a header."""
        return name if name in self._names else None

    def _normalized(self, traces: Sequence[Trace]) -> Sequence[Trace]:
        """Route, map and normalize; those whose rule holds and that nothing has rejected."""
        held = [trace for trace in self._through(_route, traces) if trace.holds]
        return self._through(self._normalize, self._through(_map, held))

    def _through(self, stage: Callable[[Trace], None], traces: Sequence[Trace]) -> list[Trace]:
        """One stage of all of them; those that it did not reject. What one rule rejects, another may take."""
        left = []
        for trace in traces:
            try:
                stage(trace)
            except RecordRejected as rejected:
                trace.rejection = Rejection(rejected.reason, rejected.detail, trace.rule.name, trace.pixel)
            except Exception as bug:  # promise 11: it costs one record; the breaker guards against more
                trace.rejection = _bug(bug, self._configured(trace.decoded.record.rule))
            else:
                left.append(trace)
        return left

    def _normalize(self, trace: Trace) -> None:
        settings = self._settings
        mapped: MappedEvent = trace.mapped  # type: ignore[assignment]  # the stage before has set it
        trace.normalized = (
            outline(mapped, settings.placeholders)
            if trace.is_outlined
            else normalize(
                mapped,
                id_from_position=settings.id_from_position,
                reject_bad_fields=settings.reject_bad_fields,
                placeholders=settings.placeholders,
            )
        )

    def _validate(self, now_s: float, trace: Trace) -> None:
        settings = self._settings
        pixel: str = trace.pixel  # type: ignore[assignment]  # the stages before have set both
        trace.event = validate(
            trace.normalized,  # type: ignore[arg-type]  # as above
            rule=trace.rule.name,
            pixel=pixel,
            pixel_code=settings.pixels[pixel],
            is_shadow=trace.rule.is_shadow,
            now_s=now_s,
            limits=settings.limits,
        )


def _route(trace: Trace) -> None:
    trace.missed = trace.rule.missed(trace.decoded) or ""
    if not trace.missed:
        trace.holds = True
        trace.pixel = trace.rule.pixel_of(trace.decoded)


def _map(trace: Trace) -> None:
    trace.mapped = trace.rule.map(trace.decoded)


def _decision(traces: Sequence[Trace]) -> Decision:
    events: list[Event] = []
    rejections: list[Rejection] = []
    missed: list[tuple[str, str]] = []
    for trace in traces:
        if trace.event is not None:
            events.append(trace.event)
        elif trace.rejection is None:
            missed.append((trace.rule.name, trace.missed))
        elif trace.rejection.reason in _BUGS:
            return Decision(rejections=(trace.rejection,))
        else:
            rejections.append(trace.rejection)
    dropped = None if events or rejections else DropReason.NO_RULE
    return Decision(tuple(events), tuple(rejections), dropped, tuple(missed))


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
_BUGS: Final = frozenset((*_BUG_OF_STAGE.values(), RejectReason.BUG_PIPELINE))


def _compiled(rule: Rule, settings: PipelineSettings) -> CompiledRule:
    return CompiledRule(
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
