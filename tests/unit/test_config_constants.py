"""Constants of rules against what the pipeline would do to them: what can never be sent is found before it runs."""

from pathlib import Path

import pytest

from consumer.commands.check.check_rules import rule_findings
from consumer.commands.check.finding import Level
from consumer.config import Settings, parse
from consumer.config.checks.schema_paths import faults_with
from consumer.config.checks.tried_values import remarks_on_constants

HEAD = """
kafka: {bootstrap_servers: "localhost:9092", topics: [t], group_id: g}
avro: {registry: {url: 'http://r'}}
pixels: {shop: {pixel_code: C1, access_token: s3cret}, other: {pixel_code: C2, access_token: s3cret}}
placeholders: [Walk-In]
elements:
  half: {const: 1.5}
  euro: {path: currency, values: {e: EURO}}
  tidy: {element: euro}
"""
TIMES = "event: {const: Purchase}, event_time: at"


def settings(rule: str) -> Settings:
    return parse(f"{HEAD}rules: [{{name: r, {rule}}}]", {})


def faults(rule: str) -> dict[tuple[str | int, ...], str]:
    return {place[2:]: text for place, text in faults_with(settings(rule), [])}


def remarks(rule: str) -> dict[tuple[str | int, ...], str]:
    read = settings(rule)
    return {each.place: each.text for each in remarks_on_constants(read.rules[0], read)}


def of_map(text: str) -> dict[tuple[str | int, ...], str]:
    """What `check` warns of; `run` starts with it."""
    rule = f"pixel: shop, map: {{{TIMES}, {text}}}"
    assert faults(rule) == {}
    return {place: found for place, found in remarks(rule).items() if "never sent" in found}


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("limited_data_use: {const: 'yes'}", "limited_data_use.const", "neither true nor false, so it is never sent"),
        ("event_id: {const: [a]}", "event_id.const", "not of the kind that TikTok takes here"),
        ("event_id: {path: id, default: undefined}", "event_id.default", "text that stands for nothing"),
        ("event_id: {path: id, default: walk-in}", "event_id.default", "text that stands for nothing"),
        ("user: {country: {const: UK}}", "user.country.const", "send ISO 3166 alpha-2, such as de"),
        ("user: {ip: {const: 10.0.0.1}}", "user.ip.const", "not a public IP address"),
        ("user: {email: {const: [a@example.com, b]}}", "user.email.const", "not an email address"),
        ("user: {phone: {path: p, region: {const: Germany}}}", "user.phone.region.const", "not a country code"),
        ("user: {phone: {path: p, region: {path: c, default: germany}}}", "user.phone.region.default", "not a country"),
        ("user: {phone: [p, {path: q, region: [c, {const: D}]}]}", "user.phone.1.region.1.const", "not a country"),
        ("user: {phone: {path: p, region: XK}}", "user.phone.region", "not a country"),
        ("page: {url: {const: shop.example.com}}", "page.url.const", "send the page's full URL"),
        ("properties: {currency: {const: EURO}}", "properties.currency.const", "not an ISO 4217 currency code"),
        ("properties: {currency: [c, {const: EURO}]}", "properties.currency.1.const", "not an ISO 4217"),
        (
            "properties: {currency: {path: [c, {const: EURO}], trim: true}}",
            "properties.currency.path.1.const",
            "not an ISO 4217",
        ),
        ("properties: {currency: {path: c, default: EURO}}", "properties.currency.default", "not an ISO 4217"),
        ("properties: {currency: {element: euro}}", "properties.currency.element", "not an ISO 4217"),
        ("properties: {currency: {element: tidy, default: EUR}}", "properties.currency.element", "not an ISO 4217"),
        ("properties: {currency: [c, {element: euro}]}", "properties.currency.1.element", "not an ISO 4217"),
        ("properties: {num_items: {element: half}}", "properties.num_items.element", "not a whole number"),
        ("properties: {value: {path: v, default: abc}}", "properties.value.default", "not a number"),
        ("properties: {value: {path: v, default: -1, unit: minor}}", "properties.value.default", "below 0"),
        ("properties: {value: {path: v, values: {a: '5', b: x}, scale: 0.1}}", "properties.value.values.b", "a number"),
        ("properties: {content_type: {path: c, values: {a: products}}}", "properties.content_type.values.a", "knows"),
        ("properties: {query: {const: 5}}", "properties.query.const", "not of the kind"),
        ("user: {external_id: {const: '0'}}", "user.external_id.const", "; write another value, or map a field"),
        ("user: {email: {const: 5}}", "user.email.const", "; write another value, or map a field"),
        ("properties: {quantity: {const: 0}}", "properties.quantity.const", "a quantity is at least 1"),
        ("properties: {contents: {each: i, price: {const: x}}}", "properties.contents.price.const", "not a number"),
    ],
)
def test_finds_constants_that_are_never_sent(text: str, place: str, what: str) -> None:
    found = of_map(text)

    assert [".".join(map(str, steps)) for steps in found] == [f"map.{place}"]
    assert what in "".join(found.values())
    assert "producer" not in "".join(found.values())


