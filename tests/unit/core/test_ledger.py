from hypothesis import given
from hypothesis import strategies as st

from consumer.core.model import Position
from consumer.core.settle.ledger import Ledger, RecordOutcome

P0 = ("orders", 0)


def at(offset: int, epoch: int = 1) -> Position:
    return Position("orders", 0, offset, epoch)


def ledger_with(*offsets: int) -> Ledger:
    ledger = Ledger()
    ledger.assign(P0, 1, offsets[0], is_committed=True)
    for offset in offsets:
        ledger.open(at(offset), 100, now_s=float(offset))
        ledger.decided(at(offset), 1)
    return ledger


def test_commits_up_to_the_oldest_record_in_flight() -> None:
    ledger = ledger_with(10, 11, 12)

    ledger.settle(at(10), RecordOutcome.SENT)
    ledger.settle(at(12), RecordOutcome.SENT)  # 11 is still being tried

    assert ledger.committable() == {P0: 11}


def test_commits_past_the_last_record_once_all_are_settled() -> None:
    ledger = ledger_with(10, 11)

    ledger.settle(at(11), RecordOutcome.SENT)
    ledger.settle(at(10), RecordOutcome.SENT)

    assert ledger.committable() == {P0: 12}


def test_offers_no_offset_that_is_committed_already() -> None:
    ledger = ledger_with(10)
    assert ledger.committable() == {}

    ledger.settle(at(10), RecordOutcome.SENT)
    ledger.note_committed(P0, 11)

    assert ledger.committable() == {}
    assert ledger.committed(P0) == 11


def test_after_a_late_answer_to_an_earlier_commit_the_later_one_is_due_again() -> None:
    """Answers come in the order in which commits are stored: the earlier one is what the broker has now."""
    ledger = ledger_with(10, 11)
    for offset in (10, 11):
        ledger.settle(at(offset), RecordOutcome.SENT)
    ledger.note_committed(P0, 12)

    ledger.note_committed(P0, 11)

    assert ledger.committed(P0) == 11
    assert ledger.committable() == {P0: 12}


def test_a_start_that_the_group_has_not_stored_is_committable_at_once() -> None:
    ledger = Ledger()
    ledger.assign(P0, 1, 7, is_committed=False)
    assert ledger.committable() == {P0: 7}

    ledger.note_committed(P0, 7)

    assert ledger.committable() == {}


def test_a_record_is_settled_with_the_last_of_its_parts() -> None:
    ledger = ledger_with(10)
    ledger.decided(at(10), 3)

    ledger.settle(at(10), RecordOutcome.SENT)
    ledger.settle(at(10), RecordOutcome.SENT)
    assert ledger.committable() == {}
    ledger.settle(at(10), RecordOutcome.SENT)
    assert ledger.committable() == {P0: 11}


def test_a_record_without_parts_is_dropped_and_settled() -> None:
    ledger = ledger_with(10)

    ledger.decided(at(10), 0)

    assert ledger.totals.settled == {RecordOutcome.DROPPED: 1}
    assert ledger.committable() == {P0: 11}


def test_a_record_counts_by_the_gravest_of_its_parts() -> None:
    ledger = ledger_with(10)
    ledger.decided(at(10), 3)

    for outcome in (RecordOutcome.DUPLICATE, RecordOutcome.REJECTED, RecordOutcome.SENT):
        ledger.settle(at(10), outcome)

    assert ledger.totals.settled == {RecordOutcome.REJECTED: 1}


def test_ignores_a_record_settled_after_its_partition_was_revoked() -> None:
    ledger = ledger_with(10, 11)

    assert ledger.release([P0]) == 2
    assert not ledger.settle(at(10), RecordOutcome.SENT)
    ledger.decided(at(10), 0)
    ledger.note_committed(P0, 99)

    assert ledger.committable() == {}
    assert ledger.committed(P0) == -1
    assert ledger.totals.released == 2
    assert ledger.totals.settled == {}


def test_ignores_a_record_of_an_earlier_assignment_of_the_same_partition() -> None:
    ledger = ledger_with(10)
    ledger.release([P0])
    ledger.assign(P0, 2, 10, is_committed=True)
    ledger.open(at(10, epoch=2), 1, 0.0)

    assert not ledger.settle(at(10, epoch=1), RecordOutcome.SENT)

    assert not ledger.owns(at(10, epoch=1))
    assert ledger.owns(at(10, epoch=2))
    assert ledger.in_flight == 1


def test_releases_only_what_is_unsettled() -> None:
    ledger = ledger_with(10, 11, 12)
    ledger.settle(at(11), RecordOutcome.SENT)  # behind one that is still in flight

    assert ledger.release([P0]) == 2
    assert ledger.in_flight_bytes == 0


def test_releasing_what_is_not_ours_releases_nothing() -> None:
    assert Ledger().release([P0]) == 0


