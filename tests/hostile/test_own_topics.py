"""Whoever may write to the service's own topics ends no process and stops no reading by what headers say."""

from typing import Final

import pytest

from consumer.core.model import Headers, Position, Record
from consumer.core.settle.envelope import restored
from tests.support.cpu import within
from tests.support.service import TOPIC, Scene, encoded

NUMBERS: Final = ("tiktok.replays", "tiktok.timestamp", "__connect.errors.partition", "__connect.errors.offset")
MOST_CPU_S: Final = 0.3
"""Of one record, whatever its headers hold."""


@pytest.mark.parametrize(
    "said", ["²", "--5", "-5", "٣", "9" * 5000, "1" * 20, "99999999999999999999", "", " 1", "1_0", "+1", "0x1"]
)
def test_numbers_in_headers_of_own_topics_are_ascii_digits_within_bounds_or_nothing(said: str) -> None:
    at = Position("g.replay", 1, 2)
    headers = (("__connect.errors.topic", b"orders"), *((name, said.encode()) for name in NUMBERS))

    found = restored(Record(at, 77, None, b"v", headers, at))

    assert (found.replays, found.timestamp_ms) == (0, 77)
    assert found.origin == Position("orders", 1, 2)


@pytest.mark.parametrize("said", ["a b", "", "x" * 250, "..", "a/b", "\x00", "täg"])
def test_an_origin_that_no_topic_can_be_called_is_not_believed(said: str) -> None:
    """Its dead letter could never be written, and reading would stand still."""
    at = Position("g.replay", 1, 2)

    found = restored(Record(at, 77, None, b"v", (("__connect.errors.topic", said.encode()),), at))

    assert found.origin.topic == "g.replay"


def test_a_record_in_an_own_topic_that_names_a_topic_which_is_not_there_blocks_nothing() -> None:
    """Whoever may write to an own topic may name any origin; a dead-letter topic for it need not exist."""
    scene = Scene()
    named = ("__connect.errors.topic", b"nowhere")
    scene.kafka.produce(b"\x07bad", topic="g.replay", headers=(named,))
    scene.letters.refused_topics = {"nowhere.dlq": "UNKNOWN_TOPIC_OR_PART"}
    scene.kafka.produce(encoded(event_id="a"))

    scene.run()
    scene.kafka.produce(encoded(event_id="b"))
    scene.run()

    (letter,) = scene.letters.written
    assert letter.topic == f"{TOPIC}.dlq"
    assert dict(letter.headers)["__connect.errors.topic"] == b"nowhere"
    assert scene.sent_ids == ["a", "b"]
    assert scene.service.published.unready == ()


@pytest.mark.parametrize("said", ["²".encode(), b"9" * 5000, b"\xff", b"-9223372036854775809"])
def test_a_record_that_was_replayed_so_often_as_no_number_says_is_sent_like_any_other(said: bytes) -> None:
    """`²` ended the process, at each start."""
    scene = Scene()
    scene.kafka.logs[TOPIC, 0] = []
    headers = (("__connect.errors.topic", TOPIC.encode()), *((name, said) for name in NUMBERS))
    scene.kafka.produce(encoded(event_id="a"), topic="g.replay", headers=headers)
    scene.kafka.produce(b"\x07bad", topic="g.replay", headers=headers)

    scene.run()

    assert scene.sent_ids == ["a"]
    assert [letter.topic for letter in scene.letters.written] == [f"{TOPIC}.dlq"]
    assert scene.service.published.unready == ()


@pytest.mark.parametrize(
    "headers",
    [
        tuple((name, b"9" * (1 << 18)) for name in NUMBERS),
        tuple(("tiktok.replays", b"1") for _ in range(50_000)),
        tuple((f"h{number}", b"") for number in range(50_000)),
        (("__connect.errors.topic", b"a" * (1 << 20)),),
        (("tiktok.rule", b"x" * (1 << 20)),),
    ],
    ids=["long numbers", "one header often", "many headers", "a long topic", "a long rule"],
)
def test_a_megabyte_of_headers_costs_little_time(headers: Headers) -> None:
    at = Position("g.replay", 1, 2)

    within(MOST_CPU_S, lambda: restored(Record(at, 77, None, b"v", headers, at)))
