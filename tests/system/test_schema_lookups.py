"""A registry that is away is not the record's fault; an id that it keeps denying is."""

from datetime import UTC, datetime

import pytest

from tests.support.avro import encoded
from tests.support.letters import letter
from tests.support.records import Raw
from tests.support.scene import Scene
from tests.support.stream import expected_keys, make_purchases
from tests.support.stream_config import SCHEMAS
from tests.support.wait import wait_until

_FIELDS = {
    "action": "newsletter",
    "id": "by-guid",
    "at": datetime.now(UTC),
    "customer": {"id": "c1", "email": "someone@example.com", "phone": None},
    "order": None,
    "page_url": "https://shop.example.com/",
    "took_ms": 1.0,
}


@pytest.mark.parametrize("answers", [True, False], ids=["answers 503", "refuses connections"])
def test_waits_for_a_registry_that_is_away_at_the_start(scene: Scene, answers: bool) -> None:
    stream = make_purchases(50, scene.schema_ids())
    scene.registry.is_away = True
    service = scene.start()
    scene.produce(stream)
    wait_until(lambda: scene.registry.requests.total() > 1, 90, what="the registry was asked")
    if not answers:
        scene.registry.stop()

    assert service.is_running
    wait_until(lambda: scene.kafka.members(scene.group) == 1, 90, what="it is a member")
    assert scene.sandbox.requests() == 0
    if not answers:
        scene.registry.start()
    scene.registry.is_away = False

    scene.wait_until_settled()
    scene.assert_accepted_once(expected_keys(stream))
    assert scene.dead_letters() == []


def test_only_the_partition_that_waits_for_a_denied_schema_stops_and_its_record_is_rejected(scene: Scene) -> None:
    stream = make_purchases(60, scene.schema_ids(), partitions=(1, 2, 3))
    unknown = Raw(b"\x00\x00\x00\x27\x0f" + encoded(SCHEMAS[0], _FIELDS), key=b"unknown", partition=0)
    scene.kafka.produce(scene.topic, [unknown])
    scene.produce(stream)

    scene.run()
    scene.wait_until_accepted(60)
    assert scene.dead_letters() == []  # the id is asked for again for 30 s

    scene.wait_until_settled()
    assert list(map(letter, scene.dead_letters())) == [(b"unknown", unknown.value, (), "decode.schema_unknown")]


def test_reads_the_schema_that_a_header_names_by_its_guid(scene: Scene) -> None:
    [schema_id, _] = scene.schema_ids()
    header = b"\x01" + bytes.fromhex(scene.registry.guid(schema_id).replace("-", ""))
    record = Raw(encoded(SCHEMAS[0], _FIELDS), headers=(("__value_schema_id", header),), partition=0)
    scene.kafka.produce(scene.topic, [record])

    scene.run()
    scene.wait_until_settled()

    assert [key[2] for key in scene.sandbox.accepted()] == ["by-guid"]
