"""The products of an event, and the order's value, where it can be worked out from them."""

from typing import Any, Final

from consumer.core.model import MappedEvent, Note
from consumer.core.normalize import numbers
from consumer.core.normalize.fields import LISTS, MOST_ITEMS
from consumer.core.normalize.section import Notes, add_note, section, table_of
from consumer.core.reasons import Problem
from consumer.core.tiktok_event import FIELD_BIT, Content

_CONTENT: Final = table_of("properties.contents")
CONTENTS_BIT: Final = FIELD_BIT["properties.contents"]
VALUE_BIT: Final = FIELD_BIT["properties.value"]


def fill_in_contents(properties: dict[str, Any], mapped: MappedEvent, notes: Notes) -> int:
    """Add the products, and the order's value where none was mapped and every product has price and quantity.

    A value that was mapped but is unusable is not replaced: the sum leaves out shipping and discounts, and
    a negative value may be a refund, for which a computed one would report revenue.
    """
    contents = _contents(mapped.contents, notes)
    if not contents:
        return 0
    properties["contents"] = contents
    if len(contents) < len(mapped.contents) or not _is_absent(mapped.properties.get("value")):
        return CONTENTS_BIT
    value = numbers.total(contents)
    if value is None:
        return CONTENTS_BIT
    properties["value"] = value
    return CONTENTS_BIT | VALUE_BIT


def _contents(raw: object, notes: Notes) -> list[Content]:
    """The products that hold anything. What is no list, or no record in it, is noted."""
    contents: list[Content] = []
    if isinstance(raw, LISTS) and len(raw) > MOST_ITEMS:
        add_note(notes, Note("properties.contents", Problem.TOO_MANY))
        return contents
    if not isinstance(raw, tuple):
        add_note(notes, Note("properties.contents", Problem.WRONG_TYPE))
        return contents
    for place, item in enumerate(raw):
        if isinstance(item, dict):
            values, _ = section(_CONTENT, item, "properties.contents", notes, place)
            if values:
                contents.append(Content(**values))
        else:
            add_note(notes, Note(f"properties.contents[{place}]", Problem.WRONG_TYPE))
    return contents


def _is_absent(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())
