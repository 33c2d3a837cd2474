"""What docs/operating.md says of another region, done."""

from typing import Final

from tests.support.scene import Scene
from tests.support.stream import expected_keys, make_purchases

OF_THE_LOST_CLUSTER: Final = '{"v":1,"w":0,"m":0,"t":"lost-cluster/its-topic"}'
"""What the service stored with a commit there, as a mirror brings it along."""


def test_offsets_that_a_mirror_brought_along_are_gone_on_from(scene: Scene) -> None:
    before, after = make_purchases(40, scene.schema_ids()), make_purchases(40, scene.schema_ids(), first=40)
    scene.produce(before)
    scene.kafka.commit(scene.group, scene.topic, scene.kafka.end_offsets(scene.topic), OF_THE_LOST_CLUSTER)
    scene.produce(after)

    service = scene.run()
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(after))
    assert "other_cluster" in service.stderr.read_text()
