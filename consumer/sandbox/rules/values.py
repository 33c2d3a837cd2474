"""Is this one value what TikTok takes? For what a type cannot say: addresses, places, hashes of nothing."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from typing import Final

_HASH_OF_NOTHING: Final = sha256(b"").hexdigest()
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_PLAINLY_PUBLIC_IPV4: Final = re.compile(
    r"(?!(?:10|100|127|169|172|192|198|203)\.)(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3])"
    r"(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
)
"""Networks of which nothing is reserved; for the rest, `ipaddress` knows best, and takes ten times as long."""

FUTURE_S: Final = 3600
"""An event later than this after now has a wrong unit or clock (docs/tiktok.md §1)."""


def is_hash(text: str) -> bool:
    """True for 64 lowercase hex digits."""
    return _HASH.fullmatch(text) is not None


def is_hash_of_nothing(text: str) -> bool:
    """True for the SHA-256 of the empty text: an empty value is left out, never hashed."""
    return text == _HASH_OF_NOTHING


def are_hashes(sent: str | list[str]) -> bool:
    """True for a hash of something, or a list of them."""
    if isinstance(sent, str):
        return is_hash(sent) and not is_hash_of_nothing(sent)
    return all(map(are_hashes, sent))


def is_public_ip(text: str) -> bool:
    """True for a public IPv4 or IPv6 address without port, brackets or zone; `::ffff:` is to be unwrapped."""
    return _PLAINLY_PUBLIC_IPV4.fullmatch(text) is not None or _is_public_ip(text)


@lru_cache(maxsize=8192)
def _is_public_ip(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    is_wrapped = address.version == 6 and address.ipv4_mapped is not None
    return address.is_global and not address.is_multicast and not is_wrapped and "%" not in text


@lru_cache(maxsize=8192)
def is_plain_place(text: str) -> bool:
    """True for a city or state in lowercase without spaces and punctuation: `newyork`, `são`."""
    return bool(text) and text == text.lower() and not any(map(_parts_words, text)) and not _HASH.fullmatch(text)


def _parts_words(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter).startswith("P")


def is_locale(text: str) -> bool:
    """True for the shape of a BCP 47 tag: `en`, `de-DE`, `zh-Hant-TW`; `en_US` is not one."""
    return _LOCALE.fullmatch(text) is not None


def is_country(text: str) -> bool:
    """True for the shape of ISO 3166 alpha-2 in lowercase: `us`."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.islower()


def is_currency(text: str) -> bool:
    """True for the shape of ISO 4217: `USD`."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
