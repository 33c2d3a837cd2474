"""What can be said of rules and pixels without asking anybody: pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from consumer.commands.check.finding import Finding, Level, of_problem
from consumer.config import Settings
from consumer.config.checks.avro_paths import MissingPath, follow, kind_of, top
from consumer.config.checks.avro_shapes import paths_in
from consumer.config.checks.schema_paths import doubts_with, problems_with
from consumer.config.checks.tried_values import remarks_on_constants
from consumer.config.document import read_document
from consumer.config.problems import Problems, nearest, spell
from consumer.core.decode.schema import Schema
from consumer.core.reasons import PROBLEMS
from consumer.core.remarks import OLD_EVENTS, STANDARD_EVENTS, missing_of_rule, near_standard
from consumer.core.rules.source import (
    AllOf,
    Comparison,
    Condition,
    ConstSource,
    FirstOf,
    PathSource,
    Rule,
    Source,
    TransformedSource,
)

_SHIPPED: Final = "tiktok_events.WebEvent"


def rule_findings(settings: Settings) -> Iterator[Finding]:
    """Event names, pixels that share a code, rules that make each other's copies, tokens in the file."""
    for index, rule in enumerate(settings.rules):
        yield from _event_names(f"rules[{index}].map.event", (rule.parameters or {}).get("event"))
        yield from _noted_constants(index, rule, settings)
    yield from _shared_codes(settings)
    yield from _same_keys(settings.rules)
    yield from _two_pixels(settings.rules)
    yield from _held(settings)
    yield from _tokens(settings)


def constant_findings(settings: Settings) -> Iterator[Finding]:
    """Where no schema is known: an event's name that is read as a path."""
    for index, rule in enumerate(settings.rules):
        source = (rule.parameters or {}).get("event")
        if isinstance(source, PathSource) and source.steps[0] in STANDARD_EVENTS:
            name = source.steps[0]
            text = f"reads the field {name} of the record; for a fixed name write {{const: {name}}}"
            yield Finding(Level.WARNING, f"rules[{index}].map.event", text)


def schema_findings(settings: Settings, schemas: Sequence[Schema]) -> Iterator[Finding]:
    """What the rules ask of records of these schemas and cannot get; one OK if there is nothing."""
    problems = problems_with(settings, schemas)
    yield from (of_problem(problem) for problem in problems)
    doubts = doubts_with(settings, schemas)
    yield from (Finding(Level.WARNING, spell(place), text) for place, text in doubts)
    for index, rule in enumerate(settings.rules):
        yield from _needless_unit(f"rules[{index}].map.event_time", rule, schemas)
        if schemas and all(schema.name != _SHIPPED for schema in schemas):  # of that, names map to themselves
            yield from _missing(f"rules[{index}].map", rule)
    is_doubtful = doubts or any(any(remarks_on_constants(rule, settings)) for rule in settings.rules)
    if schemas and not problems and not is_doubtful:
        yield Finding(Level.OK, "rules", "every path and constant fits the schema")


def _event_names(path: str, source: Source | None) -> Iterator[Finding]:
    for name in sorted(set(_texts(source))):
        near = near_standard(name)
        if name in OLD_EVENTS:
            newer = OLD_EVENTS[name]
            yield Finding(Level.NOTE, path, f"{name} is an older name" + (f"; it is {newer} now" if newer else ""))
        elif name in STANDARD_EVENTS:
            continue
        elif near or _looks_like(name):
            yield Finding(
                Level.WARNING, path, f"{name} is not a standard event; did you mean {near or _looks_like(name)}?"
            )
        else:
            yield Finding(Level.NOTE, path, f"{name} is a custom event: campaigns cannot optimise for it")


def _noted_constants(index: int, rule: Rule, settings: Settings) -> Iterator[Finding]:
    """Those that are never sent, and those of which people should know; with which no event is sent are errors."""
    for each in remarks_on_constants(rule, settings):
        if not each.is_fault:
            yield Finding(Level.WARNING, spell(("rules", index, *each.place)), each.text)


def _missing(path: str, rule: Rule) -> Iterator[Finding]:
    """What every event of the rule will lack, as `explain` and `remarks_total` will say of each."""
    if rule.parameters is None:
        return
    contents = rule.contents.fields if rule.contents is not None else ()
    mapped = [*rule.parameters, *(f"properties.contents.{name}" for name in contents)]
    for field, problem in missing_of_rule(_texts(rule.parameters.get("event")), mapped):
        if field != "event":  # said above, with what to write instead
            yield Finding(Level.NOTE, path, f"{field}: {'; '.join(PROBLEMS[problem])}")


