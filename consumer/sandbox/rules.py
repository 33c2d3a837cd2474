"""What TikTok asks of a request, as a tree of checks that names the first fault in TikTok's form.

An independent reading of tiktok.md, sections 1 to 3. Pure: the time is an argument. Not quick: `quick` passes the
events that are plainly right, and only the others come here.

Strict where a mistake of the sender would otherwise stay unseen: names that TikTok does not document are refused in
`user`, `page`, `contents` and the event itself, tolerated in `properties` as TikTok does; null is a fault anywhere.
"""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from consumer.sandbox import fields

MAX_EVENTS: Final = 1000
REFUSED: Final = 40002
NOT_HASHED: Final = 40062
PARTNER_NAME: Final = 40063


class Fault(Struct, frozen=True):
    """What is wrong first, and where: path `Batch.0.user.email`, empty for the value itself."""

    code: int
    what: str
    path: str = ""

    @property
    def message(self) -> str:
        """The form of TikTok's messages: `Batch.0.properties.contents.0.content_id: Not a valid string`."""
        return f"{self.path}: {self.what}"

    def under(self, name: str | int) -> "Fault":
        return Fault(self.code, self.what, f"{name}.{self.path}" if self.path else str(name))


Check = Callable[[object, float], Fault | None]
"""A value and the Unix time in seconds → the first fault in the value, or None."""


def _when_not(holds: Callable[[str], bool], what: str, code: int = REFUSED) -> Check:
    """A text for which `holds` is true. TikTok's messages can echo what was sent, and so do these."""

    def check(value: object, now_s: float) -> Fault | None:
        if not isinstance(value, str):
            return _text(value, now_s)
        return None if holds(value) else Fault(code, f"{what} (got {value!r})")

    return check


def _text(value: object, _now_s: float) -> Fault | None:
    return None if isinstance(value, str) else Fault(REFUSED, "Not a valid string")


def _number(value: object, _now_s: float) -> Fault | None:
    return None if fields.is_number(value) else Fault(REFUSED, "Not a valid number")


def _boolean(value: object, _now_s: float) -> Fault | None:
    return None if isinstance(value, bool) else Fault(REFUSED, "Not a valid boolean")


def _whole(at_least: int) -> Check:
    def check(value: object, _now_s: float) -> Fault | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return Fault(REFUSED, "Not a valid integer")
        return None if value >= at_least else Fault(REFUSED, f"Must be greater than or equal to {at_least}")

    return check


def _one_of(*allowed: str) -> Check:
    return _when_not(frozenset(allowed).__contains__, f"Must be one of: {', '.join(allowed)}")


def _list(each: Check, *, at_least: int = 0, at_most: int | None = None) -> Check:
    def check(value: object, now_s: float) -> Fault | None:
        if not isinstance(value, list):
            return Fault(REFUSED, "Not a valid list")
        if len(value) < at_least:
            return Fault(REFUSED, f"Shorter than minimum length {at_least}")
        if at_most is not None and len(value) > at_most:
            return Fault(REFUSED, f"Longer than maximum length {at_most}")
        for place, item in enumerate(value):
            if fault := each(item, now_s):
                return fault.under(place)
        return None

    return check


def _object(known: Mapping[str, Check], *, required: tuple[str, ...] = (), tolerant: bool = False) -> Check:
    """An object: what is required, then its members in the order sent; unknown ones are faults unless `tolerant`."""

    def check(value: object, now_s: float) -> Fault | None:
        if not isinstance(value, dict):
            return Fault(REFUSED, "Invalid input type")
        for name in required:
            if name not in value:
                return Fault(REFUSED, "Missing data for required field", name)
        for name, member in value.items():
            if fault := _member(known.get(name), member, now_s, tolerant):
                return fault.under(name)
        return None

    return check


def _member(check: Check | None, value: object, now_s: float, tolerant: bool) -> Fault | None:
    if check is None:
        return None if tolerant else Fault(REFUSED, "Unknown field")
    return Fault(REFUSED, "Field may not be null") if value is None else check(value, now_s)


