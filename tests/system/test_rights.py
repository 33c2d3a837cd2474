"""Rights that are missing are told, cost nothing that could be done without them, and are made up for by themselves."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from confluent_kafka.admin import AclOperation, ResourceType

from tests.support.letters import letter
from tests.support.scene import Scene
from tests.support.stream import expected_keys, expected_letters, make_bad, make_purchases
from tests.support.wait import wait_until

GROUP: Final = ResourceType.GROUP
TOPIC: Final = ResourceType.TOPIC


def test_without_the_right_to_the_own_group_it_delivers_and_is_unready(scene: Scene) -> None:
    stream = make_purchases(20, scene.schema_ids())
    own = f"{scene.group}.own"
    with scene.kafka.forbidden(GROUP, own, AclOperation.READ):
        _wait_until_check_says(scene, f"group {own}: no right to READ")
        scene.produce(stream)
        service = scene.start()
        scene.wait_until_settled()
        assert "not yet a member of the own group" in service.wait_until_unready().text

    service.wait_until_ready(120)
    scene.assert_accepted_once(expected_keys(stream))
    assert service.stop() == 0


def test_without_the_right_to_write_anything_it_waits_and_writes_once_it_may(scene: Scene) -> None:
    good, bad = make_purchases(20, scene.schema_ids()), make_bad(["decode.left_over"] * 5, scene.schema_ids())
    scene.kafka.produce(scene.topic, [replace(made.raw, partition=0) for made in good + bad])
    scene.start().wait_until_ready(90)  # its own topics are made
    assert scene.services[0].stop() == 0
    first = len(scene.dead_letters())
    scene.kafka.produce(scene.topic, [replace(made.raw, partition=0) for made in good + bad])

    with ExitStack() as forbidden:
        for topic in scene.kafka.topics():
            if topic.startswith((scene.topic, scene.group)):  # of all that it writes; others' tests have topics, too
                forbidden.enter_context(scene.kafka.forbidden(TOPIC, topic, AclOperation.WRITE))
        _wait_until_check_says(scene, f"topic {scene.dead_letter_topic}: no right to WRITE")
        service = scene.start()
        wait_until(
            lambda: service.metrics().value("dead_letters_blocked"),
            90,
            what="it says that dead letters cannot be written",
        )
        assert service.is_running

    service.wait_until_ready(90)
    scene.wait_until_settled()
    found = Counter(map(letter, scene.dead_letters()[first:]))
    assert set(found) == set(expected_letters(bad))
    assert service.metrics().unaccounted == 0
    assert service.stop() == 0


def _wait_until_check_says(scene: Scene, text: str) -> None:
    """A broker applies a rule a moment after the controller has it."""

    def says() -> bool:
        checked = scene.command("check")
        return text in checked.stdout.decode() and checked.returncode == 78

    wait_until(says, 90, what=f"check says: {text}")
