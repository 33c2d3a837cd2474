import pytest

from consumer.core.settle.breaker import Breaker


def noted(breaker: Breaker, rejected: int, good: int) -> Breaker:
    for _ in range(good):
        breaker.note(False)
    for _ in range(rejected):
        breaker.note(True)
    return breaker


def test_opens_when_more_than_its_share_is_rejected() -> None:
    assert not noted(Breaker(0.5, 100), rejected=10, good=10).is_tripped
    assert noted(Breaker(0.5, 100), rejected=11, good=10).is_tripped


def test_judges_nothing_before_a_tenth_was_seen() -> None:
    breaker = noted(Breaker(0.5, 100), rejected=9, good=0)
    assert not breaker.is_tripped

    breaker.note(True)

    assert breaker.is_tripped


def test_looks_back_only_so_far() -> None:
    breaker = noted(Breaker(0.5, 10), rejected=0, good=1000)

    noted(breaker, rejected=5, good=0)
    assert not breaker.is_tripped
    noted(breaker, rejected=1, good=0)

    assert breaker.is_tripped


def test_old_rejections_are_forgotten() -> None:
    breaker = Breaker(0.5, 10)
    for _ in range(20):
        noted(breaker, rejected=5, good=5)

    assert not breaker.is_tripped


def test_a_late_refusal_counts_in_place_of_a_good_record() -> None:
    breaker = noted(Breaker(0.5, 100), rejected=0, good=20)

    for _ in range(10):
        breaker.note_late()
    assert not breaker.is_tripped
    breaker.note_late()

    assert breaker.is_tripped


def test_a_late_refusal_among_none_but_rejected_ones_changes_nothing() -> None:
    breaker = noted(Breaker(1, 10), rejected=5, good=0)

    breaker.note_late()

    assert not breaker.is_tripped


def test_late_refusals_are_forgotten_with_their_records() -> None:
    breaker = noted(Breaker(0.5, 10), rejected=0, good=10)
    for _ in range(5):
        breaker.note_late()

    noted(breaker, rejected=5, good=10)

    assert not breaker.is_tripped


def test_one_refusal_in_a_thousand_opens_nothing() -> None:
    breaker = noted(Breaker(0.5, 1000), rejected=0, good=1000)

    breaker.note_late()

    assert not breaker.is_tripped


def test_stays_open_until_it_is_closed_and_then_forgets() -> None:
    breaker = noted(Breaker(0.5, 10), rejected=10, good=0)
    noted(breaker, rejected=0, good=10)
    assert breaker.is_tripped

    breaker.close()

    assert not breaker.is_tripped
    noted(breaker, rejected=1, good=1)
    assert not breaker.is_tripped
    breaker.note(True)
    assert breaker.is_tripped  # two of three


def test_forgets_the_oldest_record_first() -> None:
    breaker = Breaker(0.5, 3)
    for is_rejected in (False, True, False, True):
        breaker.note(is_rejected)

    assert breaker.is_tripped  # of the last three, two


def test_a_late_refusal_of_all_there_were_counts() -> None:
    breaker = noted(Breaker(0.5, 10), rejected=0, good=2)

    breaker.note_late()
    assert not breaker.is_tripped
    breaker.note_late()

    assert breaker.is_tripped


def test_a_late_refusal_after_it_was_closed_changes_nothing() -> None:
    breaker = noted(Breaker(0.5, 10), rejected=10, good=0)
    breaker.close()

    breaker.note_late()
    breaker.note(False)

    assert breaker.is_tripped is False


def test_a_tenth_is_rounded_down() -> None:
    assert noted(Breaker(0.5, 25), rejected=2, good=0).is_tripped


def test_begins_closed() -> None:
    assert Breaker(0.5, 10).is_tripped is False


@pytest.mark.parametrize("of_last", [10, 19, 20])
def test_one_record_alone_never_opens_it(of_last: int) -> None:
    """It would be read again and open it again: nothing could pass it."""
    assert not noted(Breaker(0.5, of_last), rejected=1, good=0).is_tripped
    assert noted(Breaker(0.5, of_last), rejected=2, good=0).is_tripped
