"""Bring an event in clear text into the one form TikTok takes: identifiers hashed, numbers numbers, times seconds.

What is done to each field follows from its form in `tiktok_event`; the functions stand in `identifiers`, `addresses`,
`locations`, `web`, `numbers`, `currencies` and `times`, which are parts of this stage. What an event must have and has
not, or in a form that no one can read, rejects it; an optional field that TikTok would not take is left out and noted.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeVar

from msgspec import structs

from consumer.core.errors import RecordRejected
from consumer.core.model import MappedEvent, NormalizedEvent, Note, Record
from consumer.core.normalize import currencies, numbers, web
from consumer.core.normalize.configured_words import without_words
from consumer.core.normalize.fields import (
    LISTS,
    MOST_ITEMS,
    FieldError,
    FieldFunction,
    flag,
    free_text,
    id_text,
    id_texts,
    one_of,
    text,
    token,
)
from consumer.core.normalize.minor_units import in_whole_units
from consumer.core.normalize.placeholders import is_placeholder, usual, visible
from consumer.core.normalize.times import event_time_s
from consumer.core.normalize.user import addresses, identifiers, locations
from consumer.core.reasons import Problem, RejectReason
from consumer.core.rules.source import Unreadable
from consumer.core.tiktok_event import FIELD_BIT, Content, Form, Page, Properties, TikTokEvent, User, parameters_of

_T = TypeVar("_T")
Notes = dict[tuple[str, Problem], Note]
"""By field without its place in a list, and problem: as many as there are of these, however long a list."""
IdFromPosition = Literal["auto", "always", "never"]
_Table = Mapping[str, tuple[FieldFunction, int, bool]]


_FUNCTIONS: Final[Mapping[Form, FieldFunction]] = {
    Form.EMAIL: identifiers.email,
    Form.PHONE: identifiers.phone,
    Form.EXTERNAL_ID: identifiers.external_id,
    Form.NAME: identifiers.name,
    Form.ZIP_CODE: identifiers.zip_code,
    Form.TEXT: free_text,
    Form.CODE: token,
    Form.ID: id_text,
    Form.IDS: id_texts,
    Form.IP: addresses.ip,
    Form.URL: web.url,
    Form.REFERRER: web.referrer,
    Form.LOCALE: locations.locale,
    Form.PLACE: locations.place,
    Form.COUNTRY: locations.country,
    Form.AMOUNT: numbers.amount,
    Form.COUNT: numbers.count,
    Form.QUANTITY: numbers.quantity,
    Form.CURRENCY: currencies.currency,
    Form.CONTENT_TYPE: one_of("product", "product_group"),
    Form.CUSTOMER_TYPE: one_of("new", "returning"),
}
"""What brings a value into each form; the event itself and its products are read below."""
_TEXTS: Final = frozenset((Form.TEXT, Form.CODE, Form.ID))
"""Forms of usual text: what `usual` returns is what their function would."""


def _table(section: str) -> _Table:
    """Name → what is done to the raw value, the field's bit, and whether it is text; contents have one bit together."""
    return {
        name: (_FUNCTIONS[each.form], 0 if each.bit is None else 1 << each.bit, each.form in _TEXTS)
        for name, each in parameters_of(section).items()
        if each.form in _FUNCTIONS
    }


_USER: Final = _table("user")
_PAGE: Final = _table("page")
_PROPERTIES: Final = _table("properties")
_CONTENT: Final = _table("properties.contents")
_TTCLID: Final = FIELD_BIT["user.ttclid"]
_CONTENTS: Final = FIELD_BIT["properties.contents"]
_VALUE: Final = FIELD_BIT["properties.value"]
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
        placeholders: lowercase words that are no identifier, beside those of `placeholders`.

    Raises:
        RecordRejected: NORMALIZE_EVENT, NORMALIZE_EVENT_TIME or NORMALIZE_EVENT_TIME_NO_ZONE where these
            are missing or unusable; NORMALIZE_BAD_FIELD, with `reject_bad_fields`, for the first bad field.
    """
    notes: Notes = {}
    if placeholders:
        mapped = _without_configured(mapped, placeholders, notes)
    if mapped.has_minor_units:
        mapped = in_whole_units(mapped)
    name = _event_name(mapped.event)
    time_s = event_time_s(mapped.event_time)
    raw_user = identifiers.with_country(mapped.user) if "phone" in mapped.user else mapped.user
    user, user_fields = _section(_USER, raw_user, "user", notes)
    page, page_fields = _section(_PAGE, mapped.page, "page", notes)
    properties, property_fields = _section(_PROPERTIES, mapped.properties, "properties", notes)
    fields = user_fields | page_fields | property_fields
    if "ttclid" not in user and "url" in page:
        fields |= _fill_in_ttclid(user, page["url"])
    if mapped.contents:
        fields |= _fill_in_contents(properties, mapped, notes)
    limited_data_use = _optional(flag, mapped.limited_data_use, "limited_data_use", notes)
    if limited_data_use is not None:
        fields |= _LIMITED_DATA_USE
    event_id = _optional(id_text, mapped.event_id, "event_id", notes)
    is_id_from_position = event_id is None and _is_position_wanted(id_from_position, user)
    if is_id_from_position:
        event_id = position_id(mapped.decoded.record)
    if reject_bad_fields:
        _reject_first(notes.values())
    event = TikTokEvent(
        name,
        time_s,
        event_id,
        User(**user) if user else None,
        Page(**page) if page else None,
        Properties(**properties) if properties else None,
        limited_data_use,
    )
    return NormalizedEvent(event, fields, tuple(notes.values()), is_id_from_position)


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
        fields |= _CONTENTS | _VALUE
    limited_data_use = _optional(flag, mapped.limited_data_use, "limited_data_use", {})
    if limited_data_use is not None:
        fields |= _LIMITED_DATA_USE
    event = TikTokEvent(
        _event_name(mapped.event),
        event_time_s(mapped.event_time),
        _optional(id_text, mapped.event_id, "event_id", {}),
        limited_data_use=limited_data_use,
    )
    return NormalizedEvent(event, fields)


def _without_configured(mapped: MappedEvent, words: frozenset[str], notes: Notes) -> MappedEvent:
    changed, found = without_words(mapped, words)
    for note in found:
        _add(notes, note)
    return changed


def _is_position_wanted(policy: IdFromPosition, user: Mapping[str, object]) -> bool:
    return policy == "always" or (policy == "auto" and "ttp" not in user)


def position_id(record: Record) -> str:
    """An event_id that every re-read and replay of a record gives again: topic, partition, offset, timestamp.

    These are the origin's. The timestamp tells a topic from one of the same name made again.
    """
    origin = record.origin
    return f"{origin.topic}.{origin.partition}.{origin.offset}.{record.timestamp_ms}"


def _event_name(raw: object) -> str:
    """TikTok's names are case-sensitive: trimmed, without what nobody sees, nothing else."""
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


