"""What TikTok's codes say: the descriptions in its list of return codes, shortened (docs/tiktok.md §3). Pure."""

from collections.abc import Mapping
from typing import Final

from consumer.core.deliver.pixel_state import PixelAvailability

MEANING_BY_CODE: Final[Mapping[int, str]] = {
    40001: "No permission to perform the operation",
    40006: "The version of the API does not take these parameters",
    40007: "The operation or object does not exist",
    40008: "The endpoint does not exist",
    40010: "This version of the API does not support the domain",
    40016: "Requests made too frequently, for this app at this endpoint",
    40051: "Invalid version of the API",
    40063: "partner_name was not assigned by TikTok",
    40100: "Requests made too frequently, for this app at this endpoint",
    40101: "Invalid values for authentication",
    40102: "The access token has expired",
    40103: "The refresh token has expired",
    40104: "The access token is empty",
    40105: "Invalid or incorrect access token",
    40106: "The core user is invalid",
    40107: "Invalid or incorrect refresh token",
    40108: "Invalid authorization type",
    40109: "Deciphering error",
    40110: "Invalid authorization code",
    40112: "The password is incorrect",
    40113: "The app is blocked or does not exist",
    40115: "The authentication has expired",
    40116: "The authentication signature is invalid",
    40117: "The method cannot be used",
    40118: "The app or advertiser is not on the allowlist for this feature",
    40119: "Developer and advertiser do not belong to the same company",
    40124: "The developer profile is not filled in and approved",
    40125: "The developer does not have the permission",
    40132: "Requests made too frequently, for this pixel",
    40133: "Requests made too frequently, for this advertiser",
    40202: "Another write to the same object was under way",
    40300: "The advertiser does not exist or was deleted",
    40301: "The advertiser cannot be matched",
    40700: "Internal validation error",
    41000: "The address that the requests come from is in a country that TikTok bans",
    41001: "The endpoint is offline",
    50000: "System error",
    50002: "Error while TikTok processed the request",
    60001: "The system is in maintenance",
}
"""Without a full stop. Codes that the list lacks are not here: nothing is made up."""

_FAILURES: Final[Mapping[str, str]] = {
    "timeout": "No answer came in time",
    "connect": "No connection could be made",
    "reset": "The connection broke off before an answer came",
    "tls": "The encrypted connection (TLS) could not be made",
    "protocol": "What came back was no HTTP answer",
}
"""`Answer.failure` in words."""


def closed_because(pixel: PixelAvailability) -> str:
    """Why a pixel is closed: `TikTok says 40105: Invalid or incorrect access token`; empty for an open one."""
    if pixel.code is None:
        return _FAILURES.get(pixel.why, pixel.why)
    meaning = MEANING_BY_CODE.get(pixel.code)
    return f"TikTok says {pixel.code}" + (f": {meaning}" if meaning else ", which its list of codes does not explain")
