"""Amounts of money: whether a number counts cents, and what to write then. Pure."""

import re
from typing import Final

from consumer.commands.init.aliases import WantedField
from consumer.commands.init.names import words_in
from consumer.commands.init.schema_leaves import Leaf

_MINOR: Final = words_in("cents cent minor pence penny pennies subunits minorunits centimes")
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
        units, nanos = (f"{path}.{name}" for name in leaf.money)
        return {"cel": f"double({units}) + double({nanos}) / 1000000000.0"}, "whole units and billionths"
    words = {*leaf.words[-1], *_WORD.findall(leaf.doc.lower())}
    if not {each["type"] for each in leaf.types} & _WHOLE:
        return None
    if words & _MICROS:
        return {"path": path, "scale": 0.000001}, "millionths, by its name or doc"
    if words & _MINOR or "smallest" in words:
        said = sorted(words & (_MINOR | {"smallest"}))[0]
        source = {"path": path, "unit": "minor"} if has_currency else {"path": path, "scale": 0.01}
        return source, f'"{said}" stands in its name or doc'
    return path, "a whole number: if it counts cents, write " + f"{{path: {path}, unit: minor}}"
