"""`check`, without asking anybody."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from consumer.commands.check import Finding, Level, as_json, check, is_fatal, of_problem
from consumer.commands.check.check_rate import rate_findings
from consumer.commands.check.check_rules import rule_findings, schema_findings
from consumer.commands.check.check_topics import read_findings, size_findings, written_findings, written_topics
from consumer.config import Settings, parse
from consumer.core.decode.schema import parse_text
from consumer.core.errors import ConfigError

KAFKA = 'kafka: {bootstrap_servers: "localhost:9092", topics: [web, app], group_id: g}\n'
PIXELS = "pixels: {shop: {pixel_code: C, access_token: '${TOKEN}'}}\n"
ENVIRON = {"TOKEN": "s3cret-token"}


def settings_of(rules: str = "rules: [{name: r, pixel: shop}]", more: str = "", pixels: str = PIXELS) -> Settings:
    return parse(f"{KAFKA}{pixels}{rules}\n{more}\n", ENVIRON)


def lines(findings: Iterable[Finding], *levels: Level) -> list[str]:
    return [str(finding) for finding in findings if finding.level in levels]


def event_findings(event: str) -> list[str]:
    rules = f"rules: [{{name: r, pixel: shop, map: {{event: {event}, event_time: event_time}}}}]"
    return lines(rule_findings(settings_of(rules)), Level.WARNING, Level.NOTE)


def test_a_sound_configuration_has_no_error_and_says_what_was_seen() -> None:
    findings = check(settings_of(), offline=True, rate=None)

    assert not is_fatal(findings)
    assert lines(findings, *Level) == [
        "ok      pixels.shop: access token present",
        "ok      rules: every path and constant fits the schema",
    ]


def test_a_path_that_the_schema_lacks_is_an_error() -> None:
    findings = check(settings_of("rules: [{name: r, pixel: shop, map: {event_id: evnt_id}}]"), offline=True, rate=None)

    assert is_fatal(findings)
    assert lines(findings, Level.ERROR) == [
        "error   rules[0].map.event_id: the schema has no `evnt_id`; did you mean `event_id`?"
    ]


def test_with_a_registry_paths_are_not_checked_offline_and_that_is_said() -> None:
    findings = check(settings_of(more="avro: {registry: {url: 'http://r'}}"), offline=True, rate=None)

    assert [finding.path for finding in findings if finding.level is Level.NOTE] == ["avro.registry"]


def test_properties_that_librdkafka_does_not_know_are_errors_without_their_values() -> None:
    text = KAFKA.replace("group_id: g", "group_id: g, properties: {sasl.pasword: hunter2, security.protocol: hunter3}")
    settings = parse(text + PIXELS + "rules: [{name: r, pixel: shop}]", ENVIRON)

    errors = lines(check(settings, offline=True, rate=None), Level.ERROR)
    assert errors
    assert errors[0].startswith("error   kafka.properties: ")
    assert "hunter" not in "".join(errors)


def test_properties_of_the_producer_alone_are_told_as_such() -> None:
    text = KAFKA.replace("group_id: g", "group_id: g, producer_properties: {linger.msec: 5}")
    settings = parse(text + PIXELS + "rules: [{name: r, pixel: shop}]", ENVIRON)

    errors = [finding.path for finding in check(settings, offline=True, rate=None) if finding.level is Level.ERROR]
    assert errors == ["kafka.producer_properties"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("{const: Purchase}", []),
        ("event", []),
        ("{const: purchase}", ["warning rules[0].map.event: purchase is not a standard event; did you mean Purchase?"]),
        ("{const: Add_To_Cart}", ["did you mean AddToCart?"]),
        ("{const: Purchse}", ["did you mean Purchase?"]),
        (
            "{const: CompletePayment}",
            ["note    rules[0].map.event: CompletePayment is an older name; it is Purchase now"],
        ),
        ("{const: ClickButton}", ["note    rules[0].map.event: ClickButton is an older name"]),
        ("{const: LoyaltyLevel}", ["LoyaltyLevel is a custom event"]),
        (
            "{path: event, values: {a: Purchase, b: Puchase}, default: lead}",
            ["did you mean Purchase?", "did you mean Lead?"],
        ),
        ("[event, {path: event, default: search}]", ["did you mean Search?"]),
    ],
)
def test_says_which_event_names_are_not_standard_ones(event: str, expected: list[str]) -> None:
    found = event_findings(event)

    assert len(found) == len(expected)
    assert all(part in line for part, line in zip(expected, found, strict=True))


def test_two_pixels_with_one_code_are_a_warning() -> None:
    pixels = "pixels: {a: {pixel_code: C, access_token: t1}, b: {pixel_code: C, access_token: t2}, c: {pixel_code: D, access_token: t3, hold: true}}\n"  # noqa: E501
    found = list(rule_findings(settings_of("rules: [{name: r, pixel: a}]", pixels=pixels)))

    assert lines(found, Level.WARNING) == ["warning pixels.b.pixel_code: the same code as a: one is enough"]
    assert lines(found, Level.NOTE) == ["note    pixels.c.hold: closed until you set it to false"]


def test_a_token_that_stands_in_the_file_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "consumer.yaml"
    text = KAFKA + PIXELS + "rules: [{name: r, pixel: shop}]"

    def warnings(content: str) -> list[str]:
        path.write_text(content)
        return lines(rule_findings(parse(content, ENVIRON, path)), Level.WARNING)

    assert warnings(text) == []
    found = warnings(text.replace("${TOKEN}", "s3cret-token"))
    assert found == ["warning pixels.shop.access_token: stands in the file; take it from ${NAME}"]


@pytest.mark.parametrize(
    ("one", "other", "is_warned"),
    [
        ("", "", True),
        ("when: [{field: a, equals: 1}]", "when: [{field: b, equals: 2}]", True),
        ("when: [{field: a, equals: 1}]", "when: [{field: a, equals: 2}]", False),
        ("when: [{field: a, in: [1, 2]}]", "when: [{field: a, in: [2, 3]}]", True),
        ("when: {any: [{field: a, equals: 1}]}", "when: [{field: a, equals: 2}]", True),
        ("map: {event: {const: Lead}}", "map: {event: {const: Search}}", False),
        ("map: {event_id: a}", "map: {event_id: b}", False),
    ],
)
def test_two_rules_that_may_make_copies_of_each_other_are_a_warning(one: str, other: str, is_warned: bool) -> None:
    rules = f"rules: [{{name: a, pixel: shop, {one}}}, {{name: b, pixel: shop, {other}}}]"
    found = lines(rule_findings(settings_of(rules)), Level.WARNING)

    assert (
        "warning rules[1]: may make the same event as rules[0] of one record; the two then merge" in found
    ) is is_warned


ORDER = """{"type": "record", "name": "Order", "fields": [{"name": "kind", "type": "string"},
 {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "ms", "type": "long"}]}"""


@pytest.mark.parametrize(("path", "is_needless"), [("at", True), ("ms", False), ("[at, ms]", False), ("other", False)])
def test_a_unit_beside_an_avro_timestamp_says_nothing(path: str, is_needless: bool) -> None:
    rules = f"rules: [{{name: r, pixel: shop, map: {{event: kind, event_time: {{path: {path}, unit: ms}}}}}}]"
    settings = settings_of(rules, "avro: {registry: {url: 'http://r'}}")

    found = lines(schema_findings(settings, [parse_text(ORDER)]), Level.WARNING)
    assert bool(found) is is_needless


def of_rate(rate: float, more: str = "", pixels: str = PIXELS) -> list[str]:
    return lines(rate_findings(settings_of(more=more, pixels=pixels), rate), *Level)


def test_a_rate_tells_keys_memory_and_records_in_flight() -> None:
    assert of_rate(100) == [
        "ok      dedupe.window: 30,000 keys at this rate, about 7.15MiB of memory",
        "ok      limits.max_records_in_flight: 1,100 are needed at most",
    ]


def test_a_rate_beyond_max_keys_tells_the_window_that_is_left() -> None:
    assert "warning dedupe.max_keys: the window shrinks to 100s; 6,000,000 keys would hold it whole" in of_rate(20_000)


def test_merge_wait_needs_records_in_flight() -> None:
    found = of_rate(1000, "dedupe: {merge_wait: 1m}")

    assert any(line.startswith("warning limits.max_records_in_flight: 71,000 are needed") for line in found)
    assert not any("warning limits.max_records" in line for line in of_rate(1000))


def test_records_in_flight_need_bytes_too() -> None:
    found = of_rate(1000, "limits: {max_bytes_in_flight: 4MiB}")

    assert "warning limits.max_bytes_in_flight: room for 381 bytes a record only: reading may pause" in found


def test_a_rate_beyond_the_requests_allowed_is_a_warning() -> None:
    pixels = PIXELS.replace("pixel_code: C", "pixel_code: C, max_requests_per_second: 2")
    found = of_rate(50, "batch: {max_events: 10}\ndelivery: {max_requests_per_second: 4}", pixels)

    assert (
        "warning delivery.max_requests_per_second: 5 full batches a second, but 4 may be sent: lag will grow" in found
    )
    assert "warning pixels.shop.max_requests_per_second: takes 20 events a second at most" in found


@pytest.mark.parametrize(("limit", "is_warned"), [(1000, False), (1000.5, True), (2000, True)])
def test_more_requests_than_tiktok_takes_are_a_warning(limit: float, is_warned: bool) -> None:
    pixels = PIXELS.replace("pixel_code: C", f"pixel_code: C, max_requests_per_second: {limit}")
    settings = settings_of(more=f"delivery: {{max_requests_per_second: {limit}}}", pixels=pixels)

    found = lines(check(settings, offline=True, rate=None), Level.WARNING)

    text = "max_requests_per_second: TikTok takes 1,000 requests a second of an app; write no more than that"
    assert found == ([f"warning {place}.{text}" for place in ("delivery", "pixels.shop")] if is_warned else [])


def test_a_rate_tells_the_memory_that_redis_needs() -> None:
    found = of_rate(100, "dedupe: {store: redis, redis_url: 'redis://h', remove_for: 48h}")

    assert "ok      dedupe.remove_for: 17,340,000 keys in Redis, about 3.23GiB of its memory" in found


def test_no_window_needs_no_keys() -> None:
    assert not any("dedupe" in line for line in of_rate(100, "dedupe: {window: 0s}"))


def test_check_takes_the_rate() -> None:
    assert any(finding.path == "dedupe.window" for finding in check(settings_of(), offline=True, rate=10))


def test_topics_to_read_must_be_there() -> None:
    found = lines(read_findings(settings_of(), ["app", "web"], {"web": 4}), *Level)

    assert found == [
        "error   topic app: not there; create it, or fix kafka.topics",
        "ok      topic web: 4 partitions",
    ]
    assert lines(read_findings(settings_of(), [], {}), Level.WARNING)


def test_the_service_writes_dead_letters_its_own_topics_and_outcomes() -> None:
    settings = settings_of(more="outcomes: {topic: told}\ndead_letter: {topic: letters}")

    assert written_topics(settings_of(), ["web", "app"]) == ("web.dlq", "app.dlq", "g.replay", "g.parked.shop")
    assert written_topics(settings, ["web", "app"]) == ("letters", "g.replay", "g.parked.shop", "told")


def test_topics_to_write_must_be_there_or_creatable() -> None:
    refusals = {"g.replay": None, "c": "POLICY_VIOLATION"}

    found = written_findings(settings_of(), ["a", "g.replay", "c"], {"a": 1}, refusals, True)

    assert lines(found, *Level) == [
        "ok      topic a: 1 partition",
        "ok      topic g.replay: not there yet; `run` creates it",
        "error   topic c: not there and cannot be created (POLICY_VIOLATION); create it",
    ]


@pytest.mark.parametrize(
    ("brokers_create", "line"),
    [
        (True, "ok      topic a.dlq: not there yet; the brokers create it at its first record"),
        (False, "error   topic a.dlq: not there, and neither `run` nor the brokers create it; create it"),
        (
            None,
            "warning topic a.dlq: not there, and `run` does not create it; create it, unless the brokers do "
            "(auto.create.topics.enable)",
        ),
    ],
)
def test_a_dead_letter_topic_is_made_by_brokers_or_by_you(brokers_create: bool | None, line: str) -> None:
    found = written_findings(settings_of(), ["a.dlq"], {}, {"a.dlq": None}, brokers_create)

    assert lines(found, *Level) == [line]


def test_a_topic_that_takes_less_than_a_record_may_have_is_a_warning() -> None:
    found = [finding.path for finding in size_findings(settings_of(), {"a": 1000, "b": 2 << 20})]

    assert found == ["topic a"]


def test_a_problem_of_the_configuration_is_an_error_with_its_place() -> None:
    assert of_problem("rules[0].map: wrong: so") == Finding(Level.ERROR, "rules[0].map", "wrong: so")


def test_every_finding_about_the_file_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "consumer.yaml"
    path.write_text(KAFKA + PIXELS + "rules:\n  - name: r\n    pixel: shop\n    map:\n      event_id: evnt_id\n")
    settings = parse(path.read_text(), ENVIRON, path)

    [error] = [finding for finding in check(settings, offline=True, rate=None) if finding.level is Level.ERROR]

    assert (error.path, error.line) == ("rules[0].map.event_id", 7)
    assert str(error).endswith("(line 7)")


def test_what_the_schema_lacks_is_told_in_the_same_run_as_the_file_s_other_faults() -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of("rules: [{name: r, pixel: shop, map: {event_id: evnt_id}}]", "batch: {max_events: 0}")

    assert [problem.split(":")[0] for problem in caught.value.problems] == ["rules[0].map.event_id", "batch.max_events"]
    assert all("(line " in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("mapped", "constant"),
    [
        ("event: Purchase", "Purchase"),
        ("properties: {currency: EUR}", "EUR"),
        ("properties: {content_type: product}", "product"),
        ("user: {country: DE}", "DE"),
    ],
)
def test_a_value_where_a_path_is_meant_says_how_to_write_it(mapped: str, constant: str) -> None:
    settings = settings_of(f"rules: [{{name: r, pixel: shop, map: {{{mapped}}}}}]")

    [error] = lines(check(settings, offline=True, rate=None), Level.ERROR)
    assert f"Write {{const: {constant}}}" in error


def test_without_a_schema_an_event_s_name_as_a_path_is_remarked_upon() -> None:
    rules = "rules: [{name: r, pixel: shop, map: {event: Purchase, event_time: at}}]"
    settings = settings_of(rules, "avro: {registry: {url: 'http://r'}}")

    assert any("{const: Purchase}" in line for line in lines(check(settings, offline=True, rate=None), Level.WARNING))


def test_two_rules_for_two_pixels_are_remarked_upon_unless_they_exclude_each_other() -> None:
    pixels = "pixels: {a: {pixel_code: A, access_token: '${TOKEN}'}, b: {pixel_code: B, access_token: '${TOKEN}'}}\n"

    def found(first: str, second: str) -> list[str]:
        rules = f"rules: [{{name: r, pixel: a, {first}}}, {{name: s, pixel: b, {second}}}]"
        return [line for line in lines(rule_findings(settings_of(rules, pixels=pixels)), Level.NOTE) if "both" in line]

    assert found("mode: live", "mode: live") == [
        "note    rules[1].pixel: may send a record that rules[0] sends too, to another pixel: it counts in both"
    ]
    assert found("when: {field: c, equals: x}", "when: {field: c, equals: y}") == []


def test_a_schema_of_ones_own_is_what_paths_are_checked_against(tmp_path: Path) -> None:
    order = tmp_path / "order.avsc"
    order.write_text('{"type": "record", "name": "O", "fields": [{"name": "at", "type": "string"}]}')
    rules = "rules: [{name: r, pixel: shop, map: {event: {const: Lead}, event_time: att}}]"
    settings = settings_of(rules, "avro: {registry: {url: 'http://r'}}")

    [error] = lines(check(settings, offline=True, rate=None, schema_file=order), Level.ERROR)
    assert "did you mean `at`?" in error
    [error] = lines(check(settings, offline=True, rate=None, schema_file=tmp_path / "none"), Level.ERROR)
    assert error.startswith("error   --schema: cannot be read")
    order.write_text("{}")
    [error] = lines(check(settings, offline=True, rate=None, schema_file=order), Level.ERROR)
    assert error.startswith("error   --schema: cannot be used")


@pytest.mark.parametrize(
    ("text", "fault"), [('{"type":\n  "record",,}', "line 2, column 12"), ("5", "cannot be used as a schema")]
)
def test_a_schema_of_ones_own_that_is_none_is_an_error_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "own.avsc").write_text(text)
    settings = settings_of("rules: [{name: r, pixel: shop}]")

    found = lines(check(settings, offline=True, rate=None, schema_file=tmp_path / "own.avsc"), Level.ERROR)
    assert any("--schema" in line and fault in line for line in found)


def test_names_in_an_expression_are_checked_against_the_schema() -> None:
    settings = settings_of("rules: [{name: r, pixel: shop, map: {event_id: {cel: 'evnt_id + key'}}}]")

    [error] = lines(check(settings, offline=True, rate=None), Level.ERROR)
    assert "the schema has no `evnt_id`; did you mean `event_id`?" in error


def test_findings_are_data_too() -> None:
    finding = of_problem("rules[0].pixel: unknown pixel; did you mean `shop`? (line 6)")

    assert json.loads(as_json([finding])) == [
        {"level": "error", "path": "rules[0].pixel", "text": "unknown pixel; did you mean `shop`?", "line": 6}
    ]
    assert str(finding) == "error   rules[0].pixel: unknown pixel; did you mean `shop`? (line 6)"
