"""Where a partition is read from when it is assigned. It never jumps forward past a record that is still there."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, structs

from consumer.core.model import OffsetRuns, Record, TopicPartition


class GroupRole(StrEnum):
    """The service is a member of two groups."""

    ORIGIN = "origin"
    """`kafka.group_id`: reads the topics of the configuration."""
    OWN = "own"
    """The same with `.own` behind: reads the topics that the service writes for itself."""


class CommittedOffset(Struct, frozen=True):
    """What the group has stored for a partition; `offset` is None if nothing."""

    offset: int | None
    metadata: str
    error: str = ""
    """Why it is not known, in the broker's words; then the rest says nothing."""


def partitions_of(topics: Iterable[str], counts: Mapping[str, int]) -> list[TopicPartition]:
    """All partitions of these topics, in order; `counts`: how many each topic has, of those that are there."""
    return [(topic, number) for topic in topics for number in range(counts.get(topic, 0))]


class LogBounds(Struct, frozen=True):
    """A partition's log: the first offset it still has, and the one its next record will get."""

    low: int
    high: int
    stable: int
    """Before it no transaction is open, so that all records can be read; `high` where nobody asked for it."""


class FoundPosition(Struct, frozen=True):
    """The answer to one question for one partition: what the group has stored, and what its log has."""

    number: int
    """Of the question: a partition may have gone and come back since."""
    partition: TopicPartition
    stored: CommittedOffset = CommittedOffset(None, "")
    bounds: LogBounds = LogBounds(0, 0, 0)
    topic_id: str = ""
    """Empty if the cluster does not say."""
    error: str = ""
    """Why the position is not known, in the client's words; then all the rest says nothing."""


class ReadFaultKind(StrEnum):
    """Something that came from Kafka instead of a record."""

    POSITION_LOST = "position_lost"
    """The log no longer has the offset that was to be read."""
    FENCED = "fenced"
    """Another member has this one's `group.instance.id`: this one is out for good."""
    OUT = "out"
    """The client is at its end, for a reason that may pass: a new one may be let in."""
    REFUSED = "refused"
    """This user may not do that: an operator must grant it."""
    AWAY = "away"
    """No broker answers."""
    OTHER = "other"
    """The client recovers from it automatically."""


class ReadFault(Struct, frozen=True):
    kind: ReadFaultKind
    partition: TopicPartition | None
    text: str
    """The client's words; they hold no record."""
    group: GroupRole = GroupRole.ORIGIN
    """Whose member met it."""


class ReadBatch(Struct, frozen=True):
    """What one poll gave."""

    records: Sequence[Record] = ()
    """In order within each partition."""
    faults: Sequence[ReadFault] = ()
    ends: Mapping[TopicPartition, int] = {}
    """Partitions whose logs were read to their end, and where that is: all records before it have been given. It lies
    beyond the last record where offsets hold none, such as the marks of transactions."""


class StartOrigin(StrEnum):
    """Why a partition is read from where it is."""

    COMMITTED = "committed"
    BEGINNING = "beginning"
    END = "end"
    LOST = "lost"
    """The log no longer has the committed offset: retention deleted it before it was read."""
    RECREATED = "recreated"
    """The topic was deleted and made again: the committed offset means nothing in it."""


class StartPosition(Struct, frozen=True):
    offset: int
    origin: StartOrigin
    lost: int = 0
    """Records that were there and are not any more."""


def not_settled(start: StartPosition, settled: OffsetRuns) -> StartPosition:
    """The same, where records beyond the committed offset were settled: those are not lost."""
    committed = start.offset - start.lost
    kept = sum(max(0, min(end, start.offset) - max(first, committed)) for first, end in settled)
    return structs.replace(start, lost=start.lost - kept)


def start(committed: int | None, bounds: LogBounds, *, is_recreated: bool, is_latest: bool) -> StartPosition:
    """Choose the first offset to read.

    Args:
        committed: what the group has stored; None if nothing.
        is_recreated: the topic is known to be another one than the offset was committed for.
        is_latest: the group was new when this member joined, `kafka.start` is `latest`, and the partition existed.
    """
    low = bounds.low
    if committed is None and is_latest:  # what an open transaction holds is there once it is committed: later
        return StartPosition(bounds.stable, StartOrigin.END)
    if committed is None:
        return StartPosition(low, StartOrigin.BEGINNING)
    if is_recreated or committed > bounds.high:
        return StartPosition(low, StartOrigin.RECREATED)
    if committed < low:
        return StartPosition(low, StartOrigin.LOST, low - committed)
    return StartPosition(committed, StartOrigin.COMMITTED)
