"""Each way of being closed has something that a person can do, and says what opens the pixel."""

import pytest

from consumer.core.deliver.pixel_state import PixelAvailability, PixelState, held_by_operator
from consumer.core.deliver.request import PixelSettings
from consumer.core.deliver.response import KNOWN_CODES, Treatment, classify
from consumer.core.model import Answer
from consumer.status.code_meanings import MEANING_BY_CODE, closed_because
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


def test_a_token_file_that_cannot_be_used_comes_first_in_the_remedy_of_its_pixel() -> None:
    pixel = PixelAvailability(PixelState.HELD, code=40105, next_try_s=61.0)

    assert remedy(pixel, "/run/token does not hold an access token alone").startswith(
        "/run/token does not hold an access token alone, so the last token is used. Give the pixel a token"
    )


def test_a_pixel_that_an_operator_holds_does_not_open_by_itself() -> None:
    assert "by itself" not in remedy(held_by_operator(0.0))
    assert PixelSettings("shop", "CODE", is_held=True).is_held


@pytest.mark.parametrize("code", [40105, 40001, 41001, None])
def test_a_pixel_that_tiktok_holds_is_tried_once_a_minute(code: int | None) -> None:
    assert "One event a minute is tried" in held(code)


@pytest.mark.parametrize(
    ("pixel", "said"),
    [
        (PixelAvailability(), ""),
        (PixelAvailability(PixelState.HELD, why="code 40105", code=40105), "TikTok says 40105: Invalid or incorrect"),
        (
            PixelAvailability(PixelState.HELD, why="code 40199", code=40199),
            "TikTok says 40199, which its list",
        ),
        (PixelAvailability(PixelState.UNAVAILABLE, why="connect"), "No connection could be made"),
        (PixelAvailability(PixelState.UNAVAILABLE, why="HTTP 502 without TikTok's envelope"), "HTTP 502"),
        (held_by_operator(0.0), "hold: true in the configuration"),
    ],
)
def test_says_why_a_pixel_is_closed_in_tiktoks_words(pixel: PixelAvailability, said: str) -> None:
    assert closed_because(pixel).startswith(said)
    assert bool(closed_because(pixel)) == bool(said)


@pytest.mark.parametrize("failure", ["timeout", "connect", "reset", "tls", "protocol"])
def test_says_in_words_how_an_answer_failed_to_come(failure: str) -> None:
    said = closed_because(PixelAvailability(PixelState.UNAVAILABLE, why=failure))

    assert said[0].isupper()
    assert len(said.split()) > 3


def test_explains_no_code_that_closes_no_pixel() -> None:
    """Each must be one of those that docs/tiktok.md §3 lists, or of their ranges."""
    closing = {code for code in MEANING_BY_CODE if _treatment_of(code) not in {Treatment.ACCEPTED, Treatment.REFUSED}}

    assert closing == MEANING_BY_CODE.keys()
    assert len(MEANING_BY_CODE.keys() & KNOWN_CODES) > 30


def _treatment_of(code: int) -> Treatment:
    body = b'{"code": %d, "message": "", "request_id": "1", "data": {}}' % code
    return classify(Answer(200, body, 0.1), 0.0).treatment
