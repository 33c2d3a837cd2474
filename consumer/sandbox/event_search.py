"""Finding events by any text: of their JSON, of their request, or a mail address or phone number that was hashed."""

import asyncio
from hashlib import sha256
from typing import Final
from unicodedata import normalize

import msgspec
from msgspec import Struct

from consumer.sandbox.event_rows import decode_event
from consumer.sandbox.state.event_store import Accepted, Store

LONGEST_QUERY: Final = 300
"""In characters; the page's own field takes no more."""
_CHUNK: Final = 500
"""Events looked at before senders have their turn again: some milliseconds."""


class Found(Struct, frozen=True):
    """Which events have the text."""

    found: list[int]
    """Sequence numbers, in order."""
    through: int
    """The sequence number up to which it was looked: ask again from there."""


async def search(store: Store, query: str, after: int) -> Found:
    """Kept events with a sequence number above `after` that have every word of the query, in upper or lower case.

    Args:
        query: words, separated by spaces. A mail address or a phone number is also found by its hash.
    """
    words = [_alternatives(word) for word in _folded(query).split()]
    found: list[int] = []
    through = after
    while events := store.events(through, limit=_CHUNK):
        found += [event.seq for event in events if _has(event, words)]
        through = events[-1].seq
        await asyncio.sleep(0)
    return Found(found, max(through, after))


def _has(event: Accepted, words: list[tuple[str, ...]]) -> bool:
    text = _text(event)
    return all(any(one in text for one in alternatives) for alternatives in words)


def _text(event: Accepted) -> str:
    """Everything of the event, as `_folded` has it."""
    body = bytes(event.body)
    if b"\\" in body:  # the sender may have escaped what nobody types so: \u00e9 for é
        body = msgspec.json.encode(decode_event(body))
    parts = (event.pixel, event.test_event_code or "", event.request_id, body.decode())
    return _folded("\n".join(parts))


def _folded(text: str) -> str:
    """In lower case, and in one form: what looks the same is found."""
    return normalize("NFC", text.lower())


def _alternatives(word: str) -> tuple[str, ...]:
    is_personal = "@" in word or (word.startswith("+") and word[1:].isdecimal())
    return (word, sha256(word.encode()).hexdigest()) if is_personal else (word,)
