"""Text that is plainly a number: one reading for amounts, times, `scale`, `values`, conditions. A part of `rules`."""

import re
from decimal import Decimal
from typing import Final

from consumer.core.rules.placeholders import trimmed

_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""No symbol or thousands separator. Java writes a double with an exponent from 10^7 on, and below 10^-3."""


def plain_number(text: str) -> Decimal | None:
    """The number, without blanks and unseen characters around it; None for any other text."""
    cleaned = trimmed(text)
    return Decimal(cleaned) if _PLAIN.fullmatch(cleaned) else None
