from consumer.core.deliver.parking import ParkSettings, lacks_a_try, may_park, to_park
from consumer.core.deliver.pixel_state import PixelAvailability, PixelState, closed, held_by_operator

OPEN = PixelAvailability()
HELD = closed(OPEN, PixelState.HELD, "code 40001", now_s=100.0, next_request=1)
SETTINGS = ParkSettings(is_enabled=True, after_s=600.0, max_waiting=10)


def none_wait(_: str) -> int:
    return 0


def test_a_pixel_closed_for_long_is_parked_while_another_is_open() -> None:
    gates = {"shop": OPEN, "app": HELD}

    assert to_park(gates, none_wait, SETTINGS, now_s=699.0) == frozenset()
    assert to_park(gates, none_wait, SETTINGS, now_s=700.0) == {"app"}


def test_a_closed_pixel_with_a_quarter_of_all_records_is_parked_at_once() -> None:
    gates = {"shop": OPEN, "app": HELD}

    assert to_park(gates, {"shop": 99, "app": 10}.__getitem__, SETTINGS, now_s=101.0) == {"app"}


def test_nothing_is_parked_with_one_pixel_or_none_open_or_when_switched_off() -> None:
    assert to_park({"app": HELD}, none_wait, SETTINGS, now_s=9999.0) == frozenset()
    assert to_park({"app": HELD, "shop": HELD}, none_wait, SETTINGS, now_s=9999.0) == frozenset()
    off = ParkSettings(False, 600.0, 10)
    assert to_park({"app": HELD, "shop": OPEN}, none_wait, off, now_s=9999.0) == frozenset()
    assert not may_park({"app": HELD})


def test_a_closed_pixel_lacks_a_try_once_it_is_due_and_nothing_of_it_is_there() -> None:
    due = PixelAvailability(PixelState.UNAVAILABLE, closed_since_s=0.0, next_try_s=100.0)

    assert lacks_a_try(due, waiting=0, now_s=100.0)
    assert not lacks_a_try(due, waiting=0, now_s=99.9)
    assert not lacks_a_try(due, waiting=1, now_s=100.0)
    assert not lacks_a_try(OPEN, waiting=0, now_s=100.0)
    assert not lacks_a_try(held_by_operator(0.0), waiting=0, now_s=100.0)
