"""A rule's `map` as written → TikTok's parameters and their sources."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from consumer.config.problems import hint
from consumer.config.rules.source_parser import Sources, refuse_options
from consumer.config.rules.written import Written
from consumer.core.rules.source import ContentsSource, Source
from consumer.core.tiktok_event import (
    CONTENT_FIELDS,
    OLDER_NAMES,
    PAGE_FIELDS,
    PROPERTY_FIELDS,
    TOP_FIELDS,
    USER_FIELDS,
)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "user": USER_FIELDS,
    "page": PAGE_FIELDS,
    "properties": (
        *(name for name in PROPERTY_FIELDS if name != "contents"),
        *(path.removeprefix("properties.") for path in OLDER_NAMES),
    ),
}
"""Parameters by the key they stand under."""
_ONE_PRODUCT: Final = CONTENT_FIELDS


class Mapped(NamedTuple):
    parameters: Mapping[str, Source]
    contents: ContentsSource | None


def read_map(written: Written, sources: Sources) -> Mapped:
    """Every parameter that is in order. What is wrong with the others has been noted."""
    keys = _known(written, (*TOP_FIELDS, *GROUPS))
    read = {name: sources.read(keys[name]) for name in TOP_FIELDS if name in keys}
    contents: ContentsSource | None = None
    for group, names in GROUPS.items():
        if group not in keys:
            continue
        inner = _known(keys[group], names if group != "properties" else (*names, *_ONE_PRODUCT, "contents"))
        read |= {f"{group}.{name}": sources.read(inner[name]) for name in names if name in inner}
        if group == "properties":
            contents = _contents(inner, sources)
    parameters = {name: source for name, source in read.items() if source is not None}
    _check_options(parameters, written)
    return Mapped(parameters, contents)


def _known(written: Written, known: tuple[str, ...]) -> dict[str, Written]:
    """The keys that are TikTok's; for one that stands in the wrong place, the right place."""
    found = written.mapping() or {}
    for key in found.keys() - set(known):
        home = _home(key)
        text = f"unknown here; write it under `{home}`" if home else f"no TikTok parameter; {hint(key, known)}"
        found[key].fail(text)
    return {key: inner for key, inner in found.items() if key in known}


def _home(key: str) -> str | None:
    if key in TOP_FIELDS:
        return "map"
    return next((group for group, names in GROUPS.items() if key in names), None) or (
        "properties.contents" if key in _ONE_PRODUCT else None
    )


def _contents(properties: Mapping[str, Written], sources: Sources) -> ContentsSource | None:
    """`contents`, or the one product written without it."""
    one = [name for name in _ONE_PRODUCT if name in properties]
    if "contents" not in properties:
        return ContentsSource(None, _fields(properties, sources)) if one else None
    for name in one:
        properties[name].fail("both `contents` and a product of its own; move it into `contents`, or drop `contents`")
    written = properties["contents"]
    keys = _known(written, ("each", *_ONE_PRODUCT))
    if "each" not in keys:
        written.fail("no `each`; name the list of products, or write a single product without `contents`")
        return None
    if written.value == {"each": keys["each"].value}:
        written.fail("no field of the products; map at least one, such as content_id")
    each = sources.read(keys["each"])
    return None if each is None else ContentsSource(each, _fields(keys, sources))


def _fields(written: Mapping[str, Written], sources: Sources) -> dict[str, Source]:
    read = {name: sources.read(written[name]) for name in _ONE_PRODUCT if name in written}
    found = {name: source for name, source in read.items() if source is not None}
    for name, source in found.items():
        refuse_options(source, written[name])
    return found


def _check_options(parameters: Mapping[str, Source], written: Written) -> None:
    for name, source in parameters.items():
        place = written
        for step in name.split("."):
            place = place.inner(step, None)
        refuse_options(source, place, name)
