"""One record of a megabyte of bad values: bounded CPU, and bounded memory while its decision is in flight.

Each case decides in a process of its own, whose memory is measured before and after (`tracemalloc` for what the
decision holds, `resource` for CPU); the bounds are those of docs/tiktok.md §2.
"""

import json
import subprocess
import sys
from typing import Any, Final

import pytest

from tests.support.cpu import is_within

MIB: Final = 1 << 20
MOST_CPU_S: Final = 0.3
KEPT_FREE_BYTES: Final = 64 << 10
_PROGRAM: Final = r"""
import json, resource, sys, tracemalloc
from datetime import UTC, datetime
from consumer.core.model import Decoded, MappedEvent, Position, Record, WithRegion
from consumer.core.normalize.event import normalize
from consumer.core.validate import EventLimits, validate

AT = Position("t", 0, 1)
RECORD = Record(AT, 1_793_534_400_000, None, b"", (), AT)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LIMITS = EventLimits(max_event_age_s=0.0, max_body_bytes=1 << 20)

def decide(parts):
    mapped = MappedEvent(Decoded(RECORD, {}, True), "Purchase", NOW, "order-1", **parts)
    made = normalize(mapped, id_from_position="auto", reject_bad_fields=False)
    return validate(made, rule="r", pixel="p", pixel_code="c", is_shadow=False, now_s=NOW.timestamp(), limits=LIMITS)

def cpu_s():
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime

decide({"user": {"email": "a@example.com", "phone": WithRegion("0170 1234567", "DE"), "ip": "8.8.8.8"}})
parts = eval(sys.stdin.read())
started = cpu_s()
event = decide(parts)
spent = cpu_s() - started
del event
tracemalloc.start()
event = decide(parts)
held, peak = tracemalloc.get_traced_memory()
print(json.dumps({"cpu_s": spent, "held": held, "peak": peak, "body": len(event.body), "notes": len(event.notes),
                  "problems": sorted({str(note.problem) for note in event.notes})}))
"""

CASES: Final = {
    "emails": ("{'user': {'email': ['x'] * 500_000}}", {"too_many"}),
    "emails within the limit": ("{'user': {'email': ['x' * 1000] * 1000}}", {"not_an_email"}),
    "one email": ("{'user': {'email': 'x' * (1 << 20)}}", {"not_an_email"}),
    "an email of dots": ("{'user': {'email': 'a.' * 60 + '@' + 'b.' * (1 << 19)}}", {"not_an_email"}),
    "an email of brackets": ("{'user': {'email': '<' * 400 + 'a@b.example' + '>' * 400}}", None),
    "commas as an address": ("{'user': {'ip': ',' * 1_000_000}}", {"not_an_ip"}),
    "an address of colons": ("{'user': {'ip': ':' * 1_000_000}}", {"not_an_ip"}),
    "private addresses": ("{'user': {'ip': '10.0.0.1,' * 100_000}}", {"not_an_ip"}),
    "phones": ("{'user': {'phone': ['+49 170 x'] * 95_000}}", {"too_many"}),
    "bad national phones": (
        "{'user': {'phone': WithRegion([f'0170 12{n}' + '0' * 80 for n in range(1000)], 'DE')}}",
        {"not_e164"},
    ),
    "phones of letters": ("{'user': {'phone': WithRegion(['1-800-' + 'A' * 94] * 1000, 'US')}}", {"not_e164"}),
    "wrong national phones": ("{'user': {'phone': WithRegion([f'49{n:09}' for n in range(1000)], 'DE')}}", None),
    "one phone": ("{'user': {'phone': '+' + '1' * (1 << 20)}}", {"not_e164"}),
    "ids": ("{'user': {'external_id': [''] * 1_000_000}}", {"too_many"}),
    "placeholders": ("{'user': {'external_id': ['undefined'] * 1000}}", {"placeholder"}),
    "templates": ("{'user': {'external_id': ['{' * 1000 + '}'] * 1000}}", None),
    "lists in a list": ("{'user': {'email': [[]] * 1000}}", {"wrong_type"}),
    "nulls as products": ("{'contents': (None,) * 800_000}", {"too_many"}),
    "bad products": (
        "{'contents': ({'price': -1, 'quantity': 0, 'content_id': 'null'},) * 1000}",
        {"negative", "not_positive", "placeholder"},
    ),
    "products that are none": ("{'contents': ('x',) * 1000}", {"wrong_type"}),
    "content ids": ("{'properties': {'content_ids': [1.5] * 400_000}}", {"too_many"}),
    "a name": (
        "{'user': {'first_name': '.' * (1 << 20), 'city': chr(0x200b) * (1 << 20)}}",
        {"too_long", "empty_after_cleaning"},
    ),
    "a postal code": ("{'user': {'zip_code': '- ' * (1 << 19)}}", {"too_long"}),
    "click ids": ("{'page': {'url': 'https://example.com/?' + 'ttclid=%41&' * 95_000}}", set()),
    "an amount": (
        "{'properties': {'value': '9' * (1 << 20), 'num_items': '1e999', 'currency': 'x' * (1 << 20)}}",
        {"not_a_number", "not_a_currency"},
    ),
}


@pytest.mark.parametrize(("written", "problems"), CASES.values(), ids=CASES)
def test_a_megabyte_of_bad_values_costs_little_and_holds_little(written: str, problems: set[str] | None) -> None:
    found: dict[str, Any] = {}

    def measure() -> float:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], input=written, capture_output=True, text=True, check=True
        )
        found.update(json.loads(done.stdout))
        return float(found["cpu_s"])

    assert is_within(MOST_CPU_S, measure), found
    assert found["held"] < KEPT_FREE_BYTES + 2 * found["body"]
    assert found["peak"] < 20 * MIB + KEPT_FREE_BYTES
    assert found["notes"] <= 10
    if problems is not None:
        assert set(found["problems"]) == problems
