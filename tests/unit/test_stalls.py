"""The suite's own detector of stalls finds one, and excuses what is none."""

from tests.support.stalls import Progress, stalls


def seen(*settled: float, behind: float = 5.0, every_s: float = 10.0) -> list[Progress]:
    return [Progress(number * every_s, each, behind) for number, each in enumerate(settled)]


def test_a_minute_without_anything_settled_is_a_stall_while_the_log_has_records() -> None:
    (said,) = stalls(seen(1, 2, *[3] * 8), [])

    assert said == "nothing settled from 20 to 90 s, 5 records behind"


def test_a_minute_and_no_more_is_none() -> None:
    assert stalls(seen(1, *[2] * 7), []) == []


def test_nothing_to_do_is_no_stall() -> None:
    assert stalls(seen(*[3] * 30, behind=0), []) == []


def test_a_fault_excuses_while_it_is_in_force_and_no_longer() -> None:
    standing = seen(*[3] * 20)

    assert stalls(standing, [(0.0, 135.0)]) == []
    assert len(stalls(standing, [(0.0, 100.0)])) == 1
    assert len(stalls(standing, [(100.0, 190.0)])) == 1


def test_a_counter_that_begins_anew_is_progress_too() -> None:
    assert stalls(seen(*[900] * 6, *[0] * 6), []) == []
