"""SIGTERM under full load: what is under way is finished, nothing is sent again, and what must wait is parked."""

import signal
import time
from collections import Counter
from typing import Final, NamedTuple

import pytest

from tests.endurance.flow import Flow, codes, keys, run
from tests.endurance.watch import LONG, tell
from tests.support.scene import Scene
from tests.support.wait import wait_until

RECORDS: Final = 300_000 if LONG else 40_000
IN_FLIGHT: Final = 50_000 if LONG else 3_000
"""At most so many records: there must be more to do when it is told to stop."""
SHUTDOWN_S: Final = 20.0
LATE: Final = {"do": {"latency_ms": 400}}
"""Answers come in their time, but not at once."""


class Stopped(NamedTuple):
    took_s: float
    parked_before: float
    """Events, before it was told to stop: a quarter of what may be in flight waits, the rest is parked at once."""


def _stopped_under_load(scene: Scene, pixels: int, ready_to_stop: int, held: str = "") -> Stopped:
    """SIGTERM, some time after so many events were accepted, with more to do than could be finished.

    Args:
        held: the name of a pixel that TikTok refuses, and must have refused by then.
    """
    service = run(scene, pixels, shutdown_timeout=f"{SHUTDOWN_S:.0f}s", limits={"max_records_in_flight": IN_FLIGHT})
    scene.wait_until_accepted(ready_to_stop)
    if held:
        wait_until(lambda: service.metrics().value("pixel_state", pixel=held, state="held"), 90, what=f"{held} is held")
    wait_until(lambda: service.metrics().value("requests_in_flight"), 90, what="requests are under way")
    parked = service.metrics().value("events_total", outcome="parked")
    begun_s = time.monotonic()
    service.send(signal.SIGTERM)
    assert service.wait() == 0
    took_s = time.monotonic() - begun_s
    assert not scene.kafka.is_at_end(scene.group, scene.topic), "there was not enough to do"
    return Stopped(took_s, parked)


@pytest.mark.timeout(0 if LONG else 300)
def test_a_stop_under_full_load_finishes_what_is_under_way(scene: Scene) -> None:
    flow = Flow(scene)
    flow.write(RECORDS)
    scene.sandbox.misbehave(LATE)

    took_s, _ = _stopped_under_load(scene, 1, IN_FLIGHT)
    by_first = scene.sandbox.events_accepted()
    scene.sandbox.misbehave()
    run(scene, 1)
    scene.wait_until_settled(600)

    tell(f"SIGTERM under full load: ended after {took_s:.1f} s of {SHUTDOWN_S:.0f} s, {by_first:,} of {RECORDS:,} sent")
    assert took_s < SHUTDOWN_S
    scene.assert_accepted_once(keys(RECORDS, 1))


@pytest.mark.timeout(0 if LONG else 300)
def test_a_stop_with_a_pixel_held_parks_its_records(scene: Scene) -> None:
    shop, held = codes(2)
    flow = Flow(scene, partitions=(0, 1, 2))  # an odd number of them, so that each has records of both pixels
    flow.write(RECORDS)
    scene.sandbox.allow_tokens({"token-of-0": [shop]})
    scene.sandbox.misbehave(LATE)

    took_s, parked_before = _stopped_under_load(scene, 2, IN_FLIGHT // 3, held="pixel1")
    accepted = Counter(key[0] for key in scene.sandbox.accepted())
    parked = len(scene.kafka.read_all(f"{scene.group}.parked.pixel1"))
    committed = sum(scene.kafka.committed(scene.group, scene.topic).values())
    scene.sandbox.allow_tokens({"token-of-0": [shop], "token-of-1": [held]})
    scene.sandbox.misbehave()
    run(scene, 2)
    scene.wait_until_accepted(RECORDS, 600)
    scene.wait_until_settled()

    tell(
        f"SIGTERM under full load, one of two pixels held: ended after {took_s:.1f} s, "
        f"{accepted[shop]:,} sent, {parked:,} parked, {parked - parked_before:,.0f} of them on the way out"
    )
    assert took_s < SHUTDOWN_S
    assert accepted.keys() == {shop}
    assert parked > 0
    assert accepted[shop] + parked == committed  # nothing that was read was given up
    scene.assert_accepted_once(keys(RECORDS, 2))
