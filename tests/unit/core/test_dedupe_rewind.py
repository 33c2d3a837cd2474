"""What is kept of a partition's past: the events that were refused, and the watermark's way."""

import pytest

from consumer.core.dedupe.rewind.checkpoint import ANY_EVENT, ReadTrail, Refusals, has_offset, joined
from consumer.core.model import OffsetRuns

WINDOW_MS = 300_000
MARK = b"\x01\x02"


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


def test_refusals_are_kept_by_record_and_event() -> None:
    refusals = Refusals([(5, MARK)])
    refusals.note(7, MARK + b"the rest of the digest")

    assert refusals.has(7, MARK + b"another rest")
    assert not refusals.has(7, b"another")
    assert refusals.between(0, 10) == [(5, MARK), (7, MARK)]
    assert refusals.between(6, 7) == []
    refusals.forget_before(6)
    assert refusals.between(0, 10) == [(7, MARK)]


def test_refusals_beyond_bounds_are_forgotten_and_that_is_known() -> None:
    refusals = Refusals()
    for offset in range(10_001):
        refusals.note(offset, MARK)
    refusals.note(20_000, MARK)

    assert refusals.between(10_000, 30_000) is None
    assert refusals.between(10_000, 10_000) == []
    assert refusals.between(10_001, 30_000) == [(20_000, MARK)]


def test_of_records_that_were_rejected_the_newest_are_known_and_no_event_of_them_claims_anything() -> None:
    refusals = Refusals([(3, ANY_EVENT)])
    for offset in range(10, 10_010):
        refusals.note_rejected(offset)

    assert not refusals.has(3, MARK)
    assert refusals.has(10, MARK)
    assert refusals.has(10_009, b"another")
    assert refusals.between(0, 12) == [(10, ANY_EVENT), (11, ANY_EVENT)]
    refusals.forget_before(11)
    assert refusals.between(0, 12) == [(11, ANY_EVENT)]


# ── runs of offsets ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("several", "runs"),
    [
        ([(), ()], ()),
        ([((1, 3), (5, 7)), ()], ((1, 3), (5, 7))),
        ([((5, 7),), ((1, 3),)], ((1, 3), (5, 7))),
        ([((1, 3),), ((3, 4),)], ((1, 4),)),
        ([((1, 9),), ((2, 4), (6, 7))], ((1, 9),)),
        ([((1, 4), (8, 9)), ((3, 6),)], ((1, 6), (8, 9))),
    ],
)
def test_runs_are_joined_where_they_overlap_or_touch(several: list[OffsetRuns], runs: OffsetRuns) -> None:
    assert joined(*several) == runs


# ── the trail ───────────────────────────────────────────────────────────────────────────────────


def test_a_long_stall_costs_precision_and_no_more_memory() -> None:
    trail, claims = ReadTrail(), 20_000
    for offset in range(claims):
        trail.reached(offset, offset * 1000)
        trail.claimed(offset, offset * 1000)

    for committed in range(301, claims, 97):
        exact = committed - 1 - WINDOW_MS // 1000
        assert exact - 512 <= trail.oldest_alive(committed, WINDOW_MS) <= exact
        assert trail.watermark_at(committed, claims * 1000) >= (committed - 1) * 1000
    assert len(trail._offsets) <= 4096


def test_a_claim_made_again_at_an_older_offset_is_found_there() -> None:
    trail = ReadTrail()
    for offset in (10, 20, 30):
        trail.reached(offset, offset * 1000)
    trail.claimed(25, 29_000)

    assert trail.oldest_alive(40, 5000) == 20


# ── runs of offsets ─────────────────────────────────────────────────────────────────────────────


def test_a_run_holds_its_first_offset_and_not_its_end() -> None:
    runs = ((3, 5), (9, 10))

    assert [offset for offset in range(12) if has_offset(runs, offset)] == [3, 4, 9]
    assert not has_offset((), 3)


def test_refusals_of_settled_records_are_those_in_the_runs_while_all_are_known() -> None:
    refusals = Refusals([(5, MARK), (7, MARK), (9, MARK)])

    assert refusals.within(((4, 6), (9, 12))) == [(5, MARK), (9, MARK)]
    assert refusals.known_from(((4, 6), (9, 12))) == ((4, 6), (9, 12))


def test_runs_whose_refusals_were_forgotten_are_not_told() -> None:
    refusals = Refusals()
    for offset in range(10_001):
        refusals.note(offset, MARK)

    assert refusals.known_from(((0, 5), (9_000, 10_005), (10_010, 10_020))) == ((10_001, 10_005), (10_010, 10_020))
