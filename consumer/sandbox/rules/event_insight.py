"""What a person should know of an accepted event: its parts explained, its match keys, what it would be warned of.

Pure. An event is the decoded JSON object of one that `judge` has passed, so its documented members have their types.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from consumer.sandbox.rules.parameter_texts import (
    ABOUT,
    CURRENCIES,
    HASHED,
    MATCH_KEYS,
    NOT_KNOWN,
    OLD_EVENTS,
    PRODUCT_EVENTS,
    RECOMMENDED,
    RECOMMENDED_OF_PRODUCTS,
    STANDARD_EVENTS,
)

EventJson = Mapping[str, Any]

MATCHING_S: Final = 28 * 86_400
"""Matching reaches back 28 days (docs/tiktok.md §1: practice of several integrations)."""
_STANDARD_BY_LOWER: Final = {name.lower(): name for name in (*STANDARD_EVENTS, *OLD_EVENTS)}
_PRODUCT_PARTS: Final = frozenset({"price", "quantity", "content_id", "content_name", "content_category", "brand"})


class EventWarning(Struct, frozen=True):
    """Something Events Manager would complain of, or that costs the advertiser; the event was accepted all the same."""

    field: str
    what: str


class EventPart(Struct, frozen=True):
    """One value of an event, explained."""

    path: str
    """`properties.contents[0].price`"""
    value: Any
    use: str
    form: str
    verdict: str
    """Whether it has the form: `hashed right` and the like."""
    is_right: bool
    """False where there is a warning of it, TikTok does not know it, or it is missing."""
    is_missing: bool = False
    """True for a parameter that was not sent and is worth sending; `value` is then None."""


def match_keys(event: EventJson) -> list[str]:
    """Which of `MATCH_KEYS` this event has, in their order; IP address and user agent count only together."""
    user = event.get("user") or {}
    has_device = "ip" in user and "user_agent" in user
    return [key for key in MATCH_KEYS if key in user or (key == "ip_and_user_agent" and has_device)]


def parts(event: EventJson, warned: Collection[EventWarning]) -> list[EventPart]:
    """Every value of the event in the order sent, then what is missing of it."""
    warned_of = {one.field for one in warned}
    sent = [_explained(path, value, path in warned_of) for path, value in leaves(event)]
    return [*sent, *_missing(event, warned, [part.path for part in sent])]


def _missing(event: EventJson, warned: Collection[EventWarning], sent: Collection[str]) -> Iterator[EventPart]:
    """What a warning misses, and what else TikTok asks for in an event of this kind."""
    missed = [one.field for one in warned if one.what.startswith("missing")]
    wanted = [*missed, *RECOMMENDED, *(RECOMMENDED_OF_PRODUCTS if event["event"] in PRODUCT_EVENTS else ())]
    has_products = any(path.startswith(("properties.contents[", "properties.content_ids")) for path in sent)
    for path in dict.fromkeys(wanted):
        if path in sent or (path == "properties.contents" and has_products):
            continue
        about = ABOUT[general(path)]
        verdict = "missing: see the warning" if path in missed else "not sent, but recommended"
        yield EventPart(path, None, about.use, about.form, verdict, is_right=False, is_missing=True)


def leaves(event: EventJson) -> Iterator[tuple[str, object]]:
    """Paths and values; only `contents` is taken apart, every other list is one value."""
    for name, value in event.items():
        if name in {"user", "page", "properties"}:
            for inner, member in value.items():
                path = f"{name}.{inner}"
                if path == "properties.contents":
                    yield from _contents(member)
                else:
                    yield path, member
        else:
            yield name, value


def _contents(contents: list[Mapping[str, object]]) -> Iterator[tuple[str, object]]:
    for place, item in enumerate(contents):
        for name, value in item.items():
            yield f"properties.contents[{place}].{name}", value


def general(path: str) -> str:
    """The path as `ABOUT` has it: without the places of lists."""
    head, bracket, rest = path.partition("[")
    return f"{head}[]{rest[rest.index(']') + 1 :]}" if bracket and path not in ABOUT else path


def _explained(path: str, value: object, is_warned: bool) -> EventPart:
    about = ABOUT.get(general(path))
    if about is None:
        return EventPart(path, value, NOT_KNOWN.use, NOT_KNOWN.form, "not known to TikTok", is_right=False)
    if is_warned:
        return EventPart(path, value, about.use, about.form, "see the warning", is_right=False)
    verdict = "right as it is"
    if about.form == HASHED:
        verdict = f"hashed right, {len(value)} values" if isinstance(value, list) else "hashed right"
    return EventPart(path, value, about.use, about.form, verdict, is_right=True)


def warnings(event: EventJson, now_s: float) -> list[EventWarning]:
    """Everything worth a warning, the gravest for matching and optimising first."""
    return [*_of_name(event), *_of_identity(event), *_of_money(event), *_of_products(event), *_of_time(event, now_s)]


def _of_name(event: EventJson) -> Iterator[EventWarning]:
    name = event["event"]
    if name in STANDARD_EVENTS:
        return
    if name in OLD_EVENTS:
        newer = OLD_EVENTS[name]
        yield EventWarning("event", f"an old name, now {newer}" if newer else "an old name, without a successor")
    elif standard := _STANDARD_BY_LOWER.get(name.lower()):
        yield EventWarning(
            "event", f"differs from the standard event {standard} only by case: TikTok takes it for a custom one"
        )
    else:
        yield EventWarning("event", "a custom event: accepted, but campaigns cannot optimise for it")


def _of_identity(event: EventJson) -> Iterator[EventWarning]:
    user = event.get("user") or {}
    if not match_keys(event):
        yield EventWarning("user", "no match key: TikTok cannot know whose event this is")
    if ("ip" in user) != ("user_agent" in user):
        missing = "user_agent" if "ip" in user else "ip"
        yield EventWarning(f"user.{missing}", "missing: IP address and user agent match only together")
    if event.get("limited_data_use") and "ip" not in user:
        yield EventWarning("user.ip", "missing, though limited_data_use asks for it")
    if "event_id" not in event:
        yield EventWarning("event_id", "missing: a copy, also the browser's, counts twice")
    yield from _of_page(event.get("page") or {})


def _of_page(page: Mapping[str, str]) -> Iterator[EventWarning]:
    url = page.get("url")
    if url is None:
        yield EventWarning("page.url", "missing: TikTok asks for it in web events")
    elif not url.lower().startswith(("http://", "https://")):
        yield EventWarning("page.url", "not an absolute http or https address")


def _of_money(event: EventJson) -> Iterator[EventWarning]:
    properties = event.get("properties") or {}
    currency = properties.get("currency")
    if "value" in properties and currency is None:
        yield EventWarning("properties.currency", "missing: a value without a currency is not counted")
    if currency is not None and currency not in CURRENCIES:
        yield EventWarning("properties.currency", "not among the currencies that TikTok lists")
    if event["event"] in {"Purchase", "CompletePayment"} and "value" not in properties:
        yield EventWarning("properties.value", "missing: return on ad spend cannot be computed")
    if properties.get("value", 0) < 0:
        yield EventWarning("properties.value", "negative")


def _of_products(event: EventJson) -> Iterator[EventWarning]:
    properties = event.get("properties") or {}
    contents = properties.get("contents") or []
    for place, item in enumerate(contents):
        if not item.get("content_id"):
            yield EventWarning(
                f"properties.contents[{place}].content_id", "missing: cannot be matched to the catalogue"
            )
        if item.get("price", 0) < 0:
            yield EventWarning(f"properties.contents[{place}].price", "negative")
    if event["event"] in PRODUCT_EVENTS and not contents and not properties.get("content_ids"):
        yield EventWarning(
            "properties.contents", "missing: no content_id, so catalogue campaigns cannot use this event"
        )
    for name in properties:
        if name in _PRODUCT_PARTS:
            yield EventWarning(f"properties.{name}", "belongs into contents; here TikTok does nothing with it")
        elif f"properties.{name}" not in ABOUT:
            yield EventWarning(f"properties.{name}", "not known to TikTok, which does nothing with it")


def _of_time(event: EventJson, now_s: float) -> Iterator[EventWarning]:
    if event["event_time"] < now_s - MATCHING_S:
        yield EventWarning("event_time", "more than 28 days ago: too old to be matched to an ad")
