"""What the configuration adds to the list of `placeholders`: a part of `normalize`.

Taken out before anything else, and only where something is configured, so that it costs nothing elsewhere.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from msgspec import structs

from consumer.core.model import MappedEvent, Note, WithRegion
from consumer.core.normalize.fields import LISTS, FieldError, id_text
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import is_among, trimmed

_DIGEST_LENGTH: Final = 64
_OF_USER: Final = (
    *("email", "phone", "external_id", "first_name", "last_name", "zip_code"),
    *("ttclid", "ttp", "user_agent", "locale"),
)
"""Names, too: a surname can be Null, and is what the configuration says that it is not."""
_OF_PROPERTIES: Final = ("order_id", "shop_id", "content_ids")


def without_words(mapped: MappedEvent, words: frozenset[str]) -> tuple[MappedEvent, list[Note]]:
    """The event without identifiers that are among the words (trimmed, lowercase), and a note of each field."""
    notes: list[Note] = []

    def kept(field: str, raw: Any) -> Any:
        left, count = _without(raw, words)
        if count:
            notes.append(Note(field, Problem.PLACEHOLDER, count=count))
        return left

    def section(path: str, raw: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        left = {name: kept(f"{path}.{name}", value) if name in names else value for name, value in raw.items()}
        return {name: value for name, value in left.items() if value is not None}

    event_id = kept("event_id", mapped.event_id)
    user = section("user", mapped.user, _OF_USER)
    properties = section("properties", mapped.properties, _OF_PROPERTIES)
    contents = mapped.contents
    if isinstance(contents, tuple):
        contents = tuple(
            section(f"properties.contents[{place}]", item, ("content_id",)) if isinstance(item, dict) else item
            for place, item in enumerate(contents)
        )
    changed = structs.replace(mapped, event_id=event_id, user=user, properties=properties, contents=contents)
    return (changed, notes) if notes else (mapped, notes)


def _without(raw: Any, words: frozenset[str]) -> tuple[Any, int]:
    """What is left, None where nothing is, and how many words went."""
    if isinstance(raw, WithRegion):
        left, count = _without(raw.value, words)
        return (None if left is None else WithRegion(left, raw.region)), count
    if isinstance(raw, LISTS):
        items = [item for item in raw if not _is_word(item, words)]
        return items or None, len(raw) - len(items)
    return (None, 1) if _is_word(raw, words) else (raw, 0)


def _is_word(raw: Any, words: frozenset[str]) -> bool:
    try:
        text = raw if isinstance(raw, str) else id_text(raw)
    except FieldError:  # no id at all: its own function says why
        return False
    cleaned = trimmed(text or "")
    return is_among(cleaned, words) or (len(cleaned) == _DIGEST_LENGTH and cleaned.lower() in _digests(words))


@lru_cache(maxsize=4)
def _digests(words: frozenset[str]) -> frozenset[str]:
    """Of the words in lowercase, in capitals, and with a capital."""
    spelled = (form for word in words for form in (word, word.upper(), word.capitalize(), word.title()))
    return frozenset(sha256(form.encode()).hexdigest() for form in spelled)
