"""Whole numbers as requests name them: of events, and of how many."""

import sys
from typing import Final

RANGE: Final = f"a whole number from 0 to {sys.maxsize}"
"""For messages."""


def whole_number(text: str) -> int | None:
    """The number, or None for anything but digits, and for more than a collection can count (`sys.maxsize`)."""
    is_short = len(text) <= len(str(sys.maxsize))  # nor would Python read one of more than 4,300 digits
    if not (is_short and text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= sys.maxsize else None
