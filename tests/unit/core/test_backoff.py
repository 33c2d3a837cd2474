"""The one back-off."""

import pytest

from consumer.core.backoff import Backoff


@pytest.mark.parametrize(
    ("failures", "most_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (100, 60.0), (5000, 60.0)]
)
def test_doubles_up_to_its_maximum(failures: int, most_s: float) -> None:
    assert Backoff(0.5, 60.0).wait_s(failures, 1.0) == most_s


@pytest.mark.parametrize(
    ("jitter", "least_s", "quarter_s"), [(1.0, 0.0, 0.5), (0.5, 1.0, 1.25), (0.0, 2.0, 2.0)], ids=["full", "half", "no"]
)
def test_so_much_of_the_wait_is_random(jitter: float, least_s: float, quarter_s: float) -> None:
    backoff = Backoff(0.5, 60.0, jitter)

    assert backoff.wait_s(3, 0.0) == least_s
    assert backoff.wait_s(3, 0.25) == quarter_s
