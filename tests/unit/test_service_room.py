"""A closed pixel's parked records, once read, keep no other pixel waiting; no wait for a schema is cut short."""

import json
from collections import Counter
from typing import Final

import pytest

from consumer.core.decode.schema_lookups import SchemaAnswer, SchemaFound
from consumer.core.model import SchemaKey
from tests.support.fakes import ACCEPTED, FORBIDDEN, TIMEOUT
from tests.support.service import SCHEMA, TOPIC, FakeKafka, ManualClock, Scene, encoded
from tests.support.service_rules import TWO_PIXELS

PARKED: Final = "g.parked.app"


def scene_of(max_records: int) -> Scene:
    """Two pixels, `shop` and `app`; `app` is refused."""
    kafka = FakeKafka(ManualClock())
    for topic in (PARKED, "g.parked.shop", TOPIC):
        assert kafka.logs[topic, 0] == []
    scene = Scene(
        kafka, rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=5.0, max_wait_s=0.1, max_records=max_records
    )
    scene.sender.judge = lambda request: FORBIDDEN if request.pixel == "app" else ACCEPTED
    return scene


def produce(scene: Scene, pixel: str, event_id: str) -> None:
    scene.kafka.produce(encoded(event_id=event_id, user={"external_id": {"shop": "one", "app": "two"}[pixel]}))


def shops_flow(scene: Scene, count: int = 3) -> bool:
    """Whether events of the open pixel are sent as they come."""
    for number in range(count):
        produce(scene, "shop", f"later-{number}")
        scene.run(10)
    return sum(each.startswith("later-") for each in scene.sent_ids) == count


def test_a_pixel_that_closes_while_its_backlog_is_delivered_keeps_no_other_waiting() -> None:
    scene = scene_of(max_records=1000)
    for number in range(1500):
        produce(scene, "app", f"app-{number}")
    produce(scene, "shop", "first")
    scene.run(8)
    assert len(scene.kafka.logs[PARKED, 0]) == 1500

    scene.sender.judge = lambda request: ACCEPTED
    scene.sender.is_silent = True
    scene.sender.change_token("app")
    for _ in range(10):
        scene.service.step()
    assert scene.ledger.in_flight >= 1000
    scene.sender.judge = lambda request: FORBIDDEN if request.pixel == "app" else ACCEPTED
    scene.sender._answers = [(number, FORBIDDEN) for number, _ in scene.sender._answers]
    scene.sender.is_silent = False

    assert shops_flow(scene)
    scene.sender.judge = lambda request: ACCEPTED
    scene.sender.change_token("app")
    scene.run(120)
    assert {each for each in scene.sent_ids if each.startswith("app-")} == {f"app-{number}" for number in range(1500)}
    assert scene.numbers()["records_in_flight{}"] == 0
    assert scene.is_even()


@pytest.mark.parametrize("answer", [FORBIDDEN, TIMEOUT], ids=["forbidden", "timeout"])
def test_what_is_read_to_try_a_closed_pixel_keeps_no_other_waiting(answer: object) -> None:
    """A try reads 500 records at most: more than may be in flight here."""
    scene = scene_of(max_records=400)
    scene.sender.judge = lambda request: answer if request.pixel == "app" else ACCEPTED  # type: ignore[assignment,return-value]  # of two answers
    for number in range(600):
        produce(scene, "app", f"app-{number}")
        produce(scene, "shop", f"shop-{number}")
    scene.run(60)

    assert shops_flow(scene)


def test_a_warm_up_that_is_over_while_its_schema_is_looked_up_sends_nothing_again() -> None:
    framing = b"\0\0\0\0\1"

    def found(key: SchemaKey) -> SchemaAnswer:
        return SchemaFound(key, json.dumps(SCHEMA))

    first = Scene(framing="confluent")
    first.registry.answer = found
    for number in range(40):
        first.kafka.produce(framing + encoded(event_id=f"old-{number}"))
    first.run(5)
    first.stop()
    for number in range(5):
        first.kafka.produce(framing + encoded(event_id=f"new-{number}"))

    scene = Scene(first.kafka, framing="confluent", warmup_max_s=20.0)
    scene.member.silent.add((TOPIC, 0))  # the first fetch takes a while
    scene.registry.answer = None
    begun_s = scene.clock.s
    while scene.clock.s < begun_s + 19.9:
        scene.service.step()
    scene.member.silent.clear()
    scene.clock.s = begun_s + 21.0
    for _ in range(40):
        scene.service.step()
    scene.registry.coming.extend(map(found, scene.registry.asked))
    scene.run(10)

    assert Counter(scene.sent_ids) == Counter(f"new-{number}" for number in range(5))
    assert scene.is_even()
