"""`$key`: text, or what a Confluent-framed Avro key says; of anything else there is no text."""

import json
from typing import Any, Final

import pytest

from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema import UnusableSchemaError, parse_key_text
from consumer.core.model import Decision, Headers, Note, Position, Record, SchemaId, SchemaWanted
from consumer.core.pipeline import Pipeline, PipelineSettings
from consumer.core.reasons import DropReason, Problem
from consumer.core.rules.selection import read_paths
from consumer.core.rules.source import (
    CelSource,
    Comparison,
    ConstSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Rule,
    Source,
    TransformedSource,
)
from consumer.core.validate import EventLimits
from tests.support.avro import framed
from tests.support.service import NOW_S

AT: Final = Position("events", 0, 1)
VALUE_ID: Final = 1
KEY_ID: Final = 2
VALUE_SCHEMA: Final = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}
VALUE: Final = framed(VALUE_ID, VALUE_SCHEMA, {"id": "o-1"})
FRAME: Final = b"\0\0\0\0" + bytes([KEY_ID])
NUMBER_KEY: Final = {"type": "record", "name": "Key", "fields": [{"name": "id", "type": "long"}]}
NOW: Final = TransformedSource(ConstSource(int(NOW_S)), unit="s")
TWO: Final = {**NUMBER_KEY, "fields": [*NUMBER_KEY["fields"], {"name": "b", "type": "string"}]}
KEY: Final = KafkaPart("key")
NOT_TEXT: Final = (Note("user.external_id", Problem.NOT_TEXT),)


def rule(source: Source) -> Rule:
    parameters: dict[str, Source] = {"event": ConstSource("Purchase"), "event_time": NOW, "user.external_id": source}
    return Rule("all", "shop", parameters=parameters)


def pipeline(key_schema: object, *rules: Rule) -> Pipeline:
    """One that knows the values' schema, and, unless it is None, the keys'."""
    decoder = Decoder("confluent", max_record_bytes=1 << 20, reads=read_paths(rules))
    decoder.learn(SchemaId(VALUE_ID), json.dumps(VALUE_SCHEMA))
    if key_schema is not None:
        decoder.learn(SchemaId(KEY_ID), json.dumps(key_schema))
    return Pipeline(decoder, rules, PipelineSettings({"shop": "C"}, "auto", False, EventLimits(0.0, 1 << 20)))


def decided(key: bytes | None, key_schema: object, *rules: Rule, headers: Headers = ()) -> Decision | SchemaWanted:
    return pipeline(key_schema, *rules).decide(Record(AT, 0, key, VALUE, headers, AT), NOW_S)


def external_id(
    key: bytes | None, key_schema: object, source: Source = KEY, headers: Headers = ()
) -> tuple[Any, tuple[Note, ...]]:
    """What was sent, and what was noted of it."""
    decision = decided(key, key_schema, rule(source), headers=headers)
    assert isinstance(decision, Decision)
    (event,) = decision.events
    notes = tuple(note for note in event.notes if note.field == "user.external_id")
    return json.loads(event.body).get("user", {}).get("external_id"), notes


C_1: Final = external_id(b"c-1", None)[0]
C1: Final = external_id(b"c1", None)[0]
N_42: Final = external_id(b"42", None)[0]


@pytest.mark.parametrize(
    ("schema", "avro", "wanted"),
    [
        ("string", b"\x06c-1", C_1),
        ({"type": "string", "avro.java.string": "String"}, b"\x06c-1", C_1),
        (["null", "string"], b"\x02\x06c-1", C_1),
        ("bytes", b"\x06c-1", C_1),
        ("long", b"\x54", N_42),
        ("int", b"\x54", N_42),
        (NUMBER_KEY, b"\x54", N_42),
        ({"type": "enum", "name": "E", "symbols": ["b", "c1"]}, b"\x02", C1),
    ],
)
def test_an_avro_key_is_what_it_says(schema: object, avro: bytes, wanted: object) -> None:
    assert wanted is not None
    assert external_id(FRAME + avro, schema) == (wanted, ())


@pytest.mark.parametrize(
    ("schema", "avro"),
    [
        ("string", b"\x06c-"),
        ("string", b"\x06c-1x"),
        ("string", b"\x04\xff\xfe"),
        ("bytes", b"\x04\xff\xfe"),
        (["null", "string"], b"\x00"),
        (TWO, b"\x54\x02x"),
        ({"type": "array", "items": "string"}, b"\x00"),
        ({"type": "not a type"}, b"\x00"),
    ],
)
def test_of_any_other_key_in_that_framing_there_is_no_text(schema: object, avro: bytes) -> None:
    assert external_id(FRAME + avro, schema) == (None, NOT_TEXT)


