"""An event's key in the window, as a digest. Part of `dedupe`."""

from functools import lru_cache
from hashlib import blake2b
from typing import Final

from consumer.core.model import Event

_DIGEST_BYTES: Final = 16


def digest_of(event: Event) -> bytes:
    """The key of an event that has an event_id: 128 bits of BLAKE2b over pixel code, event and event_id."""
    hasher = _hasher(event.pixel_code, event.event).copy()
    hasher.update((event.event_id or "").encode())
    return hasher.digest()


@lru_cache(maxsize=1024)  # names of custom events may come from records
def _hasher(pixel_code: str, event: str) -> blake2b:
    # The lengths in front keep apart what would read the same when joined.
    return blake2b(f"{len(pixel_code)}:{len(event)}:{pixel_code}{event}".encode(), digest_size=_DIGEST_BYTES)


def has_key(event: Event) -> bool:
    """False for events that never enter a window."""
    return bool(event.event_id) and not event.is_id_from_position and not event.is_shadow
