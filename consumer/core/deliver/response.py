"""Read TikTok's answer: what it means for the events of one request. The table of docs/tiktok.md §3.

Part of `deliver`. TikTok answers most failures with HTTP 200 and a code that is not 0, so where the answer is
its envelope, the code decides; the HTTP status only where it is not. Gateways and proxies in front of it answer in JSON
with a `code` of their own, which must not be taken for TikTok's: it would reject events, or lose them.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from consumer.core.model import Answer, Item, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.tiktok_event import CONTENT_FIELDS, PAGE_FIELDS, PROPERTY_FIELDS, USER_FIELDS


class Treatment(StrEnum):
    """What is to be done after an answer. The metric label `result`."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The content is wrong: halve, and reject the one that is left."""
    THROTTLED = "throttled"
    """Too much at once: wait, then again."""
    UNAVAILABLE = "unavailable"
    """Nobody's fault: again with back-off, for as long as it takes."""
    FORBIDDEN = "forbidden"
    """The pixel's settings are wrong: hold it until a person fixes it."""


class Scope(StrEnum):
    """Whom a throttling answer slows."""

    PIXEL = "pixel"
    ALL = "all"


class ResponseVerdict(Struct, frozen=True, gc=False):
    """One answer, understood. Holds no value of any event."""

    treatment: Treatment
    why: str
    """For people: `code 40100`, `HTTP 502`, `timeout`."""
    code: int | None = None
    """TikTok's code; None where the answer was not its envelope."""
    request_id: str | None = None
    scope: Scope = Scope.PIXEL
    wait_s: float | None = None
    """What Retry-After asked for, 0 … 86,400 seconds; None if it did not."""
    is_partial: bool = False
    """Code 20001: accepted, with something left out that TikTok does not name."""
    field: str | None = None
    """The first field TikTok complains of, if it is one that is sent: `user.email`, `properties.contents.0.price`."""


_LONGEST_WAIT_S: Final = 86_400.0  # a daily limit ends at 00:00 UTC; a server that asks for more is mistaken
_FIRST_SERVER_CODE: Final = 50_000

_BY_CODE: Final[Mapping[int, Treatment]] = {
    **dict.fromkeys((0, 20001), Treatment.ACCEPTED),
    **dict.fromkeys((40016, 40100, 40132, 40133, 61000), Treatment.THROTTLED),
    **dict.fromkeys((40202, 40700, 50000, 50002, 60001), Treatment.UNAVAILABLE),
    **dict.fromkeys((40001, *range(40101, 40120), 40124, 40125, 40130, 40131, 41000), Treatment.FORBIDDEN),
    # Wrong with every request alike: no event is to blame.
    **dict.fromkeys((40006, 40007, 40008, 40010, 40051, 40063, 40300, 40301, 40400, 41001, 70001), Treatment.FORBIDDEN),
    **dict.fromkeys((40000, 40002, 40003, 40011, 40050, 40061, 40062, 41002), Treatment.REFUSED),
}
_SLOWS_ONE_PIXEL: Final = 40132
_HTTP_STATUSES: Final = range(100, 600)

KNOWN_CODES: Final = frozenset(_BY_CODE)
"""The codes that docs/tiktok.md §3 lists one by one."""


def code_label(code: int | None) -> str:
    """Name a code for the metric label `code`: known ones as they are, anything else `other`."""
    return str(code) if code in KNOWN_CODES else "other"


def classify(answer: Answer, wall_s: float) -> ResponseVerdict:
    """Decide what an answer means.

    Args:
        wall_s: Unix seconds, for a Retry-After that is a date.
    """
    if answer.status is None:
        return ResponseVerdict(Treatment.UNAVAILABLE, answer.failure or "no answer")
    envelope = _envelope(answer.body)
    wait_s = _retry_after_s(answer.retry_after, _latest_s(answer.date, wall_s))
    if envelope is None or _contradicts(answer.status, envelope[0]):
        return _by_status(answer.status, wait_s)
    code, message, request_id = envelope
    treatment = _treatment(code)
    slows_all = treatment is Treatment.THROTTLED and code != _SLOWS_ONE_PIXEL
    return ResponseVerdict(
        treatment,
        f"code {code}",
        code=code,
        request_id=_request_id(request_id),
        scope=Scope.ALL if slows_all else Scope.PIXEL,
        wait_s=wait_s,
        is_partial=code == 20001,
        field=_field(message),
    )


