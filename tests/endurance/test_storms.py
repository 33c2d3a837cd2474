"""TikTok takes fewer requests than there are: the rate settles below that, and comes back up when it takes more."""

import time
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.endurance.flow import Flow, run
from tests.endurance.watch import tell
from tests.support.http_clients import http_client
from tests.support.scene import Scene
from tests.support.wait import wait_until

SETTLE_S: Final = 60.0
MEASURED_S: Final = 60.0
STORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "40100 in 200": {},
    "40100 in 401": {"status": 401},
    "429": {"code": None, "status": 429},
}


def _limit(scene: Scene, rate: Mapping[str, Any] | None) -> None:
    url = f"{scene.sandbox.url}/sandbox/rate"
    with http_client() as client:
        answer = client.put(url, json=dict(rate)) if rate else client.delete(url)
    answer.raise_for_status()


def _measured(scene: Scene, seconds: float) -> tuple[float, float]:
    """Requests a second from now on, and the share of them that was throttled."""
    begun_s, before = time.monotonic(), scene.sandbox.summary()
    time.sleep(seconds)
    after = scene.sandbox.summary()
    requests = after["requests"] - before["requests"]
    accepted = after["by_answer"]["0"] - before["by_answer"]["0"]
    return requests / (time.monotonic() - begun_s), 1 - accepted / max(1, requests)


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.parametrize("storm", STORMS)
def test_the_rate_settles_below_what_tiktok_takes_and_comes_back(scene: Scene, storm: str) -> None:
    flow = Flow(scene)
    flow.write(200_000)
    run(scene, 1, batch={"max_events": 20}, delivery={"max_requests_per_second": 60})
    scene.wait_until_accepted(1_000)
    at_first, _ = _measured(scene, 15)

    limit = max(3, round(at_first / 3))
    _limit(scene, {"per_second": limit, **STORMS[storm]})
    time.sleep(SETTLE_S)
    settled, throttled = _measured(scene, MEASURED_S)
    _limit(scene, None)
    ended_s = time.monotonic()
    wait_until(lambda: _measured(scene, 3)[0] >= 0.9 * at_first, 60, what="it has come back up")

    tell(
        f"{storm} beyond {limit} requests a second: {at_first:.0f} a second before, {settled:.1f} after "
        f"{SETTLE_S:.0f} s, {throttled:.1%} of them throttled, back up within {time.monotonic() - ended_s:.0f} s"
    )
    assert 0 < throttled < 0.05
    assert 0.7 * limit <= settled * (1 - throttled) <= limit
    assert scene.dead_letters() == []