def _looks_like(name: str) -> str | None:
    near = nearest(name, STANDARD_EVENTS)
    return near if near and abs(len(near) - len(name)) <= 2 and near[0].lower() == name[:1].lower() else None


def _texts(source: Source | None) -> Iterable[str]:
    """The texts that a source is known to give: constants, targets of a table, defaults."""
    if isinstance(source, ConstSource) and isinstance(source.value, str):
        return [source.value]
    if isinstance(source, FirstOf):
        return [text for inner in source.sources for text in _texts(inner)]
    if isinstance(source, TransformedSource):
        inner = _texts(source.source) if source.values is None else source.values.values()
        return [value for value in (*inner, source.default) if isinstance(value, str)]
    return []


def _shared_codes(settings: Settings) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for name, pixel in settings.pixels.items():
        other = first.setdefault(pixel.pixel_code, name)
        if other != name:
            yield Finding(Level.WARNING, f"pixels.{name}.pixel_code", f"the same code as {other}: one is enough")


def _held(settings: Settings) -> Iterator[Finding]:
    for name, pixel in settings.pixels.items():
        if pixel.hold:
            yield Finding(Level.NOTE, f"pixels.{name}.hold", "closed until you set it to false")


def _tokens(settings: Settings) -> Iterator[Finding]:
    plain = _pixels_with_plain_tokens(settings)
    for name in settings.pixels:
        if name in plain:
            yield Finding(Level.WARNING, f"pixels.{name}.access_token", "stands in the file; take it from ${NAME}")
        else:
            yield Finding(Level.OK, f"pixels.{name}", "access token present")


def _pixels_with_plain_tokens(settings: Settings) -> set[str]:
    """Pixels whose token stands in the file itself; none where the settings did not come from a file."""
    if settings.path is None or not settings.path.is_file():
        return set()
    unreplaced = settings.path.read_text("utf-8").replace("${", "$${")
    pixels = read_document(unreplaced, {}, Problems()).get("pixels")
    tokens = {name: pixel.get("access_token") for name, pixel in pixels.items()} if isinstance(pixels, dict) else {}
    return {name for name, token in tokens.items() if isinstance(token, str) and "${" not in token}


def _same_keys(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Two rules whose events would be copies of each other: same pixel, event and event_id, and both may hold."""
    for (index, one), (other_index, other) in combinations(enumerate(rules), 2):
        if _key_sources(one) == _key_sources(other) and not _exclude_each_other(one.when, other.when):
            yield Finding(
                Level.WARNING,
                f"rules[{other_index}]",
                f"may make the same event as rules[{index}] of one record; the two then merge",
            )


def _two_pixels(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Of each rule, the first before it that may send the same record, to another pixel: which may be wanted."""
    for index, rule in enumerate(rules):
        for other_index, other in enumerate(rules[:index]):
            if rule.pixel != other.pixel and not _exclude_each_other(rule.when, other.when):
                text = f"may send a record that rules[{other_index}] sends too, to another pixel: it counts in both"
                yield Finding(Level.NOTE, f"rules[{index}].pixel", text)
                break


def _key_sources(rule: Rule) -> tuple[object, ...]:
    parameters = rule.parameters or {}
    return rule.pixel, *(parameters.get(name) for name in ("event", "event_id"))


def _exclude_each_other(one: Condition, other: Condition) -> bool:
    """True if both ask the same field for different values."""
    return any(
        mine.field == theirs.field and not set(_wanted(mine)) & set(_wanted(theirs))
        for mine in _equalities(one)
        for theirs in _equalities(other)
    )


def _equalities(when: Condition) -> list[Comparison]:
    tests = when.conditions if isinstance(when, AllOf) else (when,)
    return [test for test in tests if isinstance(test, Comparison) and test.operator in ("equals", "in")]


def _wanted(test: Comparison) -> list[str]:
    return [repr(one) for one in (test.operand if test.operator == "in" else [test.operand])]


def _needless_unit(path: str, rule: Rule, schemas: Sequence[Schema]) -> Iterator[Finding]:
    source = (rule.parameters or {}).get("event_time")
    if not (isinstance(source, TransformedSource) and source.unit is not None and schemas):
        return
    kinds = {kind for schema in schemas for inner in paths_in(source) for kind in _kinds(inner, schema)}
    if kinds and "number" not in kinds and "text" not in kinds:
        yield Finding(Level.WARNING, path, "`unit` says nothing of an Avro timestamp; remove it")


def _kinds(path: PathSource, schema: Schema) -> list[str]:
    found = follow(path, top(schema), schema)
    return [] if isinstance(found, MissingPath) else [kind_of(each) for each in found]
