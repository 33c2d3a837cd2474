"""Dead letters as a reader finds them (docs/dead-letters.md)."""

from typing import NamedTuple

from tests.support.records import Headers, Stored

_ADDED = ("__connect.errors.", "tiktok.")


class Letter(NamedTuple):
    """What stood in the topic, byte for byte, and why it was rejected."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: str | None


def letter(stored: Stored) -> Letter:
    """A dead letter without the headers that were added."""
    original = tuple((name, value) for name, value in stored.headers if not name.startswith(_ADDED))
    return Letter(stored.key, stored.value, original, stored.header("tiktok.reason"))


def origin(stored: Stored) -> tuple[str, int, int]:
    """Topic, partition and offset that the dead letter says it comes from."""
    topic, partition, offset = (stored.header(f"__connect.errors.{part}") for part in ("topic", "partition", "offset"))
    return topic or "", int(partition or -1), int(offset or -1)
