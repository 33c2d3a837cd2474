"""Fields that may serve as a parameter, the best first. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from msgspec import Struct

from consumer.commands.init.aliases import (
    ABBREVIATIONS,
    ABOUT,
    ANOTHERS,
    AROUND,
    PEOPLE,
    PERHAPS_ANOTHERS,
    STALE,
    WRAPPERS,
    WantedField,
)
from consumer.commands.init.schema_leaves import Leaf

_OF_A_TIER: Final = 20
_OF_A_LEFT_WORD: Final = 6
_OF_ANOTHERS: Final = 30
_ABOUT_A_PERSON: Final = 3
CLOSE: Final = 45
"""A field that scores so much less than the best is no second choice."""


class Match(Struct, frozen=True):
    leaf: Leaf
    name: str
    """The end of the path that matched: `customer.mail` by `mail`."""
    score: int


def matches(wanted: WantedField, leaves: Iterable[Leaf], context: frozenset[str] = ABOUT) -> list[Match]:
    """The fields whose name and kind fit, the best first; of equal ones, the first in the schema.

    Args:
        context: words one of which must stand before a name that is written with `~`.
    """
    tiers = _tiers(wanted.tiers)
    foreign = frozenset(wanted.foreign.split()) | STALE | (frozenset() if wanted.is_of_order else ANOTHERS)
    fit = (leaf for leaf in leaves if _fits(leaf, wanted) and not (wanted.is_of_person and _is_in_another(leaf)))
    found = (_match(leaf, tiers, foreign, context) for leaf in fit)
    return sorted((match for match in found if match is not None), key=lambda match: -match.score)


def choices(wanted: WantedField, leaves: Iterable[Leaf]) -> tuple[list[Match], list[Match]]:
    """The fields to read, in this order, and those that also fit."""
    found = matches(wanted, leaves)
    read = found[:1]
    for match in found[1:]:
        if len(read) < wanted.most and match.score > found[0].score - CLOSE and not _is_perhaps_anothers(match.leaf):
            read.append(match)
    return read, [match for match in found if match not in read]


def _fits(leaf: Leaf, wanted: WantedField) -> bool:
    return bool(leaf.kinds & wanted.kinds) or (wanted.takes_lists and "list" in leaf.kinds and _is_text_list(leaf))


def _is_text_list(leaf: Leaf) -> bool:
    items = [each["items"] for each in leaf.types if each["type"] == "array"]
    return all(item in ("string", ["null", "string"], {"type": "string"}) for item in items)


def _is_in_another(leaf: Leaf) -> bool:
    """True if it stands in a record that is not known to be of the person: a wrong identifier is worse than none."""
    around = leaf.words[:-1]
    return not any(ABOUT & set(words) for words in around) and any(not AROUND & set(words) for words in around)


@cache
def _tiers(tiers: tuple[str, ...]) -> Mapping[str, int]:
    """A name with its mark → its tier."""
    return {name: tier for tier, names in reversed(list(enumerate(tiers))) for name in names.split()}


def _match(leaf: Leaf, tiers: Mapping[str, int], foreign: frozenset[str], context: frozenset[str]) -> Match | None:
    """The best that any end of the path is worth, as it is written and with its abbreviations written out."""
    flat = [word for words in leaf.words for word in words]
    spelled = {tuple(flat), tuple(ABBREVIATIONS.get(word, word) for word in flat)}
    found = [match for each in spelled for match in _ends(leaf, list(each), tiers, foreign, context)]
    return max(found, key=lambda match: (match.score, match.name), default=None)


def _ends(
    leaf: Leaf, flat: list[str], tiers: Mapping[str, int], foreign: frozenset[str], context: frozenset[str]
) -> Iterator[Match]:
    for length in range(1, len(flat) + 1):
        left, name = flat[:-length], "".join(flat[-length:])
        tier = _tier(name, left, tiers, context)
        if tier is not None and not foreign & set(left):
            yield Match(leaf, name, _score(leaf, tier, left, length))


def _tier(name: str, left: list[str], tiers: Mapping[str, int], context: frozenset[str]) -> int | None:
    found = [tiers[name]] if name in tiers else []
    if f"^{name}" in tiers and not set(left) - WRAPPERS:
        found.append(tiers[f"^{name}"])
    if f"~{name}" in tiers and context & set(left):
        found.append(tiers[f"~{name}"])
    return min(found, default=None)


def _score(leaf: Leaf, tier: int, left: list[str], length: int) -> int:
    """100 for the surest; less for a doubtful name, words before it, depth, and another's."""
    own_left = leaf.words[-1][: max(0, len(leaf.words[-1]) - length)]
    unknown = [word for word in own_left if word not in PEOPLE and word not in WRAPPERS]
    anothers = _OF_ANOTHERS if _is_perhaps_anothers(leaf) else 0
    about = _ABOUT_A_PERSON if PEOPLE & set(left) else 0
    return 100 - _OF_A_TIER * tier - _OF_A_LEFT_WORD * len(unknown) - len(leaf.steps) - anothers + about


def _is_perhaps_anothers(leaf: Leaf) -> bool:
    return any(word in PERHAPS_ANOTHERS for words in leaf.words for word in words)
