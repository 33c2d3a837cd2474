"""What the tests ask of Kafka, asked as early as a test may."""

from tests.support.topics import Kafka


def test_a_topic_that_was_only_just_made_has_its_ends(kafka: Kafka) -> None:
    """Its leaders are named before they know of it."""
    ends = [kafka.end_offsets(kafka.new_topic("fresh", 4)) for _ in range(10)]

    assert ends == [dict.fromkeys(range(4), 0)] * 10
