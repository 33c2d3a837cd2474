import pytest

from consumer.core.read import StartOrigin, StartPosition, partitions_of, start


@pytest.mark.parametrize(
    ("committed", "is_recreated", "is_latest", "expected"),
    [
        (None, False, False, StartPosition(10, StartOrigin.BEGINNING)),
        (None, False, True, StartPosition(90, StartOrigin.END)),
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
    assert start(committed, 10, 90, is_recreated=is_recreated, is_latest=is_latest) == expected


def test_partitions_of_topics_that_are_not_there_are_none() -> None:
    assert partitions_of(["orders", "gone"], {"orders": 2}) == [("orders", 0), ("orders", 1)]
