"""What rules ask of a record against what its schema can give."""

import json
from pathlib import Path

import pytest

from consumer.config import Settings, parse
from consumer.config.checks.schema_paths import doubts_with, known_schemas, problems_with, schema_problems
from consumer.core.decode.schema import parse_text
from consumer.core.errors import ConfigError

HEAD = """
kafka: {bootstrap_servers: "localhost:9092", topics: [t], group_id: g}
pixels: {shop: {pixel_code: C, access_token: s3cret}}
"""
ORDER = json.dumps(
    {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "fields": [
            {"name": "type", "type": {"type": "enum", "name": "Kind", "symbols": ["order", "signup"]}},
            {"name": "status", "type": ["null", "Kind"]},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "at_nanos", "type": {"type": "long", "logicalType": "timestamp-nanos"}},
            {"name": "at_plain", "type": ["null", "long"]},
            {"name": "at_local", "type": {"type": "long", "logicalType": "local-timestamp-millis"}},
            {"name": "at_text", "type": "string"},
            {"name": "day", "type": {"type": "int", "logicalType": "date"}},
            {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
            {"name": "raw", "type": "bytes"},
            {"name": "nothing", "type": "null"},
            {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "paid", "type": "boolean"},
            {"name": "labels", "type": {"type": "map", "values": "string"}},
            {
                "name": "customer",
                "type": [
                    "null",
                    {
                        "type": "record",
                        "name": "Customer",
                        "fields": [
                            {"name": "email", "type": ["null", "string"]},
                            {"name": "ref", "type": ["null", "Customer"]},
                        ],
                    },
                ],
            },
            {
                "name": "items",
                "type": {
                    "type": "array",
                    "items": {"type": "record", "name": "Item", "fields": [{"name": "sku", "type": "string"}]},
                },
            },
        ],
    }
)
TIMES = "event: {const: Purchase}, event_time: at"


def settings(rule: str) -> Settings:
    return parse(HEAD + "avro: {registry: {url: 'http://r'}}\n" + f"rules: [{{name: r, pixel: shop, {rule}}}]", {})


def problems(rule: str, schema: str = ORDER) -> list[str]:
    return problems_with(settings(rule), [parse_text(schema)])


def of_map(text: str) -> list[str]:
    return problems(f"map: {{{TIMES}, {text}}}")


def of_test(text: str) -> list[str]:
    return problems(f"map: {{{TIMES}}}, when: [{text}]")


@pytest.mark.parametrize(
    "text",
    [
        "user: {email: customer.email}",
        "user: {email: customer.ref.ref.email}",
        "user: {email: labels.anything}",
        "user: {email: '$headers.mail'}",
        "user: {email: [customer.email, at_text]}",
        "user: {external_id: id}",
        "event_id: 'items[3].sku'",
        "properties: {value: total, content_ids: items}",
        "properties: {contents: {each: items, content_id: sku}}",
        "properties: {contents: {each: [items], content_id: whatever}}",
        "event_id: nothing",
        "event_id: total",
        "limited_data_use: total",
        "user: {phone: total, zip_code: [total, at_text], external_id: {path: paid, values: {true: a}}}",
        "properties: {value: at_text, num_items: total, quantity: total, description: {path: paid, default: x}}",
    ],
)
def test_finds_nothing_wrong_with_what_the_schema_has(text: str) -> None:
    assert of_map(text) == []


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("user: {email: custmer.email}", "user.email", "no `custmer`; did you mean `customer`?"),
        ("user: {email: customer.emial}", "user.email", "no `customer.emial`; did you mean `email`?"),
        ("user: {email: [at_text, customer.mail]}", "user.email", "no `customer.mail`"),
        ("user: {email: {path: customer.mail, lower: true}}", "user.email", "no `customer.mail`"),
        ("user: {email: customer}", "user.email", "a record in the schema"),
        ("event_id: items.sku", "event_id", "is a list in the schema; add an index, as in items[0]"),
        ("event_id: 'customer[0]'", "event_id", "is no list in the schema; remove the index"),
        ("event_id: at_text.more", "event_id", "is text in the schema and holds nothing further"),
        ("event_id: nothing.more", "event_id", "is null in the schema and holds nothing further"),
        ("event_id: raw", "event_id", "bytes in the schema, which TikTok cannot take here"),
        ("user: {ip: items}", "user.ip", "a list in the schema"),
        ("event_id: clock", "event_id", "a time of day in the schema"),
        ("properties: {price: prize}", "properties.price", "no `prize`"),
        ("properties: {contents: {each: itms, content_id: sku}}", "properties.contents.each", "`items`?"),
        ("properties: {contents: {each: items, content_id: skew}}", "properties.contents.content_id", "use one of sku"),
        ("properties: {contents: {each: at_text, content_id: sku}}", "properties.contents.each", "not a list"),
    ],
)
def test_finds_paths_that_the_schema_cannot_have(text: str, place: str, remedy: str) -> None:
    found = of_map(text)

    assert len(found) == 1
    assert found[0].startswith(f"rules[0].map.{place}: ")
    assert remedy in found[0]


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("user: {external_id: paid}", "user.external_id", "true or false"),
        ("user: {zip_code: total}", "user.zip_code", "a number"),
        ("properties: {description: at}", "properties.description", "a time"),
        ("properties: {query: day}", "properties.query", "a date"),
        ("properties: {value: paid}", "properties.value", "true or false"),
        ("limited_data_use: at", "limited_data_use", "a time"),
        ("user: {external_id: id}", "", ""),
        ("user: {external_id: [paid, id]}", "", ""),
        ("user: {email: custmer.email}", "", ""),
        ("properties: {contents: {each: items, price: sku}}", "", ""),
        ("properties: {contents: {each: itms, price: sku}}", "", ""),
    ],
)
def test_warns_of_fields_of_a_type_that_is_never_sent(text: str, place: str, kind: str) -> None:
    rule = f"map: {{{TIMES}, {text}}}"
    found = [(".".join(map(str, each[3:])), what) for each, what in doubts_with(settings(rule), [parse_text(ORDER)])]

    expected = f"is {kind} in the schema, so it is never sent; name another field"
    assert found == ([(place, expected)] if place else [])


