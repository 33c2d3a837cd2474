"""One of five pixels is revoked: the others do not notice, and its events are delivered in the end, each once."""

import time
from collections.abc import Iterable
from typing import Final

import pytest

from tests.endurance.flow import Flow, codes, keys, run, token_file
from tests.endurance.watch import LONG, tell
from tests.support.process_costs import cpu_s
from tests.support.processes import Service
from tests.support.scene import Scene
from tests.support.wait import wait_until

PIXELS: Final = 5
RATE: Final = 500.0 if LONG else 250.0
MEASURED_S: Final = 60.0 if LONG else 4.0
PARK_AFTER_S: Final = 20 if LONG else 2
DELIVERY: Final = {"backoff": {"first": "500ms", "max": "2s"}, "park": {"after": f"{PARK_AFTER_S}s"}}
KEPT: Final = 0.9


def _allow(scene: Scene, pixels: Iterable[int]) -> None:
    scene.sandbox.allow_tokens({f"token-of-{pixel}": [codes(PIXELS)[pixel]] for pixel in pixels})


def _others(scene: Scene) -> int:
    """Events accepted of all pixels but the first."""
    by_pixel: dict[str, int] = scene.sandbox.summary()["by_pixel"]
    return sum(by_pixel.get(code, 0) for code in codes(PIXELS)[1:])


def _rate(scene: Scene, seconds: float) -> float:
    """Of the others, events accepted a second from now on."""
    begun_s, begun = time.monotonic(), _others(scene)
    time.sleep(seconds)
    return (_others(scene) - begun) / (time.monotonic() - begun_s)


def _rate_if_kept(scene: Scene, kept: float) -> float:
    """The rate; in the short form it is measured again while it is less than that, since others use this machine."""
    measured = _rate(scene, MEASURED_S)
    for _ in range(0 if LONG else 4):
        if measured >= kept:
            break
        measured = _rate(scene, MEASURED_S)
    return measured


def _behind(scene: Scene) -> int:
    """Records of the topic that are not committed."""
    committed = scene.kafka.committed(scene.group, scene.topic)
    return sum(end - committed.get(n, 0) for n, end in scene.kafka.end_offsets(scene.topic).items())


def _parks(service: Service) -> bool:
    return service.metrics().value("events_total", pixel="pixel0", outcome="parked") > 0


def _restore(scene: Scene, written: int) -> None:
    """Another token, in the file and at TikTok's; then everything must come, each once."""
    code = codes(PIXELS)[0]
    tokens = {f"token-of-{pixel}": [codes(PIXELS)[pixel]] for pixel in range(1, PIXELS)}
    scene.sandbox.allow_tokens({**tokens, "token-restored": [code]})
    token_file(scene, 0).write_text("token-restored")
    scene.wait_until_accepted(written, 300)
    scene.assert_accepted_once(keys(written, PIXELS))


@pytest.mark.timeout(0 if LONG else 300)
def test_a_revoked_pixel_costs_the_others_nothing(scene: Scene) -> None:
    _allow(scene, range(PIXELS))
    service = run(scene, PIXELS, delivery=DELIVERY)
    with Flow(scene, RATE) as flow:
        scene.wait_until_accepted(int(RATE))
        before = _rate(scene, MEASURED_S)
        _allow(scene, range(1, PIXELS))
        wait_until(lambda: _parks(service), PARK_AFTER_S + 60, what="its events are parked")
        # Before, it may still have caught up with what was written while it started.
        kept = KEPT * min(before, RATE * (PIXELS - 1) / PIXELS)
        meanwhile = _rate_if_kept(scene, kept)
        wait_until(lambda: _behind(scene) < 3 * RATE, 60, what="none of the topic's records waits for it")
        flow.end()
        scene.wait_until_settled()
        in_flight = service.metrics_now().value("records_in_flight")
        _restore(scene, flow.written)

    tell(
        f"four of five pixels at {RATE:.0f} events a second: {before:.0f} before, {meanwhile:.0f} while one is revoked"
    )
    assert meanwhile >= kept
    assert in_flight <= 500  # of its parked topic, one read: one of these it is tried with
    assert scene.dead_letters() == []


@pytest.mark.long
@pytest.mark.timeout(0)
def test_a_revoked_pixel_costs_the_others_little_at_full_speed(scene: Scene) -> None:
    """Speed for each CPU second of the process: others use this machine, too."""
    _allow(scene, range(PIXELS))
    flow = Flow(scene)
    flow.write(400_000)
    service = run(scene, PIXELS, delivery=DELIVERY)
    scene.wait_until_accepted(5_000)
    figures = {}
    for when in ("before", "meanwhile"):
        begun_s, begun = cpu_s(service.pid), _others(scene)
        figures[when, "wall"] = _rate(scene, 15)
        figures[when, "cpu"] = (_others(scene) - begun) / (cpu_s(service.pid) - begun_s)
        if when == "before":
            _allow(scene, range(1, PIXELS))
            wait_until(lambda: _parks(service), PARK_AFTER_S + 60, what="its events are parked")
    assert _behind(scene) > 0, "there was not enough to do"

    tell(
        "four of five pixels at full speed: "
        f"{figures['before', 'wall']:.0f} events a second before, {figures['meanwhile', 'wall']:.0f} while one is "
        f"revoked; for each CPU second {figures['before', 'cpu']:.0f} and {figures['meanwhile', 'cpu']:.0f}"
    )
    assert figures["meanwhile", "cpu"] >= KEPT * figures["before", "cpu"]
    scene.wait_until_settled(600)
    _restore(scene, flow.written)
