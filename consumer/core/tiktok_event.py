"""TikTok's JSON as types, and what there is to know of each of its parameters: one table, the types themselves.

Each field carries its `Parameter`. From these come the masks of present fields, the keys of a rule's `map` with
their texts (JSON Schema, docs/configuration.md), what `normalize` does to a value, which fields fill as a group when
copies merge, and what `explain` calls hashed. A new parameter is a line here, a field of `schemas/web_event.avsc`,
and a golden pair.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, get_type_hints

from msgspec import Struct

Number = int | float | Decimal
Texts = str | list[str] | None


class Form(StrEnum):
    """The form that TikTok takes a value in. `normalize` has a function for each."""

    EVENT_NAME = "event name"
    TIME = "time"
    EMAIL = "email"
    PHONE = "phone"
    EXTERNAL_ID = "external id"
    NAME = "name"
    ZIP_CODE = "zip code"
    TEXT = "text"
    CODE = "code"
    ID = "id"
    IDS = "ids"
    FLAG = "flag"
    IP = "ip"
    LOCALE = "locale"
    PLACE = "place"
    COUNTRY = "country"
    URL = "url"
    REFERRER = "referrer"
    AMOUNT = "amount"
    COUNT = "count"
    QUANTITY = "quantity"
    CURRENCY = "currency"
    CONTENT_TYPE = "content type"
    CUSTOMER_TYPE = "customer type"
    CONTENTS = "contents"


class Parameter(Struct, frozen=True):
    """What there is to know of one parameter, besides its name and type."""

    form: Form
    about: str
    """For people, on one line: editors, docs/configuration.md."""
    bit: int | None = None
    """Its place in the mask of present fields, for those that one copy may have and another lack. Redis keeps masks
    for days (`dedupe.remove_for`), so a number is never given to another parameter."""
    is_hashed: bool = False
    """TikTok gets SHA-256 only (docs/tiktok.md §2)."""
    is_of_order: bool = False
    """When copies merge, these fill as one group or not at all, or 10 USD become 10 JPY."""
    older_name: str | None = None
    """Another name that a rule and a record may use for it."""


class User(Struct, frozen=True, gc=False, omit_defaults=True):
    """Who: what TikTok matches by. Identifiers are hashed by the service."""

    email: Annotated[
        Texts,
        Parameter(
            Form.EMAIL, "Email address or addresses; trimmed, put into lower case and hashed.", 0, is_hashed=True
        ),
    ] = None
    phone: Annotated[
        Texts,
        Parameter(
            Form.PHONE,
            "Phone number or numbers; brought to E.164 and hashed. National numbers need `region`.",
            1,
            is_hashed=True,
        ),
    ] = None
    external_id: Annotated[
        Texts,
        Parameter(Form.EXTERNAL_ID, "Your id of the customer, or several; trimmed and hashed.", 2, is_hashed=True),
    ] = None
    ttclid: Annotated[
        str | None, Parameter(Form.CODE, "TikTok's click id. Left out, it is read from the page's URL.", 3)
    ] = None
    ttp: Annotated[str | None, Parameter(Form.CODE, "The `_ttp` cookie.", 4)] = None
    ip: Annotated[
        str | None, Parameter(Form.IP, "The customer's public IP address, or an X-Forwarded-For list.", 5)
    ] = None
    user_agent: Annotated[str | None, Parameter(Form.CODE, "The browser's user agent.", 6)] = None
    locale: Annotated[str | None, Parameter(Form.LOCALE, "Language and region, such as en-US (BCP 47).", 7)] = None
    first_name: Annotated[str | None, Parameter(Form.NAME, "First name; hashed.", 8, is_hashed=True)] = None
    last_name: Annotated[str | None, Parameter(Form.NAME, "Last name; hashed.", 9, is_hashed=True)] = None
    city: Annotated[
        str | None, Parameter(Form.PLACE, "City; sent in lower case without blanks, punctuation and symbols.", 10)
    ] = None
    state: Annotated[
        str | None,
        Parameter(Form.PLACE, "State or province; sent in lower case without blanks, punctuation and symbols.", 11),
    ] = None
    country: Annotated[
        str | None, Parameter(Form.COUNTRY, "Country, as two letters (ISO 3166); sent in lower case.", 12)
    ] = None
    zip_code: Annotated[str | None, Parameter(Form.ZIP_CODE, "Postal code; hashed.", 13, is_hashed=True)] = None


class Page(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where."""

    url: Annotated[str | None, Parameter(Form.URL, "URL of the page where the event happened.", 14)] = None
    referrer: Annotated[str | None, Parameter(Form.REFERRER, "URL of the page before.", 15)] = None


class Content(Struct, frozen=True, gc=False, omit_defaults=True):
    """One product. In a mask, all products are one field."""

    price: Annotated[Number | None, Parameter(Form.AMOUNT, "Price of one.")] = None
    quantity: Annotated[int | None, Parameter(Form.QUANTITY, "How many; a whole number above 0.")] = None
    content_id: Annotated[str | None, Parameter(Form.ID, "Id of the product.")] = None
    content_category: Annotated[str | None, Parameter(Form.TEXT, "Category of the product.")] = None
    content_name: Annotated[str | None, Parameter(Form.TEXT, "Name of the product.")] = None
    brand: Annotated[str | None, Parameter(Form.TEXT, "Brand of the product.")] = None


