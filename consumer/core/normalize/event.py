"""Bring an event in clear text into the one form TikTok takes: identifiers hashed, numbers numbers, times seconds.

What is done to each field follows from its form in `tiktok_event`: `section` goes through the fields of an object,
`contents` through the products. What an event must have and has not, or in a form that no one can read, rejects it;
an optional field that TikTok would not take is left out and noted.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

from consumer.core.errors import RecordRejected
from consumer.core.model import MappedEvent, NormalizedEvent, Note, Record
from consumer.core.normalize import web
from consumer.core.normalize.configured_words import without_words
from consumer.core.normalize.contents import CONTENTS_BIT, VALUE_BIT, fill_in_contents
from consumer.core.normalize.fields import FieldError, flag, id_text, text
from consumer.core.normalize.minor_units import in_whole_units
from consumer.core.normalize.section import Notes, add_note, optional, section, table_of
from consumer.core.normalize.times import event_time_s
from consumer.core.normalize.user import identifiers
from consumer.core.reasons import Problem, RejectReason
from consumer.core.rules.placeholders import is_among, is_placeholder, usual, visible
from consumer.core.tiktok_event import FIELD_BIT, Page, Properties, TikTokEvent, User

IdFromPosition = Literal["auto", "always", "never"]
_USER: Final = table_of("user")
_PAGE: Final = table_of("page")
_PROPERTIES: Final = table_of("properties")
_TTCLID: Final = FIELD_BIT["user.ttclid"]
_LIMITED_DATA_USE: Final = FIELD_BIT["limited_data_use"]


def normalize(
    mapped: MappedEvent,
    *,
    id_from_position: IdFromPosition,
    reject_bad_fields: bool,
    placeholders: frozenset[str] = frozenset(),
) -> NormalizedEvent:
    """One event in clear text → the event that can be serialised.

    Args:
        id_from_position: whether an event without an id gets one made of its record's place in Kafka:
            `always`, `never`, or `auto`: if it has no `ttp` either, by which TikTok would pair it.
        reject_bad_fields: an optional field that would be left out rejects the event instead.
        placeholders: lowercase words that are no identifier, besides those of `placeholders`.

    Raises:
        RecordRejected: NORMALIZE_EVENT, NORMALIZE_EVENT_TIME or NORMALIZE_EVENT_TIME_NO_ZONE where these
            are missing or unusable; NORMALIZE_BAD_FIELD, with `reject_bad_fields`, for the first bad field.
    """
    notes: Notes = {}
    if placeholders or mapped.has_minor_units:
        mapped = _prepared(mapped, placeholders, notes)
    name, time_s = _event_name(mapped.event), event_time_s(mapped.event_time)
    user, page, properties, fields = _objects(mapped, notes, placeholders)
    limited_data_use = optional(flag, mapped.limited_data_use, "limited_data_use", notes)
    if limited_data_use is not None:
        fields |= _LIMITED_DATA_USE
    event_id = optional(id_text, mapped.event_id, "event_id", notes)
    is_id_from_position = event_id is None and _is_position_wanted(id_from_position, user)
    if is_id_from_position:
        event_id = position_id(mapped.decoded.record)
    if reject_bad_fields:
        _reject_first(notes.values())
    event = TikTokEvent(name, time_s, event_id, user, page, properties, limited_data_use)
    return NormalizedEvent(event, fields, tuple(notes.values()), is_id_from_position)


def _prepared(mapped: MappedEvent, placeholders: frozenset[str], notes: Notes) -> MappedEvent:
    if placeholders:
        mapped = _without_configured(mapped, placeholders, notes)
    return in_whole_units(mapped) if mapped.has_minor_units else mapped


def _objects(
    mapped: MappedEvent, notes: Notes, placeholders: frozenset[str]
) -> tuple[User | None, Page | None, Properties | None, int]:
    """The three objects, each if anything is in it, and the bits of the fields present."""
    raw_user = identifiers.with_country(mapped.user) if "phone" in mapped.user else mapped.user
    user, user_fields = section(_USER, raw_user, "user", notes)
    page, page_fields = section(_PAGE, mapped.page, "page", notes)
    properties, property_fields = section(_PROPERTIES, mapped.properties, "properties", notes)
    fields = user_fields | page_fields | property_fields
    if "ttclid" not in user and "url" in page:
        fields |= _fill_in_ttclid(user, page["url"], placeholders)
    if mapped.contents:
        fields |= fill_in_contents(properties, mapped, notes)
    return (
        User(**user) if user else None,
        Page(**page) if page else None,
        Properties(**properties) if properties else None,
        fields,
    )


def outline(mapped: MappedEvent, placeholders: frozenset[str] = frozenset()) -> NormalizedEvent:
    """What the window must know of an event that is not sent again: name, time, id, flag, and at least its fields.

    A fifth of the work of `normalize`: nothing is hashed, and a field is taken for present unless it is empty. So one
    that TikTok would not have taken counts as sent, and a copy in which it is good is not forwarded for it; but none
    is left out that was sent, or copies of it would be sent once more.

    Raises:
        RecordRejected: as `normalize` without `reject_bad_fields`.
    """
    if placeholders:
        mapped = _without_configured(mapped, placeholders, {})
    fields = 0
    for table, raw in ((_USER, mapped.user), (_PAGE, mapped.page), (_PROPERTIES, mapped.properties)):
        for name, value in raw.items():
            if value or not isinstance(value, str):
                fields |= table[name][1]
    page_url = mapped.page.get("url")
    if isinstance(page_url, str) and "ttclid=" in page_url:
        fields |= _TTCLID
    if mapped.contents:
        fields |= CONTENTS_BIT | VALUE_BIT
    limited_data_use = optional(flag, mapped.limited_data_use, "limited_data_use", {})
    if limited_data_use is not None:
        fields |= _LIMITED_DATA_USE
    event = TikTokEvent(
        _event_name(mapped.event),
        event_time_s(mapped.event_time),
        optional(id_text, mapped.event_id, "event_id", {}),
        limited_data_use=limited_data_use,
    )
    return NormalizedEvent(event, fields)


def _without_configured(mapped: MappedEvent, words: frozenset[str], notes: Notes) -> MappedEvent:
    changed, found = without_words(mapped, words)
    for note in found:
        add_note(notes, note)
    return changed


def _is_position_wanted(policy: IdFromPosition, user: User | None) -> bool:
    return policy == "always" or (policy == "auto" and (user is None or user.ttp is None))


def position_id(record: Record) -> str:
    """An event_id that every re-read and replay of a record gives again: topic, partition, offset, timestamp.

    These are the origin's. The timestamp distinguishes a topic from one of the same name that was created again.
    """
    origin = record.origin
    return f"{origin.topic}.{origin.partition}.{origin.offset}.{record.timestamp_ms}"


def _event_name(raw: object) -> str:
    """TikTok's names are case-sensitive: trimmed, without invisible characters, nothing else."""
    if (found := usual(raw)) and found.isprintable():
        return found
    try:
        name = text(raw) if raw is not None else None
    except FieldError as fault:
        raise RecordRejected(RejectReason.NORMALIZE_EVENT, f"event: {fault}") from None
    if name is None:
        raise RecordRejected(RejectReason.NORMALIZE_EVENT, "event: missing")
    if is_placeholder(name):
        raise RecordRejected(RejectReason.NORMALIZE_EVENT, f"event: {Problem.PLACEHOLDER}")
    return visible(name)


def _fill_in_ttclid(user: dict[str, Any], page_url: str, placeholders: frozenset[str]) -> int:
    ttclid = web.ttclid_of(page_url)
    if ttclid is None or is_among(ttclid, placeholders):
        return 0
    user["ttclid"] = ttclid
    return _TTCLID


def _reject_first(notes: Iterable[Note]) -> None:
    for note in notes:
        if note.is_dropped:
            raise RecordRejected(RejectReason.NORMALIZE_BAD_FIELD, f"{note.field}: {note.problem}")
