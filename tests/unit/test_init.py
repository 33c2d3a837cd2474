"""`init`: what it guesses of foreign schemas, and that what it writes can be used as it is."""

import io
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import Raw

from consumer.commands.check import Level, check
from consumer.commands.explain import ExplainOptions, explain_records
from consumer.commands.explain.explain_sources import described
from consumer.commands.init import InitOptions, write_first_config
from consumer.commands.init.draft import drafted
from consumer.commands.init.draft_text import Connection, written
from consumer.commands.init.guesses.event_guess import XDM_EVENTS, event_of
from consumer.commands.init.guesses.moment_guess import unit_of
from consumer.commands.init.names import words_of
from consumer.commands.init.schema_leaves import Leaf
from consumer.config import Settings, parse
from consumer.core.decode.schema import Schema
from consumer.core.decode.schema import parse as parse_schema
from consumer.core.errors import ConfigError
from consumer.core.remarks import STANDARD_EVENTS
from consumer.sandbox.rules.judge import judge

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "init"
SHIPPED: Final = Path(__file__).parents[2] / "schemas" / "web_event.avsc"
PIXEL: Final = {"TIKTOK_PIXEL_CODE": "PIXEL", "TIKTOK_ACCESS_TOKEN": "made-up-token"}
NOW_S: Final = 1_762_000_000.0
FOREIGN: Final[Mapping[str, Mapping[str, str]]] = {
    # What a person who knows both sides would write.
    "flat": {
        "event": "event_type (values)",
        "event_time": "created_at_ms (unit ms)",
        "event_id": "evt_uuid",
        "user.email": "e_mail",
        "user.phone": "msisdn",
        "user.external_id": "cust_no",
        "user.ip": "client_ip",
        "user.user_agent": "ua",
        "user.ttclid": "tt_click_id",
        "page.url": "page_location",
        "page.referrer": "referer",
        "properties.currency": "ccy",
        "properties.value": "order_total",
        "properties.order_id": "order_no",
        "properties.customer_type": "is_new_customer (values)",
        "content_id": "sku",
        "content_name": "product_title",
        "price": "unit_price",
        "quantity": "qty",
    },
    "order": {
        "event": '"Purchase" (fixed)',
        "event_time": "placedAt",
        "event_id": "orderId",
        "user.email": "customer.contact.emailAddress",
        "user.phone": "customer.contact.mobilePhone",
        "user.external_id": "customer.id",
        "user.first_name": "customer.firstName",
        "user.last_name": "customer.lastName",
        "user.city": "billingAddress.city",
        "user.state": "billingAddress.region",
        "user.country": "billingAddress.countryCode",
        "user.zip_code": "billingAddress.postalCode",
        "user.ip": "web.ipAddress",
        "user.user_agent": "web.userAgent",
        "user.ttp": "web.cookies._ttp",
        "page.url": "web.pageUrl",
        "properties.currency": "totals.grandTotal.currency",
        "properties.value": "totals.grandTotal.amount",
        "properties.order_id": "orderId",
        "each": "lineItems",
        "content_id": "product.sku",
        "content_name": "product.title",
        "content_category": "product.mainCategory",
        "brand": "product.brandName",
        "price": "unitPrice.amount",
        "quantity": "quantity",
    },
    "cdp": {
        "event": "event (trim, lower, values)",
        "event_time": "timestamp",
        "event_id": "messageId",
        "user.email": "context.traits.email, else properties.email",
        "user.phone": "context.traits.phone",
        "user.external_id": "userId, else anonymousId",
        "user.first_name": "context.traits.firstName",
        "user.last_name": "context.traits.lastName",
        "user.city": "context.traits.address.city",
        "user.state": "context.traits.address.state",
        "user.country": "context.traits.address.country",
        "user.zip_code": "context.traits.address.postalCode",
        "user.ip": "context.ip",
        "user.user_agent": "context.userAgent",
        "user.locale": "context.locale",
        "page.url": "context.page.url",
        "page.referrer": "context.page.referrer",
        "properties.currency": "properties.currency",
        "properties.value": "properties.total",
        "properties.order_id": "properties.order_id",
        "properties.search_string": "properties.query",
        "each": "properties.products",
        "content_id": "product_id",
        "content_name": "name",
        "content_category": "category",
        "brand": "brand",
        "price": "price",
        "quantity": "quantity",
    },
    "hotel": {
        "event": "eventType (values)",
        "event_time": "emittedAt",
        "event_id": "eventId",
        "user.email": "guest.email",
        "user.phone": "guest.phoneNumber",
        "user.external_id": "guest.guestId",
        "user.first_name": "guest.givenName",
        "user.last_name": "guest.familyName",
        "user.ip": "session.ip",
        "page.url": "session.landingUrl",
        "properties.currency": "currency",
        "properties.value": "totalCharge",
        "properties.order_id": "reservationNumber",
        "each": "rooms",
        "content_id": "roomTypeCode",
        "content_name": "roomTypeName",
        "price": "pricePerNight",
    },
    "xdm": {
        "event": "eventType (trim, lower, values)",
        "event_time": "timestamp",
        "event_id": "_id",
        "user.email": "_acme.customer.emailAddress",
        "user.ip": "environment.ipV4",
        "user.user_agent": "environment.browserDetails.userAgent",
        "user.locale": "environment.browserDetails.acceptLanguage",
        "page.url": "web.webPageDetails.URL",
        "page.referrer": "web.webReferrer.URL",
        "properties.currency": "commerce.order.currencyCode",
        "properties.value": "commerce.order.priceTotal",
        "properties.order_id": "commerce.order.purchaseID",
        "each": "productListItems",
        "content_id": "SKU",
        "content_name": "name",
        "quantity": "quantity",
    },
    "german": {
        "event": '"Purchase" (fixed)',
        "event_time": "bestelldatum",
        "event_id": "bestellId",
        "user.email": "kunde.mailAdresse",
        "user.phone": "kunde.telefonnummer",
        "user.external_id": "kunde.kundennummer",
        "user.first_name": "kunde.vorname",
        "user.last_name": "kunde.nachname",
        "user.city": "kunde.anschrift.ort",
        "user.country": "kunde.anschrift.land",
        "user.zip_code": "kunde.anschrift.plz",
        "properties.currency": "waehrung",
        "properties.value": "gesamtbetrag",
        "properties.order_id": "bestellId",
        "each": "positionen",
        "content_id": "artikelnummer",
        "content_name": "bezeichnung",
        "price": "einzelpreis",
        "quantity": "menge",
    },
}
EVENTS: Final = {
    "flat": ["Purchase", "ViewContent"],
    "order": ["Purchase"],
    "cdp": ["Purchase", "Search", "CompleteRegistration"],
    "hotel": ["Purchase", "Search"],
    "german": ["Purchase"],
    "xdm": ["Purchase", "AddToCart"],
}

