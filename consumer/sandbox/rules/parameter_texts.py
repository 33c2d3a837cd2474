"""What each parameter is for, in words for people; TikTok's names and lists. From docs/tiktok.md §1 and §2."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_STANDARD_EVENTS: Final = (
    "AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download "
    "FindLocation InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent"
)
STANDARD_EVENTS: Final = frozenset(_STANDARD_EVENTS.split())
OLD_EVENTS: Final[Mapping[str, str | None]] = {
    "CompletePayment": "Purchase",
    "SubmitForm": "Lead",
    "PlaceAnOrder": None,
    "ClickButton": None,
    "Pageview": None,
}
"""Still taken, and what they are called now; None where there is no newer name."""
_CURRENCIES: Final = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK "
    "JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY "
    "TWD UAH USD VES VND ZAR"
)
CURRENCIES: Final = frozenset(_CURRENCIES.split())
PRODUCT_EVENTS: Final = frozenset({"ViewContent", "AddToCart", "AddToWishlist", "InitiateCheckout", "Purchase"})
"""Catalogue campaigns match these to products by content_id."""

HASHED: Final = "SHA-256, 64 lowercase hex digits"
PLAIN: Final = "plain"


class About(Struct, frozen=True):
    """One parameter: what TikTok does with it, and in which form it wants it."""

    use: str
    form: str = PLAIN


ABOUT: Final[Mapping[str, About]] = {
    "event": About("What happened. Campaigns can optimise only for standard events, spelt exactly."),
    "event_time": About("When it happened; attribution looks for an ad seen or clicked before.", "Unix seconds, UTC"),
    "event_id": About("Recognises copies of this event, from the browser's pixel or from a repeated request.", "text"),
    "limited_data_use": About("Asks TikTok to use this event only as restricted by law in some US states.", "boolean"),
    "user.email": About("Finds the TikTok account: one of the two strongest match keys.", HASHED),
    "user.phone": About("Finds the TikTok account: one of the two strongest match keys.", HASHED),
    "user.external_id": About("Your own id of the person; ties their events together over time.", HASHED),
    "user.ttclid": About("The click on the ad that led here: matches the event to that very click. Never shortened."),
    "user.ttp": About("The _ttp cookie: matches the event to the same browser's earlier visits."),
    "user.ip": About("Finds the device, together with the user agent. A public address.", "plain, never hashed"),
    "user.user_agent": About("Finds the device, together with the IP address."),
    "user.locale": About("The language of the person's device.", "BCP 47"),
    "user.first_name": About("Helps to find the account where stronger keys are missing.", HASHED),
    "user.last_name": About("Helps to find the account where stronger keys are missing.", HASHED),
    "user.zip_code": About("Helps to find the account where stronger keys are missing.", HASHED),
    "user.city": About("Helps to find the account where stronger keys are missing.", "plain lowercase, no spaces"),
    "user.state": About("Helps to find the account where stronger keys are missing.", "plain lowercase, no spaces"),
    "user.country": About("Helps to find the account where stronger keys are missing.", "ISO 3166, lowercase"),
    "page.url": About("The page where it happened; audiences and URL rules are built from it."),
    "page.referrer": About("The page the visitor came from."),
    "properties.contents": About("The products it is about.", "list"),
    "properties.contents[].price": About("The price of one, not of all.", "number"),
    "properties.contents[].quantity": About("How many of this product.", "whole number above 0"),
    "properties.contents[].content_id": About("The product's id in the catalogue: shows people what they saw.", "text"),
    "properties.contents[].content_category": About("The product's category, for reports and audiences."),
    "properties.contents[].content_name": About("The product's name, for reports."),
    "properties.contents[].brand": About("The product's brand, for reports and audiences."),
    "properties.content_ids": About("The products' ids where there are no contents.", "list of text"),
    "properties.content_type": About("Whether content_id names a product or a group.", "product or product_group"),
    "properties.currency": About("What value and prices are counted in; without it a value means nothing.", "ISO 4217"),
    "properties.value": About("What the whole is worth: the base of return on ad spend.", "number"),
    "properties.num_items": About("How many items in all.", "whole number"),
    "properties.search_string": About("What was searched for."),
    "properties.query": About("The older name of search_string."),
    "properties.description": About("Free text, for your own reports."),
    "properties.order_id": About("The order's number; helps to distinguish orders.", "text"),
    "properties.shop_id": About("The shop's id.", "text"),
    "properties.customer_type": About("Whether the customer bought before.", "new or returning"),
    "properties.status": About("The order's state (an older parameter, still taken)."),
}
NOT_KNOWN: Final = About("TikTok does not document this property; it tolerates it and does nothing with it.", "any")

MATCH_KEYS: Final = ("email", "phone", "external_id", "ttclid", "ttp", "ip_and_user_agent")
"""By what TikTok finds the person: the parts of its match quality."""

RECOMMENDED: Final = (
    "event_id",
    "user.email",
    "user.phone",
    "user.external_id",
    "user.ttclid",
    "user.ttp",
    "user.ip",
    "user.user_agent",
    "page.url",
)
"""What TikTok can use of every web event, though it takes one without: docs/tiktok.md §1."""
RECOMMENDED_OF_PRODUCTS: Final = (
    "properties.value",
    "properties.currency",
    "properties.contents",
    "properties.content_type",
)
"""And of an event about products."""
