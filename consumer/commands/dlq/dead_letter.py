"""What a dead letter says of itself. Pure."""

from typing import Final

from msgspec import Struct

from consumer.core.model import Record
from consumer.core.settle.envelope import REPLAYED_FROM, headers_of, parted, place_of, restored, whole_number

_LARGEST_VALUE_BYTES: Final = (1 << 31) - 1
"""Kafka's own limit: a record's length is an int32."""


class DeadLetterRecord(Struct, frozen=True):
    """A record of a dead-letter topic, and what its headers say."""

    record: Record
    """As it was at its origin, with the only rule it may be replayed for; `position` is where the letter stands."""
    written_ms: int
    """When it was written, by Kafka's timestamp: Unix milliseconds."""
    reason: str
    detail: str
    pixel: str | None
    code: str | None
    """TikTok's."""
    request_id: str | None
    failed_at: str
    """ISO 8601, or empty."""
    value_bytes: int | None
    """Of one that was written without its value: how many bytes that has."""
    value_sha256: str

    @property
    def is_short(self) -> bool:
        """True if its value is only where it came from."""
        return self.value_bytes is not None

    @property
    def place(self) -> str:
        """Where the letter stands, as commands take it."""
        return place_of(self.record.position)

    @property
    def mark(self) -> str:
        """Its identity among all dead letters, also those of an earlier topic of the same name."""
        return f"{self.place}:{self.written_ms}"

    @property
    def origin(self) -> str:
        """Where its record came from."""
        return place_of(self.record.origin)


def letter_of(record: Record) -> DeadLetterRecord | None:
    """Read a record of a dead-letter topic. None if no service of this kind wrote it."""
    _, added = parted(record.headers)
    told = headers_of(added)
    if "tiktok.reason" not in told:
        return None
    size = whole_number(told.get("tiktok.value_bytes"), _LARGEST_VALUE_BYTES, -1)
    return DeadLetterRecord(
        record=restored(record),
        written_ms=record.timestamp_ms,
        reason=told["tiktok.reason"],
        detail=told.get("tiktok.detail", ""),
        pixel=told.get("tiktok.pixel"),
        code=told.get("tiktok.code"),
        request_id=told.get("tiktok.request_id"),
        failed_at=told.get("tiktok.failed_at", ""),
        value_bytes=None if size < 0 else size,
        value_sha256=told.get("tiktok.value_sha256", ""),
    )


def replayed_mark(record: Record) -> str | None:
    """The mark of the letter that a record of the replay topic was."""
    return headers_of(parted(record.headers)[1]).get(REPLAYED_FROM)