LACKING: Final = {"cdp": ["no_user_agent"], "german": ["no_page_url"], "hotel": ["no_match_key", "no_user_agent"]}
"""What TikTok would like to have, and these records do not."""


def load(name: str) -> Schema:
    return parse_schema(json.loads((GOLDEN / f"{name}.avsc").read_text()))


def settings_of(schema: Schema, file: str, more: str = "") -> Settings:
    """What `init` writes, as it is read again with nothing but the pixel filled in."""
    text = written(drafted([schema]), Connection("orders", "localhost:9092", "g", schema=file))
    return parse(text + more, PIXEL, GOLDEN / "consumer.yaml")


def sources_in(settings: Settings) -> dict[str, str]:
    [rule] = settings.rules
    found = {name: described(source) for name, source in (rule.parameters or {}).items()}
    if rule.contents is not None:
        found |= {name: described(source) for name, source in rule.contents.fields.items()}
        found |= {"each": described(rule.contents.each)} if rule.contents.each is not None else {}
    return found


def record(*fields: tuple[str, object], name: str = "Thing") -> Schema:
    return parse_schema(
        {"type": "record", "name": name, "fields": [{"name": field, "type": kind} for field, kind in fields]}
    )


def guessed(*fields: tuple[str, object], name: str = "Thing") -> dict[str, object]:
    return {parameter: guess.source for parameter, guess in drafted([record(*fields, name=name)])[0].parameters.items()}


