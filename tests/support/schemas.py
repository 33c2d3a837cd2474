"""Avro schemas of orders, as people and Connect write them."""

from typing import Any, Final


def field(name: str, kind: Any, doc: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **({"doc": doc} if doc else {}), **more}


def record(name: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def optional(kind: Any) -> list[Any]:
    return ["null", kind]


def decimal(precision: int, scale: int, **more: Any) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale, **more}


ID: Final = field("order_id", "string")
AT: Final = field("created_at", {"type": "long", "logicalType": "timestamp-millis"})
CURRENCY: Final = field("currency", "string")
MONEY: Final = record("Money", field("currency_code", "string"), field("units", "long"), field("nanos", "int"))
LOOSE_MONEY: Final = record(
    "Money",
    field("currency_code", optional("string")),
    field("units", optional("long")),
    field("nanos", optional("int")),
)
