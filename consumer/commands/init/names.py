"""Names of fields taken apart: however they are spelled, their words are the same."""

import re
from typing import Final

_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


def words_of(name: str) -> tuple[str, ...]:
    """`eMailAddress`, `E_MAIL_ADDRESS`, `e-mail address` → ("e", "mail", "address")."""
    return tuple(_WORD.findall(_HUMPS.sub(" ", name).casefold()))


def folded(name: str) -> str:
    """The words without anything between them: `order_completed`, `Order Completed` → `ordercompleted`."""
    return "".join(words_of(name))


def words_in(text: str) -> frozenset[str]:
    """Words written with blanks between them."""
    return frozenset(text.split())
