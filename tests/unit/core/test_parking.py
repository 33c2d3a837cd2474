import pytest
from msgspec.structs import replace

from consumer.core.deliver.parking import (
    ParkSettings,
    WaitingSize,
    lacks_a_try,
    may_park,
    to_park,
    with_records,
)
from consumer.core.deliver.pixel_state import PixelAvailability, PixelState, closed, held_by_operator
from consumer.core.deliver.response import ResponseVerdict, Treatment
from consumer.core.model import EventOutcome
from tests.support.fakes import item

OPEN = PixelAvailability()
FORBIDDEN = ResponseVerdict(Treatment.FORBIDDEN, "code 40001", 40001)
HELD = replace(closed(OPEN, PixelState.HELD, FORBIDDEN, now_s=100.0, next_request=1), next_try_s=None)
SETTINGS = ParkSettings(is_enabled=True, after_s=600.0, max_waiting=WaitingSize(10, 1000))


def test_a_pixel_closed_for_long_is_parked_while_another_is_open() -> None:
    pixels = {"shop": OPEN, "app": HELD}

    assert to_park(pixels, SETTINGS, 699.0, is_too_much=False) == frozenset()
    assert to_park(pixels, SETTINGS, 700.0, is_too_much=False) == {"app"}


def test_while_a_try_is_due_what_comes_is_not_parked_before_it() -> None:
    pixels = {"shop": OPEN, "app": replace(HELD, next_try_s=720.0)}

    assert to_park(pixels, SETTINGS, 719.0, is_too_much=False) == {"app"}
    assert to_park(pixels, SETTINGS, 720.0, is_too_much=False) == frozenset()
    assert to_park(pixels, SETTINGS, 720.0, is_too_much=True) == {"app"}


def test_all_closed_pixels_are_parked_once_too_much_waits_for_them_together() -> None:
    pixels = {"shop": OPEN, "app": HELD, "blog": HELD}

    assert to_park(pixels, SETTINGS, 101.0, is_too_much=True) == {"app", "blog"}


@pytest.mark.parametrize(
    ("waiting", "is_too_much"),
    [(WaitingSize(9, 999), False), (WaitingSize(10, 0), True), (WaitingSize(1, 1000), True)],
)
def test_a_quarter_of_the_records_or_of_the_bytes_is_too_much(waiting: WaitingSize, is_too_much: bool) -> None:
    assert SETTINGS.is_too_much(waiting) is is_too_much


def test_nothing_is_parked_with_one_pixel_or_none_open_or_when_switched_off() -> None:
    assert to_park({"app": HELD}, SETTINGS, 9999.0, is_too_much=True) == frozenset()
    assert to_park({"app": HELD, "shop": HELD}, SETTINGS, 9999.0, is_too_much=True) == frozenset()
    off = replace(SETTINGS, is_enabled=False)
    assert to_park({"app": HELD, "shop": OPEN}, off, 9999.0, is_too_much=True) == frozenset()
    assert not may_park({"app": HELD})


def test_a_closed_pixel_lacks_a_try_once_it_is_due_and_nothing_of_it_is_there() -> None:
    due = PixelAvailability(PixelState.UNAVAILABLE, closed_since_s=0.0, next_try_s=100.0)

    assert lacks_a_try(due, waiting=0, now_s=100.0)
    assert not lacks_a_try(due, waiting=0, now_s=99.9)
    assert not lacks_a_try(due, waiting=1, now_s=100.0)
    assert not lacks_a_try(OPEN, waiting=0, now_s=100.0)
    assert not lacks_a_try(held_by_operator(0.0), waiting=0, now_s=100.0)


def test_an_event_goes_on_with_the_records_that_still_wait_for_it() -> None:
    whole = item(1)
    copies = [item(2), item(3)]
    whole.records += [copy.records[0] for copy in copies]
    whole.outcomes += [EventOutcome.MERGED, EventOutcome.DUPLICATE]
    whole.copy_rules += ["second", "third"]
    whole.is_submitted = True

    rest = with_records(whole, (1, 2))

    assert [record.position.offset for record in rest.records] == [2, 3]
    assert [rest.rule_of(0), rest.rule_of(1)] == ["second", "third"]
    assert rest.outcomes == [EventOutcome.ACCEPTED, EventOutcome.DUPLICATE]
    assert (rest.event.body, rest.is_submitted) == (whole.event.body, True)
    assert with_records(whole, (0, 1, 2)) is whole