class Properties(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was looked at or bought. One product only? Its price, quantity … may stand here."""

    contents: Annotated[list[Content] | None, Parameter(Form.CONTENTS, "The products.", 16, is_of_order=True)] = None
    content_ids: Annotated[
        list[str] | None, Parameter(Form.IDS, "Ids of the products, as a list.", 17, is_of_order=True)
    ] = None
    content_type: Annotated[
        str | None, Parameter(Form.CONTENT_TYPE, "`product` or `product_group`.", 18, is_of_order=True)
    ] = None
    currency: Annotated[
        str | None, Parameter(Form.CURRENCY, "ISO 4217 code, such as USD. Never made up.", 19, is_of_order=True)
    ] = None
    value: Annotated[
        Number | None,
        Parameter(
            Form.AMOUNT,
            "Total of the order. Left out, the sum of price × quantity where every product has both.",
            20,
            is_of_order=True,
        ),
    ] = None
    num_items: Annotated[int | None, Parameter(Form.COUNT, "Number of products.", 21, is_of_order=True)] = None
    search_string: Annotated[
        str | None, Parameter(Form.TEXT, "What the customer searched for.", 22, older_name="query")
    ] = None
    description: Annotated[str | None, Parameter(Form.TEXT, "A description of the product or page.", 23)] = None
    order_id: Annotated[str | None, Parameter(Form.ID, "Id of the order.", 24)] = None
    shop_id: Annotated[str | None, Parameter(Form.ID, "Id of the shop.", 25)] = None
    customer_type: Annotated[str | None, Parameter(Form.CUSTOMER_TYPE, "`new` or `returning`.", 26)] = None
    status: Annotated[str | None, Parameter(Form.TEXT, "Status of the order.", 27)] = None


class TikTokEvent(Struct, frozen=True, gc=False, omit_defaults=True):
    """One element of the request's `data`, exactly as TikTok takes it (docs/tiktok.md §1)."""

    event: Annotated[str, Parameter(Form.EVENT_NAME, "Name of the event, such as Purchase. Needed.")]
    event_time: Annotated[
        int,
        Parameter(Form.TIME, "When it happened: ISO 8601 text, an Avro timestamp, or a number with `unit`. Needed."),
    ]
    event_id: Annotated[
        str | None,
        Parameter(Form.ID, "Id of the event, the same one the browser's pixel sends: copies are found by it."),
    ] = None
    user: User | None = None
    page: Page | None = None
    properties: Properties | None = None
    limited_data_use: Annotated[
        bool | None,
        Parameter(
            Form.FLAG,
            "true: TikTok shall restrict what it does with the event. Of text, true, false, 1 and 0 are read; with "
            "another word, it is left out.",
            28,
        ),
    ] = None


SECTIONS: Final[Mapping[str, type[Struct]]] = {
    "": TikTokEvent,
    "user": User,
    "page": Page,
    "properties": Properties,
    "properties.contents": Content,
}
"""Where parameters stand in an event; of `properties.contents`, each item is one."""


def _declared() -> Iterator[tuple[str, Parameter]]:
    for section, kind in SECTIONS.items():
        for name, hint in get_type_hints(kind, include_extras=True).items():
            for parameter in getattr(hint, "__metadata__", ()):
                yield f"{section}.{name}".removeprefix("."), parameter


PARAMETERS: Final[Mapping[str, Parameter]] = dict(_declared())
"""TikTok's name with its path (`event`, `user.email`, `properties.contents.price`) → what there is to know of it."""


def parameters_of(section: str) -> dict[str, Parameter]:
    """Name → parameter, of those in one of `SECTIONS`, in TikTok's order."""
    prefix = f"{section}." if section else ""
    own = {path.removeprefix(prefix): each for path, each in PARAMETERS.items() if path.startswith(prefix)}
    return {name: each for name, each in own.items() if "." not in name}


OLDER_NAMES: Final[Mapping[str, str]] = {
    f"{path.rpartition('.')[0]}.{each.older_name}": path for path, each in PARAMETERS.items() if each.older_name
}
"""`properties.query` → `properties.search_string`: read, and sent under the newer name."""
TOP_FIELDS: Final = tuple(parameters_of(""))
USER_FIELDS: Final = User.__struct_fields__
PAGE_FIELDS: Final = Page.__struct_fields__
CONTENT_FIELDS: Final = Content.__struct_fields__
PROPERTY_FIELDS: Final = Properties.__struct_fields__
FIELD_BIT: Final[Mapping[str, int]] = {path: 1 << each.bit for path, each in PARAMETERS.items() if each.bit is not None}
"""Bits of the parameters that a copy of an event may have and another lack."""
ORDER_FIELDS: Final = tuple(name for name, each in parameters_of("properties").items() if each.is_of_order)
LIMITED_TRUE_BIT: Final = 29
"""Beside the fields' own: `limited_data_use` is not only there but true, which is news to a false one."""
MASK_BITS: Final = 31
"""What Redis keeps of a mask: 32 bits, whose highest is a sign to its script (`dedupe.shared_protocol`)."""
