"""TikTok's limits, checked before TikTok does, and the one encoding of an event."""

from typing import Final

from msgspec import Struct
from msgspec.json import Encoder

from consumer.core.errors import RecordRejected
from consumer.core.model import Event, NormalizedEvent
from consumer.core.reasons import RejectReason
from consumer.core.remarks import counted

MAX_FUTURE_S: Final = 3600.0
"""Further ahead, a unit or a clock is wrong (docs/tiktok.md §1)."""
_encode: Final = Encoder(decimal_format="number").encode


class EventLimits(Struct, frozen=True):
    max_event_age_s: float
    """Older events are rejected; 0 takes any age."""
    max_body_bytes: int
    """Of one event's JSON: what fits a request of its own."""


def validate(
    normalized: NormalizedEvent,
    *,
    rule: str,
    pixel: str,
    pixel_code: str,
    is_shadow: bool,
    now_s: float,
    limits: EventLimits,
) -> Event:
    """Check and encode one event; `now_s` is the wall clock, Unix seconds.

    Raises:
        RecordRejected: VALIDATE_EVENT_TIME_FUTURE, VALIDATE_EVENT_TOO_OLD or VALIDATE_EVENT_TOO_LARGE.
    """
    event = normalized.event
    age_s = now_s - event.event_time
    if age_s < -MAX_FUTURE_S or age_s > limits.max_event_age_s > 0:
        raise _bad_time(age_s, limits)
    body = _encode(event)
    if len(body) > limits.max_body_bytes:
        raise RecordRejected(
            RejectReason.VALIDATE_EVENT_TOO_LARGE,
            f"event: {len(body)} bytes, batch.max_bytes has room for {limits.max_body_bytes}",
        )
    return Event(
        rule,
        pixel,
        pixel_code,
        event.event,
        event.event_id,
        event.event_time,
        body,
        normalized.fields,
        is_shadow,
        normalized.is_id_from_position,
        normalized.notes,
        counted(event, normalized.fields),
    )


def _bad_time(age_s: float, limits: EventLimits) -> RecordRejected:
    if age_s < 0:
        limit = f"more than {_words(MAX_FUTURE_S)} in the future"
        return RecordRejected(RejectReason.VALIDATE_EVENT_TIME_FUTURE, f"event_time: {limit}")
    limit = f"more than {_words(limits.max_event_age_s)} ago, which is the limit"
    return RecordRejected(RejectReason.VALIDATE_EVENT_TOO_OLD, f"event_time: {limit}")


def _words(span_s: float) -> str:
    """A limit as people write it: `28 days`, `36 hours`, `90 seconds`."""
    for unit_s, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        number, rest = divmod(span_s, unit_s)
        if number and not rest:
            return f"{number:.0f} {unit}{'' if number == 1 else 's'}"
    return f"{span_s:g} seconds"