@pytest.mark.parametrize("name", FOREIGN)
def test_guesses_of_a_foreign_schema_what_a_person_would_write(name: str) -> None:
    assert sources_in(settings_of(load(name), f"{name}.avsc")) == FOREIGN[name]


@pytest.mark.parametrize("name", FOREIGN)
def test_check_finds_no_fault_with_what_is_written(name: str) -> None:
    findings = check(settings_of(load(name), f"{name}.avsc"), offline=True, rate=None)

    assert [str(finding) for finding in findings if finding.level not in {Level.OK, Level.NOTE}] == []
    assert any("every path and constant fits the schema" in finding.text for finding in findings)


def test_nothing_but_the_pixel_is_left_to_fill_in() -> None:
    text = written(drafted([load("order")]), Connection("orders", "localhost:9092", "g", schema="order.avsc"))

    with pytest.raises(ConfigError) as caught:
        parse(text, {}, GOLDEN / "consumer.yaml")

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "pixels.shop.pixel_code",
        "pixels.shop.access_token",
    ]


@pytest.mark.parametrize("name", FOREIGN)
def test_records_become_events_that_tiktok_takes(name: str) -> None:
    settings = settings_of(load(name), f"{name}.avsc", "limits: {max_event_age: 0s}\n")
    out = io.StringIO()

    code = explain_records(settings, ExplainOptions(file=str(GOLDEN / f"{name}.records.json"), is_json=True), out)

    told: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    sent = [event for one in told for event in one["events"]]
    assert code == 0
    assert [event["event"]["event"] for event in sent] == EVENTS[name]
    assert isinstance(judge([Raw(json.dumps(event["event"]).encode()) for event in sent], NOW_S), list)
    assert {note["problem"] for event in sent for note in event["notes"]} <= {"filled_in", *LACKING.get(name, ())}


def test_a_purchase_of_adobes_schema_is_a_whole_event() -> None:
    settings = settings_of(load("xdm"), "xdm.avsc", "limits: {max_event_age: 0s}\n")
    out = io.StringIO()

    explain_records(settings, ExplainOptions(file=str(GOLDEN / "xdm.records.json"), is_json=True), out)

    event = json.loads(out.getvalue().splitlines()[0])["events"][0]["event"]
    assert event == {
        "event": "Purchase",
        "event_time": 1_761_998_400,
        "event_id": "xdm-0001",
        "user": {
            "email": sha256(b"jane.doe@example.com").hexdigest(),
            "ttclid": "E.C.P.example",
            "ip": "8.8.8.8",
            "user_agent": "Mozilla/5.0 Example/1.0",
            "locale": "en-US",
        },
        "page": {
            "url": "https://shop.example.com/thanks?ttclid=E.C.P.example",
            "referrer": "https://shop.example.com/cart",
        },
        "properties": {
            "order_id": "10042",
            "currency": "EUR",
            "value": 39.98,
            "contents": [{"content_id": "RS-1", "content_name": "Running shoes", "quantity": 2}],
        },
    }


def test_only_of_adobes_schema_the_kinds_are_adobes_and_docs_adobe_lists_them() -> None:
    [xdm], [cdp] = drafted([load("xdm")]), drafted([load("cdp")])
    assert xdm.event is not None
    assert cdp.event is not None
    page = (Path(__file__).parents[2] / "docs" / "adobe.md").read_text()

    assert {name.lower() for name in XDM_EVENTS} <= xdm.event.values.keys()
    assert not {name.lower() for name in XDM_EVENTS} & cdp.event.values.keys()
    for name, event in XDM_EVENTS.items():
        assert re.search(rf"\| .*`{re.escape(name)}`.* \| {event}\b", page)


