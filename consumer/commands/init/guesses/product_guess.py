"""Where the products stand: a list of them, or one among everything else. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from consumer.commands.init.aliases import WANTED, WantedField
from consumer.commands.init.guesses.money_guess import with_money_suffixes
from consumer.commands.init.matching import Match, choices, matches
from consumer.commands.init.product_aliases import ID_LISTS, ITEM_LISTS, ITEM_WANTED, PRODUCT_WORDS
from consumer.commands.init.schema_leaves import Leaf, has_text_items, leaves_of, records_in
from consumer.core.decode.schema import Schema

_ITEM_WANTED: Final = {**ITEM_WANTED, "price": with_money_suffixes(ITEM_WANTED["price"])}
_LISTS: Final = WantedField(frozenset({"list"}), ITEM_LISTS)
_ENOUGH: Final = 2
"""So many fields of a product make a list one of products, whatever it is called."""
_SURE: Final = ("content_id", "content_name")
"""Without one of these, a price outside of a list may be that of anything."""


class ProductsGuess(Struct, frozen=True):
    each: str | None = None
    """The list of products; None: one product, or none."""
    why: str = ""
    fields: Mapping[str, Match] = {}
    """TikTok's name → the field; within `each`, from the item on."""
    others: tuple[str, ...] = ()
    ids: Match | None = None
    """A list of nothing but ids."""
    currency: str | None = None
    """The path to the first product's currency."""


def guess_products(leaves: Sequence[Leaf], schema: Schema) -> ProductsGuess:
    """The list that looks most like one of products, else a single product."""
    lists = sorted(_lists(leaves, schema), key=lambda found: -found[0])
    ids = next((match for match in matches(ID_LISTS, leaves) if has_text_items(match.leaf, schema)), None)
    if not lists:
        return ProductsGuess(fields=_single(leaves), ids=ids)
    _, leaf, fields = lists[0]
    others = tuple(other.path for _, other, _ in lists[1:])
    return ProductsGuess(
        leaf.path, "a list of records with " + ", ".join(m.leaf.path for m in fields.values()), fields, others, ids,
        _currency(leaf, schema),
    )  # fmt: skip


def _lists(leaves: Iterable[Leaf], schema: Schema) -> Iterable[tuple[int, Leaf, dict[str, Match]]]:
    """How much each list looks like one of products, and what is what in it."""
    for leaf in leaves:
        inner = records_in(leaf, schema)
        fields = _fields(leaves_of(inner, schema))
        named = matches(_LISTS, [leaf])
        if fields and (named or len(fields) >= _ENOUGH + 1) and any(name in fields for name in (*_SURE, "price")):
            yield 10 * len(fields) + (named[0].score if named else 0), leaf, fields


def _fields(leaves: Sequence[Leaf]) -> dict[str, Match]:
    found = {name: matches(wanted, leaves, PRODUCT_WORDS) for name, wanted in _ITEM_WANTED.items()}
    return {name: these[0] for name, these in found.items() if these}


def _single(leaves: Sequence[Leaf]) -> dict[str, Match]:
    """A product outside of a list: only what says that it is of one."""
    found = {
        name: next((match for match in these if _is_of_product(match)), None)
        for name, these in ((name, matches(wanted, leaves, PRODUCT_WORDS)) for name, wanted in _ITEM_WANTED.items())
    }
    fields = {name: match for name, match in found.items() if match is not None}
    if not any(name in fields for name in _SURE):
        return {}
    for name in ("price", "quantity"):
        alone = matches(_ITEM_WANTED[name], leaves, PRODUCT_WORDS)
        if name not in fields and alone and alone[0].name.startswith(_PLAIN):
            fields[name] = alone[0]
    return fields


_PLAIN: Final = ("price", "unitprice", "quantity", "qty")


def _is_of_product(match: Match) -> bool:
    words = {word for words in match.leaf.words for word in words}
    return bool(words & PRODUCT_WORDS) or match.name in ITEM_WANTED["content_id"].tiers[0].split()


def _currency(leaf: Leaf, schema: Schema) -> str | None:
    read, _ = choices(WANTED["properties.currency"], leaves_of(records_in(leaf, schema), schema))
    return f"{leaf.path}[0].{read[0].leaf.path}" if read else None