@pytest.mark.parametrize(
    ("source", "is_warned_of"),
    [
        ("at_text", True),
        ("{path: at_text, lower: true}", True),
        ("[paid, at_text]", True),
        ("{path: at_text, values: {LDU: true, none: false}}", False),
        ("paid", False),
        ("{path: at_text, values: {LDU: restricted}}", True),
        ("{const: true}", False),
    ],
)
def test_warns_of_words_that_would_leave_the_use_of_data_unrestricted(source: str, is_warned_of: bool) -> None:
    rule = f"map: {{{TIMES}, limited_data_use: {source}}}"

    found = [what for _, what in doubts_with(settings(rule), [parse_text(ORDER)])]

    assert [what.partition(":")[0] for what in found] == ["is text in the schema"] * is_warned_of


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("at_plain", "unit: s}, or ms, or us"),
        ("at_local", "time without zone"),
        ("paid", "true or false in the schema"),
        ("items", "a list"),
        ("at_text", None),
        ("at", None),
        ("at_nanos", None),
        ("day", "a date in the schema; name a field that has time and zone"),
        ("[day, at_local]", "a date or a time without zone in the schema"),
        ("{path: day, default: '2026-01-01T00:00:00Z'}", None),
        ("[day, at]", None),
        ("$timestamp", None),
        ("{path: at_plain, values: {1: '2026-01-01T00:00:00Z'}}", None),
        ("{path: at_plain, unit: ms}", None),
        ("[at_plain, $timestamp]", "unit: s}"),
        ("{path: [at_plain], default: 0, unit: s}", None),
    ],
)
def test_finds_times_that_say_no_moment(source: str, remedy: str | None) -> None:
    found = problems(f"map: {{event: {{const: Purchase}}, event_time: {source}}}")

    assert (remedy is None) == (found == [])
    assert (remedy or "") in "".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "{field: type, equals: order}",
        "{field: nothing, equals: order}",
        "{field: [type, {path: customer.email, default: 5}], equals: 5}",
        "{field: [type, paid], equals: true}",
        "{field: '$headers.a', in: [b, c]}",
        "{field: {path: '$headers.a', lower: true}, matches: b}",
        "{field: status, in: [order, signup]}",
        "{field: {path: type, default: none}, equals: none}",
        "{field: {path: type, values: {order: 1}}, equals: 1}",
        "{field: [type, at_text], equals: else}",
        "{field: id, equals: 123e4567-e89b-12d3-a456-426614174000}",
        "{field: id, starts_with: 550e}",
        "{field: id, matches: '^5'}",
        "{field: id, contains: 550e}",
        "{field: customer, contains: email}",
        "{field: day, at_least: '2026-01-01'}",
        "{field: day, in: ['2026-01-01']}",
        "{field: at, less_than: '2026-01-01T00:00:00Z'}",
        "{field: total, greater_than: 10}",
        "{field: at_text, greater_than: 10}",
        "{field: paid, is_true: true}",
        "{field: paid, equals: false}",
        "{field: labels, contains: a}",
        "{field: items, contains: a}",
        "{field: customer, exists: false}",
        "{field: type, matches: '^o'}",
        "{field: $offset, at_least: 5}",
        "{field: '$headers.a', equals: b}",
        "{field: {const: a}, equals: a}",
        "{not: {field: {path: type, lower: true, trim: true}, equals: order}}",
    ],
)
def test_finds_nothing_wrong_with_comparisons_that_can_be_true(text: str) -> None:
    assert of_test(text) == []


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("{field: typ, equals: order}", "when[0].field", "did you mean `type`?"),
        ("{field: type, equals: ordr}", "when[0].equals", "did you mean `order`?"),
        ("{field: type, in: [order, sign_up]}", "when[0].in", "did you mean `signup`?"),
        ("{field: type, not_equals: 5}", "when[0].not_equals", "never number; put it in quotes"),
        ("{field: total, equals: '5'}", "when[0].equals", "write a number without quotes"),
        ("{field: paid, equals: 'true'}", "when[0].equals", "without quotes"),
        ("{field: type, equals: true}", "when[0].equals", "only compare with themselves"),
        ("{field: total, starts_with: '5'}", "when[0].starts_with", "never text"),
        ("{field: clock, matches: a}", "when[0].matches", "is time of day in the schema, never text"),
        ("{field: labels, contains: 5}", "when[0].contains", "put it in quotes"),
        ("{field: day, equals: '2026-1-1'}", "when[0].equals", "`2026-1-1` is no date as the field has it"),
        ("{field: day, not_in: ['2026-01-01', '20260101']}", "when[0].not_in", "so: 2026-01-31"),
        ("{field: day, equals: 5}", "when[0].equals", "put it in quotes"),
        ("{field: at, equals: '2026-01-01T00:00:00Z'}", "when[0].equals", "use at_least and less_than"),
        ("{field: at, less_than: '2026-1-1'}", "when[0].less_than", "has no order with text"),
        ("{field: type, is_true: true}", "when[0].is_true", "use equals"),
        ("{field: total, contains: 5}", "when[0].contains", "contains nothing"),
        ("{field: {path: [status, type], values: {ordr: a}}, exists: true}", "when[0].field.values.ordr", "`order`?"),
        ("{field: {const: [a]}, equals: a}", "when[0].equals", "never text"),
        ("{field: {const: {a: b}}, equals: a}", "when[0].equals", "never text"),
        ("{field: at, at_least: 5}", "when[0].at_least", "has no order with number"),
        ("{field: total, at_least: b}", "when[0].at_least", "has no order with text"),
        ("{field: {path: type, lower: true}, equals: ORDER}", "when[0].equals", "did you mean `order`?"),
        ("{any: [{not: {field: typ, equals: a}}]}", "when[0].any[0].not.field", "`type`?"),
        ("{not: {any: [{field: typ, equals: a}]}}", "when[0].not.any[0].field", "`type`?"),
        ("{not: [{field: typ, equals: a}, {field: type, equals: order}]}", "when[0].not.all[0].field", "`type`?"),
        ("{all: [{field: typ, equals: a}]}", "when[0].all[0].field", "`type`?"),
        ("{field: {path: type, values: {ordr: 1}}, equals: 1}", "when[0].field.values.ordr", "did you mean `order`?"),
    ],
)
def test_finds_comparisons_that_can_never_be_true(text: str, place: str, remedy: str) -> None:
    found = of_test(text)

    assert len(found) == 1
    assert found[0].startswith(f"rules[0].{place}: ")
    assert remedy in found[0]


