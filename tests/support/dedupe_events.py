"""Events of any fields, as the window gets them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from consumer.core.model import Event
from consumer.core.tiktok_event import FIELD_BIT, Page, Properties, TikTokEvent, User

_encode = msgspec.json.Encoder(decimal_format="number").encode
SECTIONS = {"user": User, "page": Page, "properties": Properties}


def made(values: Mapping[str, Any], event_id: str | None = "order-1", rule: str = "purchases", **more: Any) -> Event:
    """An event with these values, by dotted names, as `validate` makes it."""
    inside = {
        section: kind(**{name.split(".")[1]: value for name, value in values.items() if name.startswith(section + ".")})
        for section, kind in SECTIONS.items()
        if any(name.startswith(section + ".") for name in values)
    }
    limited = values.get("limited_data_use")
    body = _encode(TikTokEvent("Purchase", more.get("event_time_s", 100), event_id, **inside, limited_data_use=limited))
    fields = sum(FIELD_BIT[name] for name in values)
    facts: dict[str, Any] = {"event": "Purchase", "pixel_code": "C0DE", "event_time_s": 100} | more
    return Event(rule=rule, pixel="shop", event_id=event_id, body=body, fields=fields, **facts)


def values_of(event: Event) -> dict[str, Any]:
    """The inverse of `made`, read from the body."""
    body = msgspec.json.decode(event.body)
    found = {f"{section}.{name}": value for section in SECTIONS for name, value in body.get(section, {}).items()}
    return found | {name: body[name] for name in ("limited_data_use",) if name in body}
