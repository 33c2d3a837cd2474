"""What became of an event can be looked up, and a topic that cannot be written stops nothing."""

import json
import signal
from typing import Any, Final

from tests.support.scene import Scene
from tests.support.stream import make_bad, make_purchases
from tests.support.stream_config import RULES, SHOP
from tests.support.wait import wait_until

RULES_WITH_ORDERS: Final = [
    {**RULES[0], "map": {**RULES[0]["map"], "properties": {**RULES[0]["map"]["properties"], "order_id": "id"}}}
]


def history(scene: Scene, of: str, option: str = "--event-id", **sections: Any) -> list[dict[str, Any]]:
    found = scene.command("outcomes", option, of, "--json", **sections)
    assert found.returncode == 0, found.stderr.decode()
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_says_what_became_of_an_event_and_of_its_copies(scene: Scene) -> None:
    told: dict[str, Any] = {"outcomes": {"topic": f"{scene.topic}.outcomes"}}
    first, refused = make_purchases(2, scene.schema_ids(), partitions=[0])
    [broken] = make_bad(["decode.truncated"], scene.schema_ids())
    event_id, refused_id = (made.keys[0][2] for made in (first, refused))
    scene.sandbox.refuse(refused_id)
    scene.produce([first, first, refused, broken])
    service = scene.run(**told)
    scene.wait_until_settled()
    assert service.stop() == 0  # what was acknowledged before is there

    sent, copy = history(scene, event_id, **told)
    assert (sent["outcome"], copy["outcome"]) in {("accepted", "duplicate"), ("accepted", "merged")}
    assert [each["position"]["offset"] for each in (sent, copy)] == [0, 1]
    assert (sent["pixel"], sent["rule"], sent["event"], bool(sent["request_id"])) == (
        "shop", "purchases", "Purchase", True,
    )  # fmt: skip
    (rejected,) = history(scene, refused_id, **told)
    assert (rejected["outcome"], rejected["reason"]) == ("rejected", "deliver.refused")
    shown = scene.command("outcomes", "--event-id", event_id, **told).stdout.decode()
    assert "accepted" in shown
    assert max(map(len, shown.splitlines())) <= 80
    nothing = scene.command("outcomes", "--event-id", "nobody", **told)
    assert (nothing.returncode, nothing.stdout) == (0, b"Nothing is known of event_id nobody.\n")
    assert len(scene.kafka.read_all(f"{scene.topic}.outcomes")) == 4
    assert scene.sandbox.accepted() == {(SHOP, "Purchase", event_id): 1}


def test_says_what_became_of_an_order_and_of_a_record(scene: Scene) -> None:
    told: dict[str, Any] = {"outcomes": {"topic": f"{scene.topic}.outcomes"}, "rules": RULES_WITH_ORDERS}
    nothing_yet = scene.command("outcomes", "--order-id", "1", **told)
    assert (nothing_yet.returncode, nothing_yet.stdout) == (0, b"")
    assert nothing_yet.stderr.decode().startswith("No outcomes yet: there is no topic ")
    first, second = make_purchases(2, scene.schema_ids(), partitions=[0])
    scene.produce([first, second, first])
    service = scene.run(**told)
    scene.wait_until_settled()
    assert service.stop() == 0
    order_id = first.keys[0][2]

    of_order = history(scene, order_id, "--order-id", **told)
    of_record = history(scene, f"{scene.topic}:0:1", "--at", **told)

    assert [each["position"]["offset"] for each in of_order] == [0, 2]
    assert [each["event_id"] for each in of_record] == [second.keys[0][2]]
    assert history(scene, "nobody", "--order-id", **told) == []
    assert order_id in scene.command("outcomes", "--at", f"{scene.topic}:0:0", **told).stdout.decode()


def test_a_topic_that_cannot_be_written_stops_nothing_and_is_said(scene: Scene) -> None:
    topic = f"{scene.topic}.outcomes"
    scene.kafka.create_topic(topic)
    with scene.kafka.denied(topic):
        service = scene.run(outcomes={"topic": topic})
        scene.produce(make_purchases(50, scene.schema_ids()))
        scene.wait_until_settled()
        wait_until(lambda: service.metrics().value("outcome_errors_total") == 50, 90, what="each is counted")

        said = [line for line in service.log() if line["event"] == "outcomes.lost"]
        assert len(said) == 1
        assert service.is_ready()
        assert service.stop() == 0


def test_without_a_topic_says_how_to_have_one(scene: Scene) -> None:
    done = scene.command("outcomes", "--event-id", "1")
    assert done.returncode == 78
    assert b"outcomes.topic" in done.stderr


def test_a_signal_shows_every_request_and_the_next_one_does_not(scene: Scene) -> None:
    service = scene.run(log={"level": "warning"})
    service.send(signal.SIGUSR1)
    service.wait_until_logged("log.level")
    scene.produce(make_purchases(1, scene.schema_ids()))
    scene.wait_until_accepted(1)
    service.wait_until_logged("request.answered")

    service.send(signal.SIGUSR1)
    service.wait_until_logged("log.level", times=2)
    scene.produce(make_purchases(1, scene.schema_ids(), first=1))
    scene.wait_until_accepted(2)
    assert sum(line["event"] == "request.answered" for line in service.log()) == 1
