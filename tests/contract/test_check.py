"""`check` against a real Kafka, a registry over HTTP, and what does not answer."""

import time
from collections.abc import Iterable
from uuid import uuid4

import pytest

from consumer.commands.check import Finding, Level, check, is_fatal
from consumer.commands.check.check_outside import registry_findings, tiktok_findings
from consumer.config import Settings, parse
from tests.support.registry import Registry
from tests.support.topics import Kafka

ORDER = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "kind", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
NOWHERE = "127.0.0.1:1"


def settings_of(
    topics: Iterable[str],
    bootstrap: str = NOWHERE,
    registry: str | None = None,
    *,
    event: str = "kind",
    more: str = "",
    base_url: str = f"http://{NOWHERE}",
) -> Settings:
    avro = f"avro: {{registry: {{url: '{registry}'}}}}\n" if registry else ""
    return parse(
        f"kafka: {{bootstrap_servers: '{bootstrap}', topics: [{', '.join(topics)}], group_id: g-{uuid4().hex[:8]}}}\n"
        "pixels: {shop: {pixel_code: C, access_token: s3cret}}\n"
        f"rules: [{{name: r, pixel: shop, map: {{event: {event}, event_time: at}}}}]\n"
        f"delivery: {{base_url: '{base_url}'}}\n{avro}{more}",
        {},
    )


def lines(findings: Iterable[Finding], *levels: Level) -> list[str]:
    return [str(finding) for finding in findings if finding.level in levels]


def test_finds_everything_in_order_on_a_real_cluster(kafka: Kafka, registry: Registry) -> None:
    topic = kafka.new_topic("orders", 3)
    kafka.create_topic(f"{topic}.dlq")
    registry.register(f"{topic}-value", ORDER)

    findings = check(
        settings_of([topic], kafka.bootstrap, registry.url, base_url=registry.url), offline=False, rate=None
    )

    assert lines(findings, Level.ERROR, Level.WARNING) == []
    said = "\n".join(lines(findings, Level.OK))
    assert f"topic {topic}: 3 partitions" in said
    assert f"topic {topic}.dlq: 1 partition" in said
    assert f"subject {topic}-value: latest schema Order" in said
    assert "delivery.base_url: reachable" in said
    assert "rules: every path and constant fits the schema" in said


def test_a_dead_letter_topic_that_nobody_would_create_is_an_error(kafka: Kafka) -> None:
    topic = kafka.new_topic("orders")

    said = lines(check(settings_of([topic], kafka.bootstrap), offline=False, rate=None), Level.ERROR)

    assert f"error   topic {topic}.dlq: not there, and neither `run` nor the brokers create it; create it" in said
    assert f"{topic}.dlq" not in kafka.topics()


def test_names_the_fields_that_rules_of_the_registry_encrypt(kafka: Kafka, registry: Registry) -> None:
    topic = kafka.new_topic("orders")
    rule = {"name": "r", "kind": "TRANSFORM", "mode": "WRITEREAD", "type": "ENCRYPT", "tags": ["PII"]}
    more = {"metadata": {"tags": {"Order.kind": ["PII"]}}, "ruleSet": {"domainRules": [rule]}}
    registry.register(f"{topic}-value", ORDER, more=more)

    findings = check(settings_of([topic], kafka.bootstrap, registry.url), offline=False, rate=None)

    (said,) = [line for line in lines(findings, Level.WARNING) if f"subject {topic}-value" in line]
    assert "rules of the registry encrypt Order.kind: here such a field is absent" in said


def test_checks_paths_against_the_latest_schema_of_the_topic(kafka: Kafka, registry: Registry) -> None:
    topic = kafka.new_topic("orders")
    kafka.create_topic(f"{topic}.dlq")
    registry.register(f"{topic}-value", ORDER)

    findings = check(settings_of([topic], kafka.bootstrap, registry.url, event="kid"), offline=False, rate=None)

    assert lines(findings, Level.ERROR) == [
        "error   rules[0].map.event: the schema has no `kid`; did you mean `kind`?; "
        "is it a fixed value? Write {const: kid}"
    ]


