"""Kafka: the headers of a record, whatever they are called. Decides nothing."""

from operator import methodcaller
from typing import Final

from confluent_kafka import Message

from consumer.core.model import Headers

_MOST_HEADERS: Final = 1000
_ask_headers: Final = methodcaller("headers")
"""Of a broken record, the client's C code gives a result and leaves an error set. Where Python has specialised the call
of a method, for speed, it does not look for that, and the next call of anything fails; one by this function it checks.
"""


def headers_of(message: Message) -> Headers | None:
    """None if a header's name is not UTF-8: the client then gives none of them, and breaks when asked again.

    None as well if there are too many: six bytes of a record's can become one that takes 200 in memory.
    """
    try:
        headers = _ask_headers(message) or ()
    except (SystemError, UnicodeDecodeError):  # the first is what its C code makes of the second
        return None
    return tuple(headers) if len(headers) <= _MOST_HEADERS else None
