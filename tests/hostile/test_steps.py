"""A step is bounded in time: deciding stops after about a second and goes on in the next step.

So the loop turns whatever records say: Kafka is polled (`max.poll.interval`), `/healthz` stays well.
"""

import json
import resource
from collections.abc import Sequence
from typing import Final

from consumer.core.decode.schema_lookups import SchemaFound
from consumer.core.model import Decision, Record, SchemaWanted
from tests.support.cpu import allowed_s, own_garbage
from tests.support.service import NOW_S, SCHEMA, TOPIC, FakeKafka, ManualClock, Scene, encoded

P0: Final = (TOPIC, 0)
RECORDS: Final = 240
"""Several seconds' worth; one read has up to 500."""
MOST_OF_A_STEP_S: Final = 1.0 + 0.3 + 0.5
"""Deciding, the last record's own bound, and what a step does besides."""


class ProcessorClock(ManualClock):
    """Moves on by the processor time that this thread takes: what others do on this machine costs nothing."""

    def monotonic(self) -> float:
        return self.s + used_s()

    def wall(self) -> float:
        return NOW_S + self.monotonic()


def used_s() -> float:
    return resource.getrusage(resource.RUSAGE_THREAD).ru_utime


def test_a_read_of_the_worst_records_is_decided_a_second_a_step() -> None:
    """Five hundred such records kept the loop from turning for 82 s."""
    scene = Scene(FakeKafka(ProcessorClock()))
    user = {"email": [f"a{number}@{'b.' * 450}example.com" for number in range(1000)]}
    for _ in range(RECORDS):
        scene.kafka.produce(encoded(user=user))
    longest_s, begun_s = 0.0, used_s()
    with own_garbage():
        while scene.numbers()["records_in_flight{}"] or not scene.kafka.committed_offset():
            started_s = used_s()
            scene.service.step()
            longest_s = max(longest_s, used_s() - started_s)

    assert longest_s < allowed_s(MOST_OF_A_STEP_S)
    assert used_s() - begun_s > MOST_OF_A_STEP_S, "too little to tell"


LARGE: Final = {"user_agent": "x" * (1 << 16)}
"""Records so large are decided one at a time."""


def slow(scene: Scene, each_s: float) -> list[int]:
    """Let deciding one record take so long. Returns the offsets decided, as they come."""
    pipeline = scene.service._deciding._pipeline
    decide_all = pipeline.decide_all
    offsets: list[int] = []

    def decide_slowly(
        records: Sequence[Record], now_s: float, are_rewound: Sequence[bool]
    ) -> list[Decision | SchemaWanted]:
        scene.clock.s += each_s * len(records)
        offsets.extend(record.position.offset for record in records)
        return decide_all(records, now_s, are_rewound)

    pipeline.decide_all = decide_slowly  # type: ignore[method-assign]  # only its time is another
    return offsets


def test_deciding_stops_after_a_second_and_goes_on_in_the_next_step() -> None:
    scene = Scene()
    for number in range(10):
        scene.kafka.produce(encoded(event_id=f"id-{number}", user=LARGE))
    offsets = slow(scene, 0.3)

    started_s = scene.clock.s
    while not offsets:
        scene.service.step()

    assert scene.clock.s - started_s < 2.5
    assert offsets == [0, 1, 2, 3]
    scene.run(for_s=10)
    assert offsets == list(range(10))
    assert scene.sent_ids == [f"id-{number}" for number in range(10)]
    assert scene.kafka.committed_offset() == 10


def test_small_records_are_decided_side_by_side_and_never_more_than_a_second_and_a_part() -> None:
    scene = Scene()
    for number in range(100):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    offsets = slow(scene, 0.02)

    while not offsets:
        scene.service.step()

    assert offsets == list(range(64))
    scene.run(for_s=10)
    assert scene.sent_ids == [f"id-{number}" for number in range(100)]


def test_records_that_there_was_no_time_for_go_with_their_partition() -> None:
    scene = Scene()
    for number in range(6):
        scene.kafka.produce(encoded(event_id=f"id-{number}", user=LARGE))
    offsets = slow(scene, 0.6)
    while not offsets:
        scene.service.step()

    scene.member.take([P0])
    scene.run(for_s=2)
    assert offsets == [0, 1]
    assert scene.kafka.committed_offset() == 2
    scene.member.give([P0])
    scene.run(for_s=10)

    assert scene.sent_ids == [f"id-{number}" for number in range(6)]
    assert scene.kafka.committed_offset() == 6


def test_records_that_waited_for_a_schema_are_decided_a_second_a_step_too() -> None:
    scene = Scene(framing="confluent")
    for number in range(6):
        scene.kafka.produce(b"\0\0\0\0\1" + encoded(event_id=f"id-{number}"))
    scene.run(for_s=0.5)
    scene.registry.coming.append(SchemaFound(scene.registry.asked[0], json.dumps(SCHEMA)))
    offsets = slow(scene, 0.6)

    scene.service.step()

    assert offsets == [0, 1]
    scene.run(for_s=10)
    assert offsets == list(range(6))
    assert scene.sent_ids == [f"id-{number}" for number in range(6)]
