"""Which closed pixels' records are to be written to their parked topics, so that they do not stall the open ones.

Part of `deliver`; docs/architecture.md §8.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from consumer.core.deliver.pixel_state import PixelAvailability


class ParkSettings(Struct, frozen=True):
    """`delivery.park` of the configuration."""

    is_enabled: bool
    after_s: float
    max_waiting: int
    """A quarter of `max_records_in_flight`: so many of a closed pixel's events may wait."""


def may_park(gates: Mapping[str, PixelAvailability]) -> bool:
    """With one pixel, or none open, Kafka is the buffer and nothing is parked."""
    return any(gate.can_send for gate in gates.values())


def to_park(
    gates: Mapping[str, PixelAvailability], waiting: Callable[[str], int], settings: ParkSettings, now_s: float
) -> frozenset[str]:
    """The pixels whose waiting events are to be parked now.

    Args:
        waiting: how many of a pixel's events wait.
        now_s: monotonic seconds.
    """
    if not settings.is_enabled or not may_park(gates):
        return frozenset()
    return frozenset(
        pixel
        for pixel, gate in gates.items()
        if gate.closed_since_s is not None
        and (now_s - gate.closed_since_s >= settings.after_s or waiting(pixel) >= settings.max_waiting)
    )


def lacks_a_try(gate: PixelAvailability, waiting: int, now_s: float) -> bool:
    """True for a closed pixel that may be tried again by now, and has no event that it could be tried with.

    All of them may be parked, or gone with their partitions: then it would stay closed for ever.

    Args:
        waiting: how many of its events wait or are on their way.
    """
    return not gate.can_send and gate.next_try_s is not None and gate.next_try_s <= now_s and not waiting
