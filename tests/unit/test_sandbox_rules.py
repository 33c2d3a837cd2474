"""The sandbox's reading of docs/tiktok.md §1, rule by rule."""

import json
from collections.abc import Callable
from copy import deepcopy
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from consumer.sandbox.rules.judge import ValidEvent, judge, open_request
from consumer.sandbox.rules.request_fault import RequestFault

Json = dict[str, Any]

NOW_S = 1_780_000_000.0
HASH = sha256(b"alice@example.com").hexdigest()
FULL: Json = {
    "event": "Purchase",
    "event_time": 1_779_999_000,
    "event_id": "order-1",
    "user": {
        "email": HASH,
        "phone": [HASH, HASH],
        "external_id": HASH,
        "ttclid": "E.C.P." + "x" * 400,
        "ttp": "cookie",
        "ip": "84.20.3.7",
        "user_agent": "Mozilla/5.0",
        "locale": "de-DE",
        "first_name": HASH,
        "last_name": HASH,
        "zip_code": HASH,
        "city": "münchen",
        "state": "bavaria",
        "country": "de",
    },
    "page": {"url": "https://shop.example.com/?a=1", "referrer": "https://example.com"},
    "properties": {
        "contents": [
            {
                "price": 9.75,
                "quantity": 2,
                "content_id": "sku-1",
                "content_category": "shirts",
                "content_name": "Shirt",
                "brand": "Acme",
            }
        ],
        "content_ids": ["sku-1"],
        "content_type": "product",
        "currency": "EUR",
        "value": 19.5,
        "num_items": 2,
        "search_string": "shirt",
        "query": "shirt",
        "description": "an order",
        "order_id": "o-1",
        "shop_id": "s-1",
        "customer_type": "new",
        "status": "completed",
    },
    "limited_data_use": False,
}


def with_(path: str, value: object) -> Json:
    """The full event with one member put or replaced; numbers in `path` index lists."""
    event: Any = deepcopy(FULL)
    at = event
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in parents:
        at = at[step]
    at[last] = value
    return dict(event)


def without(name: str) -> Json:
    return {key: value for key, value in FULL.items() if key != name}


def judged(event: object) -> list[ValidEvent] | RequestFault:
    return judge([Raw(json.dumps(event).encode())], NOW_S)


TAKEN: list[tuple[str, object]] = [
    ("event", "A custom event"),
    ("event_time", 1),
    ("event_time", int(NOW_S) + 3600),
    ("user", {}),
    ("user.email", [HASH]),
    ("user.email", "1" * 64),
    ("user.ip", "1.1.1.1"),
    ("user.ip", "192.1.2.3"),
    ("user.ip", "2a00:1450:4001:81b::200e"),
    ("user.ip", "2a00:1450:4001:081b:0000:0000:0000:200e"),
    ("user.locale", "en"),
    ("user.locale", "zh-Hant-TW"),
    ("user.city", "東京"),
    ("user.city", "newyork"),
    ("page", {}),
    ("properties", {}),
    ("properties.anything", {"is": ["tolerated", None]}),
    ("properties.contents", []),
    ("properties.contents.0", {}),
    ("properties.contents.0.price", 0),
    ("properties.value", 0),
    ("properties.value", 0.0),
    ("properties.num_items", 0),
    ("properties.content_type", "product_group"),
    ("properties.customer_type", "returning"),
    ("properties.currency", "XAU"),
    ("limited_data_use", True),
]

