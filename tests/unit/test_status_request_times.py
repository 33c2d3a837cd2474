"""How long calls of the Events API took in the last minutes, from a histogram that only grows."""

from typing import Final

import pytest

from consumer.status.request_times import MARKS, RecentRequests, p95_s

EDGES: Final = (0.1, 0.5, 2.0)


def recent(*notes: tuple[float, tuple[float, ...]]) -> RecentRequests:
    requests = RecentRequests(EDGES, 0.0)
    for now_s, histogram in notes:
        requests.mark(now_s, histogram)
    return requests


def test_without_a_request_there_is_nothing_to_say() -> None:
    times = recent().times(5.0, (0.0, 0.0, 0.0, 0.0, 0.0))

    assert (times.over_s, times.count, times.mean_s, times.p95_s) == (5.0, 0, None, None)


def test_the_mean_and_what_95_of_100_took_at_most() -> None:
    times = recent().times(60.0, (0.0, 38.0, 2.0, 0.0, 12.0))

    assert (times.over_s, times.count, times.mean_s, times.p95_s) == (60.0, 40, 0.3, 0.5)
    assert times.by_edge == {"0.1": 0, "0.5": 38, "2.0": 2, "+Inf": 0}


def test_what_is_longer_ago_than_five_minutes_does_not_count() -> None:
    one = (1.0, 0.0, 0.0, 0.0, 0.04)
    requests = recent(*((10.0 * place, one) for place in range(1, MARKS + 1)))

    times = requests.times(10.0 * MARKS + 5, one)

    assert (times.over_s, times.count, times.mean_s) == (305.0, 0, None)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), None),
        ((0, 0, 0, 0), None),
        ((1, 0, 0, 0), 0.1),
        ((95, 5, 0, 0), 0.1),
        ((94, 6, 0, 0), 0.5),
        ((0, 0, 94, 6), None),
    ],
)
def test_95_of_100_are_within_an_edge_or_beyond_the_last(counts: tuple[int, ...], expected: float | None) -> None:
    names = ("0.1", "0.5", "2.0", "+Inf")

    assert p95_s(dict(zip(names, counts, strict=False))) == expected