@pytest.mark.parametrize(
    "text",
    [
        "limited_data_use: {path: a, values: {opt_out: true, opt_in: 'false'}}",
        "event_id: {const: A1}",
        "user: {country: {const: DE}, ip: {const: 8.8.8.8}, email: {path: e, default: ''}}",
        "user: {country: {path: c, values: {Germany: DE, nowhere: null}}}",
        "user: {phone: {path: p, default: 030 901820, region: {path: c, default: DE}}}",
        "user: {phone: {path: p, default: 030 901820}}",
        "user: {phone: {path: p, region: DE}}",
        "properties: {currency: {path: c, lower: true, default: eur}}",
        "properties: {currency: {path: [c, {const: euro}], values: {euro: EUR}}}",
        "properties: {value: {path: v, default: 1999, unit: minor}}",
        "properties: {value: {element: half}}",
        "properties: {currency: {element: euro, values: {EURO: EUR}}}",
        "properties: {value: {element: half, scale: 2}, num_items: {element: half, scale: 2}}",
        "properties: {num_items: {const: null}}",
        "properties: {contents: {each: {path: i, default: []}, content_id: sku, quantity: {const: 1}}}",
        "properties: {description: {path: d, default: unknown}}",
    ],
)
def test_finds_nothing_wrong_with_constants_that_can_be_sent(text: str) -> None:
    assert of_map(text) == {}


@pytest.mark.parametrize(
    ("source", "place", "what"),
    [
        ("event: {const: 5}, event_time: at", "event.const", "not of the kind that TikTok takes here, so the event is"),
        ("event: {path: t, values: {a: '-'}}, event_time: at", "event.values.a", "stands for nothing"),
        (
            "event: {const: Lead}, event_time: {path: at, default: '2026-01-31'}",
            "event_time.default",
            "a time without zone",
        ),
        ("event: {const: Lead}, event_time: {const: 5}", "event_time.const", "without a unit"),
        ("event: {const: Lead}, event_time: {path: at, default: 0, unit: s}", None, ""),
        ("event: {const: Lead}, event_time: {path: [at, {const: 1769817600000}], unit: ms}", None, ""),
    ],
)
def test_finds_constants_with_which_events_are_rejected(source: str, place: str | None, what: str) -> None:
    """All of them, where it is the only source: with that, `run` does not start."""
    rule = f"pixel: shop, map: {{{source}}}"
    found = remarks(rule)

    assert [".".join(map(str, steps)) for steps in found] == ([f"map.{place}"] if place else [])
    assert what in "".join(found.values())
    assert faults(rule) == (found if place and place.count(".") == 1 and place.endswith(".const") else {})


@pytest.mark.parametrize(
    ("pixel", "places"),
    [
        ("{path: code, values: {de: C1, fr: C2}}", []),
        ("{path: code, values: {de: shop, fr: C2}, default: C3}", ["pixel.values.de", "pixel.default"]),
    ],
)
def test_finds_codes_that_no_pixel_has(pixel: str, places: list[str]) -> None:
    found = remarks(f"pixel: {pixel}, map: {{{TIMES}}}")

    assert [".".join(map(str, steps)) for steps in found] == places


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("properties: {currency: {const: XAF}}", "rules[0].map.properties.currency.const"),
        ("properties: {description: {path: d, default: unknown}}", "rules[0].map.properties.description.default"),
        ("properties: {currency: {const: EURO}}", "rules[0].map.properties.currency.const"),
        ("properties: {currency: {const: EUR}}", None),
    ],
)
def test_warns_of_constants_that_people_should_know_of(text: str, path: str | None) -> None:
    found = list(rule_findings(settings(f"pixel: shop, map: {{{TIMES}, {text}}}")))

    warned = [each.path for each in found if each.level is Level.WARNING and ".map." in each.path]
    assert warned == ([path] if path else [])


def test_no_function_of_the_user_s_is_called(tmp_path: Path) -> None:
    (tmp_path / "regions_of_ours.py").write_text("def region(record):\n    raise SystemExit('called')\n")
    call = "{call: 'regions_of_ours:region'}"
    rule = f"user: {{phone: [{call}, {{path: p, default: '1', region: {call}}}]}}"
    text = f"{HEAD}rules: [{{name: r, pixel: shop, map: {{{TIMES}, {rule}}}}}]"

    assert faults_with(parse(text, {}, tmp_path / "consumer.yaml"), []) == []