def test_the_shipped_schema_gives_a_configuration_without_map() -> None:
    text = written(drafted([parse_schema(json.loads(SHIPPED.read_text()))]), Connection("t", "localhost:9092", "g"))

    settings = parse(text, PIXEL)

    assert "map" not in text
    assert settings.rules[0].parameters is None
    assert [str(one) for one in check(settings, offline=True, rate=None) if one.level is Level.ERROR] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order_total", ("order", "total")),
        ("orderTotal", ("order", "total")),
        ("OrderTotal", ("order", "total")),
        ("ORDER-TOTAL", ("order", "total")),
        ("userIPAddress2", ("user", "ip", "address", "2")),
        ("eMail", ("e", "mail")),
        ("_ttp", ("ttp",)),
        ("Straße", ("strasse",)),
        ("", ()),
    ],
)
def test_names_are_the_same_words_however_they_are_spelled(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("field", "parameter"),
    [
        *((name, "user.email") for name in ("mail", "e_mail", "eMail", "EMAIL_ADDRESS", "usr_mail", "billing_email")),
        *((name, "user.phone") for name in ("msisdn", "tel", "customerPhoneNumber", "mobile_no")),
        *((name, "user.external_id") for name in ("cust_id", "userId", "CustomerNumber", "member_id")),
        *((name, "properties.value") for name in ("order_total", "grandTotal", "totalAmount", "revenue")),
    ],
)
def test_knows_what_people_call_things(field: str, parameter: str) -> None:
    assert guessed((field, "string")).get(parameter) == field


@pytest.mark.parametrize(
    ("field", "parameter"),
    [
        *((name, "user.email") for name in ("emails", "email_addresses", "eMailAddresses", "mails", "contact_emails")),
        *((name, "user.email") for name in ("hashed_emails", "email_hashes", "emails_sha256", "sha256_emails")),
        *((name, "user.phone") for name in ("phones", "phoneNumbers", "phone_numbers", "mobile_phones", "mobiles")),
        *((name, "user.phone") for name in ("telephones", "telephoneNumbers", "mobile_numbers", "cellPhones")),
        *((name, "user.phone") for name in ("hashedPhones", "phone_hashes", "hashed_phone_numbers", "phones_sha256")),
        *((name, "user.external_id") for name in ("external_ids", "externalIds", "customerIds", "user_ids")),
    ],
)
def test_knows_what_people_call_several_of_them(field: str, parameter: str) -> None:
    assert guessed((field, {"type": "array", "items": "string"})).get(parameter) == field


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("seller_email", "string"),
        ("email_opt_in", "boolean"),
        ("has_email", "boolean"),
        ("server_ip", "string"),
        ("zip", "boolean"),
        ("shipping_total", "double"),
        ("sub_total", "double"),
        ("item_count_total", "double"),
        ("image_url", "string"),
        ("payment_state", "string"),
        ("email", {"type": "record", "name": "Mail", "fields": [{"name": "subject", "type": "string"}]}),
    ],
)
def test_leaves_alone_what_only_sounds_alike(field: str, kind: object) -> None:
    assert guessed((field, kind)) == {}


def test_an_address_of_the_recipient_is_no_second_choice_for_the_buyers() -> None:
    found = guessed(("shipping_phone", "string"), ("phone", "string"))

    assert found == {"user.phone": "phone"}
    assert guessed(("shipping_phone", "string")) == {"user.phone": "shipping_phone"}


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("order_completed", "Purchase"),
        ("Order Completed", "Purchase"),
        ("ORDER_PLACED", "Purchase"),
        ("checkoutCompleted", "Purchase"),
        ("checkout_started", "InitiateCheckout"),
        ("add_to_basket", "AddToCart"),
        ("Product Added", "AddToCart"),
        ("Product Added to Wishlist", "AddToWishlist"),
        ("sign-up", "CompleteRegistration"),
        ("purchase", "Purchase"),
        ("CompletePayment", "Purchase"),
        ("commerce.purchases", "Purchase"),
        ("COMMERCE_PRODUCT_LIST_ADDS", "AddToCart"),
        ("commerce.productViews", "ViewContent"),
        ("commerce.productListRemovals", None),
        ("commerce.checkouts", "InitiateCheckout"),
        ("commerce.saveForLaters", "AddToWishlist"),
        ("order_cancelled", None),
        ("product_removed_from_cart", None),
        ("heartbeat", None),
        ("", None),
    ],
)
def test_events_are_known_by_their_words_and_never_from_what_takes_them_back(name: str, event: str | None) -> None:
    assert event_of(name) == event


