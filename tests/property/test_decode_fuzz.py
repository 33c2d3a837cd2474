"""No bytes can make the decoder do anything but decode them or reject them: no other exception, no hang, no flood.

Laws for hypothesis, and a corpus of mutated records, as many as the environment's FUZZ_RECORDS says.
"""

import json
import os
import random
import resource
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumer.core.decode.checker import Checker
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema import parse
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Position, Record, SchemaGuid, SchemaId
from consumer.core.rules.selection import EVERYTHING
from tests.support.avro_fuzz import LOGICAL, MAX_BYTES, NASTY, ORDINARY, array, mutated, seeds
from tests.support.cpu import within

RECORDS: Final = int(os.environ.get("FUZZ_RECORDS", "20000"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))
MOST_SECONDS: Final = 0.3
"""Processor time for one record."""
MOST_MEMORY: Final = 512 << 20
GUID: Final = "0b5cd9d1-3c0e-4a55-9c5b-1df0a2f0a001"


SCHEMAS: Final = {**ORDINARY, "logical": LOGICAL, **NASTY}
DECODERS: Final = {
    name: Decoder("plain", max_record_bytes=MAX_BYTES, local_schemas=[schema]) for name, schema in SCHEMAS.items()
}


def at_zero(value: bytes, *headers: tuple[str, bytes | None]) -> Record:
    position = Position("events", 0, 0)
    return Record(position, 0, None, value, tuple(headers), position)


def outcome(decoder: Decoder, record: Record) -> str:
    """The reason of a rejection, else what else it was. Anything that is raised besides fails the test."""
    try:
        decoded = decoder.decode(record)
    except RecordRejected as rejected:
        return rejected.reason.value
    if isinstance(decoded, Decoded):
        assert type(decoded.fields) is dict
    return type(decoded).__name__


def is_expected(outcome: str) -> bool:
    return outcome in ("Decoded", "SchemaWanted") or outcome.startswith("decode.")


@given(st.sampled_from(sorted(SCHEMAS)), st.binary(max_size=200))
@example("nulls", b"\xfe" + b"\xff" * 8 + b"\x7f\x00\x00")
@example("list", b"\x02\x02" * 50_000)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_decoded_or_rejected(name: str, value: bytes) -> None:
    assert is_expected(outcome(DECODERS[name], at_zero(value)))


@given(st.sampled_from(sorted(SCHEMAS)), st.binary(max_size=60))
@settings(deadline=None, max_examples=300)
def test_reading_and_walking_agree_on_what_is_sound(name: str, value: bytes) -> None:
    walked = verdict(name, value)
    assert walked == outcome(DECODERS[name], at_zero(value))


def verdict(name: str, value: bytes) -> str:
    """What the walk alone says."""
    try:
        schema = parse(SCHEMAS[name])
        Checker(schema.named, schema.branches[0], EVERYTHING, longest=MAX_BYTES).check(value, 0)
    except RecordRejected as rejected:
        return rejected.reason.value
    return "Decoded"


@given(st.binary(max_size=40), st.lists(st.tuples(st.sampled_from(["a", "__value_schema_id"]), st.binary(max_size=20))))
@settings(deadline=None, max_examples=200)
def test_any_framing_is_taken_or_rejected(value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    for decoder in (confluent(), single_object()):
        assert is_expected(outcome(decoder, at_zero(value, *headers)))


def confluent() -> Decoder:
    decoder = Decoder("confluent", max_record_bytes=MAX_BYTES)
    for key in (SchemaId(1), SchemaGuid(GUID)):
        decoder.learn(key, json.dumps(ORDINARY["event"]))
    return decoder


def single_object() -> Decoder:
    return Decoder("single_object", max_record_bytes=MAX_BYTES, local_schemas=[ORDINARY["event"]])


# ── the corpus ──────────────────────────────────────────────────────────────────────────────────


# Lengths, counts and indices that have hurt readers before: 0, 1, -1, 2, 10,000, 2^20, 2^31, 2^60, the least.
def targets() -> Iterator[tuple[str, Decoder, list[bytes], tuple[tuple[str, bytes | None], ...]]]:
    """Every schema read as it was written; those of events also resolved, and in the other framings."""
    for name, schema in SCHEMAS.items():
        yield name, DECODERS[name], seeds(schema), ()
    event = ORDINARY["event"]
    kept = [*event["fields"][2:5], {"name": "added", "type": array("int"), "default": [1]}]
    corpus = seeds(event)
    resolving = Decoder(
        "plain", max_record_bytes=MAX_BYTES, local_schemas=[event], reader_schema={**event, "fields": kept}
    )
    yield "resolved", resolving, corpus, ()
    yield "by id", confluent(), [b"\0\0\0\0\1" + each for each in corpus], ()
    yield "by GUID", confluent(), corpus, (("__value_schema_id", b"\x01" + bytes.fromhex(GUID.replace("-", ""))),)


@pytest.mark.timeout(0)
def test_mutated_records_are_decoded_or_rejected_in_little_time_and_memory() -> None:
    rng = random.Random(SEED)
    random.seed(SEED)  # what fastavro generates by
    outcomes: Counter[str] = Counter()
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    all_targets = list(targets())
    for number in range(RECORDS):
        _, decoder, corpus, headers = all_targets[number % len(all_targets)]
        record = at_zero(mutated(rng, corpus), *headers)
        outcomes[within(MOST_SECONDS, partial(outcome, decoder, record))] += 1
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before) * 1024
    print(f"{RECORDS} records, {memory >> 20} MiB more memory, {dict(outcomes)}")  # noqa: T201
    assert all(is_expected(each) for each in outcomes)
    assert memory < MOST_MEMORY
    if RECORDS >= 20_000:
        assert len(outcomes) > 8, "a corpus that reaches every kind of fault"
