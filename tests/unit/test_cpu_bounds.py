"""The tests' own bounds of processor time: what is slow fails, what was slow once does not."""

import gc

import pytest

from tests.support.cpu import own_garbage, within


class Step:
    """Counts its calls; the first ones are slow."""

    def __init__(self, slow: int) -> None:
        self.slow, self.calls = slow, 0

    def __call__(self) -> int:
        self.calls += 1
        sum(range(2_000_000 if self.calls <= self.slow else 1))
        return self.calls


@pytest.mark.parametrize("slow", [0, 1, 3])
def test_a_step_that_is_quick_once_is_within_and_returns_what_it_did_first(slow: int) -> None:
    step = Step(slow)

    assert within(0.001, step) == 1
    assert step.calls == slow + 1


def test_a_step_that_is_always_slow_is_not_within() -> None:
    with pytest.raises(AssertionError, match=r"more than 0\.001 s of processor time"):
        within(0.001, Step(4))


def test_what_a_step_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(1.0, lambda: 1 // 0)
    assert gc.get_freeze_count() == 0


def test_what_was_there_before_is_no_garbage_meanwhile() -> None:
    with own_garbage():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
