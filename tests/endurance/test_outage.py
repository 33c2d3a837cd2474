"""TikTok is away for long: nothing is lost, nothing grows, nobody leaves, and it is caught up with at once."""

import time
from itertools import cycle, pairwise
from typing import Any, Final

import pytest

from tests.endurance.flow import Flow, keys, run
from tests.endurance.watch import LONG, Look, Watch, look, rate, resident_mib, tell
from tests.support.scene import Scene
from tests.support.wait import wait_until

AWAY_S: Final = 1200.0 if LONG else 12.0
RATE: Final = 500.0 if LONG else 200.0
MOST_RECORDS: Final = 50_000 if LONG else 500
"""In flight. The long form has the service's own limit, which is met after 100 s."""
WAYS: Final[list[dict[str, Any]]] = [{"end": "reset"}, {"status": 503}, {"end": "hang"}, {"code": 50000}]
"""How it is away, in turns."""
BACKOFF_MAX_S: Final = 2.0
BACK_WITHIN_S: Final = BACKOFF_MAX_S + (5 if LONG else 28)
"""The short form runs beside others, on a machine that is busy with them."""


@pytest.mark.timeout(0 if LONG else 300)
def test_tiktok_may_be_away_for_long(scene: Scene) -> None:
    service = run(
        scene,
        1,
        delivery={"timeout": "3s", "backoff": {"first": "500ms", "max": "2s"}},
        limits={"max_records_in_flight": MOST_RECORDS},
    )
    with Flow(scene, RATE) as flow, Watch(scene, service, every_s=0.5) as watch:
        scene.wait_until_accepted(int(RATE))
        before = look(scene, service)
        with watch.excused():
            _away(scene)
        back_s = time.monotonic()
        missing = flow.written - scene.sandbox.events_accepted()
        wait_until(lambda: scene.sandbox.events_accepted() >= flow.written - RATE, 600, what="it has caught up")
        caught_up_s = time.monotonic()
        flow.end()
        scene.wait_until_settled()
        after = look(scene, service)

    assert scene.dead_letters() == []
    scene.assert_accepted_once(keys(flow.written, 1))
    _has_kept_its_place(before, after)
    assert all(each.is_healthy and not each.unaccounted for each in watch.looks)
    _is_bounded(watch, back_s)
    _is_back_at_once(watch, back_s, caught_up_s, missing)


def _away(scene: Scene) -> None:
    """For AWAY_S, each way for a while; the group keeps its member."""
    end_s, each_s = time.monotonic() + AWAY_S, AWAY_S / (len(WAYS) * (10 if LONG else 1))
    for way in cycle(WAYS):
        scene.sandbox.misbehave({"do": way})
        turn_s = min(time.monotonic() + each_s, end_s)
        time.sleep(max(0.0, turn_s - time.monotonic()))
        assert scene.kafka.members(scene.group) == 1
        if turn_s == end_s:
            break
    scene.sandbox.misbehave()


def _has_kept_its_place(before: Look, after: Look) -> None:
    assert after.rebalances == before.rebalances


def _is_back_at_once(watch: Watch, back_s: float, caught_up_s: float, missing: int) -> None:
    """Full speed, which is that of the catching up on average, is reached within the time that the issue names."""
    looks = watch.between(back_s - 1, caught_up_s)
    first_s = next(after.at_s for before, after in pairwise(looks) if after.accepted > before.accepted) - back_s
    assert first_s <= BACK_WITHIN_S
    if not LONG:
        return
    full = missing / (caught_up_s - back_s)
    full_s = next(after.at_s for before, after in pairwise(looks) if rate([before, after]) >= full) - back_s
    tell(
        f"away for {AWAY_S:.0f} s at {RATE:.0f} events a second: {missing:,} waited, caught up with in "
        f"{caught_up_s - back_s:.0f} s, {full:.0f} a second; first accepted {first_s:.1f} s after the return, "
        f"that speed reached after {full_s:.1f} s"
    )
    assert full_s <= BACK_WITHIN_S


def _is_bounded(watch: Watch, back_s: float) -> None:
    """What it holds once the limits are met is what it holds at the end."""
    begun_s = back_s - AWAY_S
    away = watch.between(begun_s + AWAY_S * 0.2, back_s)
    assert {each.accepted for each in away} == {away[0].accepted}
    most = max(each.in_flight for each in away)
    assert most <= MOST_RECORDS + 500  # those of one read more
    if not LONG:
        return
    early, late = away[: len(away) // 8], away[-len(away) // 8 :]
    tell(
        f"memory: {resident_mib(watch.looks[:20]):.0f} MiB before, {resident_mib(early):.0f} once the limits were met, "
        f"{resident_mib(late):.0f} at the end of it, at most {max(each.resident_mib for each in watch.looks):.0f}; "
        f"at most {most:.0f} records in flight"
    )
    assert resident_mib(late) <= 1.1 * resident_mib(early)
