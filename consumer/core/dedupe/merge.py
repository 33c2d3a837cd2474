"""Join two copies of an event: what the first lacks is filled from the later, by field groups. Part of `dedupe`.

Values are moved as the JSON text they are, never read: a number cannot lose a digit here.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from consumer.core.model import Event
from consumer.core.tiktok_event import (
    FIELD_BIT,
    LIMITED_TRUE_BIT,
    ORDER_FIELDS,
    PAGE_FIELDS,
    PROPERTY_FIELDS,
    USER_FIELDS,
)

ORDER: Final = sum(FIELD_BIT[f"properties.{name}"] for name in ORDER_FIELDS)
_LIMITED: Final = FIELD_BIT["limited_data_use"]
LIMITED_TRUE: Final = 1 << LIMITED_TRUE_BIT
_LIMITED_TRUE_END: Final = b'"limited_data_use":true}'


class _Parts(Struct, omit_defaults=True):
    """An event's body with its values unread, in the order of `TikTokEvent`."""

    event: Raw
    event_time: Raw
    event_id: Raw
    user: dict[str, Raw] = {}
    page: dict[str, Raw] = {}
    properties: dict[str, Raw] = {}
    limited_data_use: bool | None = None


_decode: Final = Decoder(_Parts).decode
_encode: Final = Encoder().encode


def presence(event: Event) -> int:
    """What a copy can have that another lacks: the bits of `FIELD_BIT` and `LIMITED_TRUE`.

    One field of the order's group stands for all of them.
    """
    fields = event.fields
    if fields & ORDER:
        fields |= ORDER
    # The flag is the body's last field, and a text that ends like it would end in a quotation mark.
    if fields & _LIMITED and event.body.endswith(_LIMITED_TRUE_END):
        fields |= LIMITED_TRUE
    return fields


def merge(first: Event, copy: Event, max_bytes: int) -> Event | None:
    """Fill what `first` lacks from `copy`; both have an event_id. None if the body would exceed `max_bytes`.

    What is present is never overwritten, except that a true `limited_data_use` always wins.
    Event time, rule, pixel and notes stay the first's.
    """
    ours, theirs = _decode(first.body), _decode(copy.body)
    is_order_ours = bool(first.fields & ORDER)
    if is_order_ours:
        theirs.properties = {name: value for name, value in theirs.properties.items() if name not in ORDER_FIELDS}
    ours.user = _filled(ours.user, theirs.user, USER_FIELDS)
    ours.page = _filled(ours.page, theirs.page, PAGE_FIELDS)
    ours.properties = _filled(ours.properties, theirs.properties, PROPERTY_FIELDS)
    if theirs.limited_data_use or ours.limited_data_use is None:
        ours.limited_data_use = theirs.limited_data_use
    body = _encode(ours)
    if len(body) > max_bytes:
        return None
    fields = first.fields | (copy.fields & ~ORDER if is_order_ours else copy.fields)
    return replace(first, body=body, fields=fields)


def _filled(ours: dict[str, Raw], theirs: dict[str, Raw], names: Iterable[str]) -> dict[str, Raw]:
    joined = theirs | ours
    return {name: joined[name] for name in names if name in joined}
