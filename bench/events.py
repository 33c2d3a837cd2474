"""A record → pixel code and event, as a straight-line program does it with dicts: for what `run` is compared with.

Imports nothing of ours, so that other libraries' environments can run it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

Made = tuple[str, dict[str, Any]]


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _from_shipped(record: Mapping[str, Any]) -> Made:
    user = record["user"]
    event = {
        "event": record["event"],
        "event_time": _seconds(record["event_time"]),
        "event_id": record["event_id"],
        "user": _without_nulls(
            {
                **user,
                "email": hashed(user["email"].strip().lower()),
                "phone": hashed(user["phone"].strip()),
                "external_id": hashed(user["external_id"].strip()),
            }
        ),
        "page": _without_nulls(record["page"]),
        "properties": _without_nulls(record["properties"]),
    }
    event["properties"]["contents"] = [_without_nulls(each) for each in record["properties"]["contents"]]
    return record["pixel_code"], event


def _from_flat(record: Mapping[str, Any]) -> Made:
    content = {
        "content_id": record["sku"],
        "content_name": record["title"],
        "content_category": record["category"],
        "brand": record["brand"],
        "price": record["price"],
        "quantity": record["quantity"],
    }
    user = {
        "email": hashed(record["email"].strip().lower()),
        "phone": hashed(record["phone"].strip()),
        "external_id": hashed(record["customer"].strip()),
        "ip": record["ip"],
        "user_agent": record["agent"],
        "ttp": record["ttp"],
        "ttclid": record["ttclid"],
        "locale": record["locale"],
    }
    properties = {
        "currency": record["currency"],
        "value": record["value"],
        "order_id": record["order"],
        "query": record["query"],
        "status": record["status"],
    }
    return record["pixel"], {
        "event": record["name"],
        "event_time": _seconds(record["at"]),
        "event_id": record["id"],
        "user": _without_nulls(user),
        "page": _without_nulls({"url": record["url"], "referrer": record["referrer"]}),
        "properties": {**_without_nulls(properties), "contents": [_without_nulls(content)]},
    }


def _seconds(at: datetime | str) -> int:
    return int((at if isinstance(at, datetime) else datetime.fromisoformat(at)).timestamp())


def _without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


MAKERS: dict[str, Callable[[Mapping[str, Any]], Made]] = {
    "shipped": _from_shipped,
    "flat": _from_flat,
    "clean": _from_flat,
}
