"""URLs, and TikTok's click id in them: a part of `normalize` (docs/tiktok.md §2)."""

import re
from typing import Final
from urllib.parse import unquote

from consumer.core.normalize.fields import FieldError, text
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import is_placeholder, usual

_WITH_HOST: Final = re.compile(
    r"https?://(?:[^\s/?#@\\]*+@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#:@\\\[\].%-][^\s/?#:@\\]*)(?::\d*)?(?=[/?#\\]|\Z)", re.I
)
_ANY_WITH_HOST: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")
_SEPARATORS: Final = re.compile(r"[?&]")
_CLICK_ID: Final = "ttclid="
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _is_plain(cleaned: str) -> bool:
    """Whether there is a host beyond doubt: an address with a user before it, or a blank in it, takes a closer look."""
    return cleaned.startswith("https://") and cleaned[8:9].isalnum() and "@" not in cleaned and " " not in cleaned


def url(raw: object) -> str | None:
    """The page's address: http or https, and a host."""
    cleaned = usual(raw) or text(raw)
    if cleaned is None or _is_plain(cleaned):
        return cleaned
    if not _WITH_HOST.match(cleaned):
        raise FieldError(Problem.NOT_A_URL)
    return cleaned


def referrer(raw: object) -> str | None:
    """Any absolute URL: that of an app (`android-app://…`) refers, too."""
    cleaned = usual(raw) or text(raw)
    if cleaned is None or _is_plain(cleaned):
        return cleaned
    is_of_web = cleaned[:8].lower().startswith(("https://", "http://"))
    if not (_WITH_HOST if is_of_web else _ANY_WITH_HOST).match(cleaned):
        raise FieldError(Problem.NOT_A_URL)
    return cleaned


def ttclid_of(page_url: str) -> str | None:
    """TikTok's click id in the query of a URL, whole however long; None without one.

    Of several the last, which is where TikTok appends its own. A second `?`, which careless redirects add, ends a
    value as `&` does. One that does not decode, or stands for nothing, is none.
    """
    if _CLICK_ID not in page_url:
        return None
    _, _, query = page_url.partition("#")[0].partition("?")
    written = [part for part in _SEPARATORS.split(query) if part.startswith(_CLICK_ID) and part != _CLICK_ID]
    return _decoded(written[-1].removeprefix(_CLICK_ID)) if written else None


def _decoded(value: str) -> str | None:
    try:
        found = unquote(value, errors="strict").strip()
    except UnicodeDecodeError:
        return None
    is_broken = not found.isprintable() or "\ufffd" in found or _BROKEN_ESCAPE.search(value)
    if not found or is_broken or is_placeholder(found):
        return None
    return found
