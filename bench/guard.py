"""The guard in CI: what deciding a record costs, as a ratio to the bare primitives; fails 20 % beyond what is recorded.

    python -m bench guard [--record]

A thousand records go through the primitives (decode, three hashes, one typed event to JSON) and then through the
pipeline, again and again, in CPU time: a busy machine slows both alike, and the median of the pairs leaves out what
happened to one of them. What is too much is measured again before it counts. `--record` writes bench/guard.json anew,
after a change that is meant to change the ratio.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Final

import fastavro
import msgspec

from bench.floor import IDENTIFIERS, Event
from bench.pure import reader_of, records_of, settings_of
from bench.sample import SCHEMA_FILES, schema_of
from consumer.compose import decoder_of, pipeline_of
from consumer.core.model import Record

RECORDS: Final = 20_000
STEP: Final = 1_000
PASSES: Final = 3
TRIES: Final = 3
ALLOWED: Final = 1.2
FILE: Final = Path(__file__).with_name("guard.json")
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def main(is_recording: bool) -> int:
    """Returns the exit code."""
    if is_recording:
        FILE.write_text(json.dumps({PYTHON: {name: round(ratio(name), 2) for name in SCHEMA_FILES}}, indent=2) + "\n")
        print(FILE.read_text(), end="")
        return 0
    recorded = json.loads(FILE.read_text()).get(PYTHON)
    if recorded is None:
        print(f"guard: nothing is recorded for Python {PYTHON}, since ratios differ between versions")
        return 0
    found = [is_within(name, recorded[name]) for name in SCHEMA_FILES]
    return int(not all(found))


def is_within(schema: str, recorded: float) -> bool:
    """Measure, up to three times, until it is within what is allowed."""
    limit = recorded * ALLOWED
    for _ in range(TRIES):
        found = ratio(schema)
        verdict = "ok" if found <= limit else "TOO SLOW"
        print(f"guard: {schema}: the pipeline takes {found:.2f} × the primitives; {limit:.2f} is allowed: {verdict}")
        if found <= limit:
            return True
    return False


def ratio(schema: str) -> float:
    """Pipeline ÷ primitives."""
    records = records_of(schema, RECORDS)
    settings = settings_of(schema)
    decide = pipeline_of(settings, decoder_of(settings)).decide
    bare, now_s = primitives(schema), time.time()
    chunks = [records[start : start + STEP] for start in range(0, RECORDS, STEP)]
    pairs = [
        (spent_s(bare, chunk), spent_s(lambda record: decide(record, now_s), chunk))
        for _ in range(PASSES)
        for chunk in chunks
    ]
    return median(ours / floor for floor, ours in pairs)


def primitives(schema: str) -> Callable[[Record], object]:
    """What the floor does with a record, without Kafka."""
    parsed, encode = fastavro.parse_schema(schema_of(schema)), msgspec.json.Encoder().encode

    def bare(record: Record) -> bytes:
        fastavro.schemaless_reader(reader_of(record.value), parsed)
        email, phone, customer = [sha256(text).hexdigest() for text in IDENTIFIERS]
        return encode(Event("Purchase", 1700000000, "x" * 32, email, phone, customer, "m" * 130, "u" * 60, "r" * 250))

    return bare


def spent_s(do: Callable[[Record], object], records: Sequence[Record]) -> float:
    started_s = time.process_time()
    for record in records:
        do(record)
    return time.process_time() - started_s
