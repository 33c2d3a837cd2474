"""What values a source can have at all, given the schema: the kinds, and for enums and tables the very texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consumer.config.checks.avro_paths import MissingPath, Type, follow, kind_of
from consumer.config.checks.kinds import kind_of_value
from consumer.core.decode.schema import Schema
from consumer.core.rules.expressions import names_in
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
)


@dataclass(frozen=True)
class Shape:
    """`texts` are all texts that it can be; None: any text, or not known. Without kinds, nothing is known."""

    kinds: frozenset[str]
    texts: frozenset[str] | None = None

    def __or__(self, other: "Shape") -> "Shape":
        if not (self.kinds and other.kinds):
            return UNKNOWN
        known = [shape.texts for shape in (self, other) if "text" in shape.kinds]
        is_open = any(texts is None for texts in known)
        return Shape(
            self.kinds | other.kinds, None if is_open else frozenset().union(*(texts or () for texts in known))
        )


UNKNOWN = Shape(frozenset())


@dataclass(frozen=True)
class PathRoot:
    """What paths start at: the record, or an item of `contents.each`."""

    types: tuple[Type, ...]
    schema: Schema


def paths_in(source: Source) -> Iterable[PathSource]:
    """Every path that a source reads."""
    if isinstance(source, PathSource):
        yield source
    elif isinstance(source, FirstOf):
        for inner in source.sources:
            yield from paths_in(inner)
    elif isinstance(source, CelSource):
        for name in sorted(names_in(source.expression)):
            yield PathSource((name,))
    elif isinstance(source, TransformedSource):
        yield from paths_in(source.source)
        if source.region is not None and not isinstance(source.region, str):
            yield from paths_in(source.region)


def tables_in(source: Source) -> Iterable[TransformedSource]:
    """Every source in it that has `values`."""
    if isinstance(source, FirstOf):
        for inner in source.sources:
            yield from tables_in(inner)
    elif isinstance(source, TransformedSource):
        if source.values is not None:
            yield source
        yield from tables_in(source.source)


def shape_of(source: Source, ground: PathRoot) -> Shape:
    """What a source can be; UNKNOWN if that is not known or a path is missing."""
    match source:
        case PathSource():
            found = follow(source, ground.types, ground.schema)
            return UNKNOWN if isinstance(found, MissingPath) else _of_types(found)
        case ConstSource(value):
            return _of_values([value])
        case FirstOf(sources):
            return _union([shape_of(inner, ground) for inner in sources])
        case TransformedSource():
            return _of_changed(source, ground)
        case KafkaPart(part):
            return Shape(frozenset({"number" if part in ("timestamp", "partition", "offset") else "text"}))
        case CallSource() | CelSource():
            return UNKNOWN


def before_values(source: TransformedSource, ground: PathRoot) -> Shape:
    """What goes into the table `values`."""
    inner = shape_of(source.source, ground)
    if inner.texts is None or not (source.lower or source.trim):
        return inner
    texts = (text.strip() if source.trim else text for text in inner.texts)
    return Shape(inner.kinds, frozenset(text.lower() if source.lower else text for text in texts))


def _of_changed(source: TransformedSource, ground: PathRoot) -> Shape:
    shape = before_values(source, ground) if source.values is None else _of_values(list(source.values.values()))
    return shape if source.default is None else shape | _of_values([source.default])


def _of_values(values: Sequence[object]) -> Shape:
    texts = frozenset(value for value in values if isinstance(value, str))
    return Shape(frozenset(kind_of_value(value) for value in values), texts)


def _of_types(types: Sequence[Type]) -> Shape:
    texts = [each for each in types if kind_of(each) == "text"]
    symbols = frozenset(symbol for each in texts for symbol in each.get("symbols", ()))
    is_open = any(each["type"] != "enum" for each in texts)
    return Shape(frozenset(map(kind_of, types)), None if is_open else symbols)


def _union(shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    for other in shapes[1:]:
        shape = shape | other
    return shape
