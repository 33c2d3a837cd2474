"""Gather events per pixel until count, bytes or time is met. An event stays mergeable until its batch is cut."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from consumer.core.model import Batch, Item

_COMMA_BYTES: Final = 1


class BatchLimits(Struct, frozen=True):
    """When a batch is full: `batch` of the configuration (docs/configuration.md)."""

    max_events: int
    """1 … 1000: TikTok refuses a request with more (docs/tiktok.md §1)."""
    max_bytes: int
    """Of the whole request body, envelope and commas included."""
    max_wait_s: float
    """Longest time an event waits for its batch to fill, from `add`; 0: it never waits."""


class Batcher:
    """The events that wait to be sent, per pixel in the order they came.

    Args:
        overhead_bytes: per pixel, the request body's bytes without any event (`Delivery.overhead_bytes`).
    """

    def __init__(self, limits: BatchLimits, overhead_bytes: Mapping[str, int]) -> None:
        self._limits = limits
        self._queues = {pixel: _Queue(limits, overhead) for pixel, overhead in overhead_bytes.items()}

    def add(self, item: Item, now_s: float) -> None:
        """Let an event wait. One that is too big to be sent alone must not get here: `validate` sees to it."""
        event = item.event
        queue = self._queues[event.pixel]
        queue.entries.append((now_s, item))
        queue.bytes += len(event.body) + _COMMA_BYTES

    def grew(self, item: Item, old_bytes: int) -> None:
        """Note that a waiting event's body had `old_bytes` before a copy was merged into it."""
        self._queues[item.event.pixel].bytes += len(item.event.body) - old_bytes

    def is_due(self, pixel: str, now_s: float, is_flushing: bool = False) -> bool:
        """Say whether a batch should go now: it is full, or its oldest event waited long enough, or all must go."""
        return self._queues[pixel].is_due(now_s, is_flushing)

    def cut(self, pixel: str) -> Batch:
        """Take as many of the oldest events as fit into one request, at least one if any waits.

        To be called only when the request begins: until then, later copies may still be merged.
        """
        return Batch(pixel, self._queues[pixel].take(self._limits.max_events))

    def cut_newest(self, pixel: str) -> Batch:
        """Take the event that came last: a try with it sees what the producer, or TikTok, does by now."""
        return Batch(pixel, self._queues[pixel].take_newest())

    def remove(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, the events that are not to be sent from here: fenced, or parked."""
        return [item for queue in self._queues.values() for item in queue.remove(is_gone)]

    def waiting(self, pixel: str) -> int:
        """Count the events that wait."""
        return len(self._queues[pixel].entries)

    def items(self, pixel: str) -> Iterator[Item]:
        """A pixel's events that wait."""
        return (item for _, item in self._queues[pixel].entries)

    def __iter__(self) -> Iterator[Item]:
        return (item for queue in self._queues.values() for _, item in queue.entries)

    def __len__(self) -> int:
        return sum(len(queue.entries) for queue in self._queues.values())


class _Queue:
    """One pixel's events with the second each came, and what they weigh with their commas."""

    def __init__(self, limits: BatchLimits, overhead_bytes: int) -> None:
        self._limits = limits
        self._room_bytes = limits.max_bytes - overhead_bytes + _COMMA_BYTES  # the last event has no comma
        self.entries: deque[tuple[float, Item]] = deque()
        self.bytes = 0

    @property
    def oldest_s(self) -> float:
        """Monotonic seconds when the oldest event's wait ends."""
        return self.entries[0][0] + self._limits.max_wait_s

    def is_due(self, now_s: float, is_flushing: bool) -> bool:
        if not self.entries:
            return False
        return (
            is_flushing
            or len(self.entries) >= self._limits.max_events
            or self.bytes >= self._room_bytes
            or now_s >= self.oldest_s
        )

    def take(self, most: int) -> list[Item]:
        taken: list[Item] = []
        room = self._room_bytes
        while self.entries and len(taken) < most:
            item = self.entries[0][1]
            size = len(item.event.body) + _COMMA_BYTES
            if taken and size > room:
                break
            self.entries.popleft()
            self.bytes -= size
            room -= size
            taken.append(item)
        return taken

    def take_newest(self) -> list[Item]:
        if not self.entries:
            return []
        _, item = self.entries.pop()
        self.bytes -= len(item.event.body) + _COMMA_BYTES
        return [item]

    def remove(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        gone = [item for _, item in self.entries if is_gone(item)]
        if gone:
            outside = set(gone)
            self.entries = deque(entry for entry in self.entries if entry[1] not in outside)
            self.bytes -= sum(len(item.event.body) + _COMMA_BYTES for item in gone)
        return gone
