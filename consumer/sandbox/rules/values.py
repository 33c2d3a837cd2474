"""Is this one value what TikTok takes? For what a type cannot say: addresses, places, hashes of nothing."""

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from typing import Final

_HASH_OF_NOTHING: Final = sha256(b"").hexdigest()
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PLAINLY_PUBLIC_IPV4: Final = re.compile(
    r"(?!(?:10|100|127|169|172|192|198|203)\.)(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3])"
    r"(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
)
"""Networks of which nothing is reserved; for the rest, `ipaddress` knows best, and takes ten times as long."""

FUTURE_S: Final = 3600
"""An event later than this after now has a wrong unit or clock (tiktok.md, section 1)."""


def has_hash_of_nothing(sent: str | list[str]) -> bool:
    """True for the SHA-256 of the empty text, alone or in a list: an empty value is left out, never hashed."""
    return sent == _HASH_OF_NOTHING or (isinstance(sent, list) and _HASH_OF_NOTHING in sent)


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
