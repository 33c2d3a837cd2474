"""Values tried: what the pipeline does to a constant of a rule, or to a kind of value, in an event of its own.

What depends on the rest of a record is not judged: a national number without a region, the currency of `unit: minor`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import structs

from consumer.config.checks.constants import Constant, constants_in
from consumer.config.checks.kinds import SAMPLES
from consumer.config.checks.source_places import Place, uses_of
from consumer.config.settings import Settings
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, MappedEvent, Note, Position, Record, WithUnit
from consumer.core.normalize.event import normalize
from consumer.core.reasons import PROBLEMS, Problem
from consumer.core.route.conditions import resolve_pixel
from consumer.core.rules.getters import compile_source
from consumer.core.rules.source import ConstSource, Rule
from consumer.core.tiktok_event import OLDER_NAMES, PARAMETERS

_PLACE: Final = Position("", 0, 0)
_NO_RECORD: Final = Decoded(Record(_PLACE, 0, None, None, (), _PLACE), {}, is_shipped=False)
_EVENT: Final = MappedEvent(_NO_RECORD, "Purchase", "2026-01-31T00:00:00Z")
_OF_THE_RECORD: Final = frozenset({Problem.NO_REGION, Problem.REGION_UNCLEAR})
_OTHERWISE: Final = "write another value, or map a field"
_OF_THE_KIND: Final = frozenset({Problem.WRONG_TYPE, Problem.NOT_A_NUMBER, Problem.NOT_A_BOOLEAN})


class Remark(NamedTuple):
    """What is wrong with a constant of a rule, or worth knowing of it."""

    place: Place
    """In the rule, as written."""
    text: str
    is_fault: bool
    """True if every event is rejected for it."""


def remarks_on_constants(rule: Rule, settings: Settings, *, are_alone: bool = False) -> Iterator[Remark]:
    """Of a rule's `map` and `pixel`; elements are looked at where they are used.

    Args:
        are_alone: only constants that are all that a parameter has. No other can be a fault, and `run` asks for no
            more: tables of `values` may be long.
    """
    for place, parameter, source in uses_of(rule):
        if are_alone and not isinstance(source, ConstSource):
            continue
        for constant in constants_in(source, settings.elements.values()):
            for text, is_rejected in _judged(parameter, constant, settings):
                yield Remark((*place, *constant.place), text, is_rejected and constant.place == ("const",))


@lru_cache(maxsize=512)
def is_kind_taken(parameter: str, kind: str) -> bool:
    """False if no value of the kind can ever be sent as this parameter."""
    samples = (WithUnit(one, "s") if parameter == "event_time" else one for one in SAMPLES[kind])
    return any(_is_of_kind_taken(parameter, sample) for sample in samples)


def _is_of_kind_taken(parameter: str, sample: object) -> bool:
    try:
        return not any(note.is_dropped and note.problem in _OF_THE_KIND for note in _notes(parameter, sample))
    except RecordRejected:
        return False


def _judged(parameter: str | None, constant: Constant, settings: Settings) -> Iterator[tuple[str, bool]]:
    raw = compile_source(constant.source)(_NO_RECORD)
    if raw is None:
        return
    if parameter is None:
        yield from _of_pixel(raw, settings)
    elif parameter in PARAMETERS or parameter in OLDER_NAMES:
        # A region is read as the user's country is.
        yield from _of_parameter("user.country" if constant.is_region else parameter, raw, settings)


def _of_pixel(raw: object, settings: Settings) -> Iterator[tuple[str, bool]]:
    codes = {pixel.pixel_code: name for name, pixel in settings.pixels.items()}
    try:
        resolve_pixel(raw, codes)
    except RecordRejected:
        if codes:
            yield "no pixel has this code; write the pixel_code of one of `pixels`", False


def _of_parameter(parameter: str, raw: object, settings: Settings) -> Iterator[tuple[str, bool]]:
    try:
        notes = _notes(parameter, raw, settings.placeholder_words)
    except RecordRejected as rejected:
        what = rejected.detail.removeprefix(f"{parameter}: ")
        what = PROBLEMS[Problem(what)][0] if what in frozenset(Problem) else what
        yield f"{what}, so the event is rejected; {_OTHERWISE}", True
        return
    for note in notes:
        what, remedy = PROBLEMS[note.problem]
        remedy = _OTHERWISE if "producer" in remedy else remedy  # a constant has none
        if not note.is_dropped:
            yield f"{what}; {remedy}", False
        elif note.problem not in _OF_THE_RECORD:
            yield f"{what}, so it is never sent; {remedy}", False


def _notes(parameter: str, raw: object, placeholders: frozenset[str] = frozenset()) -> tuple[Note, ...]:
    """What `normalize` notes of an event of which this is all.

    Raises:
        RecordRejected: as `normalize`.
    """
    if isinstance(raw, WithUnit) and raw.unit == "minor":
        raw = raw.value
    section, _, name = OLDER_NAMES.get(parameter, parameter).rpartition(".")
    if section == "properties.contents":
        mapped = structs.replace(_EVENT, contents=({name: raw},))
    else:
        mapped = structs.replace(_EVENT, **{section: {name: raw}} if section else {name: raw})
    return normalize(mapped, id_from_position="never", reject_bad_fields=False, placeholders=placeholders).notes
