import pytest

from consumer.core.model import OffsetRuns
from consumer.core.read import LogBounds, StartOrigin, StartPosition, not_settled, partitions_of, start


@pytest.mark.parametrize(
    ("committed", "is_recreated", "is_latest", "expected"),
    [
        (None, False, False, StartPosition(10, StartOrigin.BEGINNING)),
        (None, False, True, StartPosition(80, StartOrigin.END)),
        (50, False, False, StartPosition(50, StartOrigin.COMMITTED)),
        (50, False, True, StartPosition(50, StartOrigin.COMMITTED)),
        (10, False, False, StartPosition(10, StartOrigin.COMMITTED)),
        (90, False, False, StartPosition(90, StartOrigin.COMMITTED)),
        (4, False, False, StartPosition(10, StartOrigin.LOST, 6)),
        (91, False, False, StartPosition(10, StartOrigin.RECREATED)),
        (50, True, False, StartPosition(10, StartOrigin.RECREATED)),
    ],
)
def test_resumes_where_nothing_that_is_there_is_skipped(
    committed: int | None, is_recreated: bool, is_latest: bool, expected: StartPosition
) -> None:
    assert start(committed, LogBounds(10, 90, 80), is_recreated=is_recreated, is_latest=is_latest) == expected


@pytest.mark.parametrize(
    ("settled", "lost"),
    [((), 6), (((5, 8),), 3), (((2, 6), (9, 12)), 3), (((10, 20),), 6), (((1, 4),), 6), (((4, 10),), 0)],
)
def test_records_that_were_settled_beyond_the_committed_offset_are_not_lost(settled: OffsetRuns, lost: int) -> None:
    found = not_settled(StartPosition(10, StartOrigin.LOST, 6), settled)

    assert found == StartPosition(10, StartOrigin.LOST, lost)


def test_partitions_of_topics_that_are_not_there_are_none() -> None:
    assert partitions_of(["orders", "gone"], {"orders": 2}) == [("orders", 0), ("orders", 1)]
