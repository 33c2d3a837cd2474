"""What may be printed to a terminal: text of records, schemas and libraries holds nothing that could steer one."""

import os
import sys
from textwrap import fill


def complain(text: str) -> None:
    """Tell the person who typed a command what is wrong, on standard error.

    Lines end between words where the terminal ends; without a terminal they stay as they are, to be searched.
    """
    width = _columns()
    lines = text.splitlines() if width else [text]
    for line in lines:
        print(_filled(line, width) if width else line, file=sys.stderr)  # noqa: T201  # what this is for


def _filled(line: str, width: int) -> str:
    return fill(line, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False)


def _columns() -> int:
    """How wide the terminal behind standard error is; 0 if there is none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):  # a file, a pipe, closed, or something that a test put there
        return 0


def several(number: int, noun: str) -> str:
    """`1 broker`, `1,200 brokers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str, *, is_multiline: bool = False) -> str:
    """Text with escapes instead of control characters (C0, C1), bidirectional marks, line separators and what has no
    shape: they would move the cursor, rewrite what stands above, or show another order than there is.

    Args:
        is_multiline: line ends stay.
    """
    if text.isprintable():
        return text
    kept = "\n" if is_multiline else ""
    return "".join(one if one.isprintable() or one in kept else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
