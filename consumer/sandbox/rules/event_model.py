"""A request as TikTok documents it, as types: the one place where the sandbox says what is right (docs/tiktok.md §1).

Strict where a mistake of the sender would otherwise stay unseen: names that TikTok does not document are refused in
`user`, `page`, `contents` and the event itself, tolerated in `properties` as TikTok does; null is a fault anywhere.
What a type cannot say, such as whether an address is public, `untyped_faults` does.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from consumer.sandbox.rules import values

MAX_EVENTS: Final = 1000
REFUSED: Final = 40002
NOT_HASHED: Final = 40062

_Filled = Annotated[str, Meta(min_length=1)]
# Patterns stand in `untyped_faults`: with `Meta(pattern=…)` msgspec 0.22 crashes now and then when a process ends.
_Hashes = str | Annotated[list[str], Meta(min_length=1)]


class SentUser(Struct, forbid_unknown_fields=True, gc=False):
    email: _Hashes | UnsetType = UNSET
    phone: _Hashes | UnsetType = UNSET
    external_id: _Hashes | UnsetType = UNSET
    ttclid: _Filled | UnsetType = UNSET
    ttp: _Filled | UnsetType = UNSET
    ip: str | UnsetType = UNSET
    user_agent: _Filled | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    zip_code: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    country: str | UnsetType = UNSET


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
    currency: str | UnsetType = UNSET
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


def untyped_faults(event: SentEvent, now_s: float) -> Iterator[tuple[int, str, str]]:
    """What the types cannot see: TikTok's code, the parameter's path within the event, and what is wrong with it.

    How old an event may be is not known, so no age is a fault (docs/tiktok.md §1).
    """
    if event.event_time > now_s + values.FUTURE_S:
        looks_like_ms = event.event_time > 100 * now_s
        yield REFUSED, "event_time", "Must be in seconds, not milliseconds" if looks_like_ms else "Is in the future"
    if event.user is not UNSET:
        yield from _untyped_user_faults(event.user)
    properties = event.properties
    if properties is not UNSET and properties.currency is not UNSET and not values.is_currency(properties.currency):
        yield REFUSED, "properties.currency", f"Not a valid ISO 4217 code (got {properties.currency!r})"


def _untyped_user_faults(user: SentUser) -> Iterator[tuple[int, str, str]]:
    for name in ("email", "phone", "external_id", "first_name", "last_name", "zip_code"):
        sent = getattr(user, name)
        if sent is not UNSET and not values.are_hashes(sent):
            yield from _hash_faults(f"user.{name}", sent)
    for name, is_right, what in _PLAIN_PARAMETERS:
        text = getattr(user, name)
        if text is not UNSET and not is_right(text):
            yield REFUSED, f"user.{name}", f"{what} (got {text!r})"


def _hash_faults(path: str, sent: str | list[str]) -> Iterator[tuple[int, str, str]]:
    places = [(path, sent)] if isinstance(sent, str) else [(f"{path}.{n}", each) for n, each in enumerate(sent)]
    for place, text in places:
        if not values.is_hash(text):
            yield NOT_HASHED, place, f"Not a SHA-256 hash of 64 lowercase hex digits (got {text!r})"
        elif values.is_hash_of_nothing(text):
            yield REFUSED, place, "The hash of an empty value"


_NO_PLACE: Final = "Must be plain lowercase without spaces and punctuation"
_PLAIN_PARAMETERS: Final = (
    ("ip", values.is_public_ip, "Not a valid public IP address, unhashed"),
    ("locale", values.is_locale, "Not a valid BCP 47 locale"),
    ("city", values.is_plain_place, _NO_PLACE),
    ("state", values.is_plain_place, _NO_PLACE),
    ("country", values.is_country, "Not a valid ISO 3166 alpha-2 code in lowercase"),
)
