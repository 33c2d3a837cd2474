"""Keys and headers as text. A part of `rules`."""

import re
from typing import Final

from consumer.core.reasons import Problem
from consumer.core.rules.source import Unreadable

NOT_TEXT: Final = Unreadable(Problem.NOT_TEXT)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text_of(raw: bytes | None) -> str | Unreadable | None:
    """UTF-8 text of a key or header; what is something else, such as a number's bytes, cannot be read as text."""
    try:
        text = None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return NOT_TEXT
    return NOT_TEXT if text is not None and not text.isprintable() and _CONTROL.search(text) else text
