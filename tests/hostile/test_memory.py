"""`bytes_in_flight` is what records in flight really take: records, keys, headers, events, dead letters.

Each case runs in a process of its own, whose growth is measured. Beside what is in flight, the window's keys and the
requests under way take memory, which have limits of their own (`dedupe.max_keys`; `delivery.max_in_flight` requests).
"""

import json
import subprocess
import sys
from typing import Final

import pytest

KEY_BYTES: Final = 250
"""Of a key in the window: docs/architecture.md §4."""
MIB: Final = 1 << 20
MOST_COUNTED: Final = 1.5
"""Of what is held: of small records with short ids, a window's key takes less than the most that one can."""


def measured(kind: str, records: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.hostile.in_flight", kind, str(records)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("kind", "records"),
    [
        *(("usual", 10_000), ("small", 10_000), ("large", 1000), ("with_headers", 5000), ("with_bad_fields", 10_000)),
        *(("copies", 10_000), ("undecodable", 5000), ("large_undecodable", 1000)),
    ],
)
def test_what_is_counted_is_what_is_held(kind: str, records: int) -> None:
    found = measured(kind, records)

    counted = found["counted"] + KEY_BYTES * found["keys"] + found["requests"]
    assert 0.75 < counted / found["grown"] < MOST_COUNTED, found


@pytest.mark.parametrize(("kind", "times"), [("emails", 2), ("phones", 2), ("commas", 1)])
def test_twenty_records_of_a_megabyte_of_bad_values_hold_themselves_and_little_more(kind: str, times: int) -> None:
    """Where so many values are too many to read, a dead letter is written, and Kafka's client has a copy."""
    found = measured(kind, 20)

    assert 0.75 < found["counted"] / found["grown"] < 1.35, found
    assert found["grown"] < times * 21 * MIB, found
