"""`init --topic` against a real registry's interface and a real Kafka."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from consumer.commands.cases import run_cases
from consumer.commands.init import InitOptions, write_first_config
from consumer.config import load, parse
from tests.support.records import Raw
from tests.support.registry import Registry
from tests.support.topics import Kafka

GOLDEN = Path(__file__).parents[1] / "golden" / "init"
ORDER: dict[str, Any] = json.loads((GOLDEN / "order.avsc").read_text())
NOWHERE = "127.0.0.1:1"


def first_config(code: int = 0, **asked: Any) -> str:
    out = io.StringIO()
    assert write_first_config(InitOptions(is_for_sandbox=True, **asked), out) == code
    return out.getvalue()


def test_takes_the_newest_schema_of_the_topics_subject_without_asking_a_broker(registry: Registry) -> None:
    registry.register("orders-value", {"type": "record", "name": "Old", "fields": []})
    registry.register("orders-value", ORDER)

    text = first_config(topic="orders", registry=registry.url, bootstrap=NOWHERE)

    settings = parse(text, {})
    assert settings.kafka.topics == ("orders",)
    assert settings.avro.registry is not None
    assert settings.avro.registry.url == registry.url
    assert "customer.contact.emailAddress" in text


def test_without_a_subject_takes_the_schema_of_the_newest_record(kafka: Kafka, registry: Registry) -> None:
    topic = kafka.new_topic("orders", 2)
    number = registry.register("some-other-subject", ORDER)
    kafka.produce(topic, [Raw(b"\x00" + number.to_bytes(4, "big") + b"the rest is not read")])

    text = first_config(topic=topic, registry=registry.url, bootstrap=kafka.bootstrap)

    assert "customer.contact.emailAddress" in text


def test_a_topic_without_schema_and_records_needs_a_file(
    kafka: Kafka, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    first_config(64, topic=kafka.new_topic("orders"), registry=registry.url, bootstrap=kafka.bootstrap)

    assert "--schema FILE" in capsys.readouterr().err


def test_a_record_that_is_not_framed_needs_a_file(
    kafka: Kafka, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = kafka.new_topic("orders")
    kafka.produce(topic, [Raw(b"{}")])

    first_config(64, topic=topic, registry=registry.url, bootstrap=kafka.bootstrap)

    assert "cannot be read" in capsys.readouterr().err


def test_a_registry_that_is_away_ends_it_with_69(capsys: pytest.CaptureFixture[str]) -> None:
    first_config(69, topic="orders", registry=f"http://{NOWHERE}", bootstrap=NOWHERE)

    assert f"registry at http://{NOWHERE} does not answer" in capsys.readouterr().err


def test_brokers_that_are_away_end_it_with_69(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    first_config(69, topic="orders", registry=registry.url, bootstrap=NOWHERE)

    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("is_union", [False, True])
def test_a_schema_with_references_is_kept_whole_beside_the_cases(
    registry: Registry, tmp_path: Path, is_union: bool
) -> None:
    money = {
        "type": "record",
        "name": "Money",
        "namespace": "com.common",
        "fields": [{"name": "cents", "type": "long"}],
    }
    at = {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    total = [{"name": "total", "type": "com.common.Money"}, {"name": "tax", "type": "com.common.Money"}]
    order = {"type": "record", "name": "Order", "namespace": "com.a", "fields": [at, *total]}
    other = order | {"namespace": "com.b"}
    registry.register("money-value", money)
    known = [("com.common.Money", "money-value", 1)]
    if is_union:
        registry.register("order-a", order, references=known)
        registry.register("order-b", other, references=known)
        known = [("com.a.Order", "order-a", 1), ("com.b.Order", "order-b", 1)]
    schema: Any = ["com.a.Order", "com.b.Order"] if is_union else order
    registry.register("orders-value", schema, references=known)
    config = tmp_path / "consumer.yaml"

    said = first_config(topic="orders", registry=registry.url, bootstrap=NOWHERE, output=config)
    out = io.StringIO()
    code = run_cases(load(config, {}), tmp_path / "cases", out, is_update=False)

    assert "Wrote" in said
    assert (code, out.getvalue().splitlines()[-1]) == (0, f"{1 + is_union} passed, 0 failed")
