"""From fields and a rule to an event in clear text."""

from typing import Any

import pytest

from consumer.core.errors import RecordRejected
from consumer.core.map import compile_map
from consumer.core.model import Decoded, MappedEvent, Position, Record, WithRegion, WithUnit
from consumer.core.reasons import RejectReason
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    ContentsSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Rule,
    Source,
    TransformedSource,
    parse_path,
)
from consumer.core.tiktok_event import CONTENT_FIELDS, PAGE_FIELDS, PROPERTY_FIELDS, USER_FIELDS

POSITION = Position("web-events", 0, 1)
RECORD = Record(POSITION, 1_700_000_000_000, b"k", b"", (("x-forwarded-for", b"8.8.8.8"),), POSITION)


def mapped(
    fields: dict[str, Any],
    parameters: dict[str, str | Source] | None = None,
    contents: ContentsSource | None = None,
    is_shipped: bool = False,
) -> MappedEvent:
    sources = None if parameters is None else {name: source(text) for name, text in parameters.items()}
    rule = Rule("purchases", "shop", parameters=sources, contents=contents)
    return compile_map(rule)(Decoded(RECORD, fields, is_shipped))


def source(text: str | Source) -> Source:
    return parse_path(text) if isinstance(text, str) else text


def each(path: str, **fields: str | Source) -> ContentsSource:
    return ContentsSource(parse_path(path), {name: source(text) for name, text in fields.items()})


def one(**fields: str | Source) -> ContentsSource:
    return ContentsSource(None, {name: source(text) for name, text in fields.items()})


SHIPPED: dict[str, Any] = {
    "event": "Purchase",
    "event_time": 1_700_000_000,
    "event_id": "e-1",
    "limited_data_use": False,
    "pixel_code": "C1",
    "user": {name: f"user {name}" for name in USER_FIELDS},
    "page": {name: f"page {name}" for name in PAGE_FIELDS},
    "properties": {name: f"properties {name}" for name in PROPERTY_FIELDS} | {"contents": None, "query": None},
}
PRODUCT = {name: f"product {name}" for name in CONTENT_FIELDS}


def shipped(**properties: Any) -> dict[str, Any]:
    return SHIPPED | {"properties": properties}


# ── names map to themselves ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_shipped", [True, False])
def test_without_a_map_every_name_maps_to_itself(is_shipped: bool) -> None:
    event = mapped(SHIPPED, is_shipped=is_shipped)

    assert (event.event, event.event_time, event.event_id) == ("Purchase", 1_700_000_000, "e-1")
    assert event.limited_data_use is False
    assert event.user == SHIPPED["user"]
    assert event.page == SHIPPED["page"]
    assert event.properties == {name: f"properties {name}" for name in PROPERTY_FIELDS if name != "contents"}
    assert event.contents is None
    assert event.decoded.fields is SHIPPED


def test_null_and_unknown_names_are_left_out() -> None:
    fields = {"user": {"email": None, "shoe": 42}, "page": {"url": "u", "title": "t"}, "properties": {"colour": "red"}}

    event = mapped(fields)

    assert (event.event, event.user, event.page, event.properties) == (None, {}, {"url": "u"}, {})


@pytest.mark.parametrize("wrong", [None, "text", 5, ["list"]])
def test_what_is_no_record_has_no_names(wrong: object) -> None:
    event = mapped({"user": wrong, "page": wrong, "properties": wrong})

    assert (event.user, event.page, event.properties, event.contents) == ({}, {}, {}, None)


def test_products_map_to_themselves() -> None:
    event = mapped(shipped(contents=[PRODUCT, {"price": 0, "brand": None, "colour": "red"}]))

    assert event.contents == (PRODUCT, {"price": 0})
    assert event.properties == {}


@pytest.mark.parametrize("contents", [None, []])
def test_one_product_may_stand_in_the_properties(contents: object) -> None:
    event = mapped(shipped(contents=contents, value=5, **PRODUCT))

    assert event.contents == (PRODUCT,)
    assert event.properties == {"value": 5}


def test_a_list_of_products_goes_before_one_beside_it() -> None:
    event = mapped(shipped(contents=[{"price": 1}], price=2))

    assert (event.contents, event.properties) == (({"price": 1},), {})


def test_an_empty_list_of_products_is_none() -> None:
    assert mapped(shipped(contents=[])).contents is None


def test_products_that_are_none_are_handed_on() -> None:
    assert mapped(shipped(contents="a, b")).contents == "a, b"
    assert mapped(shipped(contents=["a", {"price": 1}, None])).contents == ("a", {"price": 1}, None)


# ── the map ─────────────────────────────────────────────────────────────────────────────────────


