"""One request's bytes → what TikTok would say to it. Pure: the time is an argument."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.json import Decoder

from consumer.sandbox.quick import decode_envelope, decode_event, is_plainly_valid
from consumer.sandbox.rules import REFUSED, Fault, fault_of_envelope, fault_of_event

_NOT_JSON: Final = "Not a valid JSON object"
_UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What msgspec raises for text that is not JSON, nested too deep, or not UTF-8."""


class Envelope(Struct, frozen=True):
    """A request whose outside is right: whose pixel, and its events as they stand, not yet judged."""

    pixel: str
    test_event_code: str | None
    events: list[Raw]


class Judged(Struct, frozen=True, gc=False):
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


def pixel_of(body: bytes) -> str | None:
    """The pixel that a request names, right or wrong as it may be otherwise; None if it names none."""
    try:
        pixel = _decode_pixel(body).event_source_id
    except _UNREADABLE:
        return None
    return pixel if isinstance(pixel, str) else None


def open_unchecked(body: bytes) -> Envelope | Fault:
    """Split a request into its events without judging anything: for measuring what the sender can do."""
    try:
        data = _decode_data(body)
    except _UNREADABLE:
        return Fault(REFUSED, _NOT_JSON, "Body")
    return Envelope(data.event_source_id, data.test_event_code, data.data)


def open_envelope(body: bytes, now_s: float) -> Envelope | Fault:
    """Check everything of a request but its events."""
    try:
        body.decode()
        quick = decode_envelope(body)
    except _UNREADABLE:
        return _open_carefully(body, now_s)
    code = quick.test_event_code
    return Envelope(quick.event_source_id, None if code is UNSET else code, quick.data)


def _open_carefully(body: bytes, now_s: float) -> Envelope | Fault:
    try:
        body.decode()
        envelope = msgspec.json.decode(body)
    except _UNREADABLE:
        return Fault(REFUSED, _NOT_JSON, "Body")
    return fault_of_envelope(envelope, now_s) or open_unchecked(body)


def judge(events: list[Raw], now_s: float) -> list[Judged] | Fault:
    """All of the events, or the first fault: a batch is all or nothing (tiktok.md, section 3)."""
    judged: list[Judged] = []
    for place, raw in enumerate(events):
        verdict = _judge_quickly(raw, now_s) or _judge_carefully(raw, place, now_s)
        if isinstance(verdict, Fault):
            return verdict
        judged.append(verdict)
    return judged


def _judge_quickly(raw: Raw, now_s: float) -> Judged | None:
    try:
        event = decode_event(raw)
    except _UNREADABLE:
        return None
    if not is_plainly_valid(event, now_s):
        return None
    event_id = event.event_id
    return Judged(event.event, None if event_id is UNSET else event_id, bytes(raw))


def _judge_carefully(raw: Raw, place: int, now_s: float) -> Judged | Fault:
    try:
        event = msgspec.json.decode(raw)
    except _UNREADABLE:
        return Fault(REFUSED, _NOT_JSON).under(place).under("Batch")
    fault = fault_of_event(event, place, now_s)
    return fault or Judged(event["event"], event.get("event_id"), bytes(raw))
