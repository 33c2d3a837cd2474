"""Parking: what closed pixels keep waiting moves to their parked topics. The deciding thread's alone."""

from collections.abc import Callable, Mapping

from consumer.core.deliver.parking import ParkSettings, lacks_a_try, may_park, to_park
from consumer.core.deliver.pixel_state import PixelState
from consumer.core.model import Item
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.settle import SettleStage


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
    ) -> None:
        self._settings, self._topics = settings, topics
        self._windows, self._sharing = windows, sharing
        self._delivering, self._settling = delivering, settling
        self._own_topics = frozenset(topics.values())

    def paused_topics(self, now_s: float) -> frozenset[str]:
        """Parked topics whose pixels are closed: their records stay there until the pixel opens.

        A little of one is read all the same where there is nothing else to try its pixel with.
        """
        return frozenset(
            self._topics[pixel]
            for pixel, gate in self._delivering.states().items()
            if not gate.can_send and not lacks_a_try(gate, self._delivering.waiting(pixel), now_s)
        )

    def are_all_shut(self, now_s: float) -> bool:
        """True if every pixel is held, or known to be unavailable: not if there is just nothing to try it with."""
        return all(
            gate.state is PixelState.HELD
            or (gate.state is PixelState.UNAVAILABLE and not lacks_a_try(gate, self._delivering.waiting(pixel), now_s))
            for pixel, gate in self._delivering.states().items()
        )

    def step(self, now_s: float) -> None:
        """Park what has waited long enough, or takes too much room."""
        self._park(to_park(self._delivering.states(), self._delivering.waiting, self._settings, now_s))

    def before_leaving(self, is_leaving: Callable[[Item], bool]) -> None:
        """A closed pixel's records of partitions about to go are parked, if another pixel is open."""
        states = self._delivering.states()
        if self._settings.is_enabled and may_park(states):
            self._park(frozenset(p for p, gate in states.items() if not gate.can_send), is_leaving)

    def _park(self, pixels: frozenset[str], is_wanted: Callable[[Item], bool] = lambda item: True) -> None:
        """Write what waits for these pixels to their parked topics. What was parked once waits in its topic instead."""
        if not pixels:
            return

        def is_to_park(item: Item) -> bool:
            topic = item.records[0].position.topic
            return item.event.pixel in pixels and topic not in self._own_topics and is_wanted(item)

        for item in self._delivering.take_for_parking(is_to_park):
            self._windows.accepted(item)
            self._sharing.parked(item)
            topic = self._topics[item.event.pixel]
            for place, record in enumerate(item.records):
                self._settling.park(record, topic, item.rule_of(place), item.event)