def test_a_map_says_all_there_is_of_a_foreign_record() -> None:
    fields = {
        "type": "done",
        "at": 1_700_000_000_000,
        "id": 7,
        "ldu": True,
        "customer": {"mail": "ann@example.com", "phone": "0170", "id": None},
        "here": "https://example.com/",
        "total": 0,
        "event": "not this",
        "user": {"ttp": "nor this"},
        "properties": {"price": 1, "contents": [{"price": 2}]},
    }

    event = mapped(
        fields,
        {
            "event": TransformedSource(PathSource(("type",)), values={"done": "Purchase"}),
            "event_time": TransformedSource(PathSource(("at",)), unit="ms"),
            "event_id": "id",
            "limited_data_use": "ldu",
            "user.email": "customer.mail",
            "user.phone": TransformedSource(parse_path("customer.phone"), region="DE"),
            "user.external_id": "customer.id",
            "user.ip": "$headers.x-forwarded-for",
            "page.url": "here",
            "properties.value": "total",
            "properties.currency": ConstSource("EUR"),
        },
    )

    assert (event.event, event.event_id, event.limited_data_use) == ("Purchase", 7, True)
    assert event.event_time == WithUnit(1_700_000_000_000, "ms")
    assert event.user == {"email": "ann@example.com", "phone": WithRegion("0170", "DE"), "ip": "8.8.8.8"}
    assert event.page == {"url": "https://example.com/"}
    assert event.properties == {"value": 0, "currency": "EUR"}
    assert event.contents is None


def test_a_field_may_have_any_name() -> None:
    names = ('a"b', "a'b", "a\\", "a\nb", "a]: x", "naïve")
    event = mapped(
        {name: f"value of {name}" for name in names},
        {f"user.{parameter}": PathSource((name,)) for parameter, name in zip(USER_FIELDS, names, strict=False)},
    )
    assert list(event.user.values()) == [f"value of {name}" for name in names]


def test_an_empty_map_of_a_foreign_record_says_nothing() -> None:
    event = mapped(SHIPPED, {})

    assert (event.event, event.user, event.page, event.properties) == (None, {}, {}, {})


def test_what_a_map_leaves_out_maps_to_itself_in_a_shipped_record() -> None:
    event = mapped(
        SHIPPED, {"event": ConstSource("Lead"), "user.email": "user.ttp", "properties.value": "absent"}, is_shipped=True
    )

    assert (event.event, event.event_id) == ("Lead", "e-1")
    assert event.user == SHIPPED["user"] | {"email": "user ttp"}
    assert event.page == SHIPPED["page"]
    assert event.properties["currency"] == "properties currency"
    assert "value" not in event.properties  # mapped, so not left out, and absent


def test_products_that_a_map_leaves_out_map_to_themselves_in_a_shipped_record() -> None:
    event = mapped(shipped(contents=[PRODUCT]), {"event": ConstSource("Lead")}, is_shipped=True)

    assert event.contents == (PRODUCT,)


@pytest.mark.parametrize("contents", [one(price="absent"), each("absent", price="price")])
def test_mapped_products_are_the_only_ones(contents: ContentsSource) -> None:
    event = mapped(shipped(contents=[PRODUCT], **PRODUCT), {}, contents, is_shipped=True)

    assert (event.contents, event.properties) == (None, {})


def test_times_and_phones_alone_have_units_and_regions() -> None:
    event = mapped({}, {"event_time": KafkaPart("timestamp"), "event_id": KafkaPart("timestamp")})

    assert event.event_time == WithUnit(1_700_000_000_000, "ms")
    assert event.event_id == 1_700_000_000_000


def test_a_function_that_raises_rejects_the_event() -> None:
    with pytest.raises(RecordRejected) as error:
        mapped({}, {"user.email": CallSource("shop:email", lambda fields: fields["email"])})

    assert error.value.reason is RejectReason.MAP_CALL


# ── query ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parameters", "properties", "expected"),
    [
        (None, {"query": "own query"}, "own query"),
        (None, {"query": "own query", "search_string": "own"}, "own"),
        (None, {"query": None, "search_string": "own"}, "own"),
        ({"properties.query": ConstSource("query")}, {}, "query"),
        ({"properties.query": ConstSource("query"), "properties.search_string": ConstSource("mapped")}, {}, "mapped"),
        ({"properties.search_string": ConstSource("mapped"), "properties.query": ConstSource("query")}, {}, "mapped"),
        ({"properties.query": ConstSource("query"), "properties.search_string": "absent"}, {}, "query"),
        ({"properties.query": ConstSource("query")}, {"query": "own query", "search_string": "own"}, "query"),
        ({"properties.query": "absent"}, {"query": "own query", "search_string": "own"}, "own"),
        ({"properties.query": "absent"}, {"query": "own query"}, None),
        ({"properties.search_string": ConstSource("mapped")}, {"query": "own query"}, "mapped"),
        ({"properties.search_string": "absent"}, {"query": "own query", "search_string": "own"}, "own query"),
    ],
)
def test_query_is_the_search_string_unless_there_is_one(
    parameters: dict[str, str | Source] | None, properties: dict[str, Any], expected: str | None
) -> None:
    event = mapped(shipped(**properties), parameters, is_shipped=True)

    assert event.properties == ({} if expected is None else {"search_string": expected})


