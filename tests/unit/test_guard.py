"""What the guard allows: the ratio differs from processor to processor."""

import pytest

from bench.guard import limits_of

RECORDED = {"new": {"shipped": 1.0, "flat": 1.5, "clean": 1.1}, "old": {"shipped": 1.25, "flat": 1.4, "clean": 1.2}}


def test_a_processor_is_held_against_its_own_ratios() -> None:
    assert limits_of(RECORDED, "new") == pytest.approx({"shipped": 1.2, "flat": 1.8, "clean": 1.32})


def test_one_that_is_not_recorded_is_held_against_the_highest_and_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert limits_of(RECORDED, "another") == pytest.approx({"shipped": 1.5, "flat": 1.8, "clean": 1.44})
    assert "nothing is recorded for another" in capsys.readouterr().out