def test_settling_twice_counts_once() -> None:
    ledger = ledger_with(10)

    assert ledger.settle(at(10), RecordOutcome.SENT)
    assert ledger.settle(at(10), RecordOutcome.SENT)  # it is still ours

    assert ledger.totals.settled == {RecordOutcome.SENT: 1}


def test_knows_how_much_is_in_flight_and_since_when() -> None:
    ledger = ledger_with(10, 11, 12)
    ledger.settle(at(10), RecordOutcome.SENT)

    assert (ledger.in_flight, ledger.in_flight_bytes) == (2, 200)
    assert ledger.oldest_read_at_s() == 11.0
    assert ledger.unsettled([P0, ("other", 1)]) == 2
    assert (ledger.next_offset(P0), ledger.uncommitted_span(P0), ledger.epoch(P0)) == (13, 3, 1)
    assert list(ledger.partitions) == [P0]

    ledger.release([P0])
    assert (ledger.in_flight, ledger.in_flight_bytes) == (0, 0)
    assert ledger.oldest_read_at_s() is None


def test_knows_what_is_held_for_a_record_until_it_is_settled() -> None:
    ledger = ledger_with(10, 11)
    ledger.decided(at(10), 2, held_bytes=1000)
    ledger.hold(at(10), 500)
    ledger.hold(at(11), -20)
    ledger.hold(at(12), 7)
    assert ledger.in_flight_bytes == 200 + 1000 + 500 - 20

    ledger.settle(at(10), RecordOutcome.SENT)
    assert ledger.in_flight_bytes == 200 + 1000 + 500 - 20
    ledger.settle(at(10), RecordOutcome.REJECTED)
    ledger.hold(at(10), 500)
    assert ledger.in_flight_bytes == 80

    ledger.release([P0])
    assert ledger.in_flight_bytes == 0


def test_outcomes_are_spelt_as_the_metric_has_them() -> None:
    assert [outcome.label for outcome in RecordOutcome] == [
        "rejected",
        "parked",
        "sent",
        "merged",
        "duplicate",
        "dropped",
    ]


@given(st.sets(st.integers(0, 1000), min_size=1), st.data())
def test_never_commits_past_an_unsettled_record(offsets: set[int], data: st.DataObject) -> None:
    settled = data.draw(st.lists(st.sampled_from(sorted(offsets)), unique=True))
    ledger = ledger_with(*sorted(offsets))
    for offset in settled:
        ledger.settle(at(offset), RecordOutcome.SENT)

    resume = ledger.committable().get(P0, min(offsets))

    assert all(offset in settled for offset in offsets if offset < resume)
    assert resume > max(offsets) or resume in offsets - set(settled)


@given(st.lists(st.tuples(st.sampled_from(["open", "settle", "release"]), st.integers(0, 50)), max_size=100))
def test_every_record_is_settled_or_released_or_in_flight(steps: list[tuple[str, int]]) -> None:
    ledger, epoch, offset, read = Ledger(), 1, 0, 0
    ledger.assign(P0, epoch, offset, is_committed=True)
    for step, place in steps:
        if step == "open":
            ledger.open(at(offset, epoch), 1, 0.0)
            offset, read = offset + 1, read + 1
        elif step == "settle":
            ledger.settle(at(place, epoch), RecordOutcome.SENT)
        else:
            ledger.release([P0])
            epoch += 1
            ledger.assign(P0, epoch, offset, is_committed=True)

    assert read == sum(ledger.totals.settled.values()) + ledger.totals.released + ledger.in_flight
    assert ledger.in_flight_bytes == ledger.in_flight


def test_offsets_that_hold_no_record_are_skipped_and_never_back() -> None:
    ledger = Ledger()
    ledger.assign(("t", 0), 1, 5, is_committed=True)
    ledger.open(Position("t", 0, 5, 1), 1, 0.0)
    ledger.skip_to(("t", 0), 9)
    ledger.skip_to(("t", 0), 7)
    ledger.skip_to(("elsewhere", 0), 7)
    assert ledger.committable() == {}

    ledger.settle(Position("t", 0, 5, 1), RecordOutcome.SENT)

    assert ledger.committable() == {("t", 0): 9}


def test_settled_and_released_records_add_up_over_many() -> None:
    ledger = ledger_with(10, 11, 12)
    ledger.assign(("orders", 1), 2, 5, is_committed=True)
    ledger.open(Position("orders", 1, 5, 2), 100, now_s=0)

    for offset in (10, 11):
        ledger.settle(at(offset), RecordOutcome.SENT)
    released = ledger.release([P0, ("orders", 1)])

    assert ledger.totals.settled[RecordOutcome.SENT] == 2
    assert released == 2
    assert ledger.in_flight_bytes == 0


def test_a_record_that_nobody_decided_needs_one_settling() -> None:
    ledger = Ledger()
    ledger.assign(P0, 1, 10, is_committed=True)
    ledger.open(at(10), 100, now_s=0)

    ledger.settle(at(10), RecordOutcome.DROPPED)

    assert ledger.committable() == {P0: 11}


# ── settled beyond what is committed ────────────────────────────────────────────────────────────


