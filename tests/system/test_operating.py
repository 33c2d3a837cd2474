"""What docs/operating.md tells people to do, done."""

from collections import Counter
from typing import Final

import pytest

from tests.support.kafka import run_tool
from tests.support.scene import Scene
from tests.support.stream import expected_keys, make_purchases

GROUPS_TOOL: Final = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
OF_THE_LOST_CLUSTER: Final = '{"v":1,"w":0,"m":0,"t":"id-of-the-lost-topic"}'
"""What the service stored with a commit, as a mirror brings it along: here, the topic of that name has another id."""


@pytest.mark.parametrize("is_committed_anew", [False, True], ids=["as mirrored", "committed anew"])
def test_offsets_that_a_mirror_brought_along_count_once_kafkas_own_tool_has_committed_them(
    scene: Scene, *, is_committed_anew: bool
) -> None:
    before, after = make_purchases(40, scene.schema_ids()), make_purchases(40, scene.schema_ids(), first=40)
    scene.produce(before)
    scene.kafka.commit(scene.group, scene.topic, scene.kafka.end_offsets(scene.topic), OF_THE_LOST_CLUSTER)
    scene.produce(after)

    if is_committed_anew:
        where = ["--bootstrap-server", scene.kafka.bootstrap, "--group", scene.group, "--all-topics"]
        run_tool(GROUPS_TOOL, *where, "--reset-offsets", "--to-current", "--execute")
    scene.run()
    scene.wait_until_settled()

    expected = expected_keys(after) if is_committed_anew else expected_keys(before) | expected_keys(after)
    assert scene.sandbox.accepted() == Counter(dict.fromkeys(expected, 1))
