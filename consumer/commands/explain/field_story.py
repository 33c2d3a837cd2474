"""Field by field: where a parameter's value came from, what it was, and what is sent. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, structs

from consumer.commands.explain.explain_sources import described, unlisted
from consumer.core.model import MappedEvent, NormalizedEvent, WithRegion, WithUnit
from consumer.core.rules.source import ContentsSource, PathSource, Rule
from consumer.core.tiktok_event import (
    CONTENT_FIELDS,
    PAGE_FIELDS,
    PARAMETERS,
    PROPERTY_FIELDS,
    TOP_FIELDS,
    USER_FIELDS,
    Content,
)

HASHED: Final = frozenset(path for path, each in PARAMETERS.items() if each.is_hashed)
"""What TikTok gets as SHA-256 only (docs/tiktok.md §2)."""
_GROUPS: Final = {"user": USER_FIELDS, "page": PAGE_FIELDS, "properties": PROPERTY_FIELDS}


class HashedText(Struct, frozen=True):
    """What a digest was made of: for the person who asked for it, and for no log."""

    field: str
    text: str | None
    """As it was hashed; None if the record had the digest itself."""
    digest: str


class FieldStory(Struct, frozen=True):
    """One parameter of one event."""

    field: str
    """TikTok's name with its path: `user.email`, `properties.contents[0].price`."""
    source: str | None
    """As the configuration has it; the field's own name where names map to themselves; None if it was filled in."""
    raw: Any
    """What the record has there; None: nothing."""
    sent: Any
    """None: left out."""
    unlisted: Any = None
    """What the record has there where nothing came of it, as the `values` of the source do not list it."""
    is_hashed: bool = False
    hashed: tuple[HashedText, ...] = ()
    """One a digest, if they are to be shown."""


def stories(rule: Rule, mapped: MappedEvent, normalized: NormalizedEvent | None) -> Iterator[FieldStory]:
    """Each parameter that the rule reads or that is sent, in TikTok's order.

    Args:
        normalized: None if the event was rejected; then nothing is sent.
    """
    return (_told(each, rule, mapped) for each in _stories(rule, mapped, normalized))


def _stories(rule: Rule, mapped: MappedEvent, normalized: NormalizedEvent | None) -> Iterator[FieldStory]:
    event = None if normalized is None else normalized.event
    sources = _sources(rule, mapped)
    for name in TOP_FIELDS:
        yield from _story(name, sources, getattr(mapped, name), None if event is None else getattr(event, name))
    for group, names in _GROUPS.items():
        raw: Mapping[str, Any] = getattr(mapped, group)
        section = None if event is None else getattr(event, group)
        for name in names:
            if name == "contents":
                yield from _products(rule.contents, mapped, getattr(section, name, None))
            else:
                yield from _story(f"{group}.{name}", sources, raw.get(name), getattr(section, name, None))


def _told(story: FieldStory, rule: Rule, mapped: MappedEvent) -> FieldStory:
    source = (rule.parameters or {}).get(story.field)
    if story.raw is not None or source is None:
        return story
    return structs.replace(story, unlisted=unlisted(source, mapped.decoded))


def with_texts(story: FieldStory, texts: Mapping[str, str]) -> FieldStory:
    """The same with what its digests were made of.

    Args:
        texts: by their digest.
    """
    if not story.is_hashed:
        return story
    digests = story.sent if isinstance(story.sent, list) else [story.sent]
    return structs.replace(story, hashed=tuple(HashedText(story.field, texts.get(each), each) for each in digests))


def _sources(rule: Rule, mapped: MappedEvent) -> dict[str, str]:
    """Parameter → where it is read from; what maps to itself only where its name is another."""
    sources = {name: described(source) for name, source in (rule.parameters or {}).items()}
    if "properties.query" in sources:
        sources.setdefault("properties.search_string", sources.pop("properties.query"))
    own = mapped.decoded.fields.get("properties")
    if isinstance(own, dict) and own.get("search_string") is None and mapped.properties.get("search_string"):
        sources.setdefault("properties.search_string", "properties.query")
    return sources


def _story(field: str, sources: Mapping[str, str], raw: object, sent: object) -> Iterator[FieldStory]:
    source = sources.get(field)
    value = _bare(raw)
    if value is None and sent is None and source is None:
        return
    if source is None and value is not None:
        source = field
    yield FieldStory(field, source, value, sent, is_hashed=field in HASHED and sent is not None)


def _bare(raw: object) -> Any:
    return raw.value if isinstance(raw, WithUnit | WithRegion) else raw


def _products(contents: ContentsSource | None, mapped: MappedEvent, sent: list[Content] | None) -> Iterator[FieldStory]:
    """One story a product and field. Products that came to nothing have none that is sent."""
    raw = mapped.contents
    own_properties = mapped.decoded.fields.get("properties")
    has_list = isinstance(own_properties, dict) and bool(own_properties.get("contents"))
    if raw is None and contents is None:
        return
    items = raw if isinstance(raw, tuple) else () if raw is None else (raw,)
    left = list(sent or ())
    for place, item in enumerate(items):
        path = f"properties.contents[{place}]"
        own = path if has_list else "properties"
        if not isinstance(item, dict):
            yield FieldStory(path, _of_item(contents, None, own, place), item, None)
            continue
        # What is sent stands in the order of the items; one of which nothing was usable is not among them.
        product = left.pop(0) if left and _is_of(left[0], item) else None
        for name in CONTENT_FIELDS:
            source, value = _of_item(contents, name, own, place), _bare(item.get(name))
            if value is not None or (contents is not None and name in contents.fields):
                yield FieldStory(f"{path}.{name}", source, value, getattr(product, name, None))


def _is_of(product: Content, item: Mapping[str, Any]) -> bool:
    return {name for name, value in structs.asdict(product).items() if value is not None} <= item.keys()


def _of_item(contents: ContentsSource | None, name: str | None, own: str, place: int) -> str:
    """Where a product, or a field of it, comes from; `own`: where it stands if names map to themselves."""
    if contents is None:
        return f"{own}.{name}" if name else own
    source = None if name is None else contents.fields.get(name)
    if contents.each is None:
        return "" if source is None else described(source)
    item = f"{described(contents.each)}[{place}]"
    if source is None:
        return item
    return f"{item}.{described(source)}" if isinstance(source, PathSource) else f"{described(source)}, of {item}"
