"""What a dead letter says of itself. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from consumer.core.model import Record, TopicPartition
from consumer.core.settle.envelope import REPLAYED_FROM, headers_of, parted, place_of, restored, whole_number

_LARGEST_VALUE_BYTES: Final = (1 << 31) - 1
"""Kafka's own limit: a record's length is an int32."""


Place = tuple[TopicPartition, int]
"""A partition and an offset."""


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


class LetterState(StrEnum):
    """What has become of a dead letter since."""

    OPEN = "open"
    UNDER_WAY = "replayed, not settled yet"
    ACCEPTED = "replayed and accepted"
    """The service has settled the replayed record, and it is no dead letter again."""
    BACK = "replayed and back"
    """It is a dead letter again, further on."""


class Replays(Struct):
    """What is known of earlier replays. Those to the origin leave no trace."""

    marks: Mapping[str, Place] = {}
    """Where in the replay topic a letter is, by its mark."""
    noted: Mapping[TopicPartition, int] = {}
    """The offsets of dead-letter partitions before which all is replayed."""
    settled: Mapping[TopicPartition, int] = {}
    """The offsets of the replay topic that the service has committed."""
    returned: dict[tuple[str, str | None], int] = {}
    """How often a record was replayed at most before it became a dead letter once more, by its origin and rule; with
    None for the rule, by any rule."""

    def note(self, letter: DeadLetterRecord) -> None:
        """Learn of a letter whose record was replayed."""
        for key in ((letter.origin, letter.record.rule), (letter.origin, None)):
            self.returned[key] = max(self.returned.get(key, 0), letter.record.replays)

    def state(self, letter: DeadLetterRecord) -> LetterState:
        """What has become of it."""
        at, place = letter.record.position, self.marks.get(letter.mark)
        if place is None and at.offset >= self.noted.get((at.topic, at.partition), 0):
            return LetterState.OPEN
        if self.returned.get((letter.origin, letter.record.rule), 0) > letter.record.replays:
            return LetterState.BACK
        if place is None or place[1] < self.settled.get(place[0], 0):
            return LetterState.ACCEPTED
        return LetterState.UNDER_WAY


def replayed_mark(record: Record) -> str | None:
    """The mark of the letter that a record of the replay topic was."""
    return headers_of(parted(record.headers)[1]).get(REPLAYED_FROM)
