"""What an error of Redis is called where people read it: never its text, which may hold what was asked."""

import re
import ssl
from collections.abc import Iterator
from typing import Final

import redis

_CODE: Final = re.compile(r"([A-Z]{2,20})\b")
_IN_A_SCRIPT: Final = re.compile(r"@user_script: ?[0-9]+: -?([A-Z]{3,20}) ")
"""Up to Redis 6, an error within a script is "ERR Error running script (…): @user_script: 9: -OOM command …"."""
_OF_ERR: Final = (
    ("unknown command", "ERR unknown command"),
    ("ACL failure in script", "NOPERM"),
    ("executing the script can't", "NOPERM"),
    ("unauthenticated", "NOAUTH"),  # a question of so many parts is refused before its login is looked at
    ("DB index is out of range", "ERR DB index is out of range"),
    ("non local key", "CROSSSLOT"),
    ("hash to the same slot", "CROSSSLOT"),
    ("slot not served", "CLUSTERDOWN"),
    ("cluster is down", "CLUSTERDOWN"),
    ("without any password configured", "ERR AUTH"),
    ("no password is set", "ERR AUTH"),
)
"""What servers say in words alone → what it is called."""

_ANSWERED: Final = (redis.ResponseError, redis.AuthenticationError, redis.BusyLoadingError)
_TELLING: Final = (FileNotFoundError, IsADirectoryError, PermissionError, ssl.SSLError)


def name_of(error: BaseException) -> str:
    """Redis' own code (`NOPERM`), or the kind of file or TLS trouble behind it, or the name of its class."""
    if isinstance(error, redis.RedisError):
        for phrase, name in _OF_ERR:
            if phrase in str(error):
                return name
        code = _code(error)
        if code is not None:
            return code
    return type(next(_behind(error), error)).__name__


def _code(error: redis.RedisError) -> str | None:
    found = _IN_A_SCRIPT.search(str(error))
    if found:
        return found[1]
    # The library takes the codes that it knows off the text.
    known = _CODE.match(error.status_code or str(error)) if isinstance(error, _ANSWERED) else None
    return known[1] if known and known[1] != "ERR" else None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """What the library wrapped: a certificate's file that is not there, or a handshake that failed."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, _TELLING) and not isinstance(cause, ssl.SSLEOFError):
            yield cause
        cause = cause.__cause__ or cause.__context__
