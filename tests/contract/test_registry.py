"""The registry's edge against a registry over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from threading import current_thread
from time import monotonic, sleep
from typing import Any, Final

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from consumer.adapters.schema_registry import SchemaRegistry
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.encryption import encrypted_fields
from consumer.core.decode.schema import parse_text
from consumer.core.decode.schema_lookups import (
    RegistryAway,
    SchemaAnswer,
    SchemaDenied,
    SchemaFound,
    SchemaLookups,
    SchemaReady,
    SchemaUnusable,
)
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.errors import ConfigError
from consumer.core.model import Decoded, Position, Record, SchemaGuid, SchemaId, SchemaKey, SchemaWanted
from tests.support.ports import free_port
from tests.support.registry import Registry

ORDER = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(free_port()) as registry:
        yield registry


@pytest.fixture
def edge(registry: Registry) -> Iterator[SchemaRegistry]:
    edge = SchemaRegistry({"url": registry.url, "timeout": 60})
    yield edge
    edge.close()


def answers(edge: SchemaRegistry, count: int = 1) -> list[SchemaAnswer]:
    got: list[SchemaAnswer] = []
    deadline = monotonic() + 60
    while len(got) < count and monotonic() < deadline:
        got += edge.answers()
        sleep(0.005)
    return got


def answer(edge: SchemaRegistry, key: SchemaKey) -> SchemaAnswer:
    edge.ask(key)
    return answers(edge)[0]


def test_finds_schemas_by_id_and_by_guid(registry: Registry, edge: SchemaRegistry) -> None:
    schema_id = registry.register("orders-value", ORDER)
    guid = registry.guid(schema_id)

    assert answer(edge, SchemaId(schema_id)) == SchemaFound(SchemaId(schema_id), json.dumps(ORDER))
    assert answer(edge, SchemaGuid(guid)) == SchemaFound(SchemaGuid(guid), json.dumps(ORDER))


def test_follows_references_each_text_once_and_after_what_it_needs(registry: Registry, edge: SchemaRegistry) -> None:
    registry.register("leaf", "leaf")
    registry.register("left", "left", [("Leaf", "leaf", 1)])
    registry.register("right", "right", [("Leaf", "leaf", 1)])
    top = registry.register("top", "top", [("Left", "left", 1), ("Right", "right", 1)])

    assert answer(edge, SchemaId(top)) == SchemaFound(SchemaId(top), "top", ("leaf", "left", "right"))


def test_asks_again_for_what_was_denied_and_finds_it_once_it_is_there(registry: Registry, edge: SchemaRegistry) -> None:
    assert answer(edge, SchemaId(1)) == SchemaDenied(SchemaId(1))
    assert answer(edge, SchemaGuid(NOWHERE)) == SchemaDenied(SchemaGuid(NOWHERE))
    registry.register("orders-value", ORDER)

    assert isinstance(answer(edge, SchemaId(1)), SchemaFound)
    assert registry.requests["/schemas/ids/1"] == 2


def test_takes_a_missing_reference_for_a_denial(registry: Registry, edge: SchemaRegistry) -> None:
    top = registry.register("top", "top", [("Leaf", "leaf", 1)])

    assert answer(edge, SchemaId(top)) == SchemaDenied(SchemaId(top), "version 1 of subject leaf")


ENCRYPT: Final = {"name": "r", "kind": "TRANSFORM", "mode": "WRITEREAD", "type": "ENCRYPT", "tags": ["PII"]}


@pytest.mark.parametrize(
    ("rule", "is_encrypted"),
    [
        (ENCRYPT, True),
        ({**ENCRYPT, "tags": ["OTHER"]}, False),
        ({**ENCRYPT, "disabled": True}, False),
        ({**ENCRYPT, "mode": "READ"}, False),
        ({**ENCRYPT, "type": "CEL_FIELD"}, False),
    ],
)
def test_marks_the_fields_that_a_rule_in_force_encrypts(
    registry: Registry, edge: SchemaRegistry, rule: dict[str, object], is_encrypted: bool
) -> None:
    more = {"metadata": {"tags": {"Order.id": ["PII"]}}, "ruleSet": {"domainRules": [rule]}}
    schema_id = registry.register("orders-value", ORDER, more=more)

    found = answer(edge, SchemaId(schema_id))

    assert isinstance(found, SchemaFound)
    assert encrypted_fields(parse_text(found.text).named) == (["Order.id"] if is_encrypted else [])


def test_cannot_use_values_that_are_encrypted_whole(registry: Registry, edge: SchemaRegistry) -> None:
    rules = {"encodingRules": [{**ENCRYPT, "type": "ENCRYPT_PAYLOAD", "tags": None}]}
    schema_id = registry.register("orders-value", ORDER, more={"ruleSet": rules})

    found = answer(edge, SchemaId(schema_id))

    assert isinstance(found, SchemaUnusable)
    assert "ENCRYPT_PAYLOAD" in found.why


def test_makes_schemas_ready_on_its_own_thread(registry: Registry) -> None:
    threads: list[str] = []
    decoder = Decoder("confluent", max_record_bytes=1000)

    def prepare(text: str, references: Sequence[str]) -> SchemaReader | str:
        threads.append(current_thread().name)
        return decoder.prepare(text, references)

    edge = SchemaRegistry({"url": registry.url, "timeout": 60}, prepare)
    good, bad = registry.register("good", ORDER), registry.register("bad", "no schema")

    assert isinstance(answer(edge, SchemaId(good)), SchemaReady)
    assert answer(edge, SchemaId(bad)) == SchemaUnusable(SchemaId(bad), "not JSON")
    assert threads == ["registry"] * 2
    edge.close()


@pytest.mark.parametrize("schema_type", ["PROTOBUF", "JSON"])
def test_cannot_use_what_is_not_avro(registry: Registry, edge: SchemaRegistry, schema_type: str) -> None:
    schema_id = registry.register("orders-value", "message Order {}", schema_type=schema_type)

    found = answer(edge, SchemaId(schema_id))

    assert found == SchemaUnusable(SchemaId(schema_id), f"the registry has it as {schema_type}, not Avro")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (503, b"{}", "HTTP 503"),
        (500, b'{"error_code": 50001, "message": "store"}', "HTTP 500"),
        (429, b"slow down", "HTTP 429"),
        (401, b'{"error_code": 401, "message": "Unauthorized"}', "HTTP 401: check basic.auth.user.info"),
        (403, b'{"error_code": 40301, "message": "Forbidden"}', "HTTP 403: grant"),
        (404, b"<html>no such page</html>", "HTTP 404: check the path in avro.registry.url"),
        (404, b'{"message": "no route"}', "HTTP 404: check the path in avro.registry.url"),
        (200, b"<html>welcome</html>", "JSONDecodeError"),
        (200, b"[]", "TypeError"),
        (200, b"{}", "ValueError"),
        (200, b"", "AttributeError"),
        (200, b'{"schema": "x", "references": [{"name": "X"}]}', "ValueError"),
    ],
)
def test_takes_what_is_no_answer_for_a_registry_that_is_away(
    registry: Registry, edge: SchemaRegistry, status: int, body: bytes, why: str
) -> None:
    schema_id = registry.register("orders-value", ORDER)
    registry.misbehave_with, registry.body = status, body

    away = answer(edge, SchemaId(schema_id))

    assert isinstance(away, RegistryAway)
    assert away.why.startswith(why)
    registry.misbehave_with = None
    assert isinstance(answer(edge, SchemaId(schema_id)), SchemaFound)


def test_takes_a_refused_connection_for_a_registry_that_is_away(registry: Registry, edge: SchemaRegistry) -> None:
    schema_id = registry.register("orders-value", ORDER)
    registry.stop()
    assert answer(edge, SchemaId(schema_id)) == RegistryAway(SchemaId(schema_id), "ConnectError")

    registry.start()

    assert isinstance(answer(edge, SchemaId(schema_id)), SchemaFound)


def test_says_once_that_the_registry_is_away_and_once_that_it_is_back(
    registry: Registry, edge: SchemaRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.is_away = True
    for _ in range(3):
        answer(edge, SchemaId(1))
    registry.is_away = False
    for _ in range(3):
        answer(edge, SchemaId(1))

    said = capsys.readouterr().out
    assert said.count("registry.away") == 1
    assert said.count("registry.back") == 1


def test_answers_everything_asked_at_once(registry: Registry, edge: SchemaRegistry) -> None:
    keys = [SchemaId(registry.register(f"s{n}", {**ORDER, "name": f"O{n}"})) for n in range(20)]
    for key in keys:
        edge.ask(key)

    assert [each.key for each in answers(edge, 20)] == keys


def test_closes_at_once_when_idle_and_within_a_second_or_so_when_not(registry: Registry) -> None:
    started = monotonic()
    SchemaRegistry({"url": registry.url}).close()
    assert monotonic() - started < 20

    # An address that never answers: the connection is made, and nothing comes.
    silent = SchemaRegistry({"url": registry.url, "timeout": 60})
    registry.hang(True)
    silent.ask(SchemaId(1))
    started = monotonic()
    silent.close()
    assert monotonic() - started < 30
    registry.hang(False)


def test_says_that_its_thread_is_dead_rather_than_wait_for_ever(registry: Registry) -> None:
    edge = SchemaRegistry({"url": registry.url})
    edge.close()

    with pytest.raises(RuntimeError, match="dead"):
        edge.answers()


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, r"avro\.registry\.url"),
        ({"url": "localhost:8081"}, r"avro\.registry\.url"),
        ({"url": "http://a.example.com,ftp://user:pw@b.example.com"}, r"avro\.registry\.url"),
        ({"url": "http://localhost", "nonesuch": "x"}, "Unrecognized properties: nonesuch"),
        ({"url": "http://localhost", "timeout": "5s"}, r"avro\.registry\.timeout: is in seconds"),
        ({"url": "http://localhost", "ssl.ca.location": "/nowhere/ca.pem"}, r"avro\.registry: "),
    ],
)
def test_refuses_properties_that_the_client_does_not_take(properties: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        SchemaRegistry(properties)

    assert "pw" not in str(caught.value)


def test_lookups_and_decoder_together_decode_a_record_whose_schema_was_unknown(
    registry: Registry, edge: SchemaRegistry
) -> None:
    decoder = Decoder("confluent", max_record_bytes=1000)
    lookups = SchemaLookups(decoder)
    schema_id = registry.register("orders-value", ORDER)
    position = Position("orders", 0, 0)
    record = Record(position, 0, None, b"\0" + schema_id.to_bytes(4, "big") + b"\x06o-1", (), position)
    wanted = decoder.decode(record)
    assert isinstance(wanted, SchemaWanted)

    lookups.want(wanted.key, 0)
    for key in lookups.due(0):
        edge.ask(key)
    assert [lookups.take(each, 0, 0) for each in answers(edge)] == [True]

    assert decoder.decode(record) == Decoded(record, {"id": "o-1"}, is_shipped=False, schema="Order")


def test_the_test_registry_serves_confluents_own_client(registry: Registry) -> None:
    client = SchemaRegistryClient({"url": registry.url})
    leaf_id = client.register_schema("leaf", Schema(json.dumps(ORDER)))
    top = Schema('"Order"', "AVRO", [SchemaReference("Order", "leaf", 1)])
    top_id = client.register_schema("top", top)

    assert (leaf_id, top_id) == (1, 2)
    assert client.get_schema(top_id).references == top.references
    assert client.get_latest_version("leaf").schema_id == leaf_id
    assert client.lookup_schema("leaf", Schema(json.dumps(ORDER))).schema_id == leaf_id
    assert client.get_subjects() == ["leaf", "top"]
    assert client.get_versions("leaf") == [1]
    assert registry.register("elsewhere", ORDER) == leaf_id


def test_the_test_registry_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "tests.support.registry", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        client = SchemaRegistryClient({"url": url})
        schema_id = client.register_schema("orders-value", Schema(json.dumps(ORDER)))
        assert client.get_schema(schema_id).schema_str == json.dumps(ORDER)
        program.terminate()
        assert program.wait(60) == 0
