"""Fields that a registry's rules encrypt are absent, and noted as that where a rule reads them."""

import json
from typing import Any, Final

import pytest

from consumer.core.decode.decoder import Decoder
from consumer.core.decode.encryption import Encryption, encrypted_fields, marked
from consumer.core.decode.logical_types import ENCRYPTED
from consumer.core.decode.schema import parse_text
from consumer.core.model import Decoded, Position, Record, SchemaId
from tests.support.avro import framed

PII: Final = Encryption((frozenset({"PII"}),))
EVERYTHING: Final = Encryption((frozenset(),))
TAGGED: Final = {"confluent:tags": ["PII", "OTHER"]}
MAYBE: Final = ["null", "string"]
ORDER: Final[dict[str, Any]] = {
    "type": "record",
    "name": "Order",
    "namespace": "example",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "email", "type": MAYBE, **TAGGED},
        {"name": "phones", "type": {"type": "array", "items": "string"}, **TAGGED},
        {"name": "names", "type": {"type": "map", "values": MAYBE}, **TAGGED},
        {"name": "photo", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4}, **TAGGED},
        {"name": "age", "type": "int", **TAGGED},
        {
            "name": "customer",
            "type": {
                "type": "record",
                "name": "Customer",
                "fields": [{"name": "city", "type": "string"}, {"name": "street", "type": "string", **TAGGED}],
            },
            **TAGGED,
        },
    ],
}
VALUE: Final = {
    "id": "o-1",
    "email": "AAEC",
    "phones": ["AAED", "AAEE"],
    "names": {"first": "AAEF", "last": None},
    "photo": b"\x00\x01",
    "age": 33,
    "customer": {"city": "Bern", "street": "AAEG"},
}


def fields_read(encryption: Encryption, value: Any = VALUE, reader: Any = None) -> dict[str, Any]:
    decoder = Decoder("confluent", max_record_bytes=1 << 20, reader_schema=reader)
    decoder.learn(SchemaId(7), marked(json.dumps(ORDER), encryption))
    position = Position("events", 0, 1)
    plain = json.loads(json.dumps(ORDER).replace('"logicalType": "decimal", ', ""))
    decoded = decoder.decode(Record(position, 0, None, framed(7, plain, value), (), position))
    assert isinstance(decoded, Decoded)
    return decoded.fields


EXPECTED: Final = {
    "id": "o-1",
    "email": ENCRYPTED,
    "phones": [ENCRYPTED, ENCRYPTED],
    "names": {"first": ENCRYPTED, "last": None},
    "photo": ENCRYPTED,
    "age": 33,
    "customer": {"city": "Bern", "street": ENCRYPTED},
}


def test_text_and_bytes_of_fields_with_a_rules_tag_are_ciphertext_and_the_rest_is_what_it_says() -> None:
    assert fields_read(PII) == EXPECTED


def test_resolved_to_a_reader_schema_they_are_ciphertext_too() -> None:
    reader = {**ORDER, "fields": [*ORDER["fields"], {"name": "more", "type": "int", "default": 1}]}

    assert fields_read(PII, reader=reader) == {**EXPECTED, "more": 1}


def test_a_null_in_such_a_field_is_a_null() -> None:
    assert fields_read(PII, {**VALUE, "email": None})["email"] is None


def test_a_rule_without_tags_encrypts_every_field() -> None:
    found = fields_read(EVERYTHING)

    assert (found["id"], found["customer"], found["age"]) == (ENCRYPTED, {"city": ENCRYPTED, "street": ENCRYPTED}, 33)


@pytest.mark.parametrize(
    ("path", "is_hit"),
    [
        ("example.Order.id", True),
        ("example.*.id", True),
        ("**.id", True),
        ("example.Order.i?", True),
        ("*.id", False),
        ("Order.id", False),
        ("example.Order.idx", False),
        ("example.Order.(id)", False),
    ],
)
def test_tags_that_the_metadata_gives_to_a_path_count(path: str, is_hit: bool) -> None:
    encryption = Encryption((frozenset({"SECRET"}),), {path: frozenset({"SECRET"})})

    assert (fields_read(encryption)["id"] == ENCRYPTED) is is_hit


def test_tags_of_no_rule_mean_nothing() -> None:
    assert encrypted_fields(parse_text(marked(json.dumps(ORDER), Encryption((frozenset({"X"}),)))).named) == []
    assert encrypted_fields(parse_text(marked(json.dumps(ORDER), Encryption(()))).named) == []


def test_names_the_fields_for_people() -> None:
    assert encrypted_fields(parse_text(marked(json.dumps(ORDER), PII)).named) == [
        "example.Order.email",
        "example.Order.phones",
        "example.Order.names",
        "example.Order.photo",
        "example.Customer.street",
    ]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '"string"', "[]", "3", '{"type":"record"}'])
def test_text_that_is_no_schema_of_records_is_left_to_those_who_read_it(text: str) -> None:
    assert isinstance(marked(text, EVERYTHING), str)


def test_a_record_may_be_named_with_its_namespace() -> None:
    schema = {
        "type": "record",
        "name": "example.Order",
        "fields": [{"name": "email", "type": "string"}, {"name": "id", "type": "string"}],
    }
    by_path = Encryption((frozenset({"PII"}),), {"example.Order.email": frozenset({"PII"})})

    marked_fields = json.loads(marked(json.dumps(schema), by_path))["fields"]

    assert [isinstance(field["type"], dict) for field in marked_fields] == [True, False]