REFUSED: list[tuple[str, object, int, str]] = [
    ("event", "", 40002, "Batch.0.event: Shorter than minimum length 1"),
    ("event", 7, 40002, "Batch.0.event: Not a valid string"),
    ("event", None, 40002, "Batch.0.event: Field may not be null"),
    ("event_time", "1780000000", 40002, "Batch.0.event_time: Not a valid integer"),
    ("event_time", 1_780_000_000.0, 40002, "Batch.0.event_time: Not a valid integer"),
    ("event_time", True, 40002, "Batch.0.event_time: Not a valid integer"),
    ("event_time", 0, 40002, "Batch.0.event_time: Must be greater than or equal to 1"),
    ("event_time", 1_780_000_000_000, 40002, "Batch.0.event_time: Must be in seconds, not milliseconds"),
    ("event_time", int(NOW_S) + 3601, 40002, "Batch.0.event_time: Is in the future"),
    ("event_id", 17, 40002, "Batch.0.event_id: Not a valid string"),
    ("event_id", "", 40002, "Batch.0.event_id: Shorter than minimum length 1"),
    ("event_id", None, 40002, "Batch.0.event_id: Field may not be null"),
    ("event_source", "web", 40002, "Batch.0.event_source: Unknown field"),
    ("user", "alice", 40002, "Batch.0.user: Invalid input type"),
    ("user", None, 40002, "Batch.0.user: Field may not be null"),
    ("user.mail", HASH, 40002, "Batch.0.user.mail: Unknown field"),
    ("user.email", "alice@example.com", 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", HASH.upper(), 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", HASH[:63], 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", HASH[:62] + " a", 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", HASH[:63] + "g", 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", "", 40062, "Batch.0.user.email: Not a SHA-256 hash"),
    ("user.email", sha256(b"").hexdigest(), 40002, "Batch.0.user.email: The hash of an empty value"),
    ("user.email", 5, 40002, "Batch.0.user.email: Not a valid string"),
    ("user.email", [], 40002, "Batch.0.user.email: Shorter than minimum length 1"),
    ("user.phone.1", "+4917012345", 40062, "Batch.0.user.phone.1: Not a SHA-256 hash"),
    ("user.phone.1", None, 40002, "Batch.0.user.phone.1: Not a valid string"),
    ("user.external_id", "user-1", 40062, "Batch.0.user.external_id: Not a SHA-256 hash"),
    ("user.external_id", 12345, 40002, "Batch.0.user.external_id: Not a valid string"),
    ("user.first_name", "alice", 40062, "Batch.0.user.first_name: Not a SHA-256 hash"),
    ("user.first_name", [HASH], 40002, "Batch.0.user.first_name: Not a valid string"),
    ("user.last_name", "doe", 40062, "Batch.0.user.last_name: Not a SHA-256 hash"),
    ("user.zip_code", "95110", 40062, "Batch.0.user.zip_code: Not a SHA-256 hash"),
    ("user.ttclid", "", 40002, "Batch.0.user.ttclid: Shorter than minimum length 1"),
    ("user.ttp", 3, 40002, "Batch.0.user.ttp: Not a valid string"),
    ("user.user_agent", ["x"], 40002, "Batch.0.user.user_agent: Not a valid string"),
    ("user.ip", HASH, 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "10.1.2.3", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "192.168.0.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "172.20.0.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "100.64.0.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "127.0.0.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "224.0.0.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "255.255.255.255", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "84.20.3.256", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "84.20.3.07", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "84.20.3.7:443", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "84.20.3.7\n", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "84.20.3.7, 1.1.1.1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "::ffff:84.20.3.7", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "[2a00:1450::1]", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "fe80::1%eth0", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.ip", "ff0e::1", 40002, "Batch.0.user.ip: Not a valid public IP address"),
    ("user.locale", "en_US", 40002, "Batch.0.user.locale: Not a valid BCP 47 locale"),
    ("user.locale", "", 40002, "Batch.0.user.locale: Not a valid BCP 47 locale"),
    ("user.city", "New York", 40002, "Batch.0.user.city: Must be plain lowercase"),
    ("user.city", "st.louis", 40002, "Batch.0.user.city: Must be plain lowercase"),
    ("user.city", HASH, 40002, "Batch.0.user.city: Must be plain lowercase"),
    ("user.city", "", 40002, "Batch.0.user.city: Must be plain lowercase"),
    ("user.state", "CA", 40002, "Batch.0.user.state: Must be plain lowercase"),
    ("user.country", "DE", 40002, "Batch.0.user.country: Not a valid ISO 3166"),
    ("user.country", "deu", 40002, "Batch.0.user.country: Not a valid ISO 3166"),
    ("page", [], 40002, "Batch.0.page: Invalid input type"),
    ("page.url", "", 40002, "Batch.0.page.url: Shorter than minimum length 1"),
    ("page.referrer", 1, 40002, "Batch.0.page.referrer: Not a valid string"),
    ("page.title", "x", 40002, "Batch.0.page.title: Unknown field"),
    ("properties", [], 40002, "Batch.0.properties: Invalid input type"),
    ("properties.contents", {}, 40002, "Batch.0.properties.contents: Not a valid list"),
    ("properties.contents.0", "sku", 40002, "Batch.0.properties.contents.0: Invalid input type"),
    ("properties.contents.0.content_id", 17, 40002, "Batch.0.properties.contents.0.content_id: Not a valid string"),
    ("properties.contents.0.price", "9.75", 40002, "Batch.0.properties.contents.0.price: Not a valid number"),
    ("properties.contents.0.price", True, 40002, "Batch.0.properties.contents.0.price: Not a valid number"),
    ("properties.contents.0.quantity", 0, 40002, "Batch.0.properties.contents.0.quantity: Must be greater"),
    ("properties.contents.0.quantity", 1.5, 40002, "Batch.0.properties.contents.0.quantity: Not a valid integer"),
    ("properties.contents.0.quantity", "2", 40002, "Batch.0.properties.contents.0.quantity: Not a valid integer"),
    ("properties.contents.0.content_name", 5, 40002, "Batch.0.properties.contents.0.content_name: Not a valid string"),
    ("properties.contents.0.content_category", 5, 40002, "Batch.0.properties.contents.0.content_category: Not a valid"),
    ("properties.contents.0.brand", None, 40002, "Batch.0.properties.contents.0.brand: Field may not be null"),
    ("properties.contents.0.content_type", "product", 40002, "Batch.0.properties.contents.0.content_type: Unknown"),
    ("properties.contents.0.sku", "x", 40002, "Batch.0.properties.contents.0.sku: Unknown field"),
    ("properties.content_ids", "sku-1", 40002, "Batch.0.properties.content_ids: Not a valid list"),
    ("properties.content_ids.0", 17, 40002, "Batch.0.properties.content_ids.0: Not a valid string"),
    ("properties.content_type", "Product", 40002, "Batch.0.properties.content_type: Must be one of: product, product_"),
    ("properties.content_type", 1, 40002, "Batch.0.properties.content_type: Not a valid string"),
    ("properties.currency", "eur", 40002, "Batch.0.properties.currency: Not a valid ISO 4217 code"),
    ("properties.currency", "€", 40002, "Batch.0.properties.currency: Not a valid ISO 4217 code"),
    ("properties.currency", "EURO", 40002, "Batch.0.properties.currency: Not a valid ISO 4217 code"),
    ("properties.value", "19.50", 40002, "Batch.0.properties.value: Not a valid number"),
    ("properties.value", None, 40002, "Batch.0.properties.value: Field may not be null"),
    ("properties.num_items", 1.0, 40002, "Batch.0.properties.num_items: Not a valid integer"),
    ("properties.num_items", -1, 40002, "Batch.0.properties.num_items: Must be greater than or equal to 0"),
    ("properties.search_string", 1, 40002, "Batch.0.properties.search_string: Not a valid string"),
    ("properties.query", 1, 40002, "Batch.0.properties.query: Not a valid string"),
    ("properties.description", 1, 40002, "Batch.0.properties.description: Not a valid string"),
    ("properties.order_id", 17, 40002, "Batch.0.properties.order_id: Not a valid string"),
    ("properties.shop_id", 17, 40002, "Batch.0.properties.shop_id: Not a valid string"),
    ("properties.customer_type", "vip", 40002, "Batch.0.properties.customer_type: Must be one of: new, returning"),
    ("properties.status", False, 40002, "Batch.0.properties.status: Not a valid string"),
    ("limited_data_use", "true", 40002, "Batch.0.limited_data_use: Not a valid boolean"),
    ("limited_data_use", 1, 40002, "Batch.0.limited_data_use: Not a valid boolean"),
]


def test_takes_an_event_with_everything_in_it() -> None:
    assert judged(FULL) == [ValidEvent("Purchase", "order-1", json.dumps(FULL).encode())]


def test_takes_an_event_with_nothing_but_what_is_required() -> None:
    assert isinstance(judged({"event": "ViewContent", "event_time": 1_779_999_000}), list)


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_takes(path: str, value: object) -> None:
    event = with_(path, value)

    assert isinstance(judged(event), list)


@pytest.mark.parametrize(("path", "value", "code", "message"), REFUSED)
def test_refuses_and_names_the_fault(path: str, value: object, code: int, message: str) -> None:
    event = with_(path, value)

    fault = judged(event)

    assert isinstance(fault, RequestFault)
    assert (fault.code, fault.message[: len(message)]) == (code, message)


@pytest.mark.parametrize("name", ["event", "event_time"])
def test_refuses_an_event_without_what_is_required(name: str) -> None:
    fault = judged(without(name))

    assert isinstance(fault, RequestFault)
    assert fault.message == f"Batch.0.{name}: MissingPath data for required field"


def test_names_the_first_fault_of_the_first_bad_event() -> None:
    bodies = [FULL, with_("event_id", 1), with_("event_id", 2)]

    fault = judge([Raw(json.dumps(event).encode()) for event in bodies], NOW_S)

    assert isinstance(fault, RequestFault)
    assert fault.path == "Batch.1.event_id"


@pytest.mark.parametrize("raw", [b"nul", b'{"event":', b'"\xff"', b"[" * 100_000, b'{"event":"x","event_time":1e999}'])
def test_refuses_an_event_that_is_not_json(raw: bytes) -> None:
    fault = judge([Raw(raw)], NOW_S)

    assert isinstance(fault, RequestFault)
    assert fault.message == "Batch.0: Not a valid JSON object"


@pytest.mark.parametrize("event", [None, 5, "x", []])
def test_refuses_an_event_that_is_no_object(event: object) -> None:
    fault = judged(event)

    assert isinstance(fault, RequestFault)
    assert fault.message == "Batch.0: Invalid input type"


_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "product", "new", "EUR", "eur", "de", "en-US", "84.20.3.7", "10.0.0.1", HASH, HASH.upper()])
    | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["url", "email", "x"]), inner),
    max_leaves=4,
)
_PATHS = sorted({path for path, *_ in TAKEN} | {path for path, *_ in REFUSED})