@pytest.mark.parametrize("name", sorted(STANDARD_EVENTS))
def test_tiktoks_own_names_mean_themselves(name: str) -> None:
    assert event_of(name) == name


@pytest.mark.parametrize(
    ("name", "kind", "doc", "unit"),
    [
        ("created_at", "long", "", "ms"),
        ("created_at_ms", "long", "", "ms"),
        ("created_sec", "long", "", "s"),
        ("ts_micros", "long", "", "us"),
        ("created", "int", "", "s"),
        ("at", "long", "Seconds since 1970", "s"),
    ],
)
def test_the_unit_of_a_plain_number_is_read_from_name_doc_and_size(name: str, kind: str, doc: str, unit: str) -> None:
    assert unit_of(Leaf((name,), ({"type": kind},), (words_of(name),), doc))[0] == unit


def test_the_time_it_happened_goes_before_the_time_it_was_noted_and_a_type_before_a_plain_number() -> None:
    time = {"type": "long", "logicalType": "timestamp-millis"}
    noted = drafted([record(("received_at", time), ("event_time", "string"), ("birth_time", time))])[0]
    typed = drafted([record(("created_at", "string"), ("placed_at", time))])[0]
    without = drafted([record(("name", "string"), ("order_date", {"type": "int", "logicalType": "date"}))])[0]

    assert [each.moment.path for each in (noted, typed, without) if each.moment] == [
        "event_time",
        "placed_at",
        "$timestamp",
    ]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("Order", "Purchase"),
        ("shoe_orders", "Purchase"),
        ("OrderMessage", "Purchase"),
        ("OrderCancelled", "OrderCancelled"),
        ("cancelled_orders", "cancelled_orders"),
    ],
)
def test_a_schema_of_orders_is_one_of_purchases(name: str, event: str) -> None:
    draft = drafted([record(("total", "double"), name=name)])[0]

    assert draft.event is not None
    assert draft.event.const == event


def test_an_order_is_the_same_whose_ever_number_it_has_but_not_at_another_time() -> None:
    assert guessed(("store_order_id", "string")) == {
        "event_id": "store_order_id",
        "properties.order_id": "store_order_id",
    }
    assert guessed(("old_order_id", "string")) == {}


def test_each_type_of_record_in_a_union_gets_a_rule_of_its_own() -> None:
    kinds = [
        {"type": "record", "name": f"shop.{name}", "fields": [{"name": "at", "type": "string"}]}
        for name in ("OrderPlaced", "ProductViewed")
    ]

    text = written(drafted([parse_schema(kinds)]), Connection("t", "h:1", "g", registry="http://r:1"))

    assert re.findall(r"- name: (\w+)", text) == ["order_placed", "product_viewed"]
    assert re.findall(r"event: \{const: (\w+)\}", text) == ["Purchase", "ViewContent"]
    assert re.findall(r"\{field: \$schema, equals: ([\w.]+)\}", text) == ["shop.OrderPlaced", "shop.ProductViewed"]


def field(name: str, kind: object, **more: object) -> dict[str, object]:
    return {"name": name, "type": kind, **more}


def text_of(*fields: dict[str, object], name: str = "shop.OrderPlaced") -> str:
    schema = parse_schema({"type": "record", "name": name, "fields": list(fields)})
    return written(drafted([schema]), Connection("t", "h:1", "g", registry="http://r:1"))


