"""The judge finds what must not be, and excuses what a fault explains: no more and no less."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.chaos.causes import UNHEARD, Arrival
from tests.chaos.judge import Evidence, Verdict, judge
from tests.chaos.watch import Commits, Look
from tests.chaos.world import Disturbance
from tests.support.letters import Letter

PURCHASE: Final = ("SHOP", "Purchase", "1")
LEAD: Final = ("BLOG", "Lead", "2")
BAD: Final = Letter(b"3", b"bytes", (("trace", b"\x00"),), "decode.truncated")
P0: Final = ("events", 0)


def arrivals(*at_s: float) -> list[Arrival]:
    return [Arrival(at, True) for at in at_s]


def evidence(**changes: Any) -> Evidence:
    """A run in which all went well at second 100; the committed offset passed it at second 101."""
    ours: dict[str, Any] = {
        "records": {PURCHASE: [("events", 0, 5)], LEAD: [("events", 0, 6)]},
        "copies": {PURCHASE: 1, LEAD: 1},
        "parked_s": {},
        "arrivals": {PURCHASE: arrivals(100), LEAD: arrivals(100)},
        "letters": Counter([BAD]),
        "expected_letters": Counter([BAD]),
        "committed": {P0: 10},
        "ends": {P0: 10},
        "disturbances": [],
        "commits": [Commits(90, {P0: 0}), Commits(101, {P0: 10})],
        "looks": [look(100)],
    }
    return Evidence(**{**ours, **changes})


def look(at_s: float, **changes: float) -> Look:
    return Look("run-1", at_s, **{**_QUIET, **changes})


_QUIET: Final[Mapping[str, float]] = {
    "unaccounted": 0,
    "resident_mib": 90,
    "lost": 0,
    "moved": 0,
    "breaker_open": 0,
}


def accepted_again(*at_s: float, **changes: Any) -> Verdict:
    """The purchase accepted at these times."""
    return judge(evidence(arrivals={PURCHASE: arrivals(*at_s), LEAD: arrivals(100)}, **changes))


def test_a_run_in_which_all_went_well() -> None:
    verdict = judge(evidence())

    assert verdict.faults == []
    assert (verdict.events, verdict.lost, verdict.repeated, verdict.forwarded) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"arrivals": {LEAD: arrivals(100)}}, "1 × lost"),
        (
            {"arrivals": {PURCHASE: arrivals(1), LEAD: arrivals(1), ("SHOP", "Purchase", "9"): arrivals(1)}},
            "1 × accepted, and not expected",
        ),
        ({"letters": Counter()}, "1 × dead letter missing"),
        ({"letters": Counter([BAD, BAD._replace(value=b"byte")])}, "1 × dead letter not expected"),
        ({"letters": Counter([BAD._replace(reason="decode.framing")])}, "1 × dead letter missing"),
        ({"committed": {P0: 9}}, "1 × partition not committed"),
        ({"committed": {}}, "1 × partition not committed"),
        ({"looks": [look(1), look(2, unaccounted=-1)]}, "1 × uneven ledger"),
        ({"looks": [look(1, breaker_open=1)]}, "1 × breaker open"),
        ({"looks": [look(1, resident_mib=2000)]}, "2000 MiB"),
        ({"problems": ["run-2 ended by itself"]}, "run-2 ended by itself"),
    ],
)
def test_finds_what_must_not_be(changes: Mapping[str, Any], what: str) -> None:
    assert any(fault.startswith(what) for fault in judge(evidence(**changes)).faults)


@pytest.mark.parametrize(("late_mib", "faults"), [(150, 0), (160, 1)])
def test_a_process_that_grows_is_a_fault(late_mib: float, faults: int) -> None:
    looks = [look(100 + second, resident_mib=90 if second < 10 else late_mib) for second in range(20)]
    verdict = judge(evidence(looks=looks))

    assert verdict.most_grown_mib == late_mib - 90
    assert len(verdict.faults) == faults


def test_a_dead_letter_may_be_there_more_than_once() -> None:
    assert judge(evidence(letters=Counter([BAD, BAD]))).faults == []


def test_an_event_accepted_again_without_any_fault_has_no_cause() -> None:
    verdict = accepted_again(100, 110)

    assert (verdict.repeated, verdict.unexplained) == (1, 1)
    assert verdict.faults


def test_a_copy_may_be_accepted_too() -> None:
    verdict = accepted_again(100, 110, copies={PURCHASE: 2, LEAD: 1})

    assert (verdict.repeated, verdict.forwarded, verdict.faults) == (0, 1, [])


def test_an_acceptance_that_the_sender_was_not_told_of_explains_one_more() -> None:
    unheard = [Arrival(100, False), Arrival(104, True)]
    verdict = judge(evidence(arrivals={PURCHASE: unheard, LEAD: arrivals(100)}))
    assert (verdict.faults, verdict.causes) == ([], {UNHEARD: 1})

    thrice = [*unheard, Arrival(106, True)]
    assert judge(evidence(arrivals={PURCHASE: thrice, LEAD: arrivals(100)})).unexplained == 1


@pytest.mark.parametrize(
    ("begin_s", "unexplained"), [(95, 1), (100.2, 0), (105, 1)], ids=["before", "between, uncommitted", "committed"]
)
def test_a_kill_explains_what_was_sent_and_not_committed_when_it_came(begin_s: float, unexplained: int) -> None:
    kill = Disturbance("kill -9", begin_s, begin_s)

    assert accepted_again(100, 110, disturbances=[kill]).unexplained == unexplained


def test_a_503_explains_nothing() -> None:
    assert accepted_again(100, 110, disturbances=[Disturbance("HTTP 503", 95, 108)]).unexplained == 1


def test_a_restart_in_good_order_explains_nothing_unless_something_kept_records_unsettled() -> None:
    restart = Disturbance("SIGTERM and restart", 100.2, 101)
    refused = Disturbance("dead letters refused", 95, 105)

    assert accepted_again(100, 110, disturbances=[restart]).unexplained == 1
    assert accepted_again(100, 110, disturbances=[restart, refused]).unexplained == 0


def test_partitions_that_a_process_lost_explain_what_comes_then() -> None:
    looks = [look(100.5), look(101.5, lost=1, moved=1)]

    assert accepted_again(100, 110, looks=looks, commits=[Commits(80, {P0: 0})]).unexplained == 0
    assert accepted_again(100, 110, looks=[look(100.5), look(101.5, moved=1)]).unexplained == 1


def test_a_kill_is_named_rather_than_the_move_that_came_of_it() -> None:
    kill = Disturbance("kill -9", 100.2, 100.2)
    looks = [look(100.5), look(101.5, moved=1)]

    assert accepted_again(100, 110, disturbances=[kill], looks=looks).causes == {"kill -9": 1}


def test_an_event_that_was_parked_before_a_kill_may_come_from_both_of_its_records() -> None:
    kill = Disturbance("kill -9", 99, 99)
    places = {PURCHASE: [("events", 0, 5), ("parked", 0, 0)], LEAD: [("events", 0, 6)]}
    far_apart = {"disturbances": [kill], "records": places}

    assert accepted_again(103, 110, **far_apart).unexplained == 1
    assert accepted_again(103, 110, **far_apart, parked_s={PURCHASE: 98.0}).unexplained == 0


def standing(until_s: int) -> dict[str, Any]:
    """Commits and looks of a run in which nothing settles from second 100 to `until_s`."""
    commits = [Commits(at, {P0: 10 if at >= until_s else 5}, {P0: 10}) for at in range(90, until_s + 10)]
    looks = [look(at, settled=9 if at >= until_s else 5) for at in range(90, until_s + 10)]
    return {"commits": commits, "looks": looks}


def test_a_minute_in_which_nothing_settles_fails_the_run_whatever_else_is_even() -> None:
    (fault,) = judge(evidence(**standing(170))).faults

    assert fault == "nothing settled from 90 to 151 s, 5 records behind"


def test_a_fault_in_force_excuses_that_nothing_settles() -> None:
    assert judge(evidence(**standing(170), disturbances=[Disturbance("broker hangs", 95, 130)])).faults == []


def test_what_settles_beyond_the_committed_offset_is_no_stall() -> None:
    slow = standing(170)
    slow["looks"] = [look(at, settled=at) for at in range(90, 180)]

    assert judge(evidence(**slow)).faults == []
