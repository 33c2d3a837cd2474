"""About what a record and what was made of it take in memory while they are in flight.

Sums of a few lengths and of what each object takes besides them: so cheap that every record can be measured by it. What
objects take was measured (tests/hostile/test_memory.py holds the sums against the memory of real processes).
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from consumer.core.model import Event, Headers, Record
from consumer.core.settle.envelope import OutgoingRecord

_RECORD_BYTES: Final = 400
"""The record's objects, and the ledger's note of it."""
_HEADER_BYTES: Final = 180
_EVENT_BYTES: Final = 800
"""The event's objects, and where it waits: in the window's list of what has no answer, and in a batch."""
_LETTER_BYTES: Final = 4100
"""A dead or parked record's objects, the service's headers on it, and the Kafka client's copies."""


def held_by_record(record: Record) -> int:
    size = _RECORD_BYTES + len(record.value or b"") + len(record.key or b"")
    return size + _of_headers(record.headers) if record.headers else size


def held_by_events(events: Sequence[Event]) -> int:
    """Without their notes, which are gone once they are counted."""
    size = 0
    for event in events:
        size += _EVENT_BYTES + len(event.body)
    return size


def held_by_letter(letter: OutgoingRecord) -> int:
    """Of a dead or parked record until the broker has it, besides the record itself: Kafka's client makes a copy."""
    return _LETTER_BYTES + len(letter.value or b"") + len(letter.key or b"") + _of_headers(letter.original)


def _of_headers(headers: Headers) -> int:
    return _HEADER_BYTES * len(headers) + sum(map(len, filter(None, chain.from_iterable(headers))))
