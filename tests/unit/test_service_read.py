"""Which partitions are ours, from where they are read, and which of them pause."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final, NoReturn

import pytest

from consumer.core.decode.schema_lookups import SchemaFound
from consumer.core.errors import Halt, Unreachable
from consumer.core.model import Position, Record, TopicPartition
from consumer.core.read import CommittedOffset, GroupRole, ReadFault, ReadFaultKind
from consumer.core.settle.envelope import own_record
from consumer.core.settle.ledger import RecordOutcome
from consumer.service.ports import RebalanceListener
from consumer.service.read.assignment import PAST_FOR_S
from consumer.service.read.positions import ANSWER_WITHIN_S
from consumer.service.read.standing import LOOK_EVERY_S, STANDS_AFTER_S
from tests.support.service import SCHEMA, TOPIC, Scene, encoded

P0: Final = (TOPIC, 0)
P1: Final = (TOPIC, 1)


def unreachable(*_: object) -> NoReturn:
    raise Unreachable("timed out")


def unready(scene: Scene) -> Sequence[str]:
    return scene.service.published.unready


@contextmanager
def cluster_away(scene: Scene) -> Iterator[None]:
    scene.positions.is_away = True
    yield
    scene.positions.is_away = False


def test_reading_goes_on_only_when_half_of_what_may_be_in_flight_is_settled() -> None:
    scene = Scene(max_records=10)
    reading, ledger = scene.service._reading, scene.ledger
    for number in range(11):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
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
    scene.service._reading.pauses._max_bytes = 200
    for number in range(10):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
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


def test_a_dry_run_takes_partitions_that_are_added() -> None:
    scene = Scene()
    taken: set[TopicPartition] = set()

    def take_new(topics: Sequence[str], listener: RebalanceListener) -> None:
        new = [p for p in sorted(scene.kafka.logs) if p[0] in topics and p not in taken]
        taken.update(new)
        listener.assigned(new, GroupRole.ORIGIN)

    scene.kafka.produce(encoded(event_id="a"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.member, "subscribe", take_new)
        scene.run()
        scene.kafka.produce(encoded(event_id="b"), partition=1)
        scene.run()

    assert scene.sent_ids == ["a", "b"]


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


def test_a_member_that_is_fenced_halts_in_the_words_of_the_client() -> None:
    scene = Scene()
    scene.run(for_s=0.5)
    scene.member.faults.append(ReadFault(ReadFaultKind.FENCED, None, "fenced by another instance"))

    with pytest.raises(Halt, match="fenced by another instance"):
        scene.service.step()


def test_headers_count_only_on_topics_of_our_own() -> None:
    """A producer's headers must not choose the rule, nor pretend to be another record."""
    scene = Scene()
    at = Position("elsewhere", 7, 99)
    stranger = Record(at, 1, None, encoded(event_id="a"), (), at)
    letter = own_record(stranger, "g.replay", "no such rule", "shop", 1)

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
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    scene.run(for_s=1)

    assert scene.numbers()["lag{web-events,0}"] == 4


def test_a_partition_that_has_never_held_a_record_has_a_lag_of_nothing() -> None:
    scene = Scene()
    scene.kafka.logs[P0] = []
    scene.run()

    assert scene.numbers()["lag{web-events,0}"] == 0


def test_a_topic_made_again_and_empty_has_a_lag_of_nothing() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.is_silent = True
    scene.run()
    assert scene.numbers()["lag{web-events,0}"] == 1

    scene.kafka.logs[P0] = []
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.run(for_s=20)

    assert scene.numbers()["lag{web-events,0}"] == 0


def test_the_lag_is_of_the_committed_offset_and_forgotten_with_the_partition() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    scene.sender.is_silent = True
    scene.run()
    assert scene.numbers()["lag{web-events,0}"] == 3
    assert scene.numbers()["uncommitted_span{web-events,0}"] == 3
    assert scene.numbers()["committed_offset{web-events,0}"] == 0

    scene.member.take([P0], is_lost=True)
    scene.run(for_s=1)

    assert "lag{web-events,0}" not in scene.numbers()
    assert "committed_offset{web-events,0}" not in scene.numbers()


def test_the_committed_offset_is_shown_by_partition() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="id-0"))
    scene.kafka.produce(encoded(event_id="id-1"))
    scene.run(for_s=20)

    assert scene.numbers()["committed_offset{web-events,0}"] == 2