def test_finds_values_that_the_enum_lacks() -> None:
    found = problems("map: {event: {path: type, values: {ordr: Purchase}}, event_time: at}")

    assert found == ["rules[0].map.event.values.ordr: the schema's enum has no such symbol; did you mean `order`?"]


def test_finds_the_pixel_s_code_missing() -> None:
    settings = parse(HEAD + "avro: {registry: {url: 'http://r'}}\nrules: [{name: r, pixel: {path: [code]}}]", {})

    assert any(problem.startswith("rules[0].pixel: ") for problem in problems_with(settings, [parse_text(ORDER)]))


def test_a_rule_without_a_map_takes_event_and_time_by_their_names() -> None:
    renamed = ORDER.replace('"at_text"', '"event"').replace('"at"', '"event_time"')

    assert problems("mode: live", renamed) == []
    assert [problem.split(":")[0] for problem in problems("mode: live")] == [
        "rules[0].map.event",
        "rules[0].map.event_time",
    ]


def test_a_map_on_another_schema_than_the_shipped_one_needs_event_and_time() -> None:
    assert [problem.split(":")[0] for problem in problems("map: {event_id: id}")] == [
        "rules[0].map.event",
        "rules[0].map.event_time",
    ]


def test_a_path_that_one_of_several_schemas_has_is_no_problem() -> None:
    settings = parse(
        HEAD + "avro: {registry: {url: 'http://r'}}\n"
        "rules: [{name: r, pixel: shop, map: {event: {const: Lead}, event_time: at, event_id: other}}]",
        {},
    )
    other = ORDER.replace('"id"', '"other"').replace("Order", "Other")

    assert problems_with(settings, [parse_text(ORDER), parse_text(other)]) == []
    assert len(problems_with(settings, [parse_text(ORDER), parse_text(ORDER)])) == 1
    assert problems_with(settings, []) == []