CURRENCY = field("currency", "string")
AT = field("created_at", {"type": "long", "logicalType": "timestamp-millis"})


@pytest.mark.parametrize(
    "amount",
    [
        field("amount", "long", doc="in cents"),
        field("total_amount", "long", doc="The order's total, in the smallest unit of its currency"),
        field("amount_cents", "int"),
        field("totalAmountMinor", "long"),
        field("order_total", ["null", "long"], doc="pence"),
    ],
    ids=lambda amount: amount["name"],
)
def test_an_amount_in_minor_units_is_divided(amount: dict[str, object]) -> None:
    assert f"value: {{path: {amount['name']}, unit: minor}}" in text_of(AT, CURRENCY, amount)
    assert f"value: {{path: {amount['name']}, scale: 0.01}}" in text_of(AT, amount)


def test_an_amount_in_millionths_is_divided() -> None:
    assert "value: {path: total_micros, scale: 0.000001}" in text_of(AT, CURRENCY, field("total_micros", "long"))


def test_a_bare_whole_number_as_amount_is_asked_about() -> None:
    text = text_of(AT, CURRENCY, field("order_total", "long"))

    assert "if it counts cents, write {path: order_total, unit: minor}" in text
    assert "value: order_total" in text


@pytest.mark.parametrize("kind", ["double", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}])
def test_an_amount_with_a_fraction_is_not_asked_about(kind: object) -> None:
    assert "cents" not in text_of(AT, CURRENCY, field("order_total", kind))


def test_units_and_nanos_are_added() -> None:
    money = {
        "type": "record",
        "name": "Money",
        "fields": [field("currency_code", "string"), field("units", "long"), field("nanos", "int")],
    }

    text = text_of(AT, field("order_total", money))

    assert 'cel: "double(order_total.units * 1000000000 + order_total.nanos) / 1000000000.0"' in text
    assert "Nothing was made of" not in text


def test_prices_of_products_are_divided_as_well() -> None:
    item = {"type": "record", "name": "Item", "fields": [field("sku", "string"), field("price_cents", "int")]}

    assert "price: {path: price_cents, unit: minor}" in text_of(
        AT, CURRENCY, field("items", {"type": "array", "items": item})
    )