@given(path=st.sampled_from(_PATHS), value=_anything)
def test_whatever_is_sent_is_taken_or_its_fault_is_named(path: str, value: object) -> None:
    verdict = judged(with_(path, value))

    assert isinstance(verdict, list) or verdict.message.startswith(f"Batch.0.{path.split('.')[0]}")


def envelope(**changes: object) -> Json:
    return {"event_source": "web", "event_source_id": "PIXEL", "data": [FULL], **changes}


def opened(body: object) -> object:
    return open_request(json.dumps(body).encode())


def test_opens_an_envelope_with_and_without_a_test_event_code() -> None:
    plain, test = opened(envelope()), opened(envelope(test_event_code="TEST1"))

    assert getattr(plain, "test_event_code", "?") is None
    assert getattr(test, "test_event_code", "?") == "TEST1"
    assert getattr(test, "pixel", "?") == "PIXEL"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"event_source": "app"}, 40002, "event_source: Must be one of: web"),
        ({"event_source": 1}, 40002, "event_source: Not a valid string"),
        ({"event_source_id": 123}, 40002, "event_source_id: Not a valid string"),
        ({"event_source_id": ""}, 40002, "event_source_id: Shorter than minimum length 1"),
        ({"test_event_code": None}, 40002, "test_event_code: Field may not be null"),
        ({"test_event_code": ""}, 40002, "test_event_code: Shorter than minimum length 1"),
        ({"data": {}}, 40002, "data: Not a valid list"),
        ({"data": []}, 40002, "data: Shorter than minimum length 1"),
        ({"data": [FULL] * 1001}, 40002, "data: Longer than maximum length 1000"),
        ({"partner_name": "Shop"}, 40063, "partner_name: Not a partner name"),
        ({"pixel_code": "PIXEL"}, 40002, "pixel_code: Unknown field"),
    ],
)
def test_refuses_a_wrong_envelope(changes: Json, code: int, message: str) -> None:
    fault = opened(envelope(**changes))

    assert isinstance(fault, RequestFault)
    assert (fault.code, fault.message[: len(message)]) == (code, message)


