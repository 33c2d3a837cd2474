"""Letters until they are acknowledged, and commits until the broker has them."""

from typing import Final

import pytest
from msgspec import structs

from consumer.core.model import EventOutcome, Item, Position, Record, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.rules.source import ConstSource, Rule
from consumer.core.settle.envelope import OutgoingRecord
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.outcomes import NoOutcomes
from consumer.service.publish.publish_stage import LATE_TO_WORRY_S
from consumer.service.settle.settle_stage import WRITE_AGAIN_S, SettleStage
from tests.support.fakes import REFUSED, item
from tests.support.service import TOPIC, Scene, encoded

P0: Final = (TOPIC, 0)
BAD: Final = b"\x07bad"
RULES: Final = (
    Rule("good", "shop"),
    Rule("bad", "app", parameters={"event_time": ConstSource("no time")}),
)
REJECTION: Final = Rejection(RejectReason.DECODE_UTF8, "not UTF-8", None, "shop")


class HeldLetters:
    """Writes nothing until it is told what became of a letter."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, OutgoingRecord]] = []
        self.alone: list[bool] = []
        self.answers: list[tuple[int, str | None]] = []

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None:
        self.writes.append((number, letter))
        self.alone.append(is_alone)

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        answers, self.answers = self.answers, []
        return answers

    def answer(self, error: str | None = None) -> None:
        """Answer the letter that was written last."""
        self.answers.append((self.writes[-1][0], error))

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""


class Desk:
    """A settling with one record of one partition in flight, rejected."""

    def __init__(self) -> None:
        self.ledger, self.letters, self.metrics = Ledger(), HeldLetters(), Metrics()
        self.settling = SettleStage(self.ledger, self.letters, self.metrics, "{topic}.dlq", outcomes=NoOutcomes())
        self.ledger.assign(P0, 1, 0, is_committed=True)
        self.reject(0)

    def reject(self, offset: int, epoch: int = 1) -> None:
        position = Position(*P0, offset, epoch)
        record = Record(position, 0, None, b"v", (), position)
        self.ledger.open(position, 100, 0.0)
        self.ledger.decided(position, 1)
        self.settling.reject(record, REJECTION, 0.0)

    def counted(self, name: str) -> float:
        snapshot = self.metrics.snapshot()
        return sum(value for key, value in snapshot.items() if key[0] == name and not isinstance(value, tuple))


def test_a_record_is_settled_when_its_letter_is_acknowledged_and_not_before() -> None:
    desk = Desk()
    desk.settling.poll(0.0)
    assert desk.ledger.in_flight == desk.settling.unwritten == 1
    assert desk.counted("rejected") == 0

    desk.letters.answer()
    desk.settling.poll(0.0)

    assert desk.ledger.in_flight == desk.settling.unwritten == 0
    assert desk.counted("rejected") == desk.counted("events") == 1


def test_a_letter_that_fails_blocks_and_is_written_again_a_while_later() -> None:
    desk = Desk()
    desk.letters.answer("TOPIC_AUTHORIZATION_FAILED")
    desk.settling.poll(10.0)
    assert desk.settling.is_blocked
    assert (len(desk.letters.writes), desk.ledger.in_flight) == (1, 1)

    desk.settling.poll(10.0 + WRITE_AGAIN_S)
    desk.letters.answer()
    desk.settling.poll(10.0 + WRITE_AGAIN_S)

    assert [number for number, _ in desk.letters.writes] == [1, 1]
    assert not desk.settling.is_blocked
    assert desk.ledger.in_flight == 0
    assert desk.counted("dead_letter_errors") == 1


def test_a_letter_refused_for_the_size_of_its_batch_is_written_again_alone_and_whole() -> None:
    desk = Desk()
    desk.letters.answer("MSG_SIZE_TOO_LARGE")
    desk.settling.poll(10.0)
    desk.letters.answer()
    desk.settling.poll(10.0)

    assert not desk.settling.is_blocked
    assert [letter.value for _, letter in desk.letters.writes] == [b"v", b"v"]
    assert desk.letters.alone == [False, True]
    assert desk.ledger.in_flight == 0


def test_a_letter_too_large_by_itself_is_written_without_its_value_at_once_and_blocks_nothing() -> None:
    desk = Desk()
    for _ in range(2):
        desk.letters.answer("MSG_SIZE_TOO_LARGE")
        desk.settling.poll(10.0)

    assert not desk.settling.is_blocked
    assert [letter.value for _, letter in desk.letters.writes] == [b"v", b"v", None]


def test_a_letter_too_large_even_without_its_value_blocks() -> None:
    desk = Desk()
    for _ in range(3):
        desk.letters.answer("MSG_SIZE_TOO_LARGE")
        desk.settling.poll(10.0)

    assert desk.settling.is_blocked


def parked(desk: Desk, offset: int) -> Item:
    """An item of that offset that is being parked."""
    each = item(offset)
    each.records[0] = structs.replace(each.records[0], position=Position(*P0, offset, 1), value=b"v")
    desk.ledger.open(each.records[0].position, 1, 0.0)
    desk.settling.park(each, "g.parked.shop")
    return each


def test_a_parked_record_too_large_is_not_shortened_but_comes_back_and_blocks_nothing() -> None:
    desk = Desk()
    each = parked(desk, 1)
    for _ in range(2):
        assert desk.settling.take_parked() == []
        desk.letters.answer("MSG_SIZE_TOO_LARGE")
        desk.settling.poll(10.0)

    (result,) = desk.settling.take_parked()
    assert (result.item, result.failed, result.is_too_large) == (each, (0,), True)
    assert not desk.settling.is_blocked
    assert desk.letters.writes[-1][1].value == b"v"
    assert desk.ledger.in_flight == 2
    assert desk.counted("dead_letter_errors") == 0


def test_of_a_parked_item_some_of_whose_records_were_written_the_others_come_back() -> None:
    desk = Desk()
    whole, copy = item(1), Position(*P0, 2, 1)
    whole.records[0] = structs.replace(whole.records[0], position=Position(*P0, 1, 1))
    whole.records.append(structs.replace(whole.records[0], position=copy))
    whole.outcomes.append(EventOutcome.MERGED)
    whole.copy_rules.append("other")
    for record in whole.records:
        desk.ledger.open(record.position, 1, 0.0)
    desk.settling.park(whole, "g.parked.shop")
    (first, _), (second, _) = desk.letters.writes[-2:]

    desk.letters.answers.append((second, "TOPIC_AUTHORIZATION_FAILED"))
    desk.settling.poll(10.0)
    assert desk.settling.take_parked() == []
    desk.letters.answers.append((first, None))
    desk.settling.poll(10.0)

    (result,) = desk.settling.take_parked()
    assert (result.failed, result.error, result.is_too_large) == ((1,), "TOPIC_AUTHORIZATION_FAILED", False)
    assert desk.ledger.in_flight == 2  # the copy, and the record that the desk begins with


def test_a_parked_record_that_is_written_does_not_unblock_dead_letters() -> None:
    desk = Desk()
    desk.letters.answer("TOPIC_AUTHORIZATION_FAILED")
    desk.settling.poll(10.0)
    parked(desk, 1)

    desk.letters.answer()
    desk.settling.poll(10.0)

    assert desk.settling.is_blocked


def test_an_acknowledgement_for_an_earlier_assignment_counts_and_settles_nothing() -> None:
    desk = Desk()
    desk.ledger.release([P0])
    desk.ledger.assign(P0, 2, 0, is_committed=True)
    desk.ledger.open(Position(*P0, 0, 2), 1, 0.0)

    desk.letters.answer()
    desk.settling.poll(0.0)

    assert desk.ledger.in_flight == 1
    assert desk.counted("rejected") == desk.counted("events") == 0
    assert desk.settling.unwritten == 0


def test_a_letter_that_fails_after_its_partition_went_blocks_nothing_and_is_not_written_again() -> None:
    desk = Desk()
    desk.ledger.release([P0])
    desk.settling.forget_failed()

    desk.letters.answer("TOPIC_AUTHORIZATION_FAILED")
    desk.settling.poll(10.0)
    desk.settling.poll(20.0)

    assert not desk.settling.is_blocked
    assert len(desk.letters.writes) == 1
    assert desk.settling.unwritten == 0


def test_failed_letters_of_a_partition_that_goes_are_forgotten_and_those_that_stay_block_on() -> None:
    desk = Desk()
    desk.letters.answer("UNKNOWN_TOPIC_OR_PART")
    desk.ledger.assign(("other", 0), 2, 0, is_committed=True)
    position = Position("other", 0, 0, 2)
    desk.ledger.open(position, 1, 0.0)
    desk.settling.reject(Record(position, 0, None, b"v", (), position), REJECTION, 0.0)
    desk.letters.answer("UNKNOWN_TOPIC_OR_PART")
    desk.settling.poll(10.0)

    desk.ledger.release([P0])
    desk.settling.forget_failed()
    assert desk.settling.is_blocked
    assert desk.settling.unwritten == 1

    desk.ledger.release([("other", 0)])
    desk.settling.forget_failed()
    assert not desk.settling.is_blocked
    assert desk.settling.unwritten == 0


def test_what_is_committed_is_not_committed_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))

    scene.run(for_s=10)

    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["commits{ok}"] == 2  # where it starts, and past the record


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_stop_commits_again_until_the_coordinator_has_moved_or_the_partition_is_anothers(is_taken: bool) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    began_s = scene.clock.s
    scene.member.commits_fail_until_s = began_s + 60 if is_taken else began_s + 5
    scene.run(for_s=1)
    if is_taken:
        scene.member.take([P0], is_lost=True)

    assert scene.stop()

    assert scene.kafka.committed_offset() == (None if is_taken else 1)
    assert scene.clock.s < began_s + 10


def test_a_stop_whose_last_commit_is_never_stored_says_so_in_time() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.commits_fail = True
    scene.run(for_s=1)
    began_s = scene.clock.s

    assert scene.service.stop(lambda: False) == "Kafka has not stored the last commit"

    assert 30 <= scene.clock.s - began_s < 31


def overdue() -> Scene:
    """A has been sent, and no commit has been stored since; B came later."""
    scene = Scene()
    scene.kafka.logs[TOPIC, 0] = []
    scene.run()
    scene.member.commits_fail = True
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=4)
    scene.kafka.produce(encoded(event_id="b"))
    scene.run(for_s=5)
    assert scene.sent_ids == ["a"]
    return scene


def test_sending_waits_while_no_commit_is_stored() -> None:
    scene = overdue()
    assert "offsets cannot be committed" in scene.service.published.unready

    scene.member.commits_fail = False
    scene.run()

    assert scene.sent_ids == ["a", "b"]
    assert not scene.service.published.unready


def test_a_commit_without_an_answer_is_no_worry_for_ten_seconds() -> None:
    scene = Scene()
    scene.kafka.logs[TOPIC, 0] = []
    scene.run()
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.commits_to_overtake = 1000
    scene.run(for_s=LATE_TO_WORRY_S - 1)
    assert scene.kafka.committed_offset() == 0
    assert not scene.service.published.unready

    scene.run(for_s=5)

    assert "offsets cannot be committed" in scene.service.published.unready


def test_sending_goes_on_when_no_commit_was_stored_for_a_minute() -> None:
    scene = overdue()

    scene.run(for_s=60)

    assert scene.sent_ids == ["a", "b"]
    assert scene.kafka.committed_offset() == 0


def test_what_leaves_while_no_commit_is_stored_is_not_sent() -> None:
    scene = overdue()
    scene.member.take([(TOPIC, 0)])
    scene.run(for_s=1)
    assert scene.sent_ids == ["a"]

    scene = overdue()
    began_s = scene.clock.s
    assert scene.service.stop(lambda: False) == "Kafka has not stored the last commit"
    assert scene.sent_ids == ["a"]
    assert 30 <= scene.clock.s - began_s < 31


def test_what_leaves_is_sent_once_the_commit_is_stored_that_was_overdue() -> None:
    scene = overdue()
    scene.member.commits_fail = False
    scene.member.take([(TOPIC, 0)])
    scene.run(for_s=1)
    assert scene.sent_ids == ["a", "b"]
    assert scene.kafka.committed_offset() == 2

    scene = overdue()
    scene.member.commits_fail, scene.member.commits_fail_until_s = False, scene.clock.s + 5
    assert scene.service.stop(lambda: False) == ""
    assert scene.sent_ids == ["a", "b"]
    assert scene.kafka.committed_offset() == 2


def test_what_is_under_way_of_a_partition_that_leaves_is_waited_for_while_no_commit_is_stored() -> None:
    scene = Scene(max_events=1)
    scene.kafka.logs[TOPIC, 0] = []
    scene.run()
    scene.member.commits_fail = True
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=0.5)
    scene.sender.is_silent = True
    scene.kafka.produce(encoded(event_id="b"))
    scene.run(for_s=4)
    scene.kafka.produce(encoded(event_id="c"))
    scene.run(for_s=1)
    scene.sender.is_silent = False

    scene.member.take([(TOPIC, 0)])
    scene.run(for_s=1)

    assert scene.sent_ids == ["a", "b"]
    assert scene.numbers()["records_settled{sent}"] == 2


def test_sending_waits_for_no_commit_of_a_partition_that_is_gone() -> None:
    scene = overdue()
    scene.member.take([(TOPIC, 0)], is_lost=True)
    scene.kafka.logs[TOPIC, 1] = []
    scene.run()

    scene.member.give([(TOPIC, 1)])
    scene.kafka.produce(encoded(event_id="c"), partition=1)
    scene.run()

    assert scene.sent_ids == ["a", "c"]


def test_dead_letters_end_with_the_record_that_opens_the_breaker() -> None:
    scene = Scene(of_last=100)
    for _ in range(50):
        scene.kafka.produce(BAD)

    scene.run()

    assert len(scene.letters.written) == 9  # the tenth of a hundred is the first that is judged
    assert scene.kafka.committed_offset() == 9


def test_a_copy_of_a_refused_event_that_comes_later_is_a_first() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.script.append(REFUSED)
    scene.run()
    scene.kafka.produce(encoded(event_id="a"))

    scene.run()

    assert scene.sent_ids == ["a", "a"]
    assert scene.numbers()["records_settled{sent}"] == 1


def test_a_rejection_beside_an_event_settles_only_with_its_letter() -> None:
    scene = Scene(rules=RULES, pixels=("shop", "app"))
    scene.letters.is_silent = True
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "x"}))

    scene.run()
    assert scene.sent_ids == ["a"]
    assert scene.kafka.committed_offset() == 0

    scene.letters.is_silent = False
    scene.run()
    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["records_settled{rejected}"] == 1


def test_rejections_are_kept_for_people_where_the_record_first_stood_and_counted_by_reason() -> None:
    desk = Desk()
    position, origin = Position("group.parked.shop", 0, 3, 1), Position(TOPIC, 2, 77)
    parked = Record(position, 0, None, b"v", (), origin, rule="all")

    desk.settling.reject(parked, Rejection(RejectReason.BUG_MAP, "at line 2", "all", "shop"), 5.0)
    desk.settling.reject(parked, Rejection(RejectReason.BUG_MAP, "at line 3", "all", "shop"), 9.0)

    newest = desk.settling.last_rejected[-1]
    assert (newest.at_s, newest.origin, newest.rejection.reason) == (9.0, origin, RejectReason.BUG_MAP)
    again = desk.settling.rejected[RejectReason.BUG_MAP]
    assert (again.count, again.first_at_s, again.last.at_s) == (2, 5.0, 9.0)