def _section(
    table: _Table, raw: Mapping[str, object], path: str, notes: Notes, place: int | None = None
) -> tuple[dict[str, Any], int]:
    """The canonical values of one object and the bits of those present. Runs some 20 times an event: keep it bare.

    `place` is the object's, where `path` is a list.
    """
    values: dict[str, Any] = {}
    fields = 0
    for name, value in raw.items():
        function, bit, is_text = table[name]
        try:
            canonical = (is_text and usual(value)) or function(value)
        except FieldError as fault:
            # No other name for the fault: its traceback holds this frame, and both would stay until a collection.
            where = f"{path}.{name}" if place is None else f"{path}[{place}].{name}"
            _note(notes, where, FieldError(value.problem) if isinstance(value, Unreadable) else fault)
            canonical = None if isinstance(value, Unreadable) else fault.rest
        if canonical is not None:
            values[name] = canonical
            fields |= bit
    return values, fields


def _optional(function: Callable[[object], _T | None], raw: object, path: str, notes: Notes) -> _T | None:
    if raw is None:
        return None
    try:
        return function(raw)
    except FieldError as fault:
        _note(notes, path, FieldError(raw.problem) if isinstance(raw, Unreadable) else fault)
        return None


def _note(notes: Notes, path: str, fault: FieldError) -> None:
    for place, problem in fault.problems:
        _add(notes, Note(path + place, problem, fault.is_dropped, fault.counts.get(problem, 1)))


def _add(notes: Notes, note: Note) -> None:
    """The first keeps its place, the others are counted."""
    head, bracket, tail = note.field.partition("[")
    key = (head + tail.partition("]")[2] if bracket else head, note.problem)
    known = notes.get(key)
    notes[key] = note if known is None else structs.replace(known, count=known.count + note.count)


def _fill_in_ttclid(user: dict[str, Any], page_url: str) -> int:
    ttclid = web.ttclid_of(page_url)
    if ttclid is None:
        return 0
    user["ttclid"] = ttclid
    return _TTCLID


def _fill_in_contents(properties: dict[str, Any], mapped: MappedEvent, notes: Notes) -> int:
    """Add the products, and the order's value where none was mapped and every product has price and quantity.

    A value that was mapped but is unusable is not replaced: the sum leaves out shipping and discounts, and
    a negative value may be a refund, for which a computed one would report revenue.
    """
    contents = _contents(mapped.contents, notes)
    if not contents:
        return 0
    properties["contents"] = contents
    if len(contents) < len(mapped.contents) or not _is_absent(mapped.properties.get("value")):
        return _CONTENTS
    value = numbers.total(contents)
    if value is None:
        return _CONTENTS
    properties["value"] = value
    return _CONTENTS | _VALUE


def _contents(raw: object, notes: Notes) -> list[Content]:
    """The products that have anything to tell. What is no list, or no record in it, is noted."""
    contents: list[Content] = []
    if isinstance(raw, LISTS) and len(raw) > MOST_ITEMS:
        _add(notes, Note("properties.contents", Problem.TOO_MANY))
        return contents
    if not isinstance(raw, tuple):
        _add(notes, Note("properties.contents", Problem.WRONG_TYPE))
        return contents
    for place, item in enumerate(raw):
        if isinstance(item, dict):
            values, _ = _section(_CONTENT, item, "properties.contents", notes, place)
            if values:
                contents.append(Content(**values))
        else:
            _add(notes, Note(f"properties.contents[{place}]", Problem.WRONG_TYPE))
    return contents


def _is_absent(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _reject_first(notes: Iterable[Note]) -> None:
    for note in notes:
        if note.is_dropped:
            raise RecordRejected(RejectReason.NORMALIZE_BAD_FIELD, f"{note.field}: {note.problem}")
