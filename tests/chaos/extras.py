"""Topics beside the stream's: one whose partitions are on one broker each, and one that is made again and again."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from confluent_kafka import KafkaException

from tests.chaos.offsets import Place
from tests.support.sandbox import Key
from tests.support.scene import Scene
from tests.support.stream import Made, make_purchases
from tests.support.wait import wait_until

_FIRST_NUMBER: Final = 50_000_000
"""Of their records: far from those of the stream."""
_AT_ONCE: Final = 6
_SETTLED_S: Final = 20.0
_BEYOND: Final = 1 << 62
"""An offset that counts as not committed at any time: in a topic made again, offsets say nothing of those before."""


class Extras:
    """What is written there is known, and must be accepted. Threads share this.

    Args:
        brokers: how many there are; 0: there are no such topics.
    """

    def __init__(self, scene: Scene, brokers: int) -> None:
        self._scene = scene
        self._lock = threading.Lock()
        self._written: list[tuple[Made, str, int, int]] = []
        self._narrow, self._again = f"{scene.topic}-narrow", f"{scene.topic}-again"
        self.topics: tuple[str, ...] = ()
        if brokers:
            scene.kafka.create_placed_topic(self._narrow, range(1, brokers + 1))
            scene.kafka.create_topic(self._again, 3)
            self.topics = self._narrow, self._again
            self.write_to_all()

    def write_to_all(self) -> None:
        """A few records to each topic. Needs all brokers; a fault may have left the one topic deleted, or half made."""
        for topic in self.topics:
            wait_until(lambda: self._is_done(self._create), 90, what="the topic is there again", every_s=1)
            wait_until(partial(self._has_leaders, topic), 90, what=f"{topic} has leaders", every_s=1)
            self._write(topic)

    def _write(self, topic: str) -> None:
        with self._lock:
            first = _FIRST_NUMBER + len(self._written)
            made = make_purchases(_AT_ONCE, self._scene.schema_ids(), first=first, partitions=(0, 1, 2))
            places = self._scene.kafka.produce(topic, (each.raw for each in made))
            self._written += [(each, topic, *place) for each, place in zip(made, places, strict=True)]

    def records(self) -> Iterator[tuple[Key, tuple[str, int, int]]]:
        """Each event, and where its record stands."""
        for made, topic, partition, offset in self._written:
            for key in made.keys:
                yield key, (topic, partition, _BEYOND if topic == self._again else offset)

    def make_again(self, committed: Callable[[], Mapping[Place, int]]) -> bool:
        """Once all of it is settled, delete the one topic and make it again, with other records.

        Returns:
            False if it was not settled in time: it then stays as it is.
        """
        if not self.topics or not self._is_settled(committed):
            return False
        wait_until(lambda: self._is_done(self._delete), 90, what="the topic is gone", every_s=1)
        wait_until(lambda: self._is_done(self._create), 90, what="the topic is there again", every_s=1)
        self._write(self._again)
        return True

    def _is_settled(self, committed: Callable[[], Mapping[Place, int]]) -> bool:
        until_s = time.monotonic() + _SETTLED_S
        while time.monotonic() < until_s:
            try:
                ends = self._scene.kafka.end_offsets(self._again)
                stored = committed()
            except (KafkaException, TimeoutError, AssertionError):  # a broker is away
                continue
            if all(stored.get((self._again, partition), 0) == end for partition, end in ends.items()):
                return True
            time.sleep(0.5)
        return False

    def _delete(self) -> None:
        if self._again in self._scene.kafka.topics():
            self._scene.kafka.delete_topic(self._again)

    def _create(self) -> None:
        if self._again not in self._scene.kafka.topics():
            self._scene.kafka.create_topic(self._again, 3)

    def _has_leaders(self, topic: str) -> bool:
        return self._is_done(lambda: self._scene.kafka.end_offsets(topic))

    @staticmethod
    def _is_done(act: Callable[[], object]) -> bool:
        try:
            act()
        except (KafkaException, TimeoutError, AssertionError):
            return False
        return True
