"""Each way of being closed has something that a person can do, and says what opens the pixel."""

import pytest

from consumer.core.deliver.pixel_state import PixelAvailability, PixelState, held_by_operator
from consumer.core.deliver.request import PixelSettings
from consumer.status.remedies import remedy


def held(code: int | None, why: str = "") -> str:
    return remedy(PixelAvailability(PixelState.HELD, why=why, code=code, next_try_s=61.0))


def test_an_open_pixel_needs_nothing() -> None:
    assert remedy(PixelAvailability()) == ""


@pytest.mark.parametrize(
    ("said", "asks_for"),
    [
        (remedy(held_by_operator(0.0)), "hold: false"),
        (held(40105), "access_token_file"),
        (held(40104), "access_token_file"),
        (held(40001), "Business Center"),
        (held(41001), "TikTok refuses every request alike"),
        (held(None, "20 events in a row were refused and none accepted"), "last dead letters"),
        (remedy(PixelAvailability(PixelState.THROTTLED, why="code 40100")), "max_requests_per_second"),
        (remedy(PixelAvailability(PixelState.UNAVAILABLE, why="timeout")), "base_url"),
    ],
)
def test_every_closed_pixel_has_its_remedy(said: str, asks_for: str) -> None:
    assert asks_for in said


def test_a_pixel_that_an_operator_holds_does_not_open_by_itself() -> None:
    assert "by itself" not in remedy(held_by_operator(0.0))
    assert PixelSettings("shop", "CODE", is_held=True).is_held


@pytest.mark.parametrize("code", [40105, 40001, 41001, None])
def test_a_pixel_that_tiktok_holds_is_tried_once_a_minute(code: int | None) -> None:
    assert "One event a minute is tried" in held(code)
