"""Every constant that a source may give, with its place and with what its source then does to it.

Constants are `const`, `default`, the results of `values`, and the region of a phone.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from msgspec import structs

from consumer.config.checks.source_places import Place
from consumer.core.rules.source import ConstSource, FirstOf, Source, TransformedSource


class Constant(NamedTuple):
    place: Place
    """In its source. Where in an element it stands is known to the element alone."""
    source: Source
    """A constant with options: what it gives depends on no record."""
    is_region: bool = False


def constants_in(source: Source, elements: Collection[Source]) -> Iterator[Constant]:
    """The constants of a source; `elements` are the sources that stand elsewhere in the file."""
    for constant in _constants_in(source, elements):
        place = constant.place
        yield constant._replace(place=place[: place.index("element") + 1]) if "element" in place else constant


def _constants_in(source: Source, elements: Collection[Source]) -> Iterator[Constant]:
    is_element = any(source is element for element in elements)
    for constant in _constants_of(source, elements):
        yield constant._replace(place=("element", *constant.place)) if is_element else constant


def _constants_of(source: Source, elements: Collection[Source]) -> Iterator[Constant]:
    if isinstance(source, ConstSource):
        yield Constant(("const",), source)
    elif isinstance(source, FirstOf):
        for index, each in enumerate(source.sources):
            for constant in _constants_in(each, elements):
                yield constant._replace(place=(index, *constant.place))
    elif isinstance(source, TransformedSource):
        yield from _of_inner(source, elements)
        yield from _of_options(source)
        yield from _of_region(source, elements)


def _of_inner(source: TransformedSource, elements: Collection[Source]) -> Iterator[Constant]:
    """Where there is a table, what goes into it is not what comes out."""
    for constant in _constants_in(source.source, elements) if source.values is None else ():
        place = constant.place if constant.place[0] == "element" else ("path", *constant.place)
        changed = structs.replace(source, source=constant.source, default=None, region=_fixed_region(source))
        yield constant._replace(place=place, source=constant.source if constant.is_region else changed)


def _of_options(source: TransformedSource) -> Iterator[Constant]:
    """`values` and `default`, with the options that come after each."""
    changed = structs.replace(source, lower=False, trim=False, values=None, default=None, region=_fixed_region(source))
    for key, value in (source.values or {}).items():
        yield Constant(("values", key), structs.replace(changed, source=ConstSource(value)))
    yield Constant(("default",), structs.replace(changed, source=ConstSource(source.default), scale=None))


def _of_region(source: TransformedSource, elements: Collection[Source]) -> Iterator[Constant]:
    if isinstance(source.region, str):
        yield Constant(("region",), ConstSource(source.region), is_region=True)
    elif source.region is not None:
        for constant in _constants_in(source.region, elements):
            yield constant._replace(place=("region", *constant.place), is_region=True)


def _fixed_region(source: TransformedSource) -> str | None:
    return source.region if isinstance(source.region, str) else None