def opened(*offsets: int) -> Ledger:
    ledger = Ledger()
    ledger.assign(("t", 0), 1, offsets[0], is_committed=True)
    for offset in offsets:
        ledger.open(Position("t", 0, offset, 1), 1, 0.0)
    return ledger


def test_what_is_settled_beyond_the_oldest_in_flight_is_told_in_runs() -> None:
    ledger = opened(5, 6, 7, 8, 10)
    assert ledger.settled_beyond(("t", 0)) == ((9, 10),)  # no record is there
    for offset in (6, 8):
        ledger.settle(Position("t", 0, offset, 1), RecordOutcome.SENT)
    assert ledger.settled_beyond(("t", 0)) == ((6, 7), (8, 10))
    ledger.settle(Position("t", 0, 10, 1), RecordOutcome.SENT)

    assert ledger.settled_beyond(("t", 0)) == ((6, 7), (8, 11))
    ledger.settle(Position("t", 0, 5, 1), RecordOutcome.SENT)
    assert ledger.committable() == {("t", 0): 7}
    assert ledger.settled_beyond(("t", 0)) == ((8, 11),)


def test_a_commit_is_due_when_only_records_beyond_it_were_settled_and_once() -> None:
    ledger = opened(5, 6)
    ledger.note_committed(("t", 0), 5)
    assert ledger.committable() == {}

    ledger.settle(Position("t", 0, 6, 1), RecordOutcome.SENT)
    assert ledger.committable() == {("t", 0): 5}
    ledger.note_commit_sent([("t", 0)])
    assert ledger.committable() == {}
    ledger.note_commit_failed()

    assert ledger.committable() == {("t", 0): 5}


def test_what_an_earlier_owner_settled_is_told_on_until_it_is_read() -> None:
    ledger = opened(5)
    ledger.note_settled_before(("t", 0), ((6, 9), (12, 20)))
    assert ledger.settled_beyond(("t", 0)) == ((6, 9), (12, 20))

    for offset in (6, 7, 8):
        ledger.skip(Position("t", 0, offset, 1))
    ledger.open(Position("t", 0, 9, 1), 1, 0.0)

    assert ledger.settled_beyond(("t", 0)) == ((6, 9), (12, 20))
    assert ledger.in_flight == 2
    for offset in (5, 9):
        ledger.settle(Position("t", 0, offset, 1), RecordOutcome.SENT)
    assert ledger.committable() == {("t", 0): 10}
    assert ledger.settled_beyond(("t", 0)) == ((12, 20),)


def test_what_is_settled_up_to_an_earlier_owners_run_is_one_run_with_it() -> None:
    ledger = opened(5, 6)
    ledger.note_settled_before(("t", 0), ((6, 9), (12, 20)))
    ledger.settle(Position("t", 0, 6, 1), RecordOutcome.SENT)

    assert ledger.settled_beyond(("t", 0)) == ((6, 9), (12, 20))


def test_a_record_that_an_earlier_owner_settled_counts_as_read() -> None:
    ledger = ledger_with(10)

    ledger.skip(at(11))

    assert (ledger.next_offset(P0), ledger.in_flight) == (12, 1)


def test_holds_nothing_for_a_record_of_an_earlier_assignment() -> None:
    ledger = ledger_with(10)

    ledger.hold(at(10, epoch=2), 50)

    assert ledger.in_flight_bytes == 100


def test_what_is_settled_while_a_commit_is_under_way_is_due_after_it() -> None:
    ledger = ledger_with(10, 11, 12)
    ledger.settle(at(11), RecordOutcome.SENT)
    ledger.note_commit_sent([P0])

    ledger.settle(at(12), RecordOutcome.SENT)
    ledger.note_committed(P0, 10)

    assert ledger.committable() == {P0: 10}


def test_an_earlier_owners_run_that_was_read_to_its_end_is_no_run_any_more() -> None:
    ledger = ledger_with(10, 11, 12)

    ledger.note_settled_before(P0, ((11, 13),))

    assert ledger.settled_beyond(P0) == ()


def test_what_is_settled_from_the_committed_offset_on_is_told_whether_a_commit_came_through_or_not() -> None:
    ledger = ledger_with(10, 11, 12, 13)
    assert ledger.settled_from_committed(P0) == ()

    for offset in (10, 11, 13):
        ledger.settle(at(offset), RecordOutcome.SENT)
    assert ledger.settled_from_committed(P0) == ((10, 12), (13, 14))

    ledger.note_committed(P0, 12)
    assert ledger.settled_from_committed(P0) == ((13, 14),)


def test_what_was_settled_and_not_committed_is_known() -> None:
    ledger = ledger_with(10, 11)
    assert not ledger.is_uncommitted

    ledger.settle(at(11), RecordOutcome.SENT)
    assert ledger.is_uncommitted

    ledger.settle(at(10), RecordOutcome.SENT)
    ledger.note_committed(P0, 12)
    assert not ledger.is_uncommitted