def _event_time(value: object, now_s: float) -> Fault | None:
    """Unix seconds, at most an hour ahead; how old an event may be is not known (tiktok.md, section 1)."""
    if fault := _whole(at_least=1)(value, now_s):
        return fault
    if isinstance(value, int) and value > now_s + fields.FUTURE_S:
        looks_like_ms = value > 100 * now_s
        return Fault(REFUSED, "Must be in seconds, not milliseconds" if looks_like_ms else "Is in the future")
    return None


def _hash(value: object, now_s: float) -> Fault | None:
    if not isinstance(value, str):
        return _text(value, now_s)
    if not fields.is_hash(value):
        return Fault(NOT_HASHED, f"Not a SHA-256 hash of 64 lowercase hex digits (got {value!r})")
    return Fault(REFUSED, "The hash of an empty value") if fields.is_hash_of_nothing(value) else None


def _hashes(value: object, now_s: float) -> Fault | None:
    """One hash or a list of them: `email`, `phone`, `external_id`."""
    return (_list(_hash, at_least=1) if isinstance(value, list) else _hash)(value, now_s)


def _refuse(code: int, what: str) -> Check:
    return lambda _value, _now_s: Fault(code, what)


_filled: Final = _when_not(bool, "Shorter than minimum length 1")
_place: Final = _when_not(fields.is_plain_place, "Must be plain lowercase without spaces and punctuation")

_user: Final = _object(
    {
        "email": _hashes,
        "phone": _hashes,
        "external_id": _hashes,
        "ttclid": _filled,
        "ttp": _filled,
        "ip": _when_not(fields.is_public_ip, "Not a valid public IP address, unhashed"),
        "user_agent": _filled,
        "locale": _when_not(fields.is_locale, "Not a valid BCP 47 locale"),
        "first_name": _hash,
        "last_name": _hash,
        "zip_code": _hash,
        "city": _place,
        "state": _place,
        "country": _when_not(fields.is_country, "Not a valid ISO 3166 alpha-2 code in lowercase"),
    }
)
_page: Final = _object({"url": _filled, "referrer": _filled})
_content: Final = _object(
    {
        "price": _number,
        "quantity": _whole(at_least=1),
        "content_id": _text,
        "content_category": _text,
        "content_name": _text,
        "brand": _text,
        "content_type": _refuse(REFUSED, "Unknown field; content_type belongs to properties"),
    }
)
_properties: Final = _object(
    {
        "contents": _list(_content),
        "content_ids": _list(_text),
        "content_type": _one_of("product", "product_group"),
        "currency": _when_not(fields.is_currency, "Not a valid ISO 4217 code"),
        "value": _number,
        "num_items": _whole(at_least=0),
        "search_string": _text,
        "query": _text,
        "description": _text,
        "order_id": _text,
        "shop_id": _text,
        "customer_type": _one_of("new", "returning"),
        "status": _text,
    },
    tolerant=True,
)
_event: Final = _object(
    {
        "event": _filled,
        "event_time": _event_time,
        "event_id": _filled,
        "user": _user,
        "page": _page,
        "properties": _properties,
        "limited_data_use": _boolean,
    },
    required=("event", "event_time"),
)
_envelope: Final = _object(
    {
        "event_source": _one_of("web"),
        "event_source_id": _filled,
        "test_event_code": _filled,
        "data": _list(lambda _event, _now_s: None, at_least=1, at_most=MAX_EVENTS),
        "partner_name": _refuse(PARTNER_NAME, "Not a partner name that TikTok assigned"),
    },
    required=("event_source", "event_source_id", "data"),
)


def fault_of_event(event: object, place: int, now_s: float) -> Fault | None:
    """The first fault of the `place`-th event of a request, path and all."""
    fault = _event(event, now_s)
    return fault.under(place).under("Batch") if fault else None


def fault_of_envelope(envelope: object, now_s: float) -> Fault | None:
    """The first fault of a request, its events not looked into."""
    return _envelope(envelope, now_s)
