"""Where a partition is read on from when it becomes ours. It never jumps forward past a record that is still there."""

from enum import StrEnum

from msgspec import Struct

from consumer.core.model import TopicPartition


class CommittedOffset(Struct, frozen=True):
    """What the group has stored for a partition; `offset` is None if nothing."""

    offset: int | None
    metadata: str


class LogBounds(Struct, frozen=True):
    """A partition's log: the first offset it still has, and the one its next record will get."""

    low: int
    high: int


class ReadFaultKind(StrEnum):
    """Something that came from Kafka instead of a record."""

    POSITION_LOST = "position_lost"
    """The log no longer has the offset we wanted to read."""
    FATAL = "fatal"
    """This member is out for good."""
    OTHER = "other"
    """The client mends it by itself."""


class ReadFault(Struct, frozen=True):
    kind: ReadFaultKind
    partition: TopicPartition | None
    text: str
    """The client's words; they hold no record."""


class StartOrigin(StrEnum):
    """Why a partition is read from where it is."""

    COMMITTED = "committed"
    BEGINNING = "beginning"
    END = "end"
    LOST = "lost"
    """The log no longer has the committed offset: retention was quicker than we."""
    RECREATED = "recreated"
    """The topic was deleted and made again: the committed offset means nothing in it."""


class StartPosition(Struct, frozen=True):
    offset: int
    origin: StartOrigin
    lost: int = 0
    """Records that were there and are not any more."""


def start(committed: int | None, low: int, high: int, *, is_recreated: bool, is_latest: bool) -> StartPosition:
    """Choose the first offset to read.

    Args:
        committed: what the group has stored; None if nothing.
        low: the first offset the log still has.
        high: the offset its next record will get.
        is_recreated: the topic is known to be another one than the offset was committed for.
        is_latest: the group was new when we came, `kafka.start` is `latest`, and the partition was there by then.
    """
    if committed is None:
        return StartPosition(high, StartOrigin.END) if is_latest else StartPosition(low, StartOrigin.BEGINNING)
    if is_recreated or committed > high:
        return StartPosition(low, StartOrigin.RECREATED)
    if committed < low:
        return StartPosition(low, StartOrigin.LOST, low - committed)
    return StartPosition(committed, StartOrigin.COMMITTED)
