"""What each stage has done, from decisions, metrics and the ledger."""

from collections.abc import Mapping
from typing import Final

import pytest

from consumer.core.model import Decision, Rejection
from consumer.core.reasons import DropReason, RejectReason
from consumer.status.model import STAGES, Stage
from consumer.status.stages import Counts, Decided, stages


def made(
    decided: Decided, rejected: Mapping[str, int] | None = None, settled: Mapping[str, int] | None = None
) -> dict[str, Stage]:
    return {each.name: each for each in stages(Counts({}), decided, rejected or {}, settled or {}, {"batch": 3})}


def test_what_a_stage_rejects_has_passed_all_before_it() -> None:
    rejected = {"decode": 1, "route": 2, "map": 4, "normalize": 8, "validate": 16, "deliver": 32}

    found = made(Decided(records=100, tombstones=5, undecoded=1, unrouted=7, events=60), rejected)

    assert {name: found[name].passed for name in STAGES[1:6]} == {
        "decode": 94, "route": 88, "map": 84, "normalize": 76, "validate": 60,
    }  # fmt: skip
    assert {name: found[name].rejected for name in rejected} == rejected


def test_decisions_are_counted_by_how_they_ended() -> None:
    decided = Decided()
    for dropped in (None, DropReason.TOMBSTONE, DropReason.NO_RULE, DropReason.NO_RULE):
        decided.note(Decision(dropped=dropped))

    assert decided == Decided(records=4, tombstones=1, unrouted=2, events=0)


BY_RULE: Final = tuple(Rejection(RejectReason.DECODE_HEADERS, "", rule) for rule in ("one", "two"))
"""What two rules say of a record whose headers cannot be read."""


@pytest.mark.parametrize(
    ("rejections", "undecoded"),
    [
        (BY_RULE, 0),
        ((Rejection(RejectReason.DECODE_TRUNCATED, ""),), 1),
        ((Rejection(RejectReason.DECODE_TRUNCATED, "", "of a parked record"),), 1),
        ((Rejection(RejectReason.BUG_DECODE, ""),), 1),
        ((Rejection(RejectReason.ROUTE_UNKNOWN_RULE, ""),), 0),
        ((Rejection(RejectReason.BUG_PIPELINE, ""),), 0),
    ],
)
def test_a_record_is_left_behind_at_decode_once_and_only_if_no_rule_could_look_at_it(
    rejections: tuple[Rejection, ...], undecoded: int
) -> None:
    decided = Decided()
    decided.note(Decision(rejections=rejections))

    assert made(decided, {"decode": len(rejections)})["decode"].passed == 1 - undecoded


def test_what_is_settled_and_what_waits() -> None:
    found = made(Decided(), settled={"sent": 3, "parked": 1, "merged": 0})

    assert (found["settle"].passed, found["settle"].notes) == (4, {"sent": 3, "parked": 1})
    assert (found["batch"].passed, found["batch"].waiting) == (None, 3)


def test_counts_are_sums_over_labels_and_histograms_stay_as_they_are() -> None:
    counts = Counts(
        {
            ("records_read", ("a",)): 1,
            ("records_read", ("b",)): 2,
            ("lag", ("a", "0")): 5,
            ("lag", ("b", "0")): 7,
            ("events", ("shop", "accepted")): 10,
            ("events", ("blog", "accepted")): 20,
            ("events", ("blog", "forwarded")): 3,
            ("requests", ("shop", "accepted", "0")): 4,
            ("requests", ("shop", "accepted", "20001")): 1,
            ("rejected", ("map.call", "all")): 6,
            ("dropped_fields", ("user.phone", "not_e164")): 8,
            ("dropped_fields", ("user.phone", "no_region")): 0,
            ("match_keys", ("shop", "email")): 9,
            ("match_keys", ("shop", "none")): 1,
            ("match_keys", ("blog", "email")): 2,
            ("request_seconds", ()): (1.0, 2.0),
        }
    )

    assert (counts.read, counts.lag, counts.dead_letters, counts.fields_left_out) == (3, 12, 6, 8)
    assert (counts.accepted, counts.outcomes["accepted"]) == (33, 30)
    assert counts.events["blog"] == {"accepted": 20, "forwarded": 3}
    assert counts.results == {"accepted": 5}
    assert counts.lags == {("a", "0"): 5, ("b", "0"): 7}
    assert counts.match_keys == {"shop": {"email": 9, "none": 1}, "blog": {"email": 2}}
    assert counts.dropped_fields == {("user.phone", "not_e164"): 8, ("user.phone", "no_region"): 0}
    assert counts.request_seconds == (1.0, 2.0)
