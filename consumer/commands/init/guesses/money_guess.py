"""Amounts of money: whether a number counts cents, and what to write then. Pure."""

import re
from typing import Final

from consumer.commands.init.aliases import WantedField
from consumer.commands.init.names import words_in
from consumer.commands.init.schema_leaves import Leaf
from consumer.core.rules.source import PathSource, format_path

_MINOR: Final = words_in("cents cent minor pence penny pennies subunits minorunits centimes hundredths smallest")
_DOUBTFUL: Final = words_in("not no dollars dollar euros euro pounds pound major whole")
_MICROS: Final = words_in("micros")
_SUFFIXES: Final = ("", "cents", "cent", "incents", "minor", "minorunits", "inminorunits", "pence", "micros")
_WORD: Final = re.compile(r"[a-z]+")
_WHOLE: Final = frozenset({"int", "long"})


def with_money_suffixes(wanted: WantedField) -> WantedField:
    """`total_amount_cents` is `total_amount`, too."""
    tiers = tuple(" ".join(f"{name}{suffix}" for name in tier.split() for suffix in _SUFFIXES) for tier in wanted.tiers)
    return wanted._replace(tiers=tiers)


def money_source(leaf: Leaf, path: str, *, has_currency: bool) -> tuple[object, str] | None:
    """The source of an amount, and what to say of it; None where the amount is plain.

    Args:
        path: as the configuration writes it; within a list of products, from the item on.
        has_currency: `unit: minor` needs the event's currency.
    """
    if leaf.money is not None:
        return {"cel": _sum_of_money(leaf, path)}, "whole units and billionths"
    said = _said(leaf)
    if said in _MICROS:
        return {"path": path, "scale": 0.000001}, "millionths, by its name or doc"
    if said is not None and not _is_in_doubt(leaf):
        source = {"path": path, "unit": "minor"} if has_currency else {"path": path, "scale": 0.01}
        return source, f'"{said}" stands in its name or doc'
    if said is not None:
        return path, f'"{said}" stands in its doc: if it counts these, write ' + f"{{path: {path}, unit: minor}}"
    if not {each["type"] for each in leaf.types} & _WHOLE:
        return None
    return path, "a whole number: if it counts cents, write " + f"{{path: {path}, unit: minor}}"


def _said(leaf: Leaf) -> str | None:
    """The word that says what a part of the whole unit the amount counts, if one does."""
    for text in (" ".join(leaf.words[-1]), leaf.doc.lower(), leaf.around.lower() if _is_whole(leaf) else ""):
        words = set(_WORD.findall(text))
        found: list[str] = sorted(words & _MICROS) or sorted(words & _MINOR)
        if found:
            return found[0]
    return None


def _is_whole(leaf: Leaf) -> bool:
    return bool({each["type"] for each in leaf.types} & _WHOLE)


def _is_in_doubt(leaf: Leaf) -> bool:
    """Whether only the doc has the word, among others: "in dollars and cents", "not cents"."""
    if set(leaf.words[-1]) & _MINOR:
        return False
    return bool(set(_WORD.findall(f"{leaf.doc} {leaf.around}".lower())) & _DOUBTFUL)


def _sum_of_money(leaf: Leaf, path: str) -> str:
    """An expression that is exact to the cent, and null where the amount is: a record without one is no fault."""
    units, nanos = (f"{path}.{name}" for name in leaf.money or ())
    nulls = [format_path(PathSource(steps)) for steps in leaf.nulls]
    added = f"({nanos} == null ? 0 : {nanos})" if nanos in nulls else nanos
    total = f"double({units} * 1000000000 + {added}) / 1000000000.0"
    unless = " || ".join(f"{each} == null" for each in nulls if each != nanos)
    return f"{unless} ? null : {total}" if unless else total
