"""Two services over one Kafka and one shared window, all in memory."""

from typing import Any

from consumer.core.dedupe.shared_protocol import Lifetimes
from tests.support.service import FakeKafka, ManualClock, Scene, encoded
from tests.support.window_store import FakeStore

WINDOW_S = 300
TOPIC = "web-events"


class Pair:
    """Two processes, each with a partition of its own."""

    def __init__(self, remove_for_s: int = 0, window_s: int = WINDOW_S) -> None:
        self.window_s = window_s
        self.clock = ManualClock()
        self.kafka = FakeKafka(self.clock)
        self.store = FakeStore(Lifetimes(window_s * 1000, remove_for_s * 1000), lambda: int(self.clock.wall() * 1000))
        self.one, self.other = self.process(0), self.process(1)

    def process(self, partition: int, **settings: Any) -> Scene:
        name = b"%d%f" % (partition, self.clock.s)
        scene = Scene(
            self.kafka, store=self.store, name=name, window_s=self.window_s, **{"max_wait_s": 0.1, **settings}
        )
        scene.member.give([(TOPIC, partition)])
        return scene

    def run(self, for_s: float = 5.0, *scenes: Scene) -> None:
        until_s = self.clock.s + for_s
        while self.clock.s < until_s:
            for scene in scenes or (self.one, self.other):
                scene.service.step()
        assert all(scene.is_even() for scene in scenes or (self.one, self.other))

    def produce(self, partition: int, event_id: str = "a", **user: str) -> None:
        self.kafka.produce(encoded(event_id=event_id, user=user or {"email": "a@example.com"}), partition)

    def committed(self) -> list[int | None]:
        return [self.kafka.committed_offset(partition) for partition in (0, 1)]
