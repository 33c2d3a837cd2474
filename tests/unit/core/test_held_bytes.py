"""What is in flight is measured by its bytes. tests/hostile/test_memory.py compares the sums with real processes."""

from msgspec import structs

from consumer.core.model import Position, Record, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.settle.envelope import dead_letter
from consumer.core.settle.held_bytes import held_by_events, held_by_letter, held_by_record
from tests.support.fakes import item

AT = Position("orders", 0, 7)
EMPTY = Record(AT, 0, None, None, (), AT)
FULL = structs.replace(EMPTY, key=b"k" * 10, value=b"v" * 1000, headers=(("trace", b"t" * 100), ("none", None)))


def test_a_record_holds_its_key_value_and_headers_besides_its_objects() -> None:
    without_headers = structs.replace(FULL, headers=())

    assert held_by_record(EMPTY) > 0
    assert held_by_record(without_headers) - held_by_record(EMPTY) == 1010
    assert held_by_record(FULL) - held_by_record(without_headers) >= len("trace") + 100 + len("none")


def test_events_hold_their_bodies_besides_their_objects() -> None:
    small, large = item(1, body=b"").event, item(2, body=b"x" * 500).event

    assert held_by_events([]) == 0
    assert held_by_events([small]) > 0
    assert held_by_events([small, large]) == 2 * held_by_events([small]) + 500


def test_a_letter_holds_what_its_record_holds_once_more() -> None:
    rejection = Rejection(RejectReason.DECODE_FRAMING, "cut short")
    held = [held_by_letter(dead_letter(each, rejection, "orders.dlq", "")) for each in (FULL, EMPTY)]

    assert held[1] > held_by_record(EMPTY)
    assert held[0] - held[1] >= 1010 + 100
