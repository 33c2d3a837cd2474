"""The quick way for events that are plainly right: typed decoding and a few checks, some microseconds an event.

`is_plainly_valid` may say no to a valid event, whom `rules` then judges; it must never say yes to a faulty one.
"""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder

from consumer.sandbox import fields
from consumer.sandbox.rules import MAX_EVENTS

_Filled = Annotated[str, Meta(min_length=1)]
_Hashes = str | Annotated[list[str], Meta(min_length=1)]


class _User(Struct, forbid_unknown_fields=True, gc=False):
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


class _Page(Struct, forbid_unknown_fields=True, gc=False):
    url: _Filled | UnsetType = UNSET
    referrer: _Filled | UnsetType = UNSET


class _Content(Struct, forbid_unknown_fields=True, gc=False):
    price: int | float | UnsetType = UNSET
    quantity: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    content_id: str | UnsetType = UNSET
    content_category: str | UnsetType = UNSET
    content_name: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET


class _Properties(Struct, gc=False):
    contents: list[_Content] | UnsetType = UNSET
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


class QuickEvent(Struct, forbid_unknown_fields=True, gc=False):
    event: _Filled
    event_time: Annotated[int, Meta(ge=1)]
    event_id: _Filled | UnsetType = UNSET
    user: _User | UnsetType = UNSET
    page: _Page | UnsetType = UNSET
    properties: _Properties | UnsetType = UNSET
    limited_data_use: bool | UnsetType = UNSET


class QuickEnvelope(Struct, forbid_unknown_fields=True):
    event_source: Literal["web"]
    event_source_id: _Filled
    data: Annotated[list[Raw], Meta(min_length=1, max_length=MAX_EVENTS)]
    test_event_code: _Filled | UnsetType = UNSET


decode_event: Final = Decoder(QuickEvent).decode
decode_envelope: Final = Decoder(QuickEnvelope).decode


def is_plainly_valid(event: QuickEvent, now_s: float) -> bool:
    """True if what the types could not see is right as well."""
    if event.event_time > now_s + fields.FUTURE_S:
        return False
    if event.user is not UNSET and not _is_valid_user(event.user):
        return False
    properties = event.properties
    return properties is UNSET or properties.currency is UNSET or fields.is_currency(properties.currency)


def _is_valid_user(user: _User) -> bool:
    for hashed in (user.email, user.phone, user.external_id, user.first_name, user.last_name, user.zip_code):
        if hashed is not UNSET and not _are_hashes(hashed):
            return False
    return (
        (user.ip is UNSET or fields.is_public_ip(user.ip))
        and (user.locale is UNSET or fields.is_locale(user.locale))
        and (user.city is UNSET or fields.is_plain_place(user.city))
        and (user.state is UNSET or fields.is_plain_place(user.state))
        and (user.country is UNSET or fields.is_country(user.country))
    )


def _are_hashes(value: str | list[str]) -> bool:
    if isinstance(value, str):
        return fields.is_hash(value) and not fields.is_hash_of_nothing(value)
    return all(map(_are_hashes, value))
