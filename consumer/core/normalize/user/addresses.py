"""The visitor's IP address: a part of `normalize` (docs/tiktok.md §2).

Three in four are plain IPv4, most others an IPv6 address in its canonical form or a forwarded list: these are
recognised by their text alone. What is left goes through `ipaddress`, which takes ten times as long.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from consumer.core.normalize.fields import FieldError
from consumer.core.reasons import Problem
from consumer.core.rules.placeholders import trimmed

LONGEST: Final = 4_096
"""Characters of a forwarded list; no chain of proxies is so long."""
_OCTETS: Final = frozenset(map(str, range(256)))
_OPEN_OCTETS: Final = frozenset(map(str, range(1, 224))) - {"10", "100", "127", "169", "172", "192", "198", "203"}
"""First octets under which no address is private, documentation or otherwise special (IANA's registry of
special-purpose IPv4 addresses): nearly every visitor's."""
_CLOSED_OCTETS: Final = frozenset(map(str, (0, 10, 127, *range(224, 256))))
"""Those under which none is public."""
_CLOSED_PAIRS: Final = frozenset(
    (
        "169.254",
        "192.168",
        "198.18",
        "198.19",
        *(f"172.{n}" for n in range(16, 32)),
        *(f"100.{n}" for n in range(64, 128)),
    )
)
_MIXED_PAIRS: Final = frozenset(("192.0", "192.88", "198.51", "203.0"))
"""First two octets under which some are public and some are not."""
_UNICAST_V6: Final = IPv6Network("2000::/3")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
"""Deprecated by RFC 7526. Python calls it public or not, depending on its version."""
_GROUP: Final = "[1-9a-f][0-9a-f]{0,3}"
_ORDINARY_V6: Final = "(?!2001|2002|3ffe|3fff)[23][0-9a-f]{3}|2001:(?!db8:)(?:[2-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3})"
"""How public addresses begin, without the blocks that hold special ones."""
_CANONICAL_V6: Final = re.compile(
    rf"(?=(?:{_ORDINARY_V6}):)(?:(?:(?:0|{_GROUP}):){{7}}(?:0|{_GROUP})|(?=(?:[^:]*:){{2,6}}[^:]*\Z)"
    rf"{_GROUP}(?::{_GROUP})*::(?:{_GROUP}(?::{_GROUP})*)?)"
)
"""RFC 5952: no leading zeros, and `::` for the longest run of zero groups."""
_LEADING_ZEROS: Final = re.compile(r"\b0{1,3}(?=[0-9a-f])")


def ip(raw: object) -> str | None:
    """The first public address of a list as X-Forwarded-For has it, or of one alone; IPv6 in canonical form.

    Ports and brackets go, `::ffff:` is unwrapped. Without a public one: NOT_PUBLIC if there is any address
    at all, else NOT_AN_IP.
    """
    if not isinstance(raw, str):
        raise FieldError(Problem.WRONG_TYPE)
    octets = raw.split(".", 4)
    if len(octets) == 4 and octets[0] in _OPEN_OCTETS and _OCTETS.issuperset(octets):
        return raw
    listed = trimmed(raw)
    if not listed:
        return None
    if len(listed) > LONGEST:
        raise FieldError(Problem.NOT_AN_IP)
    return _first_public(listed)


def _first_public(listed: str) -> str:
    problem = Problem.NOT_AN_IP
    for part in listed.split(","):
        host = _host(part)
        is_public = _is_public_v4(host)
        if is_public:
            return host
        if is_public is None:
            if (address := _canonical_v6(host)) or (address := _parsed(host)):
                return address
            if address is None:
                continue
        problem = Problem.NOT_PUBLIC
    raise FieldError(problem)


def _host(part: str) -> str:
    host = part.strip(' \t"')
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_public_v4(host: str) -> bool | None:
    """None if it is no IPv4 address, or one that takes a closer look."""
    octets = host.split(".", 4)
    if len(octets) != 4 or not _OCTETS.issuperset(octets):
        return None
    first = octets[0]
    pair = f"{first}.{octets[1]}"
    if first in _CLOSED_OCTETS or pair in _CLOSED_PAIRS:
        return False
    return None if pair in _MIXED_PAIRS else True


def _canonical_v6(host: str) -> str | None:
    """The address, if its text alone says that it is a public one."""
    lowercase = host.lower()
    if "::" not in lowercase and ":0" in lowercase:
        lowercase = _LEADING_ZEROS.sub("", lowercase)
        if ":0:0" in lowercase:
            return None
    return lowercase if _CANONICAL_V6.fullmatch(lowercase) else None


def _parsed(host: str) -> str | None:
    """The address if it is public, "" if it is not, None if it is none."""
    if "%" in host:  # a scope means something only on the machine that wrote it
        return None
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return str(address) if _is_public(address) else ""


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _UNICAST_V6 and address not in _SIX_TO_FOUR and address.is_global
    return address.is_global and not address.is_multicast
