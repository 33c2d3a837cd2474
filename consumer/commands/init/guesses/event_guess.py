"""Which of TikTok's events a name of somebody else's is. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from consumer.commands.init.aliases import EVENT_FIELDS
from consumer.commands.init.matching import Match, matches
from consumer.commands.init.names import folded, words_in, words_of
from consumer.commands.init.schema_leaves import Leaf
from consumer.core.remarks import OLD_EVENTS, STANDARD_EVENTS

XDM_EVENTS: Final[Mapping[str, str]] = {
    "commerce.purchases": "Purchase",
    "commerce.checkouts": "InitiateCheckout",
    "commerce.productListAdds": "AddToCart",
    "commerce.productViews": "ViewContent",
    "commerce.saveForLaters": "AddToWishlist",
    "web.webpagedetails.pageViews": "Pageview",
    "web.formFilledOut": "Lead",
    "leadOperation.newLead": "Lead",
}
"""Of what Adobe's schema, XDM, has as `eventType`, what TikTok has a name for (docs/adobe.md, Moving over)."""
_BY_FOLDED: Final = {
    **{folded(name): name for name in (*STANDARD_EVENTS, *OLD_EVENTS)},
    **{folded(name): event for name, event in XDM_EVENTS.items()},
    "completepayment": "Purchase",
    "submitform": "Lead",
}
NOT_AN_EVENT: Final = words_in(
    "cancelled canceled cancel refund refunded returned return removed remove failed declined abandoned abandon "
    "newsletter unsubscribed unsubscribe deleted delete rejected shipped delivered updated update fulfilled expired"
)
"""Words by which it is something else."""
_RULES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # Of each rule, one word of every group must be there; the first rule that holds counts.
    ("StartTrial", ("trial", "start started begin began new")),
    ("ApplicationApproval", ("application loan", "approved approval")),
    ("SubmitApplication", ("application", "submit submitted sent completed")),
    ("AddPaymentInfo", ("payment billing card", "info information details method", "add added enter entered")),
    ("AddToWishlist", ("wishlist favorite favorites favourite favourites wish", "add added save saved product")),
    ("AddToCart", ("cart basket bag", "add added adding addition")),
    ("AddToCart", ("product item", "added add")),
    ("InitiateCheckout", ("checkout booking reservation", "start started begin began initiate initiated entered")),
    (
        "Purchase",
        (
            "order purchase checkout payment transaction sale booking reservation",
            "completed complete placed paid success successful succeeded confirmed finished created submitted made "
            "purchased completion new",
        ),
    ),
    ("Purchase", ("purchase purchased bought buy sold",)),
    ("CompleteRegistration", ("signup signedup registration registered register",)),
    ("CompleteRegistration", ("sign signed", "up")),
    ("CompleteRegistration", ("account user customer", "created create registered")),
    ("Subscribe", ("subscribe subscribed subscription", "subscribe subscribed started start created new")),
    ("Lead", ("lead quote", "generated generate created submitted submit new requested lead")),
    ("Lead", ("form enquiry inquiry", "submit submitted sent completed")),
    ("Search", ("search searched searches",)),
    ("Contact", ("contact contacted", "contact contacted us submitted clicked")),
    ("Download", ("download downloaded",)),
    ("FindLocation", ("store location", "find found finder locator searched")),
    ("Schedule", ("appointment demo", "schedule scheduled booked requested")),
    ("CustomizeProduct", ("customize customise customized customised configured", "product item")),
    ("ViewContent", ("product item content detail details pdp article", "view viewed views seen page impression")),
)  # fmt: skip
_GROUPS: Final = tuple((event, tuple(words_in(group) for group in groups)) for event, groups in _RULES)
_USUAL: Final = (
    *("order completed", "order placed", "purchase", "product added", "add to cart", "checkout started"),
    *("begin checkout", "payment info entered", "add payment info", "product viewed", "view item", "products searched"),
    *("search", "product added to wishlist", "add to wishlist", "signed up", "sign up", "account created"),
    *("subscribed", "subscribe", "trial started", "generate lead", "form submitted", "lead"),
)
"""What shops and customer data platforms call their events, in the words of their specifications."""
_ORDERS: Final = words_in("order purchase sale transaction booking reservation bestellung")
_CASED: Final = re.compile(r"[^\W\d]\w*(?:[ -]\w+)?")


