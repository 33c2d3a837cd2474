"""What a person can do about a closed pixel: one sentence for each way of being closed. Pure."""

from typing import Final

from consumer.core.deliver.pixel_state import PixelAvailability, PixelState

_OPENS_BY_ITSELF: Final = "One event a minute is tried, and the pixel opens automatically when TikTok takes one."
_TOKEN: Final = (
    "Give the pixel a token that TikTok takes: a changed access_token_file is read again automatically, a changed "
    f"configuration needs a restart. {_OPENS_BY_ITSELF}"
)
_PERMISSION: Final = (
    "Let the token's owner have access to this pixel in TikTok's Business Center, and compare pixel_code. "
    f"{_OPENS_BY_ITSELF}"
)
_EVERY_REQUEST: Final = (
    "TikTok refuses every request alike, so no event is to blame: look the code up in TikTok's documentation, and "
    f"compare pixel_code, token and base_url. {_OPENS_BY_ITSELF}"
)
_NO_PERMISSION: Final = 40001
_OF_TOKENS: Final = range(40100, 40200)


def remedy(pixel: PixelAvailability, unusable_token: str | None = None) -> str:
    """What to do, in words for an operator; empty for an open pixel.

    Args:
        unusable_token: the path of its token file and why it cannot be used, if so.
    """
    match pixel.state:
        case PixelState.OPEN:
            return ""
        case PixelState.THROTTLED:
            return (
                "Nothing needs to be done: the service slows down and tries again automatically. If it lasts, lower "
                "max_requests_per_second here or wherever else this TikTok app is used."
            )
        case PixelState.UNAVAILABLE:
            return (
                "Nothing may need to be done: the service tries again for as long as it takes. If it lasts, "
                "look at TikTok's status, and at this machine's network, proxy and delivery.base_url."
            )
        case PixelState.HELD:
            return _of_held(pixel, unusable_token)


def _of_held(pixel: PixelAvailability, unusable_token: str | None) -> str:
    if pixel.next_try_s is None:
        return "An operator holds it: set hold: false for this pixel, and restart."
    if pixel.code == _NO_PERMISSION:
        return _PERMISSION
    if pixel.code in _OF_TOKENS:
        return f"{unusable_token}, so the last token is used. {_TOKEN}" if unusable_token else _TOKEN
    if pixel.code is not None:
        return _EVERY_REQUEST
    return (
        "Look at the last dead letters' details: if it is the rules, fix them and restart; if it is the token or the "
        f"pixel's permission, fix that. {_OPENS_BY_ITSELF}"
    )
