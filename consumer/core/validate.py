"""TikTok's limits, checked before TikTok does, and the one encoding of an event.

Also what Events Manager would say of an event that it takes all the same (`remarks`): for people, not per event.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.json import Encoder

from consumer.core.errors import RecordRejected
from consumer.core.model import Event, MappedEvent, NormalizedEvent, Note, Problem, RejectReason
from consumer.core.tiktok_event import FIELD_BIT, TikTokEvent

MAX_FUTURE_S: Final = 3600.0
"""Further ahead, a unit or a clock is wrong (tiktok.md, section 1)."""
_STANDARD_NAMES: Final = (
    "AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download "
    "FindLocation InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe "
    "ViewContent"
)
STANDARD_EVENTS: Final = frozenset(_STANDARD_NAMES.split())
"""The 18 standard names for web (tiktok.md, section 1)."""
OLD_EVENTS: Final[Mapping[str, str | None]] = {
    "CompletePayment": "Purchase",
    "SubmitForm": "Lead",
    "PlaceAnOrder": None,
    "ClickButton": None,
    "Pageview": None,
}
"""Names still taken → what they are called now, if anything."""

_encode: Final = Encoder(decimal_format="number").encode
_KEY_BITS: Final = {key: FIELD_BIT[f"user.{key}"] for key in ("email", "phone", "external_id", "ttclid", "ttp")} | {
    "ip_and_user_agent": FIELD_BIT["user.ip"] | FIELD_BIT["user.user_agent"]
}
_ALL_KEY_BITS: Final = sum(_KEY_BITS.values())
MATCH_KEYS: Final = (*_KEY_BITS, "none")
"""All that `match_keys` can give."""


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
    if age_s < -MAX_FUTURE_S:
        raise RecordRejected(
            RejectReason.VALIDATE_EVENT_TIME_FUTURE, f"event_time: more than {MAX_FUTURE_S:.0f} s in the future"
        )
    if age_s > limits.max_event_age_s > 0:
        raise RecordRejected(
            RejectReason.VALIDATE_EVENT_TOO_OLD, f"event_time: more than {limits.max_event_age_s:.0f} s ago"
        )
    body = _encode(event)
    if len(body) > limits.max_body_bytes:
        raise RecordRejected(
            RejectReason.VALIDATE_EVENT_TOO_LARGE, f"event: {len(body)} bytes, limit {limits.max_body_bytes}"
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
    )


def match_keys(fields: int) -> tuple[str, ...]:
    """What TikTok can match the event by, from its bit mask; ("none",) without any.

    An IP address and a user agent count together or not at all.
    """
    return _match_keys(fields & _ALL_KEY_BITS)


@lru_cache(maxsize=128)  # 7 bits
def _match_keys(fields: int) -> tuple[str, ...]:
    return tuple(key for key, bits in _KEY_BITS.items() if fields & bits == bits) or ("none",)


def near_standard(name: str) -> str | None:
    """The event of TikTok's that `name` differs from by case, blanks, underscores or dashes only; None if by
    nothing or by more."""
    near = _NEAR.get(_folded(name))
    return near if near != name else None


def remarks(mapped: MappedEvent, normalized: NormalizedEvent) -> tuple[Note, ...]:
    """What people should know of an event that will be sent, beside the notes of `normalize`."""
    return tuple(
        Note(field, problem, is_dropped=False)
        for found in (
            _name_remarks(normalized.event.event),
            _missing_remarks(normalized.event, normalized.fields),
            _filled_in_remarks(mapped, normalized),
        )
        for field, problem in found
    )


def _folded(name: str) -> str:
    return "".join(name.split()).replace("_", "").replace("-", "").lower()


_NEAR: Final = {_folded(name): name for name in (*OLD_EVENTS, *STANDARD_EVENTS)}


def _name_remarks(name: str) -> Iterator[tuple[str, Problem]]:
    if name in OLD_EVENTS:
        yield "event", Problem.OLD_EVENT_NAME
    elif near_standard(name):
        yield "event", Problem.NEAR_STANDARD_EVENT
    elif name not in STANDARD_EVENTS:
        yield "event", Problem.CUSTOM_EVENT


def _missing_remarks(event: TikTokEvent, fields: int) -> Iterator[tuple[str, Problem]]:
    def has(field: str) -> bool:
        return bool(fields & FIELD_BIT[field])

    if not has("page.url"):
        yield "page.url", Problem.NO_PAGE_URL
    if has("properties.value") and not has("properties.currency"):
        yield "properties.currency", Problem.NO_CURRENCY
    for place, content in enumerate((event.properties.contents if event.properties else None) or ()):
        if content.content_id is None:
            yield f"properties.contents[{place}].content_id", Problem.NO_CONTENT_ID
    if match_keys(fields) == ("none",):
        yield "user", Problem.NO_MATCH_KEY
    if event.limited_data_use and not has("user.ip"):
        yield "user.ip", Problem.NO_IP_FOR_LIMITED_DATA_USE


def _filled_in_remarks(mapped: MappedEvent, normalized: NormalizedEvent) -> Iterator[tuple[str, Problem]]:
    for section, raw, name in (("user", mapped.user, "ttclid"), ("properties", mapped.properties, "value")):
        if normalized.fields & FIELD_BIT[f"{section}.{name}"] and raw.get(name) in (None, ""):
            yield f"{section}.{name}", Problem.FILLED_IN
    if normalized.is_id_from_position:
        yield "event_id", Problem.FILLED_IN
