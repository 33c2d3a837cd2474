"""One request's bytes → what TikTok would say to it. Pure: the time is an argument."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.json import Decoder

from consumer.sandbox.rules.event_model import REFUSED, SentEvent, SentRequest, untyped_faults
from consumer.sandbox.rules.request_fault import RequestFault, fault_of_error

_NOT_JSON: Final = "Not a valid JSON object"
_UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What msgspec raises for text that is not JSON, nested too deep, or not UTF-8."""


class OpenedRequest(Struct, frozen=True):
    """A request whose outside is right: whose pixel, and its events as they stand, not yet judged."""

    pixel: str
    test_event_code: str | None
    events: list[Raw]


class ValidEvent(Struct, frozen=True, gc=False):
    """An event that TikTok would take: its JSON exactly as sent, and what it is known by."""

    event: str
    event_id: str | None
    body: bytes


class _Data(Struct):
    event_source_id: str
    data: list[Raw]
    test_event_code: str | None = None


class _Pixel(Struct):
    event_source_id: Any = None


_decode_data: Final = Decoder(_Data).decode
_decode_pixel: Final = Decoder(_Pixel).decode
_decode_event: Final = Decoder(SentEvent).decode
_decode_request: Final = Decoder(SentRequest).decode


def pixel_of(body: bytes) -> str | None:
    """The pixel that a request names, right or wrong as it may be otherwise; None if it names none."""
    try:
        pixel = _decode_pixel(body).event_source_id
    except _UNREADABLE:
        return None
    return pixel if isinstance(pixel, str) else None


def open_unchecked(body: bytes) -> OpenedRequest | RequestFault:
    """Split a request into its events without judging anything: for measuring what the sender can do."""
    try:
        data = _decode_data(body)
    except _UNREADABLE:
        return RequestFault(REFUSED, _NOT_JSON, "Body")
    return OpenedRequest(data.event_source_id, data.test_event_code, data.data)


def open_request(body: bytes) -> OpenedRequest | RequestFault:
    """Check everything of a request except its events."""
    try:
        body.decode()
        request = _decode_request(body)
    except _UNREADABLE as error:
        return _fault(error, body) or RequestFault(REFUSED, _NOT_JSON, "Body")
    code = request.test_event_code
    return OpenedRequest(request.event_source_id, None if code is UNSET else code, request.data)


def judge(events: list[Raw], now_s: float) -> list[ValidEvent] | RequestFault:
    """All of the events, or the first fault: a batch is all or nothing (docs/tiktok.md §3)."""
    valid: list[ValidEvent] = []
    for place, raw in enumerate(events):
        verdict = _judge_event(raw, now_s)
        if isinstance(verdict, RequestFault):
            return verdict.under(place).under("Batch")
        valid.append(verdict)
    return valid


def _judge_event(raw: Raw, now_s: float) -> ValidEvent | RequestFault:
    try:
        event = _decode_event(raw)
    except _UNREADABLE as error:
        return _fault(error, bytes(raw)) or RequestFault(REFUSED, _NOT_JSON)
    for code, path, what in untyped_faults(event, now_s):
        return RequestFault(code, what, path)
    event_id = event.event_id
    return ValidEvent(event.event, None if event_id is UNSET else event_id, bytes(raw))


def _fault(error: Exception, body: bytes) -> RequestFault | None:
    """What the types refused; None if it is not JSON at all."""
    try:
        sent = msgspec.json.decode(body)
    except _UNREADABLE:
        return None
    return fault_of_error(error, sent)
