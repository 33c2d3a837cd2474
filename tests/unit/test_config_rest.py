"""A fault in a rule hides none of what the rest of the rules asks of the schema, and makes up no other."""

import json
from pathlib import Path

import pytest

from consumer.config import parse
from consumer.core.errors import ConfigError

HEAD = """
kafka: {bootstrap_servers: "localhost:9092", topics: [t], group_id: g}
pixels: {shop: {pixel_code: C, access_token: s3cret}}
avro: {schema: order.avsc}
"""
ORDER = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["order"]}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "plain", "type": "long"},
        {"name": "sku", "type": "string"},
        {
            "name": "items",
            "type": {
                "type": "array",
                "items": {"type": "record", "name": "Item", "fields": [{"name": "sku", "type": "string"}]},
            },
        },
    ],
}


def places(folder: Path, rules: str, head: str = HEAD) -> list[str]:
    (folder / "order.avsc").write_text(json.dumps(ORDER))
    with pytest.raises(ConfigError) as caught:
        parse(head + rules, {}, folder / "consumer.yaml")
    return sorted(problem.partition(":")[0].removeprefix("rules[0].") for problem in caught.value.problems)


NOPE = {"field": "nope", "exists": True}
RULE = {
    "name": "r",
    "pixel": "shop",
    "when": [NOPE, {"field": "kind", "equals": "order"}],
    "map": {"event": "kind", "event_time": "at", "event_id": "nope_id", "user": {"email": "nope_email"}},
}
FOUND = ["map.event_id", "map.user.email", "when[0].field"]
"""What is wrong with RULE itself."""


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"pixel": "shopp"}, "pixel"),
        ({"pixel": {"pth": "sku"}}, "pixel"),
        ({"name": ""}, "name"),
        ({"mode": "lively"}, "mode"),
        ({"whn": []}, "whn"),
        ({"when": [NOPE, {"field": "kind", "equal": "order"}]}, "when[1].equal"),
        ({"when": [NOPE, {"field": "kind"}]}, "when[1]"),
        ({"when": [NOPE, {"field": "kind", "equals": "order", "not_equals": "x"}]}, "when[1]"),
        ({"when": [NOPE, {"any": []}]}, "when[1].any"),
        ({"when": [NOPE, {"not": 5}]}, "when[1].not"),
        ({"when": [NOPE, "kind"]}, "when[1]"),
    ],
)
def test_a_fault_beside_it_hides_nothing_of_what_a_rule_asks_of_the_schema(
    tmp_path: Path, changed: dict[str, object], place: str
) -> None:
    assert places(tmp_path, f"rules: {json.dumps([RULE | changed])}") == sorted([*FOUND, place])


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"event": {"path": "kind", "lowr": True}}, "map.event.lowr"),
        ({"event": {"pth": "kind"}}, "map.event"),
        ({"event_time": {"path": "plain", "unit": "sec"}}, "map.event_time.unit"),
        ({"event_time": {"call": "no_module:none"}}, "map.event_time.call"),
        ({"event_id": {"path": "nope_id", "unit": "s"}}, "map.event_id"),
        ({"event_id": {"path": "nope_id", "trim": "maybe"}}, "map.event_id.trim"),
        ({"event_id": ["nope_id", {"element": "none"}]}, "map.event_id[1].element"),
        ({"usr": {}}, "map.usr"),
        ({"page": "page"}, "map.page"),
        ({"user": {"email": "nope_email", "mail": "sku"}}, "map.user.mail"),
        ({"properties": {"contents": {"price": "sku"}}}, "map.properties.contents.each"),
        ({"properties": {"contents": {"each": "items", "sk": "sku"}}}, "map.properties.contents.sk"),
        ({"properties": {"contents": {"each": "items"}}}, "map.properties.contents"),
        ({"properties": {"contents": {"each": "items", "price": "sku"}, "price": "sku"}}, "map.properties.price"),
    ],
)
def test_a_fault_within_its_map_hides_nothing_either(tmp_path: Path, changed: dict[str, object], place: str) -> None:
    rule = RULE | {"map": RULE["map"] | changed}  # type: ignore[operator]  # a mapping

    assert places(tmp_path, f"rules: {json.dumps([rule])}") == sorted([*FOUND, place])


def test_a_rule_or_an_element_at_fault_hides_nothing_of_the_other_rules(tmp_path: Path) -> None:
    good = {"name": "other", "pixel": "shop", "map": {"event": {"element": "bad"}, "event_time": "nope"}}
    rules = json.dumps([5, {"pixel": "shop", "map": 5}, good])

    assert places(tmp_path, f"elements: {{bad: {{pth: a}}}}\nrules: {rules}") == [
        "elements.bad",
        "rules[0]",
        "rules[1].map",
        "rules[1].name",
        "rules[2].map.event_time",
    ]


def test_a_fault_of_the_pixels_hides_nothing_of_the_rules(tmp_path: Path) -> None:
    rules = f"rules: {json.dumps([RULE | {'pixel': {'const': 'C'}}])}"
    head = HEAD.replace("access_token: s3cret", "access_token: s3cret, hld: true")

    assert places(tmp_path, rules, head) == sorted([*FOUND, "pixels.shop.hld"])
