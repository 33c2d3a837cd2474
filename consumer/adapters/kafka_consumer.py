"""Kafka: reading as a member of the group, pausing, committing. Decides nothing.

Everything here is called from the deciding thread; librdkafka's own threads do the waiting.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from confluent_kafka import (
    OFFSET_INVALID,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from consumer.adapters.kafka_admin import ASK_TIMEOUT_S
from consumer.adapters.kafka_errors import config_errors
from consumer.core import model
from consumer.core.errors import Unreachable
from consumer.core.model import Position, Record
from consumer.core.read import CommittedOffset, ReadFault, ReadFaultKind
from consumer.service.ports import RebalanceListener

log = structlog.get_logger("consumer.kafka")

Partitions = Sequence[model.TopicPartition]
OnCommit = Callable[[Mapping[model.TopicPartition, int], bool], None]
"""Told which offsets a commit has stored, and whether that was all of it."""


class KafkaConsumer:
    """One member of the consumer group, or, with `assign` alone, a reader outside of it.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str], on_commit: OnCommit) -> None:
        self._on_commit = on_commit
        self._fatal: list[ReadFault] = []
        self._epochs: dict[model.TopicPartition, int] = {}
        callbacks = {"error_cb": self._note_error, "on_commit": self._committed}
        with config_errors("kafka.properties", properties):
            self._consumer = Consumer({**properties, **callbacks}, logger=logging.getLogger("librdkafka"))

    # ── the group ───────────────────────────────────────────────────────────────────────────────

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group, or change what this member asks for. Partitions are given only by `assign`."""

        def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            consumer.incremental_assign([])  # else the client would assign them itself
            listener.assigned([(p.topic, p.partition) for p in partitions])

        def revoked(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            listener.revoked([(p.topic, p.partition) for p in partitions])
            self._unassign(partitions)

        def lost(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            listener.lost([(p.topic, p.partition) for p in partitions])
            self._unassign(partitions)

        self._consumer.subscribe(list(topics), on_assign=assigned, on_revoke=revoked, on_lost=lost)

    def assign(self, partition: model.TopicPartition, offset: int, epoch: int, is_paused: bool) -> None:
        """Start reading a partition at `offset`, paused or not; its records will carry `epoch`."""
        start = TopicPartition(*partition, offset)
        self._epochs[partition] = epoch
        if not is_paused:
            self._consumer.resume([start])  # one that was paused when it went is still so: librdkafka keeps that
        self._consumer.incremental_assign([start])
        if is_paused:
            self._consumer.pause([start])

    def unassign(self, partition: model.TopicPartition) -> None:
        """Stop reading a partition that stays ours in the eyes of the group."""
        self._unassign([TopicPartition(*partition)])

    def _unassign(self, partitions: list[TopicPartition]) -> None:
        known = [p for p in partitions if self._epochs.pop((p.topic, p.partition), None) is not None]
        self._consumer.incremental_unassign(known)

    def pause(self, partitions: Iterable[model.TopicPartition]) -> None:
        self._consumer.pause([TopicPartition(*p) for p in partitions])

    def resume(self, partitions: Iterable[model.TopicPartition]) -> None:
        self._consumer.resume([TopicPartition(*p) for p in partitions])

    def close(self) -> None:
        """Leave the group (a static member stays in it until its session ends)."""
        self._consumer.close()

    # ── reading and committing ──────────────────────────────────────────────────────────────────

    def read(self, max_records: int, timeout_s: float) -> tuple[list[Record], list[ReadFault]]:
        """Records in the order of their partitions, and what came instead of records. Rebalances happen in here.

        Waits until there are `max_records` of them or the time is over. With 0 records it only polls.
        """
        messages = self._consume(max_records, timeout_s)
        records: list[Record] = []
        faults, self._fatal = self._fatal, []
        for message in messages:
            error = message.error()
            if error is None:
                record = self._record(message)
                if record is not None:
                    records.append(record)
            else:
                faults.append(_fault(error, message))
        return records, faults

    def _consume(self, max_records: int, timeout_s: float) -> list[Message]:
        try:
            if max_records:
                return self._consumer.consume(max_records, timeout_s)
            message = self._consumer.poll(timeout_s)
        except KafkaException as failed:
            error: KafkaError = failed.args[0]
            self._fatal.append(_fault(error, None))
            return []
        return [message] if message is not None else []

    def _record(self, message: Message) -> Record | None:
        # A message without an error has all of these; the type hints allow None for one with an error.
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        epoch = self._epochs.get((topic, partition))  # type: ignore[arg-type]  # see above
        if epoch is None:
            return None  # fetched before the partition was given up
        position = Position(topic, partition, offset, epoch)  # type: ignore[arg-type]  # see above
        kind, timestamp_ms = message.timestamp()
        return Record(
            position,
            timestamp_ms if kind != TIMESTAMP_NOT_AVAILABLE else -1,
            message.key(),
            message.value(),
            tuple(message.headers() or ()),  # type: ignore[arg-type]  # read headers are a list of (str, bytes)
            position,
        )

    def commit(self, offsets: Mapping[model.TopicPartition, tuple[int, str]], *, wait: bool) -> bool:
        """Commit offsets with their metadata. Without `wait` the result comes to `on_commit` in a later `read`.

        Returns:
            False if it is known to have failed.
        """
        wanted = [TopicPartition(*p, offset, metadata) for p, (offset, metadata) in offsets.items()]
        try:
            if not wait:
                self._consumer.commit(offsets=wanted, asynchronous=True)
                return True
            done = self._consumer.commit(offsets=wanted, asynchronous=False)
        except KafkaException as failed:
            log.warning("commit.failed", error=failed.args[0].name())
            self._on_commit({p: o for p, (o, _) in offsets.items()}, False)
            return False
        return self._committed(None, done or [])

    def _committed(self, error: KafkaError | None, partitions: list[TopicPartition]) -> bool:
        good = {(p.topic, p.partition): p.offset for p in partitions if error is None and p.error is None}
        if error is None and len(good) == len(partitions):
            self._on_commit(good, True)
            return True
        log.warning("commit.failed", error=error.name() if error else "some partitions")
        self._on_commit(good, False)
        return False

    def committed(self, partitions: Partitions) -> dict[model.TopicPartition, CommittedOffset]:
        """What the group has stored. Raises Unreachable."""
        try:
            stored = self._consumer.committed([TopicPartition(*p) for p in partitions], timeout=ASK_TIMEOUT_S)
        except KafkaException as failed:
            raise Unreachable(failed.args[0].str()) from None
        return {(p.topic, p.partition): _stored(p) for p in stored}

    def known_high(self, partition: model.TopicPartition) -> int | None:
        """The log's end as the last fetch saw it, without asking; None before the first."""
        low_high = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        return low_high[1] if low_high and low_high[1] >= 0 else None

    def _note_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal.append(_fault(error, None))
        else:
            log.warning("kafka.error", error=error.name(), text=error.str())


def _fault(error: KafkaError, message: Message | None) -> ReadFault:
    partition = _partition_of(message)
    if error.fatal() or error.code() in (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID):
        return ReadFault(ReadFaultKind.FATAL, partition, error.str())
    lost = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._NO_OFFSET)
    return ReadFault(
        ReadFaultKind.POSITION_LOST if error.code() in lost else ReadFaultKind.OTHER, partition, error.str()
    )


def _partition_of(message: Message | None) -> model.TopicPartition | None:
    if message is None:
        return None
    topic, partition = message.topic(), message.partition()
    return (topic, partition) if topic is not None and partition is not None else None


def _stored(partition: TopicPartition) -> CommittedOffset:
    if partition.error is not None:
        raise Unreachable(partition.error.str())
    offset = None if partition.offset == OFFSET_INVALID else partition.offset
    return CommittedOffset(offset, partition.metadata or "")
