"""Which closed pixels' records are to be written to their parked topics, so that they do not stall the open ones.

Part of `deliver`; docs/architecture.md §8.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from consumer.core.deliver.pixel_state import PixelAvailability
from consumer.core.model import Item


class WaitingSize(Struct, frozen=True):
    """How much waits: every record counts that settles with an event, its copies as well."""

    records: int
    size_bytes: int


class ParkSettings(Struct, frozen=True):
    """`delivery.park` of the configuration."""

    is_enabled: bool
    after_s: float
    max_waiting: WaitingSize
    """A quarter of what may be in flight: so much of all closed pixels together may wait."""

    def is_too_much(self, waiting: WaitingSize) -> bool:
        """True once what waits must make room, or open pixels would stand still."""
        return waiting.records >= self.max_waiting.records or waiting.size_bytes >= self.max_waiting.size_bytes


def may_park(pixels: Mapping[str, PixelAvailability]) -> bool:
    """With one pixel, or none open, Kafka is the buffer and nothing is parked."""
    return any(pixel.can_send for pixel in pixels.values())


def to_park(
    pixels: Mapping[str, PixelAvailability], settings: ParkSettings, now_s: float, *, is_too_much: bool
) -> frozenset[str]:
    """The pixels whose waiting events are to be parked now.

    What comes while a pixel's next try is due is not parked before that: it is tried with the newest event.

    Args:
        now_s: monotonic seconds.
        is_too_much: too much waits for the closed pixels together (`ParkSettings.is_too_much`).
    """
    if not settings.is_enabled or not may_park(pixels):
        return frozenset()
    return frozenset(
        name
        for name, pixel in pixels.items()
        if pixel.closed_since_s is not None
        and (is_too_much or (now_s - pixel.closed_since_s >= settings.after_s and not is_try_due(pixel, now_s)))
    )


def is_try_due(pixel: PixelAvailability, now_s: float) -> bool:
    """True for a closed pixel that may be tried again by now."""
    return not pixel.can_send and pixel.next_try_s is not None and pixel.next_try_s <= now_s


def lacks_a_try(pixel: PixelAvailability, waiting: int, now_s: float) -> bool:
    """True for a closed pixel that may be tried again by now, and has no event that it could be tried with.

    All of them may be parked, or gone with their partitions: then it would stay closed forever.

    Args:
        waiting: how many of its events wait or are under way.
    """
    return is_try_due(pixel, now_s) and not waiting


def with_records(item: Item, places: Sequence[int]) -> Item:
    """The same event with only the records at these places, at least one: the others are settled.

    Args:
        places: of `item.records`, ascending.
    """
    if len(places) == len(item.records):
        return item
    first, *others = places
    return Item(
        replace(item.event, rule=item.rule_of(first)),
        [item.records[place] for place in places],
        [item.outcomes[0], *(item.outcomes[place] for place in others)],
        item.read_at_s,
        item.is_submitted,
        [item.rule_of(place) for place in others],
    )
