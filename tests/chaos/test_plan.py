"""The same seed makes the same faults, and every kind has its turn."""

from itertools import pairwise

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.plan import KINDS, plan


def test_the_same_seed_makes_the_same_plan_and_another_one_another() -> None:
    assert plan(7, 90, 4) == plan(7, 90, 4)
    assert plan(7, 90, 4) != plan(8, 90, 4)


def test_every_kind_can_be_brought_about() -> None:
    assert KINDS.keys() == FAULTS.keys()


def test_every_kind_strikes_within_an_hour_of_faults() -> None:
    assert {fault.kind for fault in plan(1, 3600, 4)} == KINDS.keys()


def test_a_kind_that_is_left_out_never_strikes() -> None:
    assert "TLS failure" not in {fault.kind for fault in plan(1, 3600, 4, frozenset({"TLS failure"}))}


@pytest.mark.parametrize("seed", range(20))
def test_faults_about_the_same_thing_never_overlap_and_all_end_in_time(seed: int) -> None:
    planned = plan(seed, 300, 3)

    assert all(fault.at_s + fault.for_s <= 300 + 0.1 for fault in planned)
    for about in {kind.about for kind in KINDS.values()} - {""}:
        alike = [fault for fault in planned if KINDS[fault.kind].about == about]
        assert all(before.at_s + before.for_s < after.at_s for before, after in pairwise(alike))


def test_several_faults_are_in_force_at_a_time() -> None:
    planned = plan(1, 300, 4)
    assert any(after.at_s < before.at_s + before.for_s for before, after in pairwise(planned))