@pytest.mark.parametrize("name", ["event_source", "event_source_id", "data"])
def test_refuses_an_envelope_without_what_is_required(name: str) -> None:
    fault = opened({key: value for key, value in envelope().items() if key != name})

    assert isinstance(fault, RequestFault)
    assert fault.message == f"{name}: MissingPath data for required field"


def test_takes_exactly_a_thousand_events() -> None:
    assert len(getattr(opened(envelope(data=[FULL] * 1000)), "events", ())) == 1000


_spoilt: list[Callable[[bytes], bytes]] = [
    lambda body: body[:-1],
    lambda body: b"",
    lambda body: b"event_source=web",
    lambda body: body.replace(b"order-1", b"order-\xff"),
    lambda body: b'{"event_source":"web","event_source_id":"P","data":[' + b"[" * 100_000,
]


@pytest.mark.parametrize("spoil", _spoilt)
def test_refuses_a_body_that_is_not_json(spoil: Callable[[bytes], bytes]) -> None:
    fault = open_request(spoil(json.dumps(envelope()).encode()))

    assert isinstance(fault, RequestFault)
    assert fault.message == "Body: Not a valid JSON object"


def test_refuses_a_body_that_is_json_but_no_object() -> None:
    fault = open_request(b"[]")

    assert isinstance(fault, RequestFault)
    assert fault.code == 40002