def test_a_topic_that_is_not_there_is_an_error_and_a_subject_a_warning(kafka: Kafka, registry: Registry) -> None:
    findings = check(settings_of(["no-such-topic"], kafka.bootstrap, registry.url), offline=False, rate=None)

    assert any("topic no-such-topic: not there" in line for line in lines(findings, Level.ERROR))
    assert any("subject no-such-topic-value: " in line for line in lines(findings, Level.WARNING))
    assert "no-such-topic" not in kafka.topics()


def test_an_expression_is_resolved_and_the_dead_letter_topic_s_limit_is_looked_at(kafka: Kafka) -> None:
    topic = kafka.new_topic("visits")
    kafka.create_topic(f"{topic}.dlq", config={"max.message.bytes": "1000"})

    found = check(settings_of([f"'^{topic}'"], kafka.bootstrap), offline=False, rate=None)

    assert any(f"topic {topic}: 1 partition" in line for line in lines(found, Level.OK))
    assert any(f"topic {topic}.dlq: max.message.bytes 1000" in line for line in lines(found, Level.WARNING))


def test_brokers_that_do_not_answer_are_an_error_within_seconds() -> None:
    began_s = time.monotonic()
    findings = check(settings_of(["t"]), offline=False, rate=None)

    assert is_fatal(findings)
    assert any("kafka.bootstrap_servers: no broker answers at " in line for line in lines(findings, Level.ERROR))
    assert any("is not reachable" in line for line in lines(findings, Level.WARNING))
    assert time.monotonic() - began_s < 30


@pytest.mark.parametrize(("status", "expected"), [(401, "answers HTTP 401"), (503, "answers HTTP 503")])
def test_a_registry_that_refuses_is_an_error(registry: Registry, status: int, expected: str) -> None:
    registry.misbehave_with = status

    findings, schemas = registry_findings(settings_of(["t"], registry=registry.url), ["t"])

    assert schemas == []
    assert expected in lines(findings, Level.ERROR)[0]


def test_a_registry_that_is_not_there_or_unusable_is_an_error_without_its_password(registry: Registry) -> None:
    away = settings_of(["t"], registry=f"http://me:hunter2@{NOWHERE}")
    unknown = settings_of(["t"], registry=registry.url + "', no.such.property: 'hunter2")

    for settings in (away, unknown):
        [finding] = registry_findings(settings, ["t"])[0]
        assert finding.level is Level.ERROR
        assert "hunter2" not in str(finding)


def test_a_registry_whose_answer_is_longer_than_any_is_not_read_to_its_end(registry: Registry) -> None:
    registry.misbehave_with, registry.body = 200, b'["' + b"x" * (5 << 20) + b'"]'

    findings, schemas = registry_findings(settings_of(["t"], registry=registry.url), ["t"])

    assert lines(findings, Level.ERROR) == [
        f"error   avro.registry.url: {registry.url} does not answer (OverflowError); check the address and the network"
    ]
    assert schemas == []


def test_a_subject_that_is_not_avro_is_a_warning(registry: Registry) -> None:
    registry.register("t-value", "{}", schema_type="JSON")
    registry.register("u-value", "not a schema")

    findings, schemas = registry_findings(settings_of(["t", "u"], registry=registry.url), ["t", "u"])

    assert schemas == []
    assert [finding.path for finding in findings if finding.level is Level.WARNING] == [
        "subject t-value",
        "subject u-value",
    ]


def test_a_registry_that_only_stands_in_the_file_is_not_asked(registry: Registry) -> None:
    text = f"avro: {{registry: {{url: '{registry.url}'}}, framing: single_object}}\n"

    assert registry_findings(settings_of(["t"], more=text), ["t"]) == ([], [])


def test_any_answer_of_the_events_api_s_address_will_do(registry: Registry) -> None:
    registry.misbehave_with = 404

    assert [finding.level for finding in tiktok_findings(settings_of(["t"], base_url=registry.url))] == [Level.OK]