def test_a_union_of_records_has_the_fields_of_each() -> None:
    union = json.dumps(
        [json.loads(ORDER), {"type": "record", "name": "Visit", "fields": [{"name": "url", "type": "string"}]}]
    )

    assert problems(f"map: {{{TIMES}, event_id: url}}", union) == []


def test_the_files_of_the_configuration_say_which_schemas_records_have(tmp_path: Path) -> None:
    (tmp_path / "order.avsc").write_text(ORDER)
    rules = f"rules: [{{name: r, pixel: shop, map: {{{TIMES}, event_id: idd}}}}]\n"

    def of(avro: str) -> list[str]:
        return schema_problems(parse(HEAD + rules + f"avro: {avro}\n", {}, tmp_path / "consumer.yaml"))

    assert "did you mean `id`?" in of("{schema: order.avsc}")[0]
    assert "did you mean `id`?" in of("{registry: {url: 'http://r'}, reader_schema: order.avsc}")[0]
    assert of("{registry: {url: 'http://r'}}") == []


@pytest.mark.parametrize(
    ("of", "problem"),
    [
        ('{"type": "long", "logicalType": "timestamp-nanos"}', ""),
        ('{"type": "long", "logicalType": "local-timestamp-nanos"}', "is a time without zone in the schema"),
        ('{"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}', ""),
    ],
)
def test_a_logical_type_is_known_as_what_it_is_decoded_to(of: str, problem: str) -> None:
    schema = f'{{"type": "record", "name": "R", "fields": [{{"name": "at", "type": {of}}}]}}'

    found = problems("map: {event: {const: Lead}, event_time: at}", schema)

    assert [problem in each for each in found] == [True] * bool(problem)


@pytest.mark.parametrize("default", ["[2026]", '["2026"]'])
def test_a_default_of_the_reader_schema_that_is_no_value_of_its_type_is_a_problem(tmp_path: Path, default: str) -> None:
    (tmp_path / "order.avsc").write_text(
        '{"type": "record", "name": "R", "fields": ['
        f'{{"name": "a", "type": {{"type": "array", "items": "string"}}, "default": {default}}}]}}'
    )
    avro = "avro: {reader_schema: order.avsc}\nrules: [{name: r, pixel: shop, map: {event: a, event_time: $timestamp}}]"

    try:
        parse(HEAD + avro, {}, tmp_path / "consumer.yaml")
        problem = ""
    except ConfigError as error:
        problem = str(error)

    assert ("avro.reader_schema: cannot be used as a schema (the default of R.a" in problem) == (default == "[2026]")


def test_the_shipped_schema_is_known_without_being_named() -> None:
    settings = parse(HEAD + "rules: [{name: r, pixel: shop}]", {})

    assert [schema.name for schema in known_schemas(settings)] == ["tiktok_events.WebEvent"]
    assert schema_problems(settings) == []
    assert settings.shipped_schema()["name"] == "WebEvent"