@pytest.mark.parametrize(
    ("moment", "unit"),
    [
        (field("created_at", {"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}), "us"),
        (field("created_at", {"type": "long", "connect.name": "io.debezium.time.NanoTimestamp"}), "ns"),
        (field("created_at", {"type": "long", "connect.name": "io.debezium.time.Timestamp"}), "ms"),
        (field("created_at", ["null", {"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}]), "us"),
        (field("created_at", "long", logicalType="timestamp-micros"), "us"),
        (field("created_at", "long", doc="milli seconds since 1970"), "ms"),
        (field("created_at", "long", doc="in micro-seconds"), "us"),
        (field("created_at", "int", doc="seconds"), "s"),
        (field("created_at_ns", "long"), "ns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_unit_of_a_time_is_what_the_schema_says(moment: dict[str, object], unit: str) -> None:
    assert f"event_time: {{path: {moment['name']}, unit: {unit}}}" in text_of(moment)


@pytest.mark.parametrize(
    "other",
    [
        field("created_at", {"type": "int", "connect.name": "io.debezium.time.Date"}),
        field("created_at", {"type": "int", "connect.name": "org.apache.kafka.connect.data.Date"}),
        field("created_at", {"type": "long", "connect.name": "io.debezium.time.MicroTime"}),
        field("created_at", "long", logicalType="local-timestamp-micros"),
        field("rack_time_secs", "long"),
        field("created_at", "int", doc="days since epoch"),
        field("created_at", "long", doc="Minutes since 1970-01-01"),
        field("created_at", "long", doc="hours from the epoch on"),
        field("page_load_time_ms", "long"),
        field("event_duration_ms", "long"),
    ],
    ids=lambda other: other["name"],
)
def test_what_is_no_moment_is_not_the_time_of_the_event(other: dict[str, object]) -> None:
    assert "event_time: $timestamp" in text_of(other)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (field("event_time", {"type": "long", "logicalType": "local-timestamp-millis"}), "local time without a zone"),
        (field("event_time", "long", logicalType="local-timestamp-millis"), "local time without a zone"),
        (field("event_date", {"type": "int", "logicalType": "date"}), "a date without a time"),
        (field("created_at", {"type": "int", "connect.name": "io.debezium.time.Date"}), "a date without a time"),
        (field("event_date", "string", doc="YYYY-MM-DD"), "a date without a time"),
        (field("event_date", "string", doc="as dd.MM.yyyy"), "a date without a time"),
        (field("order_date", "string", doc="dd.MM.yyyy HH:mm"), "local time without a zone"),
    ],
)
def test_of_a_time_that_says_no_moment_the_reason_is_what_it_lacks(other: dict[str, object], why: str) -> None:
    reason = f"# {other['name']} is {why}; this is Kafka's time of the record"

    assert f"{reason}\n      event_time: $timestamp" in text_of(other)


@pytest.mark.parametrize("doc", ["", "YYYY-MM-DDTHH:MM:SSZ", "yyyy-MM-dd'T'HH:mm:ssXXX", "e.g. 2026-01-01"])
def test_text_that_may_be_a_moment_is_the_time_of_the_event(doc: str) -> None:
    assert "event_time: event_date" in text_of(field("event_date", "string", doc=doc))


def test_a_change_of_a_table_is_read_after_the_change_and_only_new_rows_count() -> None:
    row = {
        "type": "record",
        "name": "Value",
        "fields": [
            field("id", "long"),
            field("email", "string"),
            field("created_at", {"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}),
        ],
    }
    source = {"type": "record", "name": "Source", "fields": [field("ts_ms", "long"), field("table", "string")]}

    text = text_of(
        field("before", ["null", row]),
        field("after", ["null", "Value"]),
        field("source", source),
        field("op", "string"),
        field("ts_ms", "long"),
        name="srv.shop.orders.Envelope",
    )

    assert "- {field: op, in: [c]}" in text
    assert "event: {const: Purchase}" in text
    assert "event_time: {path: after.created_at, unit: us}" in text
    assert "email: after.email" in text
    assert "before." not in text.partition("Nothing was made of")[0]


def test_fields_of_products_that_were_not_used_are_listed_as_well() -> None:
    item = {"type": "record", "name": "Item", "fields": [field("sku", "string"), field("weight", "int")]}

    assert "items[].weight" in text_of(AT, field("items", {"type": "array", "items": item}))


def test_a_schema_that_names_no_event_becomes_a_custom_event_and_says_so() -> None:
    draft = drafted([record(("created_at", "string"), name="ParcelWeighed")])[0]

    assert draft.event is not None
    assert (draft.event.field, draft.event.const) == (None, "ParcelWeighed")
    assert "custom event" in draft.event.why


def test_lists_what_nothing_was_made_of() -> None:
    """So that a consent called as was not foreseen is seen by who reads the file."""
    assert drafted([load("german")])[0].unused == ("kunde.anschrift.strasse", "werbeeinwilligung")


def test_what_belongs_to_something_else_is_not_taken_for_the_persons() -> None:
    hotel = {"type": "record", "name": "Hotel", "fields": [
        {"name": name, "type": "string"} for name in ("email", "city", "country", "zip")]}  # fmt: skip

    assert guessed(("hotel", hotel)) == {}
    assert guessed(("customer", {**hotel, "name": "Customer"})).keys() == {
        "user.email", "user.city", "user.country", "user.zip_code"}  # fmt: skip


def test_two_steps_of_one_purchase_count_twice_where_each_has_an_id_of_its_own() -> None:
    text = written(drafted([load("hotel")]), Connection("t", "h:1", "g"))

    said = " ".join(text.replace("#", "").split())
    assert (
        "RESERVATION_CREATED, RESERVATION_CONFIRMED: if one order has several of them, keep one, or each counts" in said
    )


def test_of_two_steps_of_one_purchase_with_the_order_s_id_the_first_is_what_is_sent() -> None:
    kinds = {"type": "enum", "name": "Kind", "symbols": ["order_placed", "order_paid", "order_cancelled"]}
    schema = record(("event_type", kinds), ("order_id", "string"), ("created_at", "string"))
    text = written(drafted([schema]), Connection("t", "h:1", "g", schema="s.avsc"))

    said = " ".join(text.replace("#", "").split())
    assert (
        "order_placed, order_paid: if one order has several of them, keep one, or the first is sent, and those" in said
    )
    assert "within 48 hours of it are dropped as its copies; later ones count again" in said


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    schema = parse_schema(
        {"type": "record", "name": "Node", "fields": [
            {"name": "email", "type": "string"}, {"name": "customer", "type": ["null", "Node"]}]}
    )  # fmt: skip

    assert drafted([schema])[0].parameters["user.email"].source == "email"


def test_names_that_yaml_would_take_for_something_else_are_quoted() -> None:
    text = written(drafted([record(("at", "string"), ("no", "string"))]), Connection("on", "h:1", "true", schema="no"))

    settings = parse(text.replace("schema: ", "framing: plain #"), PIXEL)

    assert (settings.kafka.topics, settings.kafka.group_id) == (("on",), "true")


# ── the command ─────────────────────────────────────────────────────────────────────────────────


def wrote(folder: Path, *, code: int = 0, **asked: Any) -> str:
    out = io.StringIO()
    output = folder / "consumer.yaml"
    assert write_first_config(InitOptions(schema=GOLDEN / "flat.avsc", output=output, **asked), out) == code
    return output.read_text() if code == 0 else ""


def test_never_overwrites_without_being_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "consumer.yaml").write_text("mine")

    wrote(tmp_path, code=64)
    assert (tmp_path / "consumer.yaml").read_text() == "mine"
    assert "--force" in capsys.readouterr().err

    assert "kafka:" in wrote(tmp_path, is_forced=True)


def test_names_the_schema_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = wrote(tmp_path)

    assert parse(text, PIXEL, tmp_path / "consumer.yaml").avro.schemas[0].name == "com.example.tracking.shop_event"


def test_writes_no_secret_of_the_command_line(tmp_path: Path) -> None:
    text = wrote(
        tmp_path,
        registry="https://registry.example.com",
        properties=["sasl.username=me", "sasl.password=hunter2"],
        registry_properties=["basic.auth.user.info=me:hunter2"],
    )

    assert "hunter2" not in text
    assert 'sasl.password: "${KAFKA_SASL_PASSWORD}"' in text
    assert 'basic.auth.user.info: "${REGISTRY_BASIC_AUTH_USER_INFO}"' in text
    assert "sasl.username: me" in text


def test_for_the_sandbox_nothing_is_left_to_fill_in(tmp_path: Path) -> None:
    settings = parse(wrote(tmp_path, is_for_sandbox=True), {}, tmp_path / "consumer.yaml")

    assert settings.delivery.base_url == "http://localhost:8088"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"topic": "t"}, "--registry URL"),
        ({"schema": Path("nowhere.avsc")}, "cannot be read"),
        ({"schema": GOLDEN / "flat.records.json"}, "cannot be used as a schema"),
        ({"schema": GOLDEN / "flat.avsc", "registry": "https://me:hunter2@example.com"}, "--registry-property"),
        (
            {"topic": "t", "registry": "me:hunter2@example.com:8081"},
            "--registry: not an address; write http://host:port",
        ),
        ({"schema": GOLDEN / "flat.avsc", "properties": ["sasl.password"]}, "NAME=VALUE"),
    ],
)
def test_says_what_is_missing(asked: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert write_first_config(InitOptions(**asked), io.StringIO()) == 64

    told = capsys.readouterr().err
    assert said in told
    assert "hunter2" not in told
