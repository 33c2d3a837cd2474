"""Partitions move while a refused event is looked for: nothing is sent twice, no dead letter is written twice."""

from collections import Counter
from typing import Any

import pytest

from tests.endurance.flow import Flow, codes, keys, run
from tests.support.letters import origin
from tests.support.scene import CLASSIC, CONSUMER, Scene

RATE = 800.0
REFUSE_EVERY = 2000
SLOW: dict[str, Any] = {"do": {"latency_ms": 60}}
"""So that looking for one of a thousand events takes more than a second."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("protocol", [CLASSIC, CONSUMER], ids=["classic", "consumer"])
def test_members_that_join_one_after_the_other_send_nothing_twice(scene: Scene, protocol: dict[str, str]) -> None:
    scene.protocol = protocol
    refused = range(1000, 200_000, REFUSE_EVERY)
    scene.sandbox.refuse(*(f"1-{number}" for number in refused))
    scene.sandbox.misbehave(SLOW)
    sections: dict[str, Any] = {"batch": {"max_wait": "1s"}, "delivery": {"max_in_flight": 4}}

    with Flow(scene, RATE) as flow:
        members = [run(scene, 1, **sections)]
        for goal in (6_000, 12_000):
            scene.wait_until_accepted(goal)
            members.append(run(scene, 1, **sections))
        scene.wait_until_accepted(18_000)
        assert members.pop(0).stop() == 0
        scene.wait_until_accepted(24_000)
        flow.end()
        scene.wait_until_settled(300)
    codes_ended = [member.stop() for member in members]

    bad = {(codes(1)[0], "Purchase", f"1-{number}") for number in refused if number < flow.written}
    scene.assert_accepted_once(keys(flow.written, 1) - bad)
    assert Counter(map(origin, scene.dead_letters())).most_common(1)[0][1] == 1
    assert len(scene.dead_letters()) == len(bad) >= 12
    assert codes_ended == [0, 0]
