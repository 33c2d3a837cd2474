"""How long requests took in the last minutes, out of a histogram that only grows."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final

from consumer.status.model import RequestTimes

MARKS: Final = 31
"""One each ten seconds: five minutes, and those that are not over yet."""
_MOST: Final = 0.95


class RecentRequests:
    """Remembers what the histogram was in the last five minutes. The deciding thread's alone.

    Args:
        edges: upper edges of the histogram's buckets in seconds, without +Inf.
        now_s: when the histogram was empty.
    """

    def __init__(self, edges: Sequence[float], now_s: float) -> None:
        self._names = (*(str(float(edge)) for edge in edges), "+Inf")
        empty = (0.0,) * (len(self._names) + 1)
        self._marks: deque[tuple[float, tuple[float, ...]]] = deque([(now_s, empty)], MARKS)

    def mark(self, now_s: float, histogram: tuple[float, ...]) -> None:
        """Begin another ten seconds. A histogram is its counts by bucket, then the sum."""
        self._marks.append((now_s, histogram))

    def times(self, now_s: float, histogram: tuple[float, ...]) -> RequestTimes:
        """Of the requests that were answered since the oldest mark."""
        since_s, before = self._marks[0]
        *counts, sum_s = (now - then for now, then in zip(histogram, before, strict=True))
        by_edge = {name: int(count) for name, count in zip(self._names, counts, strict=True)}
        return _times(now_s - since_s, sum_s, by_edge)


def added_times(times: Sequence[RequestTimes]) -> RequestTimes:
    """Those of several workers: of all their requests, not the mean of means."""
    by_edge: Counter[str] = Counter()
    for each in times:
        by_edge.update(each.by_edge)
    sum_s = sum(each.mean_s * each.count for each in times if each.mean_s is not None)
    return _times(max((each.over_s for each in times), default=0.0), sum_s, dict(by_edge))


def p95_s(by_edge: Mapping[str, int]) -> float | None:
    """The first edge that 95 of 100 did not exceed; None: none at all, or beyond the last edge."""
    total, so_far = sum(by_edge.values()), 0
    for name, count in by_edge.items():
        so_far += count
        if total and so_far >= _MOST * total:
            return None if name == "+Inf" else float(name)
    return None


def _times(over_s: float, sum_s: float, by_edge: Mapping[str, int]) -> RequestTimes:
    count = sum(by_edge.values())
    mean_s = round(sum_s / count, 4) if count else None
    return RequestTimes(round(over_s, 1), count, mean_s, p95_s(by_edge), by_edge)
