"""A made-up record of a schema, with something in every field that a rule reads. Pure.

No record of a topic is used: a case is kept with the configuration, and must hold no personal data.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from consumer.commands.init.names import words_of
from consumer.commands.init.sample_values import (
    AMOUNTS,
    MOMENT,
    MOMENT_S,
    PER_SECOND,
    SAMPLES,
    Excluded,
    fitting,
)
from consumer.config.checks.avro_paths import Type, types_of
from consumer.core.decode.schema import RECORDS, Schema
from consumer.core.rules.source import (
    AllOf,
    CelSource,
    Comparison,
    Condition,
    FirstOf,
    Not,
    PathSource,
    Rule,
    Source,
    TransformedSource,
)

_UNITS: Final = re.compile(r"double\(([\w.]+)\.units \*")
_Steps = tuple[str | int, ...]
_MAX_DEPTH: Final = 12
_HASHES: Final = frozenset({"hash", "hashed", "hashes", "sha"})


class _Wanted(Struct, frozen=True):
    """What is to stand at a path, and what the items of a list are to have."""

    at: Mapping[_Steps, object]
    items: Mapping[_Steps, "_Wanted"] = {}

    def has_under(self, steps: _Steps) -> bool:
        return any(each[: len(steps)] == steps for each in (*self.at, *self.items))


def sample_record(rule: Rule, record: Type, schema: Schema) -> dict[str, Any]:
    """Plain JSON, as `explain --file` takes it, for which the rule holds."""
    return _Builder(schema).record(record, (), _wanted(rule))


# ── what is wanted ──────────────────────────────────────────────────────────────────────────────


def _wanted(rule: Rule) -> _Wanted:
    at: dict[_Steps, object] = {}
    for name, source in (rule.parameters or {}).items():
        for steps, value in _of_source(source, _sample(name)):
            at.setdefault(steps, _as_named(steps, value))
    at |= _of_condition(rule.when, at)
    contents = rule.contents
    if contents is None:
        return _Wanted(at)
    inner = {
        steps: value for name, source in contents.fields.items() for steps, value in _of_source(source, _sample(name))
    }
    if isinstance(contents.each, PathSource):
        return _Wanted(at, {contents.each.steps: _Wanted(inner)})
    return _Wanted(inner | at)


def _as_named(steps: _Steps, value: object) -> object:
    """What is called a hash is one: else people would think that such a field is to hold plain text."""
    is_hash = isinstance(value, str) and any(_HASHES & set(words_of(str(step))) for step in steps)
    return sha256(str(value).encode()).hexdigest() if is_hash else value


def _sample(name: str) -> object:
    if name == "event_time":
        return MOMENT
    return AMOUNTS[name] if name in AMOUNTS else SAMPLES.get(name, "made-up")


def _of_source(source: Source, sample: object) -> Iterator[tuple[_Steps, object]]:
    match source:
        case PathSource(steps):
            yield steps, sample
        case FirstOf(sources):
            yield from _of_source(sources[0], sample)
        case TransformedSource():
            yield from _of_source(source.source, _before(source, sample))
        case CelSource(expression):
            for path in _UNITS.findall(expression):
                yield (*path.split("."), "units"), 39
                yield (*path.split("."), "nanos"), 980_000_000


def _before(source: TransformedSource, sample: object) -> object:
    """What must be there so that the options make the sample of it."""
    if source.values:
        return next((key for key, name in source.values.items() if name == "Purchase"), next(iter(source.values)))
    if source.unit in PER_SECOND:
        return MOMENT_S * PER_SECOND[source.unit]
    if isinstance(sample, Decimal) and source.unit == "minor":
        return sample * 100
    return sample / source.scale if isinstance(sample, Decimal) and source.scale else sample


def _of_condition(condition: Condition, so_far: Mapping[_Steps, object]) -> dict[_Steps, object]:
    match condition:
        case AllOf(conditions):
            return {steps: value for each in conditions for steps, value in _of_condition(each, so_far).items()}
        case Comparison(PathSource(steps), "is_true", bool() as wanted):
            return {steps: wanted}
        case Comparison(PathSource(steps), "in", [first, *_]) | Comparison(PathSource(steps), "equals", first):
            return {steps: first}
        case Not(AllOf((alone,))):
            return _of_negation(alone, so_far)
        case Not(inner):
            return _of_negation(inner, so_far)
    return {}


def _of_negation(condition: Condition, so_far: Mapping[_Steps, object]) -> dict[_Steps, object]:
    match condition:
        case Comparison(PathSource(steps), "is_true", True):
            return {steps: False}
        case Comparison(PathSource(steps), "in", operand):
            return {steps: Excluded(tuple(operand), so_far.get(steps))}
    return {}


# ── what the schema takes ───────────────────────────────────────────────────────────────────────


class _Builder:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def record(self, record: Type, before: _Steps, wanted: _Wanted) -> dict[str, Any]:
        """What is wanted, and of the rest what the schema does not let be absent."""
        found = {}
        for field in record["fields"]:
            steps = (*before, field["name"])
            types = tuple(types_of(field["type"], self._schema))
            is_optional = "default" in field or _may_be_null(field["type"])
            if wanted.has_under(steps) or not is_optional:
                found[field["name"]] = self._value(types, steps, wanted)
            elif isinstance(field["type"], list) and "default" not in field:
                found[field["name"]] = None
        return found

    def _value(self, types: tuple[Type, ...], steps: _Steps, wanted: _Wanted) -> Any:
        if not types or len(steps) > _MAX_DEPTH:
            return None
        if steps in wanted.items:
            return [self._item(types, wanted.items[steps])]
        if steps in wanted.at:
            plain = [each for each in types if each["type"] not in RECORDS] or types
            return fitting(wanted.at[steps], plain[0])
        inner = next((each for each in types if each["type"] in RECORDS), None)
        if inner is not None:
            return self.record(inner, steps, wanted)
        if types[0]["type"] == "map":
            return {str(each[len(steps)]): value for each, value in wanted.at.items() if each[: len(steps)] == steps}
        return self._first_item(types[0], steps, wanted) if types[0]["type"] == "array" else fitting(None, types[0])

    def _item(self, types: tuple[Type, ...], wanted: _Wanted) -> Any:
        items = next((tuple(types_of(each["items"], self._schema)) for each in types if each["type"] == "array"), ())
        return self._value(items, (), wanted)

    def _first_item(self, array: Type, steps: _Steps, wanted: _Wanted) -> list[Any]:
        """`items[0].currency`, where only the products have one; else nothing."""
        first = (*steps, 0)
        if not wanted.has_under(first):
            return []
        return [self._value(tuple(types_of(array["items"], self._schema)), first, wanted)]


def _may_be_null(node: object) -> bool:
    return isinstance(node, list) and any(each in ("null", {"type": "null"}) for each in node)
