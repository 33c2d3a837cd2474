"""IP addresses and URLs: a part of `normalize` (tiktok.md, section 2)."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import unquote

from consumer.core.model import Problem
from consumer.core.normalize.fields import FieldError, text

_OCTETS: Final = frozenset(map(str, range(256)))
_OPEN_OCTETS: Final = frozenset(map(str, range(1, 224))) - {"10", "100", "127", "169", "172", "192", "198", "203"}
"""First octets under which no address is private, documentation or otherwise special (IANA's registry of
special-purpose IPv4 addresses): nearly every visitor's, and so spared the parsing, which takes 6 µs."""
_UNICAST_V6: Final = IPv6Network("2000::/3")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
"""Deprecated by RFC 7526. Python calls it public or not, depending on its version."""
_TTCLID: Final = re.compile(r"[^?#]*\?(?:[^#]*?&)?ttclid=([^&#]+)")
_WEB: Final = ("https://", "http://")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")


def ip(raw: object) -> str | None:
    """The first public address of a list as X-Forwarded-For has it, or of one alone; IPv6 in compressed form.

    Ports and brackets go, `::ffff:` is unwrapped. Without a public one: NOT_PUBLIC if there is any address
    at all, else NOT_AN_IP.
    """
    if not isinstance(raw, str):
        raise FieldError(Problem.WRONG_TYPE)
    octets = raw.split(".")
    if len(octets) == 4 and octets[0] in _OPEN_OCTETS and _OCTETS.issuperset(octets):
        return raw
    return _first_public(raw) if raw.strip() else None


def url(raw: object) -> str | None:
    """The page's address: http or https."""
    cleaned = text(raw)
    if cleaned is None or cleaned.startswith(_WEB):
        return cleaned
    if not cleaned[:8].lower().startswith(_WEB):
        raise FieldError(Problem.NOT_A_URL)
    return cleaned


def referrer(raw: object) -> str | None:
    """Any absolute URL: that of an app (`android-app://…`) refers, too."""
    cleaned = text(raw)
    if cleaned is not None and not _URL.match(cleaned):
        raise FieldError(Problem.NOT_A_URL)
    return cleaned


def ttclid_of(page_url: str) -> str | None:
    """TikTok's click id in the query of a URL, whole however long; None without one."""
    if "ttclid=" not in page_url:
        return None
    match = _TTCLID.match(page_url)
    return (unquote(match[1]).strip() or None) if match else None


def _first_public(listed: str) -> str:
    problem = Problem.NOT_AN_IP
    for part in listed.split(","):
        address = _address(part)
        if address is None:
            continue
        if _is_public(address):
            return str(address)
        problem = Problem.NOT_PUBLIC
    raise FieldError(problem)


def _address(part: str) -> IPv4Address | IPv6Address | None:
    host = part.strip(' \t"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    if "%" in host:  # a scope means something only on the machine that wrote it
        return None
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _UNICAST_V6 and address not in _SIX_TO_FOUR and address.is_global
    return address.is_global and not address.is_multicast