# ── what came beside records ────────────────────────────────────────────────────────────────────


def test_a_position_lost_counts_after_the_records_of_the_same_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention took offsets 2 to 5 while 0 and 1 were in the same poll: four were lost, not six."""
    scene = Scene()
    for number in range(8):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    scene.kafka.logs[P0][2:6] = [None] * 4
    read = scene.member._read

    def fetch(partition: tuple[str, int], _: int) -> list[Record]:
        if scene.member.places[partition][0] != 0:
            return read(partition, 500) if scene.member.places[partition][0] >= 6 else []
        scene.kafka.low[P0] = 6
        scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
        return read(partition, 2)

    monkeypatch.setattr(scene.member, "_read", fetch)
    scene.run()

    assert scene.numbers()["offsets_lost{web-events}"] == 4
    assert scene.sent_ids == ["id-0", "id-1", "id-6", "id-7"]
    assert scene.kafka.committed_offset() == 8


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_position_lost_of_a_partition_that_has_just_gone_means_nothing(is_lost: bool) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    scene.member.take([P0], is_lost=is_lost)
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.run(for_s=0.5)

    scene.member.give([P0])
    scene.run()

    assert scene.sent_ids == ["a"]
    assert "offsets_lost{web-events}" in scene.numbers()


def test_a_position_lost_with_records_of_a_log_made_anew_loses_none() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=f"old-{number}"))
    scene.run()
    scene.kafka.produce(encoded(event_id="last"))
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.service.step()
    scene.kafka.logs[P0] = []
    scene.kafka.produce(encoded(event_id="new"))

    scene.run()

    assert scene.sent_ids[-1] == "new"
    assert scene.is_even()


def test_offsets_that_hold_no_record_are_committed_and_leave_no_lag() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.logs[P0] += [None] * 102  # marks of transactions
    scene.run()

    assert scene.kafka.committed_offset() == 103
    assert scene.numbers()["lag{web-events,0}"] == 0


def test_an_end_of_the_log_is_not_committed_past_a_record_that_waits() -> None:
    scene = Scene()
    scene.sender.is_silent = True
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.logs[P0] += [None] * 5
    scene.run()

    assert scene.kafka.committed_offset() == 0


def test_a_window_is_warm_once_the_log_ends_in_what_is_no_record() -> None:
    scene = Scene()
    for name in "ab":
        scene.kafka.produce(encoded(event_id=name))
    scene.kafka.logs[P0] += [None] * 3
    scene.run()
    scene.stop()
    assert scene.kafka.committed_offset() == 5

    after = Scene(scene.kafka)
    after.run(for_s=1)

    assert after.service.published.unready == ()


def test_records_of_the_window_that_await_a_schema_are_of_the_window_when_it_comes() -> None:
    before = Scene(framing="confluent")
    before.kafka.produce(b"\0\0\0\0\1" + encoded(event_id="a"))
    before.run(for_s=0.5)
    before.registry.coming.append(SchemaFound(before.registry.asked[0], json.dumps(SCHEMA)))
    before.run()
    before.stop()
    assert before.sent_ids == ["a"]

    after = Scene(before.kafka, framing="confluent")
    after.kafka.produce(b"\0\0\0\0\1" + encoded(event_id="b"))
    after.run(for_s=3)  # the end of the log is known before the schema is
    after.registry.coming.append(SchemaFound(after.registry.asked[0], json.dumps(SCHEMA)))
    after.run()

    assert after.sent_ids == ["b"]
    assert after.numbers()["records_read{web-events}"] == 1
    assert after.service.published.unready == ()


# ── one partition of three ──────────────────────────────────────────────────────────────────────


def test_a_process_that_starts_is_ready_once_all_its_positions_are_known() -> None:
    scene = Scene()
    for partition in range(2):
        scene.kafka.produce(encoded(event_id=f"id-{partition}"), partition)
    scene.positions.without_leader = {P1}
    scene.run(for_s=1)

    assert list(unready(scene)) == ["web-events[1] cannot be read: Broker: Leader not available"]

    scene.positions.without_leader = set()
    scene.run(for_s=3)
    assert list(unready(scene)) == []
    scene.positions.without_leader = {P1}
    scene.member.take([P1])
    scene.member.give([P1])
    scene.run(for_s=1)
    assert list(unready(scene)) == [], "a leader that moves takes a moment"


def test_a_partition_without_a_leader_keeps_no_other_waiting_and_is_told() -> None:
    scene = Scene()
    for partition in range(3):
        scene.kafka.produce(encoded(event_id=f"id-{partition}"), partition)
    scene.positions.without_leader = {P1}
    scene.run(for_s=7)

    assert sorted(scene.sent_ids) == ["id-0", "id-2"]
    assert list(unready(scene)) == ["web-events[1] cannot be read: Broker: Leader not available"]
    assert scene.numbers()["positions_unknown{}"] == 1

    scene.positions.without_leader = set()
    scene.run()
    assert sorted(scene.sent_ids) == ["id-0", "id-1", "id-2"]
    assert not unready(scene)
    assert scene.numbers()["positions_unknown{}"] == 0


def test_an_answer_to_an_earlier_assignment_is_not_taken() -> None:
    scene = Scene()
    for number in range(3):
        scene.kafka.produce(encoded(event_id=str(number)))
    scene.positions.is_silent = True
    scene.run(for_s=0.5)
    scene.member.take([P0])
    scene.member.give([P0])
    scene.kafka.commits[P0] = CommittedOffset(2, "")  # another member's, meanwhile
    scene.run(for_s=0.5)
    scene.positions.is_silent = False
    scene.run()

    assert scene.sent_ids == ["2"]


def test_a_question_that_is_never_answered_is_asked_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.positions.is_silent = True
    scene.run(for_s=1)
    scene.positions._answers.clear()
    scene.positions.is_silent = False

    scene.run(for_s=ANSWER_WITHIN_S + 1)

    assert scene.sent_ids == ["a"]


# ── a topic made again ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("late", ["watch", "finder"])
def test_a_topic_made_again_is_noticed_once_whoever_hears_of_it_last(late: str) -> None:
    scene = Scene(max_wait_s=0.0)
    for number in range(3):
        scene.kafka.produce(encoded(event_id=f"old-{number}"))
    scene.run()
    old = dict(scene.kafka.ids)
    (scene.topics if late == "watch" else scene.positions).stale_ids = old
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.kafka.logs[P0] = []
    for number in range(2):
        scene.kafka.produce(encoded(event_id=f"new-{number}"))
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.run(for_s=20)
    scene.topics.stale_ids, scene.positions.stale_ids = {}, {}
    scene.run(for_s=20)

    assert scene.sent_ids == [*(f"old-{n}" for n in range(3)), *(f"new-{n}" for n in range(2))]
    assert scene.kafka.committed_offset() == 2


@pytest.mark.parametrize("known", ["cluster/id-1", "", "cluster/id-2"])
def test_a_topic_made_again_is_read_from_its_beginning_although_a_new_group_began_at_the_latest(known: str) -> None:
    """Brokers before 2.8 know no ids, and others may name the old one for a moment."""
    scene = Scene(is_latest=True)
    scene.kafka.ids = {TOPIC: "cluster/id-1"}
    scene.kafka.produce(encoded(event_id="old"))
    scene.run()
    scene.kafka.produce(encoded(event_id="next"))
    scene.run()

    scene.kafka.logs[P0] = []
    del scene.kafka.commits[P0]  # with a topic, its groups' offsets go
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.topics.stale_ids = scene.positions.stale_ids = {TOPIC: known}
    scene.kafka.produce(encoded(event_id="new"))
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.run(for_s=0.5)
    scene.topics.stale_ids, scene.positions.stale_ids = {}, {}
    scene.run(for_s=40)

    assert scene.sent_ids == ["next", "new"]


def test_a_topic_made_again_is_read_from_its_beginning_by_a_process_that_had_none_of_it_before() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.ids = {TOPIC: "cluster/id-1"}
    scene.kafka.produce(encoded(event_id="old"))
    scene.member.give([])
    scene.run()

    scene.kafka.logs[P0] = []
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.kafka.produce(encoded(event_id="new"))
    scene.member.give([P0])
    scene.run(for_s=20)

    assert scene.sent_ids == ["new"]


def with_an_old_id_at_the_watch() -> Scene:
    """A process opens a partition of a topic just made again; its last look at all topics was before that."""
    scene = Scene()
    scene.topics.stale_ids = {TOPIC: "cluster/id-1"}
    scene.kafka.ids = {TOPIC: "cluster/id-2"}
    scene.kafka.produce(encoded(event_id="new"))
    return scene


def test_a_look_older_than_the_opening_of_a_partition_does_not_make_its_topic_one_of_the_past() -> None:
    scene = with_an_old_id_at_the_watch()
    scene.topics.is_looking = True
    scene.run(for_s=5)
    scene.topics.stale_ids, scene.topics.is_looking = {}, False
    scene.kafka.produce(encoded(event_id="newer"))
    scene.run(for_s=5)

    assert scene.sent_ids == ["new", "newer"]
    assert not unready(scene)


def test_a_topic_taken_for_one_of_the_past_by_mistake_is_read_after_a_while() -> None:
    """As where the broker that is asked lags behind the others for long."""
    scene = with_an_old_id_at_the_watch()
    scene.run(for_s=5)
    scene.topics.stale_ids = {}
    scene.kafka.produce(encoded(event_id="newer"))
    scene.run(for_s=PAST_FOR_S + 5)

    assert scene.sent_ids[-1] == "newer"
    assert scene.kafka.committed_offset() == 2
    assert not unready(scene)


def test_a_client_that_gives_nothing_of_a_partition_is_made_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.logs[P1] = []
    scene.run()
    scene.kafka.produce(encoded(event_id="other"), 1)
    scene.member.silent = {P0}
    scene.kafka.produce(encoded(event_id="b"))

    scene.run(for_s=STANDS_AFTER_S - LOOK_EVERY_S)
    assert scene.sent_ids == ["a", "other"]
    scene.run(for_s=3 * LOOK_EVERY_S)

    assert scene.sent_ids == ["a", "other", "b"]  # and nothing again
    assert scene.member.renewed == [GroupRole.ORIGIN]
    assert not unready(scene)


def test_a_client_that_still_gives_nothing_is_made_again_less_and_less_often() -> None:
    scene = Scene()
    scene.kafka.logs[P0] = []
    scene.run()
    scene.kafka.produce(encoded(event_id="a"))
    renewed_at_s: list[float] = []
    renew = scene.member.renew

    def in_vain(group: GroupRole) -> None:
        renew(group)
        scene.member.silent = {P0}
        renewed_at_s.append(scene.clock.s)

    scene.member.renew, scene.member.silent = in_vain, {P0}  # type: ignore[method-assign]  # the fault is elsewhere
    scene.run(for_s=600)

    pauses_s = [later - sooner for sooner, later in pairwise(renewed_at_s)]
    assert len(renewed_at_s) == 4
    assert all(later > 1.5 * sooner for sooner, later in pairwise(pauses_s))


@pytest.mark.parametrize("why", ["paused", "at its end", "open transaction"])
def test_a_partition_that_rightly_stands_still_is_left_alone(why: str) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    if why == "paused":
        scene.letters.error = "TOPIC_AUTHORIZATION_FAILED"
        scene.kafka.produce(b"\x07bad")
    scene.run()
    if why != "at its end":
        scene.kafka.produce(b"")
    if why == "open transaction":
        scene.topics.open_transactions = {P0: 1}
    scene.member.silent = {P0}

    scene.run(for_s=3 * STANDS_AFTER_S)

    assert scene.member.renewed == []


# ── the groups ──────────────────────────────────────────────────────────────────────────────────


def test_an_ended_client_is_made_anew_after_growing_pauses_and_reads_on() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    scene.kafka.produce(encoded(event_id="b"))
    scene.member.ended = {GroupRole.ORIGIN: "the instance id is in use by another member"}
    renew = scene.member.renew

    def refused(group: GroupRole) -> None:
        renew(group)
        if len(scene.member.renewed) < 3:
            scene.member.ended = {GroupRole.ORIGIN: "the instance id is in use by another member"}
        else:
            scene.member.places.clear()

    scene.member.renew = refused  # type: ignore[method-assign]  # as a broker that lets it in at the third try
    scene.run(for_s=2)
    assert list(unready(scene)) == ["not yet a member of the group: the instance id is in use by another member"]
    scene.run(for_s=8)

    assert scene.member.renewed == [GroupRole.ORIGIN] * 3
    assert scene.sent_ids == ["a", "b"]
    assert not unready(scene)


def test_an_ended_client_of_the_own_group_leaves_the_other_alone() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.logs["g.replay", 0] = []
    scene.run()
    scene.service._reading._meet(ReadFault(ReadFaultKind.OUT, None, "too many members", GroupRole.OWN))

    assert list(scene.ledger.partitions) == [P0]


def test_a_member_that_is_given_nothing_and_told_of_nothing_is_ready_once_the_groups_have_let_it_in() -> None:
    """So it is with `group.protocol: consumer`: no assignment comes where there is nothing to assign."""
    scene = Scene()
    scene.kafka.logs["g.replay", 0] = []
    scene.member.give = lambda partitions: None  # type: ignore[method-assign]  # all of them are others'
    scene.member.own_is_denied = True
    scene.kafka.logs[TOPIC, 0] = []
    scene.run()
    assert [reason[:33] for reason in unready(scene)] == [
        "not yet a member of the group",
        "not yet a member of the own group",
    ]

    scene.member.silently_in = {GroupRole.ORIGIN, GroupRole.OWN}
    scene.run()

    assert not unready(scene)


def test_parked_records_that_nobody_reads_are_told_with_their_number_and_again_if_that_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.topics.unread = {"g.parked.gone": 7, "g.parked.too": 1}
    scene.run()
    assert scene.numbers()["parked_unread{}"] == 8
    scene.topics.unread = {"g.parked.gone": 7}
    scene.run()
    scene.topics.unread = {}
    scene.run()

    said = [line for line in capsys.readouterr().out.splitlines() if "read.parked_unread" in line]
    assert [line.count("records=8") for line in said] == [1, 0]
    assert "records=7" in said[1]
    assert scene.numbers()["parked_unread{}"] == 0


def test_an_own_group_that_cannot_be_joined_is_told() -> None:
    scene = Scene()
    scene.kafka.logs["g.replay", 0] = []
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.own_is_denied = True
    scene.member.faults.append(ReadFault(ReadFaultKind.REFUSED, None, "Group authorization failed", GroupRole.OWN))
    scene.run()

    assert scene.sent_ids == ["a"]
    (reason,) = unready(scene)
    assert reason.startswith("not yet a member of the own group")
    assert reason.endswith(": Group authorization failed")


def test_an_expression_that_matches_nothing_waits_for_a_topic_and_says_so() -> None:
    scene = Scene(chosen=lambda seen: tuple(sorted(topic for topic in seen if topic == TOPIC)))
    scene.run()
    assert scene.member.subscribed == ()
    assert list(unready(scene)) == ["no topic of the cluster matches kafka.topics yet"]

    scene.kafka.produce(encoded(event_id="a"))
    scene.run()

    assert scene.sent_ids == ["a"]
    assert not unready(scene)


def test_a_named_topic_that_is_not_there_is_said_to_be_missing() -> None:
    scene = Scene()
    scene.run()
    (reason,) = unready(scene)
    assert reason == "kafka.topics: the cluster has no topic web-events yet, or hides it from this user"

    scene.kafka.produce(encoded(event_id="a"))
    scene.member.give([P0])
    scene.run()

    assert scene.sent_ids == ["a"]
    assert not unready(scene)


# ── brokers away ────────────────────────────────────────────────────────────────────────────────


def test_brokers_that_went_away_are_told_and_asked_for_at_once() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run()
    assert scene.numbers()["connected{kafka}"] == 1

    scene.member.faults.append(ReadFault(ReadFaultKind.AWAY, None, "2/2 brokers are down"))
    scene.run(for_s=1)
    assert scene.topics.times_asked_to_look == 1
    assert not unready(scene)  # a connection made again takes a moment
    scene.run(for_s=5)
    assert list(unready(scene)) == ["Kafka does not answer: 2/2 brokers are down"]
    assert scene.numbers()["connected{kafka}"] == 0

    scene.topics.looked()
    scene.run(for_s=1)
    assert not unready(scene)
    assert scene.numbers()["connected{kafka}"] == 1


@pytest.mark.parametrize(("hurried_after_s", "least_s", "most_s"), [(None, 30.0, 31.0), (3.0, 3.0, 4.0)])
def test_a_stop_with_brokers_away_ends_in_time_or_at_a_second_signal(
    hurried_after_s: float | None, least_s: float, most_s: float
) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=0.5)
    scene.kafka.is_away = True
    began_s = scene.clock.s

    def is_hurried() -> bool:
        return hurried_after_s is not None and scene.clock.s >= began_s + hurried_after_s

    scene.service.stop(is_hurried)

    assert least_s <= scene.clock.s - began_s <= most_s
    assert scene.member.is_closed
