"""The records that are measured: purchases of two schemas, five pixels, three identifiers to hash, 3 % copies.

Customers are spelled as shops store them (`customer`), except in the set `clean`: there, each phone is plain E.164,
each address plain IPv4, and each email lowercase, which nearly nobody's are.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import fastavro

from tests.support.avro import framed
from tests.support.records import Raw

COPIES: Final = 0.03
LARGEST_GAP: Final = 200
"""A copy comes at most so many records after its first."""
PIXELS: Final[Mapping[str, str]] = {f"shop{number}": f"BENCHPIXEL{number:06}" for number in range(5)}
SCHEMA_FILES: Final[Mapping[str, Path]] = {
    "shipped": Path(__file__).parents[1] / "schemas/web_event.avsc",
    "flat": Path(__file__).with_name("flat.avsc"),
    "clean": Path(__file__).with_name("flat.avsc"),
}
"""By data set."""
TITLES: Final[Mapping[str, str]] = {
    "shipped": "shipped schema, 450 bytes",
    "flat": "flat schema, 480 bytes",
    "clean": "flat schema, clean data",
}
_OPEN_OCTETS: Final = [octet for octet in range(1, 224) if octet not in (10, 100, 127, 169, 172, 192, 198, 203)]
"""First octets below which each IPv4 address is public."""
_CODES: Final = tuple(PIXELS.values())
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA_FILES[name].read_text())
    return found


def records(name: str, count: int, partitions: int, schema_id: int) -> list[Raw]:
    """Records of schema `name` in Confluent's framing, with timestamps of now; a copy shares its first's partition."""
    encode, make = writer(name, schema_id), _MAKERS[name]
    draw = random.Random(1)
    now_ms = int(time.time() * 1000)
    made: list[Raw] = []
    for number in range(count):
        if made and draw.random() < COPIES:
            made.append(made[max(0, number - draw.randint(1, LARGEST_GAP))])
        else:
            value = encode(make(number, now_ms))
            made.append(Raw(value, f"order-{number:010}".encode(), partition=number % partitions))
    return made


def writer(name: str, schema_id: int) -> Callable[[Mapping[str, Any]], bytes]:
    """What makes a record's value of its fields."""
    schema = fastavro.parse_schema(schema_of(name))
    return lambda fields: framed(schema_id, schema, fields)


def timed(number: int, now_ms: int) -> dict[str, Any]:
    """A record of the shipped schema whose event_id begins with Unix milliseconds."""
    return {**_shipped(number, now_ms), "event_id": f"{now_ms}-{number}"}


def rule(name: str) -> dict[str, Any]:
    """The one rule: to the pixel that the record names. Records of the shipped schema need no `map`."""
    if name == "shipped":
        return {"name": "all", "pixel": {"path": "pixel_code"}}
    return {"name": "all", "pixel": {"path": "pixel"}, "map": _FLAT_MAP}


def event_id(number: int) -> str:
    return f"{number:08x}-5d0c-4b1e-9a57-3f2b8c6d7e10"


def customer(number: int) -> dict[str, str | None]:
    """Email, phone and IP address as shops store them, and the country where the phone needs it.

    Phones: of 30, 9 plain E.164, 10 and 9 spelled in two ways, 1 national, 1 no number. Addresses: of 8, 6 IPv4,
    1 IPv6, 1 list of a proxy with a private hop. Emails: of 4, 1 with capitals, 1 with blanks around it.
    """
    line = number % 10_000
    match number % 30:
        case 0:
            phone = f"030 9018{line:04}"
        case 1:
            phone = f"call {line:04}"
        case kind if kind < 11:
            phone = f"+1213373{line:04}"
        case kind if kind < 21:
            phone = f"+1 (213) 373-{line:04}"
        case _:
            phone = f"+49 1512 34{line:04}"
    octets = f"{_OPEN_OCTETS[number * 7 % len(_OPEN_OCTETS)]}.{number % 251}.{number // 251 % 251}.{number % 241}"
    addresses = {
        6: f"2a02:8109:{number % 0xFFFF:x}:1d00:{line + 1:x}:7ee4:6f1:b1d",
        7: f"10.0.{number % 256}.7, {octets}",
    }
    email = f"customer{number}@example.com"
    emails = {0: f"Customer{number}@Example.com", 1: f" {email} "}
    return {
        "email": emails.get(number % 4, email),
        "phone": phone,
        "ip": addresses.get(number % 8, octets),
        "country": "DE" if number % 30 == 0 else None,
    }


def _clean_customer(number: int) -> dict[str, str | None]:
    return {
        "email": f"customer{number}@example.com",
        "phone": f"+1213{number % 10_000_000:07}",
        "ip": "93.184.216.34",
        "country": None,
    }


def _shipped(number: int, now_ms: int) -> dict[str, Any]:
    return {
        "event": "Purchase",
        "event_time": now_ms,
        "event_id": event_id(number),
        "pixel_code": _CODES[number % len(_CODES)],
        "user": {
            **customer(number),
            "external_id": f"customer-{number}",
            "user_agent": _AGENT,
            "ttp": "94e2a4j9-h3ss-k5s5-98cc-c84n481mk5g0",
        },
        "page": {"url": f"https://shop.example.com/thanks?o={number}", "referrer": "https://shop.example.com/cart"},
        "properties": {
            "currency": "USD",
            "value": 20.0,
            "content_type": "product",
            "contents": [
                {
                    "price": 10.0,
                    "quantity": 2,
                    "content_id": f"sku-{number % 1000}",
                    "content_name": "Shoes",
                    "content_category": "Outdoor",
                }
            ],
        },
    }


def _flat(number: int, now_ms: int) -> dict[str, Any]:
    return {**_flat_order(number, now_ms), **customer(number)}


def _clean(number: int, now_ms: int) -> dict[str, Any]:
    return {**_flat_order(number, now_ms), **_clean_customer(number)}


def _flat_order(number: int, now_ms: int) -> dict[str, Any]:
    return {
        "name": "Purchase",
        "id": event_id(number),
        "at": now_ms,
        "pixel": _CODES[number % len(_CODES)],
        "customer": f"customer-{number}",
        "agent": _AGENT,
        "ttp": "94e2a4j9-h3ss-k5s5-98cc-c84n481mk5g0",
        "locale": "en-US",
        "url": f"https://shop.example.com/thanks?o={number}",
        "referrer": "https://shop.example.com/cart",
        "currency": "USD",
        "value": 20.0,
        "order": f"order-{number:010}",
        "sku": f"sku-{number % 1000}",
        "title": "Shoes for the mountains, waterproof",
        "category": "Outdoor",
        "brand": "Example",
        "price": 10.0,
        "quantity": 2,
        "status": "submitted",
    }


_MAKERS: Final = {"shipped": _shipped, "flat": _flat, "clean": _clean}
_FLAT_MAP: Final[dict[str, Any]] = {
    "event": "name",
    "event_time": "at",
    "event_id": "id",
    "user": {
        "email": "email",
        "phone": {"path": "phone", "region": "DE"},
        "external_id": "customer",
        "ip": "ip",
        "user_agent": "agent",
        "ttp": "ttp",
        "ttclid": "ttclid",
        "locale": "locale",
    },
    "page": {"url": "url", "referrer": "referrer"},
    "properties": {
        "currency": "currency",
        "value": "value",
        "order_id": "order",
        "content_id": "sku",
        "content_name": "title",
        "content_category": "category",
        "brand": "brand",
        "price": "price",
        "quantity": "quantity",
        "query": "query",
        "status": "status",
    },
}