class EventGuess(Struct, frozen=True):
    """The event's name: of a field, or the same for every record."""

    field: str | None
    values: Mapping[str, str]
    """The field's text → TikTok's name; empty where they are the same."""
    is_lowered: bool = False
    """True if the keys of `values` are in lowercase, and the field is to be, too."""
    unmapped: tuple[str, ...] = ()
    """Symbols that no event was found for."""
    const: str = ""
    why: str = ""
    others: tuple[str, ...] = ()


def event_of(name: str) -> str | None:
    """TikTok's event that a name means; None where none is sure."""
    exact = _BY_FOLDED.get(folded(name))
    if exact:
        return exact
    words = set(words_of(name))
    if words & NOT_AN_EVENT:
        return None
    return next((event for event, groups in _GROUPS if all(words & group for group in groups)), None)


def guess_event(leaves: Iterable[Leaf], record: str) -> EventGuess:
    """From the field that names the event, else from the record's own name.

    Args:
        record: the name of its type, without the namespace.
    """
    all_leaves = list(leaves)
    found = sorted(_named(all_leaves), key=lambda match: -match.score)
    if found:
        others = tuple(match.leaf.path for match in found[1:])
        return _of_field(found[0], others, XDM_EVENTS if _is_xdm(all_leaves) else {})
    event = event_of(record) or ("Purchase" if _is_of_orders(record) else None)
    if event:
        return EventGuess(None, {}, const=event, why=f"no field names the event; the schema is called {record}")
    why = f"no field names the event: a custom event, after the schema {record}; write one of TikTok's names"
    return EventGuess(None, {}, const=record, why=why)


def _is_of_orders(record: str) -> bool:
    """`Order`, `shoe_orders`, `OrderMessage`: each is one, unless a word takes it back."""
    words = [word.removesuffix("s") for word in words_of(record)]
    return not NOT_AN_EVENT & set(words_of(record)) and bool(_ORDERS & {*words[:1], *words[-1:]})


def _is_xdm(leaves: Iterable[Leaf]) -> bool:
    """True for Adobe's schema: it has names of its own for the page and the products."""
    return any(step in ("webPageDetails", "productListItems") for leaf in leaves for step in leaf.steps)


def _named(leaves: Sequence[Leaf]) -> Iterable[Match]:
    """Fields called like it, and enums that hold events; those that are both come first."""
    by_name = {match.leaf.steps: match for match in matches(EVENT_FIELDS, leaves)}
    for leaf in leaves:
        known = sum(event_of(symbol) is not None for symbol in leaf.symbols)
        match = by_name.get(leaf.steps)
        if match is not None or known > 1:
            score = (match.score if match else 0) + 20 * min(known, 3)
            yield Match(leaf, match.name if match else "", score)


def _of_field(match: Match, others: tuple[str, ...], known_names: Mapping[str, str]) -> EventGuess:
    leaf = match.leaf
    if leaf.symbols and not leaf.is_open_text:
        known = {symbol: event for symbol in leaf.symbols if (event := event_of(symbol))}
        is_same = len(known) == len(leaf.symbols) and all(symbol == event for symbol, event in known.items())
        unmapped = tuple(symbol for symbol in leaf.symbols if symbol not in known)
        why = "an enum; its symbols by their words" if not is_same else "an enum of TikTok's own names"
        if known:
            return EventGuess(leaf.path, {} if is_same else known, unmapped=unmapped, why=why, others=others)
        return EventGuess(leaf.path, {}, why="an enum without a name that TikTok knows: custom events", others=others)
    told = {name: event for name in _CASED.findall(leaf.doc) if (event := event_of(name)) and len(words_of(name)) > 1}
    if told:
        why = "plain text; these names stand in the field's doc"
        return EventGuess(leaf.path, told, why=why, others=others)
    usual = {spelling: event for name in _USUAL if (event := event_of(name)) for spelling in _spellings(name)}
    older = {name.lower(): newer for name, newer in OLD_EVENTS.items() if newer}
    special = {name.lower(): event for name, event in known_names.items()}
    own = {name.lower(): name for name in sorted(STANDARD_EVENTS)} | older
    why = "plain text; these are usual names: keep yours, and remove the others"
    return EventGuess(leaf.path, special | usual | own, is_lowered=True, why=why, others=others)


def _spellings(name: str) -> Iterable[str]:
    return dict.fromkeys((name, name.replace(" ", "_")))
