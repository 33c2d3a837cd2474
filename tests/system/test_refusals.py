"""What TikTok refuses, and what is nobody's fault."""

from tests.support.letters import letter
from tests.support.records import Raw
from tests.support.scene import Scene
from tests.support.stream import expected_keys, make_purchases


def test_one_bad_event_among_a_thousand_costs_22_requests_and_none_of_the_others(scene: Scene) -> None:
    stream = make_purchases(1_000, scene.schema_ids())
    guilty = stream[617]
    scene.sandbox.refuse(guilty.keys[0][2])
    scene.produce(stream)

    scene.run(batch={"max_events": 1000, "max_wait": "10s"})
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(stream) - set(guilty.keys))
    assert scene.sandbox.requests() <= 22
    [dead] = scene.dead_letters()
    assert letter(dead) == (guilty.raw.key, guilty.raw.value, guilty.raw.headers, "deliver.refused")
    told = {name: dead.header(f"tiktok.{name}") for name in ("rule", "pixel", "code", "replays", "timestamp")}
    assert told == {
        "rule": "purchases",
        "pixel": "shop",
        "code": "40002",
        "replays": "0",
        "timestamp": str(guilty.raw.timestamp_ms),
    }
    assert dead.header("tiktok.request_id")
    assert dead.header("tiktok.failed_at")


def test_a_throttling_tiktok_is_waited_for_and_gets_every_event_once(scene: Scene) -> None:
    stream = make_purchases(200, scene.schema_ids())
    scene.sandbox.misbehave({"do": {"code": 40100}, "for_next": 3}, {"do": {"status": 503}, "for_next": 3})
    scene.produce(stream)

    scene.run()
    scene.wait_until_settled()

    scene.assert_accepted_once(expected_keys(stream))
    assert scene.dead_letters() == []


def test_a_tombstone_is_dropped_and_counted(scene: Scene) -> None:
    [purchase] = make_purchases(1, scene.schema_ids())
    scene.kafka.produce(scene.topic, [Raw(None, key=b"gone", partition=0), purchase.raw])

    service = scene.run()
    scene.wait_until_settled()

    assert set(scene.sandbox.accepted()) == set(purchase.keys)
    assert scene.dead_letters() == []
    assert service.metrics_now().by("records_settled_total", "outcome") == {"dropped": 1, "sent": 1}
