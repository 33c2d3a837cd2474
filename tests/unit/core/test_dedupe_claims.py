"""How long a claim lives, and how many there may be (docs/architecture.md §4)."""

import pytest

from consumer.core.dedupe.submissions import DedupeResult, OfferedEvent
from consumer.core.dedupe.trim import trim
from tests.support.dedupe_events import made
from tests.support.window_reader import EMAIL, PHONE, START_MS, WALL_MS, Reader, item_of, record

# ── claims and their time ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("at_s", "outcome"), [(300.0, DedupeResult.DUPLICATE), (300.001, DedupeResult.FIRST)])
def test_a_claim_lives_for_five_minutes_inclusive(at_s: float, outcome: DedupeResult) -> None:
    reader = Reader()
    reader.accepted(reader.read())

    assert reader.read(at_s=at_s).outcome is outcome


@pytest.mark.parametrize(("at_s", "outcome"), [(-300.0, DedupeResult.DUPLICATE), (-300.001, DedupeResult.TOO_OLD)])
def test_the_older_copy_may_come_second(at_s: float, outcome: DedupeResult) -> None:
    reader = Reader()
    reader.accepted(reader.read())
    offered = reader.read(at_s=at_s)

    assert offered.outcome is outcome
    assert (offered.item is not None) is (outcome is DedupeResult.TOO_OLD)


def test_a_record_too_old_for_a_claim_makes_none() -> None:
    reader = Reader()
    reader.read(event_id="another", at_s=301)

    assert [reader.read(at_s=0).outcome for _ in range(2)] == [DedupeResult.TOO_OLD] * 2
    assert reader.window.keys == 1


def test_records_without_events_move_the_watermark_too() -> None:
    reader = Reader()
    reader.accepted(reader.read())
    reader.window.saw(record(50, 300.001), WALL_MS)

    assert reader.read(at_s=250).outcome is DedupeResult.FIRST


@pytest.mark.parametrize("at_s", [400.0, -START_MS / 1000 - 0.001])
def test_a_timestamp_ahead_of_the_clock_or_none_counts_as_the_clock(at_s: float) -> None:
    reader = Reader()
    window, clock_ms = reader.window, START_MS + 10_000
    strange = record(1, at_s)
    window.saw(strange, clock_ms)
    window.offer(made(EMAIL), strange, 0.0)

    assert window.watermark_ms == clock_ms
    assert reader.read(at_s=310, offset=2).outcome is DedupeResult.DUPLICATE
    assert reader.read(at_s=310.001, offset=3).outcome is DedupeResult.FIRST


def test_claims_go_when_the_watermark_has_passed_their_second() -> None:
    reader = Reader()
    for number in range(10):
        reader.read(event_id=str(number), at_s=number)
    assert (reader.window.keys, reader.window.reach_s) == (10, 9.0)

    reader.read(event_id="late", at_s=304)

    assert (reader.window.keys, reader.window.reach_s) == (7, 300.0)


def test_a_claim_that_outlives_a_part_of_its_second_goes_with_the_rest_of_it() -> None:
    reader = Reader()
    reader.read(at_s=0.9)
    reader.window.saw(record(2, 300.5), WALL_MS)
    assert reader.window.keys == 1

    reader.window.saw(record(3, 302), WALL_MS)

    assert reader.window.keys == 0


def test_claims_of_a_second_that_was_left_and_came_back_go_together() -> None:
    reader = Reader()
    for number, at_s in enumerate((5, 6, 5)):
        reader.read(event_id=str(number), at_s=at_s)

    reader.read(event_id="late", at_s=305.5)

    assert reader.window.keys == 4
    reader.read(event_id="later", at_s=306.5)
    assert reader.window.keys == 3


def test_a_claim_made_again_in_a_later_second_outlives_the_first_ones() -> None:
    reader = Reader()
    reader.refused(reader.read(at_s=0))
    reader.accepted(reader.read(at_s=5))

    assert reader.read(at_s=303).outcome is DedupeResult.DUPLICATE
    assert reader.window.keys == 1


def test_an_answer_that_comes_after_its_claim_died_touches_no_other() -> None:
    reader = Reader()
    old = reader.sent(reader.read(at_s=0))
    new = reader.read(at_s=301)
    assert new.outcome is DedupeResult.FIRST
    reader.sent(new)

    reader.window.refused(old)
    assert reader.read(at_s=301) == OfferedEvent(DedupeResult.DUPLICATE, new.item)
    reader.window.accepted(item_of(new))
    assert reader.read(at_s=301).item is None


def test_a_late_acceptance_of_an_event_whose_claim_died_touches_no_other() -> None:
    reader = Reader()
    old = reader.sent(reader.read(at_s=0))
    new = reader.sent(reader.read(at_s=301))

    reader.window.accepted(old)

    assert reader.read(at_s=301) == OfferedEvent(DedupeResult.DUPLICATE, new)


def test_a_late_answer_finds_forwards_of_a_newer_claim_untouched() -> None:
    reader = Reader()
    old = reader.sent(reader.read(EMAIL, at_s=0))
    new = reader.sent(reader.read(EMAIL, at_s=301))
    forward = reader.sent(reader.read(PHONE, at_s=301))

    reader.window.refused(old)
    reader.window.accepted(new)

    assert reader.read(PHONE, at_s=301) == OfferedEvent(DedupeResult.DUPLICATE, forward)


def test_a_second_answer_to_the_same_event_is_ignored() -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL))
    reader.window.accepted(first)
    reader.window.refused(first)
    reader.window.accepted(first)

    assert reader.read(EMAIL).outcome is DedupeResult.DUPLICATE


# ── bounded memory ──────────────────────────────────────────────────────────────────────────────


def test_beyond_max_keys_the_oldest_of_all_windows_go_first() -> None:
    one, two, empty = Reader(), Reader(), Reader()
    for number in range(6):
        (one, two)[number % 2].read(event_id=str(number), at_s=number)
    windows = [one.window, two.window, empty.window]

    trim(windows, 6)
    assert (one.window.keys, two.window.keys) == (3, 3)
    trim(windows, 3)
    assert (one.window.keys, two.window.keys) == (1, 2)
    assert one.window.reach_s == 0.0
    trim(windows, 0)
    assert sum(window.keys for window in windows) == 0
    assert (one.window.oldest_ms, one.window.reach_s) == (None, 0.0)


def test_within_a_second_the_first_go_first_and_released_claims_do_not_count() -> None:
    reader = Reader()
    reader.refused(reader.read(event_id="released"))
    for number in range(4):
        reader.read(event_id=str(number))

    trim([reader.window], 2)

    assert reader.window.keys == 2
    assert reader.read(event_id="2").outcome is DedupeResult.DUPLICATE
    assert reader.read(event_id="1").outcome is DedupeResult.FIRST


def test_an_event_whose_claim_was_evicted_is_still_answered() -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL))
    trim([reader.window], 0)
    second = reader.sent(reader.read(EMAIL))
    reader.window.refused(first)

    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, second)


def test_a_claim_made_in_a_second_that_was_evicted_expires_all_the_same() -> None:
    reader = Reader()
    reader.read(event_id="evicted")
    trim([reader.window], 0)
    reader.read(event_id="next")
    assert reader.window.keys == 1

    reader.window.saw(record(9, 302), WALL_MS)

    assert reader.window.keys == 0
