"""Bad records reach the dead-letter topic whole, or the service waits until they can."""

import hashlib
from collections import Counter
from dataclasses import replace

from tests.support.letters import letter, origin
from tests.support.records import Raw
from tests.support.scene import Scene
from tests.support.stream import BAD, expected_keys, expected_letters, make_bad, make_purchases
from tests.support.wait import wait_until


def test_every_kind_of_bad_record_is_written_byte_for_byte_with_its_reason_and_place(scene: Scene) -> None:
    stream = make_bad([*BAD] * 3, scene.schema_ids())
    places = scene.produce(stream)

    service = scene.run()
    scene.wait_until_settled()

    letters = scene.dead_letters()
    assert Counter(map(letter, letters)) == expected_letters(stream)
    by_origin = {origin(dead): letter(dead) for dead in letters}
    for made, place in zip(stream, places, strict=True):
        assert by_origin[scene.topic, *place] == (made.raw.key, made.raw.value, made.raw.headers, made.reason)
    assert service.metrics_now().by("rejected_total", "reason") == dict.fromkeys(BAD, 3)
    assert scene.sandbox.requests() == 0


def test_added_headers_and_the_log_hold_no_value_of_the_record(scene: Scene) -> None:
    stream = make_bad(list(BAD), scene.schema_ids())
    scene.produce(stream)

    service = scene.run()
    scene.wait_until_settled()

    added = b"".join(
        value or b""
        for dead in scene.dead_letters()
        for name, value in dead.headers
        if name.startswith(("tiktok.", "__connect."))
    )
    for made in stream:
        assert made.raw.key
        assert made.raw.key not in added
        assert made.raw.key.decode() not in service.stderr.read_text()
    assert b"example.com" not in added
    assert "example.com" not in service.stderr.read_text()


def test_a_record_larger_than_the_limit_is_rejected_whole(scene: Scene) -> None:
    record = Raw(b"\x00" * 3000, key=b"large", partition=2)
    scene.kafka.produce(scene.topic, [record])

    scene.run(limits={"max_record_bytes": "2KiB"})
    scene.wait_until_settled()

    assert list(map(letter, scene.dead_letters())) == [(record.key, record.value, (), "decode.too_large")]


def test_a_dead_letter_that_is_too_large_for_its_topic_goes_without_its_value(scene: Scene) -> None:
    scene.kafka.configure_topic(scene.dead_letter_topic, "max.message.bytes", "2000")
    # Together they are too large for the topic, each small one alone is not; they share a batch, being made at once.
    small = make_bad(["decode.left_over"] * 20, scene.schema_ids())
    large = Raw(b"\x01" * 5000, key=b"large", headers=(("trace", b"x" * 100),), partition=0)
    [place] = scene.kafka.produce(scene.topic, [large])
    scene.produce(small)

    scene.run()
    scene.wait_until_settled()

    letters = {dead.key: dead for dead in scene.dead_letters()}
    assert [letter(letters[made.raw.key]).value for made in small] == [made.raw.value for made in small]
    short = letters[b"large"]
    assert letter(short) == (b"large", None, (), "decode.framing")
    assert origin(short) == (scene.topic, *place)
    assert short.header("tiktok.value_bytes") == "5000"
    assert short.header("tiktok.value_sha256") == hashlib.sha256(b"\x01" * 5000).hexdigest()


def test_waits_for_a_dead_letter_topic_that_cannot_be_written_and_goes_on_by_itself(scene: Scene) -> None:
    good, bad = make_purchases(20, scene.schema_ids()), make_bad(["decode.left_over"] * 5, scene.schema_ids())
    with scene.kafka.denied(scene.dead_letter_topic):
        # Of one partition, and the good ones first: once a letter has failed nothing more is read, of any partition.
        scene.kafka.produce(scene.topic, [replace(made.raw, partition=0) for made in good + bad])
        service = scene.start()
        wait_until(
            lambda: service.metrics().value("dead_letters_blocked"),
            90,
            what="it says that dead letters cannot be written",
        )

        assert "dead" in service.wait_until_unready().text
        wait_until(
            lambda: scene.kafka.committed(scene.group, scene.topic).get(0) == len(good),
            90,
            what="everything is committed up to the first bad record, and nothing beyond",
        )
        later = [Raw(None, partition=partition) for partition in range(4)] * 10
        scene.kafka.produce(scene.topic, later)
        behind = len(bad) + len(later)
        wait_until(
            lambda: service.metrics().value("lag", topic=scene.topic) == behind,
            90,
            what="the lag counts what has come since reading stopped",
        )
        assert service.is_running
        assert scene.kafka.members(scene.group) == 1
        assert scene.dead_letters() == []

    service.wait_until_ready()
    scene.wait_until_settled()
    assert set(map(letter, scene.dead_letters())) == set(expected_letters(bad))
    scene.assert_accepted_once(expected_keys(good))
    assert service.metrics().unaccounted == 0


def test_waits_for_a_dead_letter_topic_that_does_not_exist_yet(scene: Scene) -> None:
    topic = f"{scene.topic}.elsewhere"
    bad = make_bad(["normalize.event_time"], scene.schema_ids())
    with scene.kafka.denied(topic):  # it must not be created either
        service = scene.start(dead_letter={"topic": topic})
        scene.produce(bad)
        wait_until(
            lambda: service.metrics().value("dead_letters_blocked"),
            90,
            what="it says that dead letters cannot be written",
        )
        assert scene.kafka.committed(scene.group, scene.topic).get(bad[0].raw.partition, 0) == 0

    if topic not in scene.kafka.topics():
        scene.kafka.create_topic(topic)
    scene.wait_until_settled()
    assert set(map(letter, scene.kafka.read_all(topic))) == set(expected_letters(bad))
