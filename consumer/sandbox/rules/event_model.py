"""A request as TikTok documents it, as types: the one place where the sandbox says what is right (docs/tiktok.md).

Strict where a mistake of the sender would otherwise stay unseen: names that TikTok does not document are refused in
`user`, `page`, `contents` and the event itself, tolerated in `properties` as TikTok does; null is a fault anywhere.
What a type cannot say, such as whether an address is public, `untyped_faults` does.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from consumer.sandbox.rules import values

MAX_EVENTS: Final = 1000
HASH_PATTERN: Final = r"^[0-9a-f]{64}\Z"
LOCALE_PATTERN: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z"
COUNTRY_PATTERN: Final = r"^[a-z]{2}\Z"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}\Z"

_Filled = Annotated[str, Meta(min_length=1)]
_Hash = Annotated[str, Meta(pattern=HASH_PATTERN)]
_Hashes = _Hash | Annotated[list[_Hash], Meta(min_length=1)]


class SentUser(Struct, forbid_unknown_fields=True, gc=False):
    email: _Hashes | UnsetType = UNSET
    phone: _Hashes | UnsetType = UNSET
    external_id: _Hashes | UnsetType = UNSET
    ttclid: _Filled | UnsetType = UNSET
    ttp: _Filled | UnsetType = UNSET
    ip: str | UnsetType = UNSET
    user_agent: _Filled | UnsetType = UNSET
    locale: Annotated[str, Meta(pattern=LOCALE_PATTERN)] | UnsetType = UNSET
    first_name: _Hash | UnsetType = UNSET
    last_name: _Hash | UnsetType = UNSET
    zip_code: _Hash | UnsetType = UNSET
    city: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    country: Annotated[str, Meta(pattern=COUNTRY_PATTERN)] | UnsetType = UNSET


class SentPage(Struct, forbid_unknown_fields=True, gc=False):
    url: _Filled | UnsetType = UNSET
    referrer: _Filled | UnsetType = UNSET


class SentContent(Struct, forbid_unknown_fields=True, gc=False):
    price: int | float | UnsetType = UNSET
    quantity: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    content_id: str | UnsetType = UNSET
    content_category: str | UnsetType = UNSET
    content_name: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET


class SentProperties(Struct, gc=False):
    contents: list[SentContent] | UnsetType = UNSET
    content_ids: list[str] | UnsetType = UNSET
    content_type: Literal["product", "product_group"] | UnsetType = UNSET
    currency: Annotated[str, Meta(pattern=CURRENCY_PATTERN)] | UnsetType = UNSET
    value: int | float | UnsetType = UNSET
    num_items: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    search_string: str | UnsetType = UNSET
    query: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    order_id: str | UnsetType = UNSET
    shop_id: str | UnsetType = UNSET
    customer_type: Literal["new", "returning"] | UnsetType = UNSET
    status: str | UnsetType = UNSET


class SentEvent(Struct, forbid_unknown_fields=True, gc=False):
    event: _Filled
    event_time: Annotated[int, Meta(ge=1)]
    event_id: _Filled | UnsetType = UNSET
    user: SentUser | UnsetType = UNSET
    page: SentPage | UnsetType = UNSET
    properties: SentProperties | UnsetType = UNSET
    limited_data_use: bool | UnsetType = UNSET


class SentRequest(Struct, forbid_unknown_fields=True):
    event_source: Literal["web"]
    event_source_id: _Filled
    data: Annotated[list[Raw], Meta(min_length=1, max_length=MAX_EVENTS)]
    test_event_code: _Filled | UnsetType = UNSET


CHOICES: Final = {
    "event_source": ("web",),
    "content_type": ("product", "product_group"),
    "customer_type": ("new", "returning"),
}
"""What the parameters with fixed values take, for the message."""


def untyped_faults(event: SentEvent, now_s: float) -> Iterator[tuple[str, str]]:
    """What the types cannot see: the parameter's path within the event, and what is wrong with it.

    How old an event may be is not known, so no age is a fault (docs/tiktok.md).
    """
    if event.event_time > now_s + values.FUTURE_S:
        looks_like_ms = event.event_time > 100 * now_s
        yield "event_time", "Must be in seconds, not milliseconds" if looks_like_ms else "Is in the future"
    if event.user is not UNSET:
        yield from _untyped_user_faults(event.user)


def _untyped_user_faults(user: SentUser) -> Iterator[tuple[str, str]]:
    for name in ("email", "phone", "external_id", "first_name", "last_name", "zip_code"):
        sent = getattr(user, name)
        if sent is not UNSET and values.has_hash_of_nothing(sent):
            yield f"user.{name}", "The hash of an empty value"
    if user.ip is not UNSET and not values.is_public_ip(user.ip):
        yield "user.ip", f"Not a valid public IP address, unhashed (got {user.ip!r})"
    for name in ("city", "state"):
        place = getattr(user, name)
        if place is not UNSET and not values.is_plain_place(place):
            yield f"user.{name}", f"Must be plain lowercase without spaces and punctuation (got {place!r})"
