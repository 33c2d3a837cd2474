"""The edges as the service sees them. It knows them only by these shapes; `cli` puts the real ones in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from consumer.core.decode.schema_lookups import SchemaAnswer
from consumer.core.dedupe.shared_protocol import ClaimRequest, ClaimResult
from consumer.core.deliver.request import Request
from consumer.core.model import Answer, OffsetRuns, SchemaKey, TopicPartition
from consumer.core.read import CommittedOffset, FoundPosition, GroupRole, ReadBatch
from consumer.core.settle.envelope import OutgoingRecord


class Clocks(Struct, frozen=True):
    """Time, always passed in."""

    monotonic: Callable[[], float]
    """Seconds, for waits."""
    wall: Callable[[], float]
    """Unix seconds, for ages."""


class RebalanceListener(Protocol):
    """Told by `Member.read` when a group gives or takes partitions."""

    def assigned(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None: ...
    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...
    def lost(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None: ...


def never() -> bool:
    """Is it time to give up? Not as long as it takes."""
    return False


class Member(Protocol):
    """A member of both groups: `adapters.kafka_own_topics.OwnTopicsConsumer`. Questions raise Unreachable."""

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None: ...
    def renew(self, group: GroupRole) -> None:
        """Make the client of this group again: the new one has no partitions, and is subscribed to nothing."""

    def assign(self, partition: TopicPartition, offset: int, epoch: int, is_paused: bool) -> None: ...
    def unassign(self, partition: TopicPartition) -> None: ...
    def pause(self, partitions: Iterable[TopicPartition]) -> None: ...
    def resume(self, partitions: Iterable[TopicPartition]) -> None: ...
    def read(self, max_records: int, timeout_s: float) -> ReadBatch: ...
    def commit(
        self, offsets: Mapping[TopicPartition, tuple[int, str]], *, wait: bool, is_over: Callable[[], bool] = never
    ) -> bool: ...
    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]: ...
    def is_member(self, group: GroupRole) -> bool:
        """True if the group is known to count this member among its own, even where it gives it nothing and says so by
        nothing at all."""

    def known_high(self, partition: TopicPartition) -> int | None: ...
    def position(self, partition: TopicPartition) -> int:
        """Behind the last record that was given of it; -1 before the first."""

    def close(self, is_over: Callable[[], bool] = never) -> None: ...


class PositionFinder(Protocol):
    """Finds out where partitions stand: `adapters.kafka_positions.KafkaPositionFinder`. Never blocks."""

    def find(self, number: int, partitions: Sequence[TopicPartition]) -> None: ...
    def answers(self) -> Sequence[FoundPosition]: ...


class TopicDirectory(Protocol):
    """The cluster's topics, looked up now and then in the background: `adapters.kafka_admin.TopicWatch`."""

    @property
    def seen(self) -> Mapping[str, int] | None:
        """Every topic and its number of partitions; None before the first answer."""

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of the watched topics, as far as known."""

    @property
    def id_looks(self) -> int:
        """How often they were looked up so far."""

    @property
    def ends(self) -> Mapping[TopicPartition, int]:
        """The offset that each read partition's next record will have, as far as known."""

    @property
    def stable_ends(self) -> Mapping[TopicPartition, int]:
        """The offset before which no transaction is open, of the partitions in `standing`, as far as known."""

    @property
    def unread(self) -> Mapping[str, int]:
        """Records in parked topics of this group that are not read, since their pixels are no longer configured."""

    @property
    def looks(self) -> int:
        """How often the cluster was asked something so far, with or without an answer."""

    @property
    def error(self) -> str | None:
        """Why the last of these questions was not answered; None if it was."""

    def look_now(self) -> None:
        """Ask again soon: something has happened."""

    watched: frozenset[str]
    read: frozenset[TopicPartition]
    standing: frozenset[TopicPartition]


class RecordWriter(Protocol):
    """Writes letters: `edges.letters.KafkaLetters`."""

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None: ...
    def done(self, timeout_s: float = 0) -> Sequence[tuple[int, str | None]]: ...
    def close(self, timeout_s: float) -> None: ...


class OutcomeSink(Protocol):
    """Writes what became of events: `edges.outcomes.KafkaOutcomes`. Never blocks."""

    def write(self, key: bytes, body: bytes) -> None: ...
    def failed(self) -> Sequence[str]:
        """Why, for each record that was lost since the last call."""


class Sender(Protocol):
    """Carries requests to TikTok and brings the answers back: `edges.tiktok.TikTok`. Never blocks."""

    def send(self, request: Request) -> None: ...
    def answers(self) -> Sequence[tuple[int, Answer]]: ...
    def changed_tokens(self) -> Sequence[str]:
        """Pixels whose token file holds another token than before."""

    def unusable_tokens(self) -> Mapping[str, str]:
        """Of each pixel whose token file cannot be used: its path and why, never what it holds."""

    def close(self, timeout_s: float) -> None: ...


class SchemaClient(Protocol):
    """Looks schemas up: `edges.registry.SchemaRegistry`. Never blocks."""

    def ask(self, key: SchemaKey) -> None: ...
    def answers(self) -> Sequence[SchemaAnswer]: ...


class CommitMetadata(Protocol):
    """What `settle` needs of the windows: they outlive their owner in the commits' metadata."""

    def metadata(self, partition: TopicPartition, committed: int, settled: OffsetRuns, max_bytes: int) -> str: ...
    def note_committed(self, partition: TopicPartition, committed: int) -> None: ...


class WindowStore(Protocol):
    """The window that all processes share: `edges.window.RedisWindow`. Blocks for 50 ms at most."""

    def ask(self, question: ClaimRequest) -> Sequence[ClaimResult]:
        """A verdict for each claim, in order. Raises Unreachable if there is none in time, or none that makes sense."""

    def close(self, timeout_s: float) -> None: ...
