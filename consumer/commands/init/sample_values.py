"""Made-up values for TikTok's parameters, and how a schema's types write them. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from consumer.config.checks.avro_paths import Type

MOMENT: Final = "2026-01-15T12:00:00Z"
MOMENT_S: Final = 1_768_478_400
PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SAMPLES: Final[Mapping[str, object]] = {
    "event": "Purchase",
    "event_id": "order-1001",
    "limited_data_use": False,
    "user.email": "jane@example.com",
    "user.phone": "+12133730101",
    "user.external_id": "customer-17",
    "user.ttclid": "E.C.P.made-up-click-id",
    "user.ttp": "made-up-ttp-cookie",
    "user.ip": "8.8.8.8",
    "user.user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "user.locale": "en-US",
    "user.first_name": "Jane",
    "user.last_name": "Doe",
    "user.city": "Los Angeles",
    "user.state": "CA",
    "user.country": "US",
    "user.zip_code": "90012",
    "page.url": "https://shop.example.com/thanks",
    "page.referrer": "https://www.example.com/",
    "properties.currency": "USD",
    "properties.num_items": Decimal(2),
    "properties.search_string": "running shoes",
    "properties.order_id": "order-1001",
    "properties.shop_id": "shop-1",
    "properties.content_type": "product",
    "properties.customer_type": "new",
    "properties.content_ids": "sku-1",
    "content_id": "sku-1",
    "content_name": "Running shoes",
    "content_category": "Shoes",
    "brand": "Example",
    "quantity": Decimal(2),
}
AMOUNTS: Final[Mapping[str, Decimal]] = {"properties.value": Decimal("39.98"), "price": Decimal("19.99")}
SHIPPED_SAMPLE: Final[Mapping[str, object]] = {
    "event": "Purchase",
    "event_time": MOMENT,
    "event_id": "order-1001",
    "user": {"email": "jane@example.com", "external_id": "customer-17"},
    "page": {"url": "https://shop.example.com/thanks"},
    "properties": {
        "currency": "USD",
        "value": 39.98,
        "contents": [{"content_id": "sku-1", "content_name": "Running shoes", "price": 19.99, "quantity": 2}],
    },
}
"""A record of the shipped schema."""
_ID: Final = 1001
"""Of what is named by a number."""
_MOMENTS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("timestamp-millis", "timestamp-micros"), MOMENT),
    **dict.fromkeys(("local-timestamp-millis", "local-timestamp-micros"), MOMENT[:-1]),
    "timestamp-nanos": MOMENT_S * PER_SECOND["ns"],
    "date": MOMENT[:10],
}
"""By logical type, as `explain` reads it: nanoseconds not from text."""


class Excluded(Struct, frozen=True):
    """Anything but these."""

    values: tuple[object, ...]
    sample: object = None


def fitting(value: object, kind: Type) -> Any:
    """A value as JSON of this type: the one that is wanted where it can be written so, else any of the type.

    Args:
        value: None: nothing is wanted.
    """
    name, logical = kind["type"], kind.get("logicalType")
    if name == "enum":
        return _symbol(value, kind["symbols"])
    if isinstance(value, Excluded):
        value = value.sample
    if isinstance(logical, str) and logical in _MOMENTS:
        return _MOMENTS[logical]
    if logical == "decimal":
        return _decimal(value, kind)
    if name == "fixed":
        return "0" * int(kind["size"])
    write = _OF_TYPE.get(name)
    return None if write is None else write(value)


def _symbol(value: object, symbols: list[str]) -> str:
    if isinstance(value, Excluded):
        return next((each for each in symbols if each not in value.values), symbols[0])
    return next((each for each in symbols if each.lower() == str(value).lower()), symbols[0])


def _decimal(value: object, kind: Type) -> str:
    number = value if isinstance(value, Decimal) else Decimal(_ID if kind.get("precision", 9) > 3 else 1)
    return str(round(number, int(kind.get("scale", 0))))


def _text(value: object) -> str:
    return "made-up" if value is None else _plain(value)


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _whole(value: object) -> int:
    if isinstance(value, int | Decimal):
        return int(value)
    digits = str(value)
    return int(digits) if digits.isdigit() else _ID if value is not None else 1


def _number(value: object) -> float:
    return float(value) if isinstance(value, Decimal) else float(_whole(value))


def _flag(value: object) -> bool:
    return value is True or value in ("true", "new")


_OF_TYPE: Final[Mapping[str, Callable[[object], Any]]] = {
    "string": _text,
    "int": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "boolean": _flag,
    "bytes": lambda _: "",
    "array": lambda value: [] if value is None else [_text(value)],
    "map": lambda _: {},
}
