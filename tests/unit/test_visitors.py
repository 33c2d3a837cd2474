"""What feeds the containers: samples without end, framed as Confluent's serializers do."""

import itertools

import pytest

from consumer.commands.demo import visitors
from consumer.commands.demo.samples import Maker
from consumer.config.schema_files import load_shipped_schema


def test_each_round_has_event_ids_of_its_own() -> None:
    first, second = (Maker(load_shipped_schema(), 1_790_000_000, name).samples().first for name in ("-1", "-2"))

    assert [sample.key for sample in first] == [sample.key for sample in second]
    values = [sample.value for sample in first if sample.value is not None]
    assert not set(values) & {sample.value for sample in second}


def test_samples_never_end() -> None:
    samples = list(itertools.islice(visitors.endless(), 1200))

    assert len(samples) == 1200


def test_a_value_is_framed_by_magic_byte_and_id_and_a_tombstone_is_not() -> None:
    assert visitors.framed(b"x", 258) == b"\0\0\0\1\2x"
    assert visitors.framed(None, 1) is None


class Cluster:
    def __init__(self, error: str | None) -> None:
        self.error = error
        self.asked: dict[str, int] = {}

    def create_topics(self, names: list[str], partitions: int) -> dict[str, str | None]:
        self.asked = dict.fromkeys(names, partitions)
        return dict.fromkeys(names, self.error)


def test_both_topics_are_made_alike() -> None:
    cluster = Cluster(None)

    visitors.make_topics(cluster)  # type: ignore[arg-type]  # as much of one as it uses

    assert cluster.asked == {"web-events": 6, "web-events.dlq": 6}


def test_a_topic_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"web-events.*not allowed"):
        visitors.make_topics(Cluster("not allowed"))  # type: ignore[arg-type]  # as above