@pytest.mark.parametrize("key", [b"\xff\xfe", bytes(8), bytes(7) + b"\x2a", b"\x01\x02", b"a\x00b", FRAME])
def test_a_key_with_other_binary_content_is_no_text(key: bytes) -> None:
    assert external_id(key, "string") == (None, NOT_TEXT)


@pytest.mark.parametrize("key", [None, b""])
def test_a_key_that_is_not_there_is_absent_and_nothing_is_said_of_it(key: bytes | None) -> None:
    assert external_id(key, "string") == (None, ())


def test_a_keys_schema_may_be_named_by_a_header() -> None:
    assert external_id(b"\x06c-1", "string", headers=(("__key_schema_id", FRAME),)) == (C_1, ())


def test_a_header_that_names_no_schema_leaves_the_key_as_it_is() -> None:
    assert external_id(b"c-1", "string", headers=(("__key_schema_id", b"2"),)) == (C_1, ())


def test_a_keys_schema_is_looked_up_only_if_a_rule_reads_the_key() -> None:
    assert decided(FRAME + b"\x06c-1", None, rule(KafkaPart("key"))) == SchemaWanted(SchemaId(KEY_ID))
    assert isinstance(decided(FRAME + b"\x06c-1", None, rule(PathSource(("id",)))), Decision)


def test_a_key_whose_schema_the_registry_denies_is_no_text() -> None:
    rules = (rule(KafkaPart("key")),)
    decoder = Decoder("confluent", max_record_bytes=1 << 20, reads=read_paths(rules))
    decoder.learn(SchemaId(VALUE_ID), json.dumps(VALUE_SCHEMA))
    decoder.deny(SchemaId(KEY_ID))
    all_of_it = Pipeline(decoder, rules, PipelineSettings({"shop": "C"}, "auto", False, EventLimits(0.0, 1 << 20)))

    decision = all_of_it.decide(Record(AT, 0, FRAME + b"\x06c-1", VALUE, (), AT), NOW_S)

    assert isinstance(decision, Decision)
    assert decision.events[0].notes[0].problem is Problem.NOT_TEXT


def test_a_schema_of_keys_is_none_of_values() -> None:
    decision = pipeline("string", rule(KafkaPart("key"))).decide(Record(AT, 0, None, FRAME + b"\0", (), AT), NOW_S)

    assert isinstance(decision, Decision)
    assert decision.rejections[0].detail.endswith("its values are not records")


@pytest.mark.parametrize(
    "source",
    [CelSource("key"), FirstOf((KafkaPart("key"),)), TransformedSource(KafkaPart("key"), trim=True)],
    ids=["cel", "first of", "trimmed"],
)
def test_wherever_a_rule_reads_the_key_it_is_decoded(source: Source) -> None:
    assert external_id(FRAME + b"\x06c-1", "string", source) == (C_1, ())


def test_a_condition_on_the_key_has_it_decoded() -> None:
    wanted = Rule(
        "r", "shop", Comparison(KafkaPart("key"), "equals", "c-1"), parameters=rule(ConstSource("x")).parameters
    )

    decision = decided(FRAME + b"\x06c-1", "string", wanted)

    assert isinstance(decision, Decision)
    assert len(decision.events) == 1


def test_what_is_no_text_gives_way_to_the_next_source_and_does_not_exist() -> None:
    second = FirstOf((KafkaPart("key"), PathSource(("id",))))
    exists = Rule("r", "shop", Comparison(KafkaPart("key"), "exists", True))

    assert external_id(b"\xff\xfe", None, second)[1] == ()
    assert external_id(b"\xff\xfe", None, second)[0] is not None
    assert decided(b"\xff\xfe", None, exists) == Decision(dropped=DropReason.NO_RULE, missed=(("r", "when[0]"),))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\x00b"])
def test_a_header_with_binary_content_is_no_text(content: bytes) -> None:
    assert external_id(b"k", None, KafkaPart("header", "x-id"), headers=(("x-id", content),)) == (None, NOT_TEXT)


def test_a_keys_schema_that_is_not_json_is_unusable() -> None:
    with pytest.raises(UnusableSchemaError, match="not JSON"):
        parse_key_text("{")
