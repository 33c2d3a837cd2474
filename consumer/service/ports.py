"""The edges as the service sees them. It knows them only by these shapes; `cli` puts the real ones in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from consumer.core.decode.schema_lookups import SchemaAnswer
from consumer.core.dedupe.shared_protocol import ClaimRequest, ClaimResult
from consumer.core.deliver.request import Request
from consumer.core.model import Answer, Record, SchemaKey, TopicPartition
from consumer.core.read import CommittedOffset, LogBounds, ReadFault
from consumer.core.settle.envelope import OutgoingRecord


class RebalanceListener(Protocol):
    """Told by `Member.read` when the group gives or takes partitions."""

    def assigned(self, partitions: Sequence[TopicPartition]) -> None: ...
    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...
    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...


class Member(Protocol):
    """A member of the consumer group: `edges.kafka.KafkaSource`. Questions raise Unreachable."""

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None: ...
    def assign(self, partition: TopicPartition, offset: int, epoch: int, is_paused: bool) -> None: ...
    def unassign(self, partition: TopicPartition) -> None: ...
    def pause(self, partitions: Iterable[TopicPartition]) -> None: ...
    def resume(self, partitions: Iterable[TopicPartition]) -> None: ...
    def read(self, max_records: int, timeout_s: float) -> tuple[list[Record], list[ReadFault]]: ...
    def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]], *, wait: bool) -> bool: ...
    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]: ...
    def known_high(self, partition: TopicPartition) -> int | None: ...
    def close(self) -> None: ...


class Cluster(Protocol):
    """What the cluster says of its topics: `edges.cluster.KafkaCluster`. Questions raise Unreachable."""

    def bounds(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, LogBounds]: ...
    def topic_ids(self, topics: Iterable[str]) -> Mapping[str, str]: ...


class TopicDirectory(Protocol):
    """The cluster's topics, looked up now and then in the background: `edges.cluster.TopicWatch`."""

    @property
    def seen(self) -> Mapping[str, int] | None:
        """Every topic and its number of partitions; None before the first answer."""

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of the watched topics, as far as known."""

    @property
    def ends(self) -> Mapping[TopicPartition, int]:
        """The offset that each read partition's next record will have, as far as known."""

    watched: frozenset[str]
    read: frozenset[TopicPartition]


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

    def close(self, timeout_s: float) -> None: ...


class SchemaClient(Protocol):
    """Looks schemas up: `edges.registry.SchemaRegistry`. Never blocks."""

    def ask(self, key: SchemaKey) -> None: ...
    def answers(self) -> Sequence[SchemaAnswer]: ...


class CommitMetadata(Protocol):
    """What `settle` needs of the windows: they outlive their owner in the commits' metadata."""

    def metadata(self, partition: TopicPartition, committed: int) -> str: ...
    def note_committed(self, partition: TopicPartition, committed: int) -> None: ...


class WindowStore(Protocol):
    """The window that all processes share: `edges.window.RedisWindow`. Blocks for 50 ms at most."""

    def ask(self, question: ClaimRequest) -> Sequence[ClaimResult]:
        """A verdict for each claim, in order. Raises Unreachable if there is none in time, or none that makes sense."""

    def close(self, timeout_s: float) -> None: ...
