"""Which partitions are ours, from where they are read, and which of them pause."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import pytest
from msgspec import structs

from consumer.core.decode.schema_lookups import SchemaFound
from consumer.core.errors import Halt, Unreachable
from consumer.core.model import Position, Record
from consumer.core.read import ReadFault, ReadFaultKind
from consumer.core.settle.envelope import own_letter
from consumer.core.settle.ledger import RecordOutcome
from tests.support.service import SCHEMA, TOPIC, Scene, encoded

P0: Final = (TOPIC, 0)
P1: Final = (TOPIC, 1)


def unreachable(*_: object) -> NoReturn:
    raise Unreachable("timed out")


@contextmanager
def cluster_away(scene: Scene) -> Iterator[None]:
    cluster = scene.service._reading._cluster
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "bounds", unreachable)
        yield


def test_reading_goes_on_only_when_half_of_what_may_be_in_flight_is_settled() -> None:
    scene = Scene(max_records=10)
    reading, ledger = scene.service._reading, scene.ledger
    for number in range(11):
        scene.kafka.produce(encoded(event_id=str(number)))
    scene.sender.is_silent = True
    scene.run()
    for number in range(5):
        ledger.settle(Position(*P0, number, 1), RecordOutcome.SENT)

    reading.read(0.0, 0.0)
    assert (ledger.in_flight, scene.member.paused) == (6, {P0})

    ledger.settle(Position(*P0, 5, 1), RecordOutcome.SENT)
    ledger.settle(Position(*P0, 6, 1), RecordOutcome.SENT)
    reading.read(0.0, 0.0)
    assert (ledger.in_flight, scene.member.paused) == (4, set())


def test_reading_pauses_by_bytes_as_well() -> None:
    scene = Scene()
    reading = scene.service._reading
    reading._settings = structs.replace(reading._settings, max_bytes=200)
    for number in range(10):
        scene.kafka.produce(encoded(event_id=str(number)))
    scene.sender.is_silent = True

    scene.run()

    assert scene.member.paused == {P0}


def test_a_partition_that_waits_for_a_schema_pauses_and_the_others_do_not() -> None:
    scene = Scene(framing="confluent")
    scene.kafka.produce(b"\0\0\0\0\1" + encoded(event_id="a"))
    scene.kafka.logs[P1] = []
    scene.run()
    assert scene.member.paused == {P0}

    scene.registry.coming.append(SchemaFound(scene.registry.asked[0], json.dumps(SCHEMA)))
    scene.run()

    assert scene.member.paused == set()
    assert scene.sent_ids == ["a"]


def test_a_partition_that_comes_back_is_another_assignment() -> None:
    scene = Scene()
    scene.kafka.produce(b"\x07bad")
    scene.letters.is_silent = True
    scene.run()
    scene.member.take([P0], is_lost=True)
    scene.member.give([P0])
    scene.run()
    first, again = scene.letters._waiting
    assert (first[1].position.epoch, again[1].position.epoch) == (1, 2)

    scene.letters._waiting = [first]
    scene.letters.is_silent = False
    scene.run()
    assert scene.ledger.in_flight == 1
    assert scene.kafka.committed_offset() == 0


def test_every_assignment_has_an_epoch_of_its_own() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    for _ in range(3):
        scene.run(for_s=0.5)
        scene.member.take([P0])
        scene.member.give([P0])
    scene.run(for_s=0.5)

    assert scene.member.places[P0] == (1, 4)


def test_a_cluster_that_does_not_answer_is_asked_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    with cluster_away(scene):
        scene.run(for_s=5)
    assert scene.member.places == {}

    scene.run()
    assert scene.sent_ids == ["a"]


def test_a_group_that_cannot_be_asked_whether_it_is_new_is_not_joined_yet() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.produce(encoded(event_id="old"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.member, "committed", unreachable)
        scene.run(for_s=2)
    assert scene.member.listener is None
    assert "not yet a member of the group" in scene.service.published.unready

    scene.run()
    scene.kafka.produce(encoded(event_id="new"))
    scene.run()
    assert scene.sent_ids == ["new"]


def test_a_dry_run_whose_cluster_does_not_answer_asks_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.member, "subscribe", unreachable)
        scene.run(for_s=2)

    scene.run()

    assert scene.sent_ids == ["a"]


def test_a_topic_recreated_while_running_is_read_from_its_beginning() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=f"old-{number}"))
    scene.run()

    scene.kafka.logs[P0] = []
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.kafka.produce(encoded(event_id="new"))
    scene.run()

    assert scene.sent_ids[-1] == "new"
    assert scene.kafka.committed_offset() == 1


def test_a_log_shorter_than_what_was_read_of_it_is_read_from_its_beginning() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=f"old-{number}"))
    scene.run()
    scene.kafka.logs[P0] = []
    scene.kafka.produce(encoded(event_id="new"))

    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.run()

    assert scene.sent_ids[-1] == "new"


def test_a_position_lost_while_the_cluster_is_away_is_resolved_when_it_is_back() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    with cluster_away(scene):
        scene.run(for_s=2)

    scene.kafka.produce(encoded(event_id="b"))
    scene.run()

    assert scene.sent_ids == ["a", "b"]


@pytest.mark.parametrize("partition", [None, P0])
def test_a_fault_that_the_client_mends_by_itself_changes_nothing(partition: tuple[str, int] | None) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=0.5)
    scene.member.faults.append(ReadFault(ReadFaultKind.OTHER, partition, "broker down"))

    scene.run()

    assert scene.sent_ids == ["a"]


def test_a_fatal_fault_halts_in_the_words_of_the_client() -> None:
    scene = Scene()
    scene.run(for_s=0.5)
    scene.member.faults.append(ReadFault(ReadFaultKind.FATAL, None, "fenced by another instance"))

    with pytest.raises(Halt, match="fenced by another instance"):
        scene.service.step()


def test_headers_count_only_on_topics_of_our_own() -> None:
    """A producer's headers must not choose the rule, nor pretend to be another record."""
    scene = Scene()
    at = Position("elsewhere", 7, 99)
    stranger = Record(at, 1, None, encoded(event_id="a"), (), at)
    letter = own_letter(stranger, "g.replay", "no such rule", "shop", 1)

    scene.kafka.produce(letter.value, headers=letter.headers)
    scene.kafka.produce(letter.value, topic="g.replay", headers=letter.headers)
    scene.run()

    assert scene.sent_ids == ["a"]
    (rejected,) = scene.letters.written
    assert rejected.topic == "elsewhere.dlq"
    assert dict(rejected.headers)["tiktok.reason"] == b"route.unknown_rule"


def test_the_lag_of_a_partition_that_is_not_read_now_grows_with_its_log() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.letters.error = "TOPIC_AUTHORIZATION_FAILED"
    scene.kafka.produce(b"bad")
    scene.run()
    assert scene.member.paused == {P0}

    for number in range(3):
        scene.kafka.produce(encoded(event_id=str(number)))
    scene.run(for_s=1)

    assert scene.numbers()["lag{web-events,0}"] == 4


def test_the_lag_is_of_the_committed_offset_and_forgotten_with_the_partition() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=str(number)))
    scene.sender.is_silent = True
    scene.run()
    assert scene.numbers()["lag{web-events,0}"] == 3
    assert scene.numbers()["uncommitted_span{web-events,0}"] == 3

    scene.member.take([P0], is_lost=True)
    scene.run(for_s=1)

    assert "lag{web-events,0}" not in scene.numbers()
