"""What the address of Redis may hold besides host and port.

Its library takes any option of its classes there, prefers it to what the service sets itself, and meets one that it
does not know only when it connects. So only these few get through.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from consumer.config.checks.web_addresses import is_unusable_url

_ANY: Final = re.compile(r".+", re.DOTALL)
_OPTIONS: Final[Mapping[str, re.Pattern[str]]] = {
    "db": re.compile(r"[0-9]+"),
    "username": _ANY,
    "password": _ANY,
    "ssl_ca_certs": _ANY,
    "ssl_certfile": _ANY,
    "ssl_keyfile": _ANY,
    "ssl_password": _ANY,
    "ssl_cert_reqs": re.compile(r"none|optional|required"),
    "ssl_check_hostname": re.compile(r"true|false|yes|no|1|0", re.IGNORECASE),
}
"""What may stand behind `?`, and its values. With `rediss://` alone: `ssl_…`."""
_PREFIXES: Final = ("redis://", "rediss://")
"""As its library knows them: not in capitals."""
_FORM: Final = "write redis://host:port/0 or rediss://host:port/0"
_ESCAPES: Final = "in a password, write / ? # @ as %2F %3F %23 %40"


def redis_url_fault(url: str) -> str | None:
    """What is wrong with it, and what to do, without any part of it; None if it can be used."""
    if not url.startswith(_PREFIXES) or is_unusable_url(url, ("redis", "rediss")):
        return f"not an address of Redis; {_FORM}; {_ESCAPES}"
    parts = urlsplit(url)
    if parts.fragment or not re.fullmatch(r"/?|/[0-9]+", parts.path):
        return f"has more behind the port than the number of a database; {_FORM}; {_ESCAPES}"
    return _fault_of_options(parts)


def _fault_of_options(parts: SplitResult) -> str | None:
    given = parse_qsl(parts.query, keep_blank_values=True)
    if any(name not in _OPTIONS for name, _ in given):
        return f"has an option behind ? that is not taken; use only {', '.join(_OPTIONS)}; {_ESCAPES}"
    for name, value in given:
        if not _OPTIONS[name].fullmatch(value):
            return f"option {name}: not one of its values; {_remedy(_OPTIONS[name])}"
    if parts.scheme == "redis" and any(name.startswith("ssl_") for name, _ in given):
        return "has ssl_ options, and no TLS that they could be for; write rediss://, or remove them"
    return None


def _remedy(values: re.Pattern[str]) -> str:
    if values is _ANY:
        return "write one, or remove it"
    return "write a number" if "|" not in values.pattern else f"write one of {values.pattern.replace('|', ', ')}"
