"""A mutant proves something only if it is the change of a program that its list says it is."""

import pytest

from tests.mutants.__main__ import main
from tests.mutants.mutant import Mutant, MutantError, mutated
from tests.mutants.running import ROOT, Ran
from tests.mutants.suite import LISTS, killers_of

TEXT = "def is_due(now_s: float) -> bool:\n    return now_s >= 1.0\n"
EVERY = [mutant for listed in LISTS.values() for mutant in listed]


def mutant(old: str, new: str) -> Mutant:
    return Mutant("consumer/core/batch.py", old, new, "is due too early")


def test_the_one_place_is_changed() -> None:
    assert mutated(TEXT, mutant(">= 1.0", "> 1.0")) == TEXT.replace(">= 1.0", "> 1.0")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (">= 2.0", "> 2.0", "is there 0 times"),
        ("now_s", "then_s", "is there 2 times"),
        (">= 1.0", ">= 1.0", "changes nothing"),
        (">= 1.0", ">= (1.0", "no Python any more"),
    ],
)
def test_a_mutant_that_proves_nothing_is_an_error(old: str, new: str, fault: str) -> None:
    with pytest.raises(MutantError, match=fault):
        mutated(TEXT, mutant(old, new))


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_no_seeded_mutant_is_out_of_date(each: Mutant) -> None:
    mutated((ROOT / each.file).read_text(), each)

    assert killers_of(each.file)
    assert all((ROOT / test).is_file() for test in killers_of(each.file))


def test_only_a_failed_test_kills() -> None:
    assert Ran(1, "FAILED tests/unit/test_batch.py::test_waits - assert 1").has_failed_test
    assert Ran(1, "FAILED tests/unit/test_batch.py::test_waits - assert 1").first_failure == "test_waits"
    for code in (0, 2, 3, 4, 5, 70, -9):
        assert not Ran(code, "").has_failed_test
    assert Ran(0, "").are_green


def test_an_unknown_list_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settel"]) == 64
    assert "settel" in capsys.readouterr().out
