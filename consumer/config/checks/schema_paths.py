"""What rules ask of a record against what its schema can give: paths, constants, units. Never a value of a record."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from consumer.config.checks.avro_paths import MissingPath, Type, follow, items_of, top
from consumer.config.checks.avro_shapes import PathRoot, before_values, paths_in, shape_of, tables_in
from consumer.config.checks.impossible_comparisons import comparison_fault
from consumer.config.checks.source_places import Place, tests_of, uses_of
from consumer.config.checks.tried_values import is_kind_taken, remarks_on_constants
from consumer.config.problems import hint, spell
from consumer.config.settings import Settings
from consumer.core.decode.decoder import SHIPPED
from consumer.core.decode.schema import Schema, parse
from consumer.core.normalize.fields import FLAG_WORDS
from consumer.core.rules.source import Comparison, FirstOf, PathSource, Rule, Source, TransformedSource, format_path
from consumer.core.tiktok_event import PARAMETERS, Form

_FEW_VALUES = frozenset(
    {Form.EVENT_NAME, Form.CURRENCY, Form.COUNTRY, Form.LOCALE, Form.CONTENT_TYPE, Form.CUSTOMER_TYPE, Form.FLAG}
)
"""Forms of which people often mean one value for all records."""
_PLACE_OF_ALL = ("map", "properties", "contents", "each")


def schema_problems(settings: Settings) -> list[str]:
    """What cannot work with the schemas that the files of the configuration give; `run` does not start with any.

    With a registry and no reader schema nothing is known before a record comes; `check` asks the registry.
    """
    return problems_with(settings, known_schemas(settings))


def known_schemas(settings: Settings) -> tuple[Schema, ...]:
    """The schemas that records will have, as far as files say; a record has one of them."""
    avro = settings.avro
    if avro.reader_schema is not None:
        return (parse(avro.reader_schema.schema),)
    return () if avro.framing == "confluent" else tuple(parse(file.schema) for file in avro.schemas)


def problems_with(settings: Settings, schemas: Sequence[Schema]) -> list[str]:
    """What cannot work with any of these schemas: each problem stands with its place in the file."""
    return [f"{spell(place)}: {text}" for place, text in faults_with(settings, schemas)]


def faults_with(settings: Settings, schemas: Sequence[Schema]) -> list[tuple[Place, str]]:
    """The same by place; of the settings, only the rules are looked at."""
    constants = [
        (("rules", index, *each.place), each.text)
        for index, rule in enumerate(settings.rules)
        for each in remarks_on_constants(rule, settings, are_alone=True)
        if each.is_fault
    ]
    return [*constants, *_of_every_schema(settings.rules, schemas, _faults)]


def doubts_with(settings: Settings, schemas: Sequence[Schema]) -> list[tuple[Place, str]]:
    """Fields whose values a parameter never takes, so that they are left out of every event; `run` starts all the same,
    since the rest of the event is sent."""
    return _of_every_schema(settings.rules, schemas, _doubts)


_Look = Callable[[Rule, Schema], Iterator[tuple[Place, str]]]


def _of_every_schema(rules: Sequence[Rule], schemas: Sequence[Schema], look: _Look) -> list[tuple[Place, str]]:
    """What is so with each of these schemas, since a record has one of them."""
    found: list[tuple[Place, str]] = []
    for index, rule in enumerate(rules):
        by_schema = [dict(look(rule, schema)) for schema in schemas]
        for place, text in by_schema[0].items() if by_schema else ():
            if all(place in faults for faults in by_schema):
                found.append((("rules", index, *place), text))
    return found


def _doubts(rule: Rule, schema: Schema) -> Iterator[tuple[Place, str]]:
    ground, faults = PathRoot(top(schema), schema), dict(_faults(rule, schema))
    for place, parameter, source in uses_of(rule):
        start = _ground(place, rule, ground)
        if parameter is None or start is None or parameter == "properties.contents.each" or place in faults:
            continue
        shape = shape_of(source, start)
        if shape.kinds and not any(is_kind_taken(parameter, kind) for kind in shape.kinds):
            yield place, f"is {_spell(shape.kinds)} in the schema, so it is never sent; name another field"
        elif parameter == "limited_data_use" and "text" in shape.kinds and not _FLAGS.issuperset(shape.texts or _ANY):
            yield place, _UNRESTRICTED


_FLAGS: Final = FLAG_WORDS | {""}
_ANY: Final = ("any text",)
_UNRESTRICTED: Final = (
    "is text in the schema: with a word other than true, false, 1 or 0 the flag is left out, and the event is sent "
    "without restriction; translate the words with `values`"
)


def _faults(rule: Rule, schema: Schema) -> Iterator[tuple[Place, str]]:
    """Later faults at the same place replace earlier ones, so the gravest comes last."""
    ground = PathRoot(top(schema), schema)
    yield from _missing_parameters(rule, schema, ground)
    for place, parameter, source in uses_of(rule):
        yield from _in_source(place, parameter, source, _ground(place, rule, ground))
    for place, test in tests_of(rule.when):
        yield from _in_test(place, test, ground)


def _ground(place: Place, rule: Rule, ground: PathRoot) -> PathRoot | None:
    """Where the paths of a use start; None if that is itself missing."""
    is_inside = rule.contents is not None and rule.contents.each is not None and place[:3] == _PLACE_OF_ALL[:3]
    if not is_inside or place == _PLACE_OF_ALL:
        return ground
    items = _items(rule, ground)
    return PathRoot(items, ground.schema) if items else None


def _items(rule: Rule, ground: PathRoot) -> tuple[Type, ...]:
    each = rule.contents.each if rule.contents else None
    if not isinstance(each, PathSource):
        return ()
    found = follow(each, ground.types, ground.schema)
    return () if isinstance(found, MissingPath) else items_of(found, ground.schema)


def _missing_parameters(rule: Rule, schema: Schema, ground: PathRoot) -> Iterator[tuple[Place, str]]:
    """Of a schema that is not the shipped one, only a rule without `map` takes names for themselves."""
    if schema.name == SHIPPED:
        return
    for name in ("event", "event_time"):
        if rule.parameters is None:
            if isinstance(follow(PathSource((name,)), ground.types, schema), MissingPath):
                yield ("map", name), f"no `map`, and the schema has no `{name}`; map {name} to a source"
        elif name not in rule.parameters:
            yield ("map", name), f"missing, and the schema is not the shipped one; map {name} to a source"


def _in_source(
    place: Place, parameter: str | None, source: Source, ground: PathRoot | None
) -> Iterator[tuple[Place, str]]:
    if ground is None:
        return
    missing = [text for path in paths_in(source) for text in _missing(path, ground)]
    if missing:
        yield place, missing[0] + _constant_meant(parameter, source)
        return
    for table in tables_in(source):
        yield from _in_table(place, table, ground)
    if parameter is not None:
        yield from _in_parameter(place, parameter, source, ground)


def _constant_meant(parameter: str | None, source: Source) -> str:
    """`event: Purchase` reads a field called so; what was meant is nearly always the value."""
    known = PARAMETERS.get(parameter or "")
    if known and known.form in _FEW_VALUES and isinstance(source, PathSource):
        text = format_path(source)
        return f"; is it a fixed value? Write {{const: {text}}}"
    return ""


def _missing(path: PathSource, ground: PathRoot) -> Iterator[str]:
    found = follow(path, ground.types, ground.schema)
    if isinstance(found, MissingPath):
        yield found.text


def _in_table(place: Place, table: TransformedSource, ground: PathRoot) -> Iterator[tuple[Place, str]]:
    shape = before_values(table, ground)
    if shape.kinds == {"text"} and shape.texts is not None:
        for key in table.values or ():
            if key not in shape.texts:
                yield (*place, "values", key), f"the schema's enum has no such symbol; {hint(key, shape.texts)}"


def _in_parameter(place: Place, parameter: str, source: Source, ground: PathRoot) -> Iterator[tuple[Place, str]]:
    kinds = shape_of(source, ground).kinds
    if parameter == "properties.contents.each":
        if kinds and "list" not in kinds:
            yield place, f"is {_spell(kinds)} in the schema, not a list; name the list of products"
        return
    useless = {"record", "map", "bytes", "time of day"} | (set() if is_kind_taken(parameter, "list") else {"list"})
    if kinds and kinds <= useless:
        yield place, f"is {_spell(kinds)} in the schema, which TikTok cannot take here; name a plain value"
    elif parameter == "event_time" and _lacks_unit(source, ground):
        yield place, "is a plain number in the schema; say what it counts: {path: …, unit: s}, or ms, or us"
    elif parameter == "event_time" and kinds and kinds <= {"time without zone", "date"}:
        yield place, f"is {_spell(kinds)} in the schema; name a field that has time and zone: none is guessed"
    elif parameter in ("event", "event_time") and kinds and not any(is_kind_taken(parameter, kind) for kind in kinds):
        yield place, f"is {_spell(kinds)} in the schema, so every event would be rejected; name another field"


def _lacks_unit(source: Source, ground: PathRoot) -> bool:
    """True if it may give a plain number whose unit is not given. Kafka's own `$timestamp` is known."""
    if isinstance(source, FirstOf):
        return any(_lacks_unit(inner, ground) for inner in source.sources)
    if isinstance(source, TransformedSource):
        return source.unit is None and source.values is None and _lacks_unit(source.source, ground)
    return isinstance(source, PathSource) and shape_of(source, ground).kinds == {"number"}


def _in_test(place: Place, test: Comparison, ground: PathRoot) -> Iterator[tuple[Place, str]]:
    missing = [text for path in paths_in(test.field) for text in _missing(path, ground)]
    if missing:
        yield (*place, "field"), missing[0]
        return
    fault = comparison_fault(test, shape_of(test.field, ground))
    if fault:
        yield (*place, test.operator), fault
    for table in tables_in(test.field):
        yield from _in_table((*place, "field"), table, ground)


def _spell(kinds: Iterable[str]) -> str:
    return " or ".join(f"a {kind}" if kind in _COUNTED else kind for kind in sorted(kinds))


_COUNTED = frozenset({"number", "time", "time without zone", "date", "time of day", "list", "map", "record"})
