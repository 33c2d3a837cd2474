"""What people should know of an event that TikTok takes all the same: one list, for all that show it.

`explain` shows it with what was left out, `run` counts it as `remarks_total`, the status page sums that up, `check`
asks it of a rule before there is any record. Nothing here changes an event. The sandbox, which shares nothing with
what it judges, has a list of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from consumer.core.model import MappedEvent, NormalizedEvent, Note
from consumer.core.reasons import Problem
from consumer.core.tiktok_event import FIELD_BIT, TikTokEvent

_STANDARD_NAMES: Final = (
    "AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download "
    "FindLocation InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe "
    "ViewContent"
)
STANDARD_EVENTS: Final = frozenset(_STANDARD_NAMES.split())
"""The 18 standard names for web (docs/tiktok.md §1)."""
OLD_EVENTS: Final[Mapping[str, str | None]] = {
    "CompletePayment": "Purchase",
    "SubmitForm": "Lead",
    "PlaceAnOrder": None,
    "ClickButton": None,
    "Pageview": None,
}
"""Names still taken → what they are called now, if anything."""
PAID_EVENTS: Final = frozenset({"Purchase", "CompletePayment"})
"""Those of which TikTok makes the return on ad spend: from value and currency."""
PRODUCT_EVENTS: Final = frozenset({"AddToCart", "CompletePayment", "Purchase", "ViewContent"})
"""Those that campaigns with a catalogue match to a product: by content_id."""

_KEY_BITS: Final = {key: FIELD_BIT[f"user.{key}"] for key in ("email", "phone", "external_id", "ttclid", "ttp")} | {
    "ip_and_user_agent": FIELD_BIT["user.ip"] | FIELD_BIT["user.user_agent"]
}
_ALL_KEY_BITS: Final = sum(_KEY_BITS.values())
MATCH_KEYS: Final = (*_KEY_BITS, "none")
"""All that `match_keys` can give."""


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


def counted(event: TikTokEvent, fields: int) -> tuple[Problem, ...]:
    """What is remarked of an event, each once: for the counter. Runs once an event, and is looked up for all but the
    first of a kind."""
    has_product_without_id = False
    for content in (event.properties and event.properties.contents) or ():
        has_product_without_id |= content.content_id is None
    return _counted(
        event.event, fields, event.event_id is not None, event.limited_data_use is True, has_product_without_id
    )


@lru_cache(maxsize=1024)
def _counted(
    name: str, fields: int, has_event_id: bool, is_limited: bool, has_product_without_id: bool
) -> tuple[Problem, ...]:
    contents = (Problem.NO_CONTENT_ID,) if has_product_without_id else ()
    found = (problem for _, problem in (*_of_name(name), *_of_fields(name, fields, has_event_id, is_limited)))
    return tuple(dict.fromkeys((*found, *contents)))


def remarks(mapped: MappedEvent, normalized: NormalizedEvent) -> tuple[Note, ...]:
    """What is remarked of an event, each with its field, and what was filled in: for people."""
    event, fields = normalized.event, normalized.fields
    found = (
        *_of_name(event.event),
        *_of_fields(event.event, fields, event.event_id is not None, event.limited_data_use is True),
        *_of_products(event),
        *_filled_in(mapped, normalized),
    )
    return tuple(Note(field, problem, is_dropped=False) for field, problem in found)


def missing_of_rule(names: Iterable[str], parameters: Iterable[str]) -> list[tuple[str, Problem]]:
    """What every event of a rule will lack, from the event names it can give and the parameters that it maps."""
    mapped = set(parameters)
    has_contents = any(each.startswith("properties.contents") for each in mapped)
    has_sum = {"properties.contents.price", "properties.contents.quantity"} <= mapped
    fields = sum(bit for field, bit in FIELD_BIT.items() if field in mapped)
    fields |= FIELD_BIT["properties.contents"] * has_contents | FIELD_BIT["properties.value"] * has_sum
    found = (
        each for name in sorted(set(names)) for each in _of_fields(name, fields, has_event_id=True, is_limited=False)
    )
    return list(dict.fromkeys(found))


def _folded(name: str) -> str:
    return "".join(name.split()).replace("_", "").replace("-", "").lower()


_NEAR: Final = {_folded(name): name for name in (*OLD_EVENTS, *STANDARD_EVENTS)}


def _of_name(name: str) -> Iterator[tuple[str, Problem]]:
    if name in OLD_EVENTS:
        yield "event", Problem.OLD_EVENT_NAME
    elif near_standard(name):
        yield "event", Problem.NEAR_STANDARD_EVENT
    elif name not in STANDARD_EVENTS:
        yield "event", Problem.CUSTOM_EVENT


def _of_fields(name: str, fields: int, has_event_id: bool, is_limited: bool) -> Iterator[tuple[str, Problem]]:
    if not has_event_id:
        yield "event_id", Problem.NO_EVENT_ID
    if not fields & FIELD_BIT["page.url"]:
        yield "page.url", Problem.NO_PAGE_URL
    yield from _of_sale(name, fields)
    yield from _of_person(fields, is_limited)


def _of_sale(name: str, fields: int) -> Iterator[tuple[str, Problem]]:
    is_paid, has_value = name in PAID_EVENTS, bool(fields & FIELD_BIT["properties.value"])
    if is_paid and not has_value:
        yield "properties.value", Problem.NO_VALUE
    if (is_paid or has_value) and not fields & FIELD_BIT["properties.currency"]:
        yield "properties.currency", Problem.NO_CURRENCY
    has_products = fields & (FIELD_BIT["properties.contents"] | FIELD_BIT["properties.content_ids"])
    if name in PRODUCT_EVENTS and not has_products:
        yield "properties.contents", Problem.NO_CONTENTS


def _of_person(fields: int, is_limited: bool) -> Iterator[tuple[str, Problem]]:
    has_ip, has_user_agent = bool(fields & FIELD_BIT["user.ip"]), bool(fields & FIELD_BIT["user.user_agent"])
    if match_keys(fields) == ("none",):
        yield "user", Problem.NO_MATCH_KEY
    if has_user_agent and not has_ip:
        yield "user.ip", Problem.NO_IP
    if has_ip and not has_user_agent:
        yield "user.user_agent", Problem.NO_USER_AGENT
    if is_limited and not has_ip:
        yield "user.ip", Problem.NO_IP_FOR_LIMITED_DATA_USE


def _of_products(event: TikTokEvent) -> Iterator[tuple[str, Problem]]:
    for place, content in enumerate((event.properties and event.properties.contents) or ()):
        if content.content_id is None:
            yield f"properties.contents[{place}].content_id", Problem.NO_CONTENT_ID


def _filled_in(mapped: MappedEvent, normalized: NormalizedEvent) -> Iterator[tuple[str, Problem]]:
    for section, raw, name in (("user", mapped.user, "ttclid"), ("properties", mapped.properties, "value")):
        if normalized.fields & FIELD_BIT[f"{section}.{name}"] and raw.get(name) in (None, ""):
            yield f"{section}.{name}", Problem.FILLED_IN
    if normalized.is_id_from_position:
        yield "event_id", Problem.FILLED_IN
