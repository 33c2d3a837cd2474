"""The schema of two versions, the rules and the pixels that `stream` makes its records for."""

from typing import Any, Final

SHOP: Final = "SHOPPIXEL0000001"
BLOG: Final = "BLOGPIXEL0000001"

PIXELS: Final[dict[str, Any]] = {
    "shop": {"pixel_code": SHOP, "access_token": "token-of-the-shop"},
    "blog": {"pixel_code": BLOG, "access_token": "token-of-the-blog"},
}

_MAP: Final[dict[str, Any]] = {
    "event_time": "at",
    "event_id": "id",
    "user": {"email": "customer.email", "phone": "customer.phone", "external_id": "customer.id"},
    "page": {"url": "page_url"},
}
_ORDER: Final[dict[str, Any]] = {"value": "order.total", "currency": "order.currency"}

RULES: Final[list[dict[str, Any]]] = [
    {
        "name": "purchases",
        "when": [{"field": "action", "equals": "order_completed"}],
        "pixel": "shop",
        "map": {"event": {"const": "Purchase"}, **_MAP, "properties": _ORDER},
    },
    {
        "name": "leads",
        "when": [{"field": "action", "in": ["signup", "newsletter"]}],
        "pixel": "blog",
        "map": {
            "event": {"path": "action", "values": {"signup": "CompleteRegistration", "newsletter": "Lead"}},
            **_MAP,
        },
    },
    {
        "name": "big_orders",
        "when": [{"field": "action", "equals": "order_completed"}, {"field": "order.total", "at_least": 500}],
        "pixel": "blog",
        "map": {"event": {"const": "BigOrder"}, **_MAP, "properties": _ORDER},
    },
]


def _schema(*later_fields: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    maybe_text = {"type": ["null", "string"], "default": None}
    customer = [{"name": "id", **text}, {"name": "email", **maybe_text}, {"name": "phone", **maybe_text}]
    order = [{"name": "total", "type": "double"}, {"name": "currency", **text}]
    return {
        "type": "record",
        "name": "ShopAction",
        "namespace": "com.example.shop",
        "fields": [
            {"name": "action", **text},
            {"name": "id", **text},
            {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}, "string"]},
            {"name": "customer", "type": {"type": "record", "name": "Customer", "fields": customer}},
            {"name": "order", "type": ["null", {"type": "record", "name": "Order", "fields": order}]},
            {"name": "page_url", **text},
            *later_fields,
            # Eight bytes whatever its value, so that a cut within them is a cut within the last field.
            {"name": "took_ms", "type": "double"},
        ],
    }


SCHEMAS: Final[tuple[dict[str, Any], dict[str, Any]]] = (
    _schema(),
    _schema({"name": "country", "type": ["null", "string"], "default": None}),
)
