"""Parking: what closed pixels keep waiting moves to their parked topics. The deciding thread's alone."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from msgspec import Struct

from consumer.core.backoff import Backoff
from consumer.core.deliver.parking import ParkSettings, is_try_due, lacks_a_try, may_park, to_park, with_records
from consumer.core.deliver.pixel_state import PixelState
from consumer.core.model import Item
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.settle.pending import ParkResult
from consumer.service.settle.settle_stage import SettleStage

log = structlog.get_logger("consumer.park")

MEASURE_EVERY_S: Final = 0.1
"""How often it is counted what waits, where there may be too much."""
PAUSE: Final = Backoff(1.0, 60.0, jitter=0.0)
"""After a parked topic could not be written; a second at least, or each step would try."""


class _Pause(Struct):
    """A parked topic that could not be written."""

    failures: int = 0
    until_s: float = 0.0


class ParkStage:
    """Which pixels' events are parked, and when (docs/architecture.md §8).

    Args:
        topics: a pixel's name → the topic its records are parked in.
    """

    def __init__(
        self,
        settings: ParkSettings,
        topics: Mapping[str, str],
        *,
        windows: PartitionWindows,
        sharing: NoSharedWindow | SharedWindow,
        delivering: DeliverStage,
        settling: SettleStage,
        ledger: Ledger,
        metrics: Metrics,
    ) -> None:
        self._settings, self._topics = settings, topics
        self._windows, self._sharing = windows, sharing
        self._delivering, self._settling = delivering, settling
        self._ledger, self._metrics = ledger, metrics
        self._own_topics = frozenset(topics.values())
        self._measure_at_s = 0.0
        self._pauses: dict[str, _Pause] = {}
        """Pixels whose parked topic could not be written."""
        self._too_large: set[Item] = set()
        """What a parked topic does not take for its size: it waits in memory until its pixel opens."""

    def paused_topics(self, now_s: float) -> frozenset[str]:
        """Parked topics whose pixels are closed: their records stay there until the pixel opens.

        A little of one is read all the same where there is nothing else to try its pixel with.
        """
        return frozenset(
            self._topics[name]
            for name, pixel in self._delivering.states().items()
            if not pixel.can_send and not lacks_a_try(pixel, self._delivering.waiting(name), now_s)
        )

    def are_all_shut(self, now_s: float) -> bool:
        """True if every pixel is held or unavailable: not if a try is due, and there is just nothing to try with."""
        return all(
            pixel.state in (PixelState.HELD, PixelState.UNAVAILABLE)
            and not lacks_a_try(pixel, self._delivering.waiting(name), now_s)
            for name, pixel in self._delivering.states().items()
        )

    def step(self, now_s: float) -> None:
        """Park what has waited long enough, or takes too much room."""
        for result in self._settling.take_parked():
            self._take_result(result, now_s)
        states = self._delivering.states()
        closed = frozenset(name for name, pixel in states.items() if not pixel.can_send)
        if not closed:
            self._too_large.clear()
            return
        pixels = to_park(states, self._settings, now_s, is_too_much=self._is_too_much(closed, now_s))
        self._park(pixels, now_s)

    def topics_in_the_way(self, now_s: float) -> frozenset[str]:
        """Parked topics of closed pixels, while others are open: what was read of them must not keep these waiting.

        Not that of a pixel which may be tried by now, nor one of whose events something is under way.
        """
        states = self._delivering.states()
        if not may_park(states):
            return frozenset()
        topics = frozenset(
            self._topics[name]
            for name, pixel in states.items()
            if pixel.closed_since_s is not None and not is_try_due(pixel, now_s)
        )
        return frozenset(topic for topic in topics if not self._delivering.is_busy(_is_of(topic)))

    def before_leaving(self, is_leaving: Callable[[Item], bool], now_s: float) -> None:
        """A closed pixel's records of partitions about to go are parked, if another pixel is open."""
        states = self._delivering.states()
        if self._settings.is_enabled and may_park(states):
            self._park(frozenset(name for name, pixel in states.items() if not pixel.can_send), now_s, is_leaving)

    def forget(self, is_gone: Callable[[Item], bool]) -> None:
        """Partitions are no longer assigned."""
        self._too_large = {item for item in self._too_large if not is_gone(item)}

    def _is_too_much(self, closed: frozenset[str], now_s: float) -> bool:
        limit = self._settings.max_waiting
        is_little = self._ledger.in_flight < limit.records and self._ledger.in_flight_bytes < limit.size_bytes
        if is_little or now_s < self._measure_at_s:
            return False
        self._measure_at_s = now_s + MEASURE_EVERY_S
        return self._settings.is_too_much(self._delivering.size_waiting(closed))

    def _park(
        self, pixels: frozenset[str], now_s: float, is_wanted: Callable[[Item], bool] = lambda item: True
    ) -> None:
        """Write what waits for these pixels to their parked topics. What was parked once waits in its topic instead."""
        writable = frozenset(name for name in pixels if self._pauses.get(name, _Pause()).until_s <= now_s)
        if not writable:
            return

        def is_to_park(item: Item) -> bool:
            topic = item.records[0].position.topic
            is_candidate = item.event.pixel in writable and topic not in self._own_topics
            return is_candidate and item not in self._too_large and is_wanted(item)

        for item in self._delivering.take_waiting(is_to_park):
            self._windows.accepted(item)
            self._sharing.parked(item)
            self._settling.park(item, self._topics[item.event.pixel])

    def _take_result(self, result: ParkResult, now_s: float) -> None:
        """What was not written waits in memory again, as if it had never been taken out."""
        pixel = result.item.event.pixel
        if not result.failed:
            if self._pauses.pop(pixel, None):
                log.info("park.resumed", pixel=pixel, topic=self._topics[pixel])
            return
        if not self._ledger.owns(result.item.records[0].position):
            return  # the next owner of its partition reads it again
        self._metrics.inc("park_errors", (pixel,))
        item = with_records(result.item, result.failed)
        if result.is_too_large:
            self._too_large.add(item)
            log.warning("park.too_large", pixel=pixel, topic=self._topics[pixel], remedy=_TOO_LARGE_REMEDY)
        else:
            self._pause(pixel, result.error, now_s)
        self._windows.reopened(item)
        self._sharing.add(item, now_s)

    def _pause(self, pixel: str, error: str, now_s: float) -> None:
        pause = self._pauses.setdefault(pixel, _Pause())
        if pause.until_s > now_s:
            return  # of the same try
        pause.failures += 1
        pause.until_s = now_s + PAUSE.wait_s(pause.failures, 0.0)
        log.warning("park.failed", pixel=pixel, topic=self._topics[pixel], error=error, remedy=_FAILED_REMEDY)


def _is_of(topic: str) -> Callable[[Item], bool]:
    return lambda item: item.records[0].position.topic == topic


_FAILED_REMEDY: Final = (
    "the closed pixel's records wait in memory until it can be written or the pixel opens; see that the topic exists "
    "and may be written to"
)
_TOO_LARGE_REMEDY: Final = (
    "this record waits in memory until its pixel opens; raise the topic's max.message.bytes to that of the origin"
)
