"""Stand-ins for `run --dry-run`: reading outside of the group, and nothing that is sent, written or committed."""

from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaException, TopicPartition

from consumer.adapters.kafka.kafka_admin import ASK_TIMEOUT_S, KafkaCluster
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer, OnCommit
from consumer.core import model
from consumer.core.deliver.request import Request
from consumer.core.errors import Unreachable
from consumer.core.model import Answer
from consumer.core.read import CommittedOffset, GroupRole, partitions_of
from consumer.core.settle.envelope import OutgoingRecord
from consumer.service.ports import RebalanceListener, never


class GrouplessConsumer(KafkaConsumer):
    """Reads every partition of its topics without joining its group, whose offsets it only looks at.

    Args:
        from_ms: start at the first record of this Unix time in milliseconds; 0: at the beginning; None: where the
            group stands.
    """

    def __init__(
        self, properties: Mapping[str, str], told: OnCommit, cluster: KafkaCluster, from_ms: int | None
    ) -> None:
        super().__init__(properties, told)
        self._told = told
        self._cluster, self._from_ms = cluster, from_ms
        self._taken: set[model.TopicPartition] = set()

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Take all partitions that were not taken yet. Raises Unreachable."""
        seen = self._cluster.topics()
        new = [partition for partition in partitions_of(topics, seen) if partition not in self._taken]
        self._taken.update(new)
        listener.assigned(new, GroupRole.ORIGIN)  # there is no group to be let into

    def renew(self, group: GroupRole) -> None:
        """Make the client again; the new one takes all partitions once it is asked to."""
        super().renew(group)
        self._taken.clear()

    def committed(self, partitions: Sequence[model.TopicPartition]) -> dict[model.TopicPartition, CommittedOffset]:
        """The group's offsets, or those of the time that was asked for. Raises Unreachable."""
        if self._from_ms is None:
            return super().committed(partitions)
        if self._from_ms == 0:
            return dict.fromkeys(partitions, CommittedOffset(None, ""))
        wanted = [TopicPartition(*p, self._from_ms) for p in partitions]
        try:
            found = self._consumer.offsets_for_times(wanted, timeout=ASK_TIMEOUT_S)
        except KafkaException as failed:
            raise Unreachable(failed.args[0].str()) from None
        return {(p.topic, p.partition): self._from(p) for p in found}

    def _from(self, found: TopicPartition) -> CommittedOffset:
        if found.error is not None:
            return CommittedOffset(None, "", found.error.str())
        if found.offset >= 0:
            return CommittedOffset(found.offset, "")
        partition = (found.topic, found.partition)  # no record is as young as that
        return CommittedOffset(self._cluster.bounds([partition])[partition].high, "")

    def commit(
        self,
        offsets: Mapping[model.TopicPartition, tuple[int, str]],
        *,
        wait: bool,
        is_over: Callable[[], bool] = never,
    ) -> bool:
        """Commit nothing, and say that it was done: the lag then shows what is left to look at."""
        self._told({partition: offset for partition, (offset, _) in offsets.items()}, True)
        return True


class NoRecordWriter:
    """Acknowledges every letter and writes none."""

    def __init__(self) -> None:
        self._numbers: list[int] = []

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None:
        self._numbers.append(number)

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        done: list[tuple[int, str | None]] = [(number, None) for number in self._numbers]
        self._numbers = []
        return done

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""


class NoSender:
    """Sends nothing. Dry-run rules are all shadow rules, so nothing is ever given to it."""

    def send(self, request: Request) -> None:
        raise AssertionError("a dry run was about to send")

    def answers(self) -> list[tuple[int, Answer]]:
        return []

    def changed_tokens(self) -> list[str]:
        return []

    def unusable_tokens(self) -> dict[str, str]:
        return {}

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""
