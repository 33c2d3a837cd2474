"""One object of an event (`user`, `page`, `properties`, a product): each field by its form, each fault as a note."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from msgspec import structs

from consumer.core.model import Note
from consumer.core.normalize import currencies, numbers, web
from consumer.core.normalize.fields import FieldError, FieldFunction, free_text, id_text, id_texts, one_of, token
from consumer.core.normalize.user import addresses, identifiers, locations
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import usual
from consumer.core.rules.source import Unreadable
from consumer.core.tiktok_event import Form, parameters_of

_T = TypeVar("_T")
Notes = dict[tuple[str, Problem], Note]
"""By field without its place in a list, and problem: as many as there are of these, however long a list."""
FieldTable = Mapping[str, tuple[FieldFunction, int, bool]]


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


def table_of(section: str) -> FieldTable:
    """Name → what is done to the raw value, the field's bit, and whether it is text; contents have one bit together."""
    return {
        name: (_FUNCTIONS[each.form], 0 if each.bit is None else 1 << each.bit, each.form in _TEXTS)
        for name, each in parameters_of(section).items()
        if each.form in _FUNCTIONS
    }


def section(
    table: FieldTable, raw: Mapping[str, object], path: str, notes: Notes, place: int | None = None
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


def optional(function: Callable[[object], _T | None], raw: object, path: str, notes: Notes) -> _T | None:
    if raw is None:
        return None
    try:
        return function(raw)
    except FieldError as fault:
        _note(notes, path, fault)
        return None


def _note(notes: Notes, path: str, fault: FieldError) -> None:
    for place, problem in fault.problems:
        add_note(notes, Note(path + place, problem, fault.is_dropped, fault.counts.get(problem, 1)))


def add_note(notes: Notes, note: Note) -> None:
    """The first keeps its place, the others are counted."""
    head, bracket, tail = note.field.partition("[")
    key = (head + tail.partition("]")[2] if bracket else head, note.problem)
    known = notes.get(key)
    notes[key] = note if known is None else structs.replace(known, count=known.count + note.count)