def _treatment(code: int) -> Treatment:
    known = _BY_CODE.get(code)
    if known is not None:
        return known
    if code >= _FIRST_SERVER_CODE:
        return Treatment.UNAVAILABLE
    return Treatment.FORBIDDEN if 40100 <= code <= 40199 else Treatment.REFUSED


def _contradicts(status: int, code: int) -> bool:
    """True if the code cannot be TikTok's answer: success in an HTTP error, or an HTTP status as a code.

    TikTok's codes are 0 or have five digits; an HTTP status (`429 {"code": 429, …}`, `200 {"code": 200, …}`) is a
    gateway's, whichever status it came with.
    """
    return code in _HTTP_STATUSES or (status >= 400 and _treatment(code) is Treatment.ACCEPTED)


def _by_status(status: int, wait_s: float | None) -> ResponseVerdict:
    why = f"HTTP {status} without TikTok's envelope"
    if status == 429:
        return ResponseVerdict(Treatment.THROTTLED, why, scope=Scope.ALL, wait_s=wait_s)
    if status == 413:
        return ResponseVerdict(Treatment.REFUSED, why)
    # Also any 2xx: what is not the envelope is not a success.
    return ResponseVerdict(Treatment.UNAVAILABLE, why, wait_s=wait_s)


def _envelope(body: bytes) -> tuple[int, str, object] | None:
    """Read TikTok's envelope: a JSON object with a whole number as `code`, a text as `message`, and `request_id` or
    `data`. Gateways answer with `code` and `message` alone (gRPC's with `details`, too).

    Returns:
        Its code, message and request_id, the last as it came; None if the body is anything else.
    """
    try:
        envelope: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(envelope, dict):
        return None
    code, message, request_id = envelope.get("code"), envelope.get("message"), envelope.get("request_id")
    if not isinstance(code, int) or isinstance(code, bool) or abs(code) > _LARGEST_CODE or not isinstance(message, str):
        return None
    is_tiktoks = bool(isinstance(request_id, str) and request_id) or isinstance(envelope.get("data"), dict)
    return (code, message, request_id) if is_tiktoks else None


_LARGEST_CODE: Final = 2**31 - 1

_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def _request_id(raw: object) -> str | None:
    """Take a request_id only if it looks like one: it goes into logs and headers, where no value may go."""
    return raw if isinstance(raw, str) and _REQUEST_ID.fullmatch(raw) else None


_INDEX: Final = r"(?:\.\d{1,3})?"
_FIELD: Final = re.compile(
    r"(?:Batch|data)\.\d{1,4}\."
    r"(event|event_time|event_id|limited_data_use|user|page|properties"
    rf"|user\.(?:{'|'.join(USER_FIELDS)}){_INDEX}"
    rf"|page\.(?:{'|'.join(PAGE_FIELDS)})"
    rf"|properties\.(?:{'|'.join(PROPERTY_FIELDS)}){_INDEX}"
    rf"|properties\.contents\.\d{{1,3}}\.(?:{'|'.join(CONTENT_FIELDS)})):"
)


def _field(message: str) -> str | None:
    """Read the field that TikTok complains of: `Batch.0.properties.contents.0.content_id: Not a valid string`.

    That form is not guaranteed, and the rest of a message can echo what was sent: only known names pass.
    """
    named = _FIELD.match(message)
    return named.group(1) if named else None


def _latest_s(date: str | None, wall_s: float) -> float:
    """Unix seconds by the answer's own clock (RFC 9110, section 6.6.1), or by this machine's, if that is later.

    Whichever of them is behind would make a Retry-After that is a date a wait of hours.
    """
    date_s = None if date is None else _http_date_s(date)
    return wall_s if date_s is None else max(date_s, wall_s)


def _http_date_s(text: str) -> float | None:
    """Unix seconds of an HTTP date; None of anything else."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _retry_after_s(header: str | None, now_s: float) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, section 10.2.3); None if it is neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:_MOST_DIGITS]), _LONGEST_WAIT_S)
    until_s = _http_date_s(text)
    return None if until_s is None else min(max(until_s - now_s, 0.0), _LONGEST_WAIT_S)


_MOST_DIGITS: Final = 12


def refusal(item: Item, verdict: ResponseVerdict) -> Rejection:
    """Say why TikTok refused one event, without its message, which can echo what was sent (docs/tiktok.md §3)."""
    at = f", field {verdict.field}" if verdict.field else ""
    return Rejection(
        RejectReason.DELIVER_REFUSED,
        f"TikTok refused it: {verdict.why}{at}",
        item.event.rule,
        item.event.pixel,
        verdict.code,
        verdict.request_id,
    )
