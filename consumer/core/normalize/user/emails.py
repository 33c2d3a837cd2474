"""One email address out of what forms and exports make of it: a part of `normalize` (docs/tiktok.md §2)."""

import re
from typing import Final
from urllib.parse import unquote

from consumer.core.normalize.fields import FieldError
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import is_placeholder, is_word, trimmed, visible

LONGEST: Final = 1_000
"""Characters of an address with all that is around it."""
_LONGEST_ADDRESS: Final = 254
"""RFC 5321, section 4.5.3.1.3, without the angle brackets."""
_LONGEST_LOCAL: Final = 64
"""RFC 5321, section 4.5.3.1.1. No part of an address that is shorter in all can be too long."""
_USUAL: Final = re.compile(r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+@(?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)+[a-z]{2,}+")
"""Nearly every address, and found in half of the time of a closer look."""
_ESCAPE: Final = re.compile("%[0-9a-f]{2}")
"""As URLs have it. Where there is no link around it, it may have been meant, or not."""
_LOCAL: Final = re.compile(r"[^\s@.,;:<>()\[\]\"\\]+(?:\.[^\s@.,;:<>()\[\]\"\\]+)*")
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_WRAPPING: Final = " \t\"'`´‘’‚‛“”„«»‹›<>[](){},;|/\\"
"""What quotes, ends or separates an address and is not a part of one, or of none that exists."""
_NAMED: Final = re.compile(r"[^<>@]*<([^<>]+)>")
"""`Jane Doe <jane@example.com>`"""
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(mailto:([^()]+)\)")
"""Markdown's `[jane@example.com](mailto:jane@example.com)`"""


def address(raw: str) -> str | None:
    """The address in lowercase; None for nothing but blanks.

    Raises:
        FieldError: PLACEHOLDER; else NOT_AN_EMAIL where there is no address, or more than one.
    """
    cleaned = raw.strip().lower()
    if len(cleaned) <= _LONGEST_LOCAL and _USUAL.fullmatch(cleaned):
        return _of_somebody(cleaned)
    if len(cleaned) > LONGEST:
        raise FieldError(Problem.NOT_AN_EMAIL)
    cleaned = visible(trimmed(cleaned))
    if not cleaned:
        return None
    if is_placeholder(cleaned):
        raise FieldError(Problem.PLACEHOLDER)
    found = _unwrapped(cleaned)
    if not _is_address(found):
        raise FieldError(Problem.NOT_AN_EMAIL)
    return _of_somebody(found)


def _of_somebody(found: str) -> str:
    """The address, unless it says twice that there is none: `null@null.com`, `noemail@noemail.net`."""
    local, _, domain = found.partition("@")
    if is_word(local) and is_word(domain.partition(".")[0]):
        raise FieldError(Problem.PLACEHOLDER)
    return found


def _unwrapped(cleaned: str) -> str:
    """The one address within, if there is no more than one."""
    if (link := _LINK.fullmatch(cleaned)) and link[1] == link[2]:
        cleaned = link[1]
    if named := _NAMED.fullmatch(cleaned.rstrip(" ,;")):
        cleaned = named[1]
    cleaned = cleaned.strip(_WRAPPING)
    if cleaned.startswith("mailto:"):
        cleaned = _unescaped(cleaned.removeprefix("mailto:").partition("?")[0]).strip(_WRAPPING)
    return cleaned.rstrip(".")


def _unescaped(link: str) -> str:
    """What a link's escapes stand for; nothing, if they do not make text."""
    try:
        text = visible(unquote(link, errors="strict").lower())
    except UnicodeDecodeError:
        return ""
    return "" if "%" in text else text


def _is_address(found: str) -> bool:
    local, _, domain = found.rpartition("@")
    labels = domain.split(".")
    return (
        len(found) <= _LONGEST_ADDRESS
        and len(local) <= _LONGEST_LOCAL
        and _LOCAL.fullmatch(local) is not None
        and _ESCAPE.search(local) is None
        and len(labels) > 1
        and all(len(label) < 64 and _LABEL.fullmatch(label) and "_" not in label for label in labels)
        and len(labels[-1]) > 1
        and (labels[-1].isalpha() or labels[-1].startswith("xn--"))
    )