# ── contents ────────────────────────────────────────────────────────────────────────────────────


def test_each_item_is_read_from_where_it_starts() -> None:
    fields = {"items": [{"sku": "a", "qty": 2, "price": None}, {"qty": 0}, {}]}

    event = mapped(fields, {}, each("items", content_id="sku", quantity="qty", price="price"))

    assert event.contents == ({"content_id": "a", "quantity": 2}, {"quantity": 0}, {})


def test_items_may_have_paths_constants_functions_and_kafkas_parts() -> None:
    fields = {"items": [{"is": {"sku": "a"}, "qty": 2}], "qty": 9}
    contents = each(
        "items",
        content_id="is.sku",
        brand=ConstSource("ours"),
        quantity=CallSource("shop:double", lambda item: item["qty"] * 2),
        content_category="$topic",
        content_name=TransformedSource(parse_path("name"), default="unnamed"),
    )

    assert mapped(fields, {}, contents).contents == (
        {
            "content_id": "a",
            "brand": "ours",
            "quantity": 4,
            "content_category": "web-events",
            "content_name": "unnamed",
        },
    )


def test_an_index_is_no_name_of_an_items_field() -> None:
    assert mapped({"items": [{"a": 1}]}, {}, each("items", price="[0]")).contents == ({},)


def test_a_function_may_give_the_items_as_a_tuple() -> None:
    contents = ContentsSource(CallSource("shop:items", lambda _: ({"p": 1}, {"p": 2})), {"price": PathSource(("p",))})

    assert mapped({}, {}, contents).contents == ({"price": 1}, {"price": 2})


@pytest.mark.parametrize("items", [None, []])
def test_no_items_are_no_contents(items: object) -> None:
    assert mapped({"items": items}, {}, each("items", price="price")).contents is None


@pytest.mark.parametrize("items", ["text", 5, {"price": 1}, False])
def test_items_that_are_no_list_are_handed_on(items: object) -> None:
    assert mapped({"items": items}, {}, each("items", price="price")).contents == items


def test_an_item_that_is_no_record_keeps_its_place() -> None:
    event = mapped({"items": ["text", {"price": 1}, None]}, {}, each("items", price="price"))

    assert event.contents == ("text", {"price": 1}, None)


def test_one_product_is_read_from_the_record() -> None:
    contents = one(price="product.price", quantity=ConstSource(1), brand="absent")

    assert mapped({"product": {"price": 0}}, {}, contents).contents == ({"price": 0, "quantity": 1},)
    assert mapped({}, {}, one(brand="absent")).contents is None


def test_contents_alone_are_a_map() -> None:
    assert mapped(SHIPPED, None, one(price=ConstSource(1))).event is None


def test_within_a_list_of_products_the_record_s_own_key_is_seen() -> None:
    contents = each("items", content_id="sku", content_category=KafkaPart("key"), content_name=CelSource("key"))
    rule = Rule("purchases", "shop", parameters={}, contents=contents)
    event = compile_map(rule)(Decoded(RECORD, {"items": [{"sku": "a"}]}, False, key="cust-7"))

    assert event.contents == ({"content_id": "a", "content_category": "cust-7", "content_name": "cust-7"},)


@pytest.mark.parametrize("nothing", ["undefined", "{{id}}", " ", "N/A", "Walk-In", "'walk-in'"])
@pytest.mark.parametrize("name", ["event_id", "user.external_id", "user.email", "user.phone", "user.ttclid"])
def test_of_several_sources_of_an_identifier_the_first_that_stands_for_something_counts(
    name: str, nothing: str
) -> None:
    rule = Rule("purchases", "shop", parameters={name: FirstOf((PathSource(("a",)), PathSource(("b",))))})
    read = compile_map(rule, frozenset({"walk-in"}))

    def found(**fields: Any) -> object:
        event = read(Decoded(RECORD, fields, False))
        return event.event_id if name == "event_id" else event.user.get(name.removeprefix("user."))

    assert found(a=nothing, b="cust-7") == "cust-7"
    assert found(a="cust-6", b="cust-7") == "cust-6"
    assert found(a=7, b="cust-7") == 7
    assert (found(a=nothing, b=""), found(a=nothing, b="null"), found(a="", b=nothing)) == (nothing,) * 3


def test_of_several_sources_of_another_field_a_placeholder_counts() -> None:
    """`true` and `0.00` are values."""
    sources = FirstOf((PathSource(("a",)), PathSource(("b",))))
    names = ("limited_data_use", "properties.value", "properties.description")
    event = mapped({"a": "true", "b": "x"}, dict.fromkeys(names, sources))

    assert (event.limited_data_use, event.properties) == ("true", {"value": "true", "description": "true"})
