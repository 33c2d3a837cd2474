import pytest

from consumer.core.read import Origin, Start, start


@pytest.mark.parametrize(
    ("committed", "is_recreated", "is_latest", "expected"),
    [
        (None, False, False, Start(10, Origin.BEGINNING)),
        (None, False, True, Start(90, Origin.END)),
        (50, False, False, Start(50, Origin.COMMITTED)),
        (50, False, True, Start(50, Origin.COMMITTED)),
        (10, False, False, Start(10, Origin.COMMITTED)),
        (90, False, False, Start(90, Origin.COMMITTED)),
        (4, False, False, Start(10, Origin.LOST, 6)),
        (91, False, False, Start(10, Origin.RECREATED)),
        (50, True, False, Start(10, Origin.RECREATED)),
    ],
)
def test_resumes_where_nothing_that_is_there_is_skipped(
    committed: int | None, is_recreated: bool, is_latest: bool, expected: Start
) -> None:
    assert start(committed, 10, 90, is_recreated=is_recreated, is_latest=is_latest) == expected
