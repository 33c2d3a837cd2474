"""The guard in CI: what deciding a record costs, as a ratio to the bare primitives; fails 20 % beyond what is recorded.

    python -m bench guard [--record]

A thousand records go through the primitives (decode, three hashes, one typed event to JSON) and then through the
pipeline, again and again, in CPU time: a busy machine slows both alike, and the median of the pairs leaves out what
happened to one of them. What is too much is measured again before it counts.

The ratio depends on the version of Python and on the processor, since the pipeline is mostly Python and the primitives
mostly C: on one it was 0.99, on an older one 1.25. So bench/guard.json keeps one of each; on a processor that is not
among them, the highest counts. `--record` writes this machine's, after a change that is meant to change the ratio;
the others' are then out of date.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import fastavro
import msgspec

from bench.floor import IDENTIFIERS, Event
from bench.machine import processor
from bench.pure import reader_of, records_of, settings_of
from bench.sample import SCHEMA_FILES, schema_of
from consumer.core.model import Record
from consumer.wiring import decoder_of, pipeline_of

RECORDS: Final = 10_000
STEP: Final = 1_000
AT_ONCE: Final = 32
"""Records that are decided side by side, as the service does it."""
PASSES: Final = 3
TRIES: Final = 3
ALLOWED: Final = 1.2
FILE: Final = Path(__file__).with_name("guard.json")
T = TypeVar("T")
Ratios = Mapping[str, float]
"""By schema."""
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def main(is_recording: bool) -> int:
    """Returns the exit code."""
    recorded: dict[str, Ratios] = json.loads(FILE.read_text()).get(PYTHON, {})
    if is_recording:
        recorded[processor()] = {name: round(ratio(name), 2) for name in SCHEMA_FILES}
        FILE.write_text(json.dumps({PYTHON: recorded}, indent=2) + "\n")
        print(FILE.read_text(), end="")
        return 0
    if not recorded:
        print(f"guard: nothing is recorded for Python {PYTHON}, since ratios differ between versions")
        return 0
    limits = limits_of(recorded, processor())
    found = [is_within(name, limits[name]) for name in SCHEMA_FILES]
    return int(not all(found))


def limits_of(recorded: Mapping[str, Ratios], processor: str) -> Ratios:
    """By schema, what a ratio may be.

    Args:
        recorded: by processor, at least one.
    """
    if processor not in recorded:
        print(f"guard: nothing is recorded for {processor}: the highest of other processors counts")
    counts = [recorded[processor]] if processor in recorded else list(recorded.values())
    return {name: ALLOWED * max(ratios[name] for ratios in counts) for name in SCHEMA_FILES}


def is_within(schema: str, limit: float) -> bool:
    """Measure, up to three times, until it is within the limit."""
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
    decide_all = pipeline_of(settings, decoder_of(settings)).decide_all
    bare, now_s = primitives(schema), time.time()
    pairs = [
        (spent_s(bare, step), spent_s(lambda some: decide_all(some, now_s, [False] * len(some)), parts(step, AT_ONCE)))
        for _ in range(PASSES)
        for step in parts(records, STEP)
    ]
    return median(ours / floor for floor, ours in pairs)


def parts(records: Sequence[Record], size: int) -> list[Sequence[Record]]:
    return [records[start : start + size] for start in range(0, len(records), size)]


def primitives(schema: str) -> Callable[[Record], object]:
    """What the floor does with a record, without Kafka."""
    parsed, encode = fastavro.parse_schema(schema_of(schema)), msgspec.json.Encoder().encode

    def bare(record: Record) -> bytes:
        fastavro.schemaless_reader(reader_of(record.value), parsed)
        email, phone, customer = [sha256(text).hexdigest() for text in IDENTIFIERS]
        return encode(Event("Purchase", 1700000000, "x" * 32, email, phone, customer, "m" * 130, "u" * 60, "r" * 250))

    return bare


def spent_s(do: Callable[[T], object], values: Sequence[T]) -> float:
    started_s = time.process_time()
    for value in values:
        do(value)
    return time.process_time() - started_s
