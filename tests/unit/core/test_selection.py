"""What rules read of a record is named; what they do not read is passed over. In doubt, more is read."""

import pytest

from consumer.core.rules.selection import EVERYTHING, ReadSelection, read_paths
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    Comparison,
    ConstSource,
    ContentsSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Rule,
    Source,
)

ID = PathSource(("id",))
LINES = PathSource(("order", "lines"))
NOT_READ = Comparison(ConstSource(1), "exists", True)


def of_others(*rules: Rule) -> ReadSelection:
    return read_paths(rules).of_others


def names(**inner: ReadSelection) -> ReadSelection:
    return ReadSelection(names=tuple(sorted(inner.items())))


def products(each: Source | None, **fields: Source) -> Rule:
    return Rule("all", "shop", parameters={}, contents=ContentsSource(each, fields))


def test_a_field_is_read_if_condition_pixel_or_parameters_name_it() -> None:
    rule = Rule(
        "all",
        FirstOf((PathSource(("site", "pixel")), ConstSource("C0DE"))),
        when=Comparison(PathSource(("kind",)), "equals", "order"),
        parameters={"event_id": ID, "event": ConstSource("Purchase"), "user.external_id": KafkaPart("key")},
    )

    assert of_others(rule) == names(site=names(pixel=EVERYTHING), kind=EVERYTHING, id=EVERYTHING)
    assert read_paths([rule]).is_key_read


def test_of_products_the_list_and_of_its_items_what_is_read_there() -> None:
    rule = products(LINES, content_id=PathSource(("sku",)), price=PathSource(("price", "net")))

    items = ReadSelection(items=names(sku=EVERYTHING, price=names(net=EVERYTHING)))

    assert of_others(rule) == names(order=names(lines=items))


def test_of_items_of_which_nothing_is_read_only_that_they_are_there() -> None:
    selection = of_others(products(LINES, content_type=ConstSource("product")))
    order = selection.of("order")
    assert order is not None
    lines = order.of("lines")
    assert lines is not None

    assert lines.of_items.of("sku") is None
    assert not lines.of_items.is_whole


def test_one_product_is_read_from_the_record_itself() -> None:
    assert of_others(products(None, content_id=PathSource(("sku",)))) == names(sku=EVERYTHING)


@pytest.mark.parametrize("place", ["parameters", "each", "fields"])
@pytest.mark.parametrize(
    "call", [CallSource("shop.fields:total", lambda fields: fields["total"]), CelSource("record.total")]
)
def test_with_a_function_or_an_expression_everything_is_read_that_it_is_given(call: Source, place: str) -> None:
    rule = {
        "parameters": Rule("all", "shop", parameters={"properties.value": call}),
        "each": products(call, content_id=ID),
        "fields": products(LINES, content_id=call),
    }[place]

    expected = names(order=names(lines=ReadSelection(items=EVERYTHING))) if place == "fields" else EVERYTHING

    assert of_others(rule) == expected


def test_a_field_that_is_read_whole_is_read_whole_whatever_else_is_read_of_it() -> None:
    within = Rule("a", "shop", parameters={"event_id": PathSource(("order", "id"))})
    whole = Rule("b", "shop", parameters={"event_id": PathSource(("order",))})

    assert of_others(within, whole) == of_others(whole, within) == names(order=EVERYTHING)


def test_of_the_shipped_schema_all_that_has_a_parameters_name_is_read_besides() -> None:
    shipped = read_paths([Rule("all", "shop", when=NOT_READ, parameters={"event_id": PathSource(("own",))})]).of_shipped
    user = shipped.of("user")

    assert shipped.of("own") == EVERYTHING
    assert user is not None
    assert user.of("email") == EVERYTHING
    assert user.of("shoe_size") is None
