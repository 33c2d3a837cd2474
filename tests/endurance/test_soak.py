"""Half of full speed for half an hour: nothing grows, and nothing is left over."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.endurance.flow import Flow, run
from tests.endurance.watch import Look, Watch, look, rate, resident_mib, tell
from tests.support.processes import Service
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene
from tests.support.topics import Kafka

MINUTES: Final = 30
SETTLED: Final = 10
"""Minutes: two windows. A dict whose keys come and go is made again, larger, while the second one passes."""
PER_MINUTE: Final = 6
FLAT: Final = 1.1


@pytest.fixture
def forgetful_scene(kafka: Kafka, registry: Registry, tmp_path: Path) -> Iterator[Scene]:
    """Its sandbox counts events and forgets their keys."""
    topic = kafka.new_topic("events", partitions=4)
    kafka.create_topic(f"{topic}.dlq")
    sandbox = Sandbox(tmp_path, arguments=("--forget-keys", "--keep", "1000"))
    scene = Scene(kafka, registry, sandbox, tmp_path, topic)
    yield scene
    scene.close()
    sandbox.kill()


def _full_speed(scene: Scene, service: Service, flow: Flow) -> float:
    """Events a second while there is more to do than can be done."""
    with Watch(scene, service) as watch:
        scene.wait_until_accepted(flow.written, 600)
    return rate([each for each in watch.looks if 0 < each.accepted < flow.written])


@pytest.mark.long
@pytest.mark.timeout(0)
def test_half_of_full_speed_for_half_an_hour_leaves_nothing_behind(forgetful_scene: Scene) -> None:
    scene = forgetful_scene
    flow = Flow(scene)
    flow.write(200_000)
    service = run(scene, 1)
    full = _full_speed(scene, service, flow)
    flow.rate = full / 2
    begun_s = time.monotonic()
    with Watch(scene, service, every_s=60 / PER_MINUTE) as watch, flow:
        time.sleep(MINUTES * 60)
        flow.end()
        scene.wait_until_settled(600)
    last = look(scene, service)
    assert service.stop() == 0

    at = {minute: watch.between(begun_s + (minute - 1) * 60, begun_s + minute * 60) for minute in (SETTLED, MINUTES)}
    tell(
        f"soak: full speed {full:.0f} events a second; {MINUTES} minutes at half of it, "
        f"{rate(watch.between(begun_s, begun_s + MINUTES * 60)):.0f} accepted a second; "
        f"{_figures(at[SETTLED])} after {SETTLED} minutes, {_figures(at[MINUTES])} after {MINUTES}"
    )
    assert last.accepted == flow.written
    assert resident_mib(at[MINUTES]) <= FLAT * resident_mib(at[SETTLED])
    assert max(each.threads for each in at[MINUTES]) <= max(each.threads for each in at[SETTLED])
    assert max(each.descriptors for each in at[MINUTES]) <= max(each.descriptors for each in at[SETTLED]) + 2
    assert all(each.is_healthy and not each.unaccounted for each in watch.looks)
    assert scene.dead_letters() == []


def _figures(looks: list[Look]) -> str:
    return (
        f"{resident_mib(looks):.0f} MiB, {max(each.threads for each in looks)} threads and "
        f"{max(each.descriptors for each in looks)} descriptors"
    )
