"""Kafka: reading as a member of the group, pausing, committing. Decides nothing.

Everything here is called from the deciding thread; librdkafka's own threads do the waiting.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import Thread
from typing import Any

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

from consumer.adapters.kafka.kafka_admin import ASK_TIMEOUT_S
from consumer.adapters.kafka.kafka_errors import config_errors
from consumer.adapters.kafka.kafka_faults import fault_of, partition_of
from consumer.adapters.kafka.kafka_headers import headers_of
from consumer.adapters.kafka.kafka_member_epoch import member_epoch
from consumer.adapters.kafka.kafka_waiting import leave_and_close, within
from consumer.core import model
from consumer.core.errors import Unreachable
from consumer.core.model import Position, Record
from consumer.core.read import CommittedOffset, GroupRole, ReadBatch, ReadFault
from consumer.service.ports import RebalanceListener, never

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
        self._properties, self._on_commit = properties, on_commit
        self._is_consumer_protocol = properties.get("group.protocol", "classic").lower() == "consumer"
        self._faults: list[ReadFault] = []
        """Met by callbacks: they belong to the next read."""
        self._epochs: dict[model.TopicPartition, int] = {}
        self._asked: tuple[str, ...] = ()
        """The topics that were asked for last."""
        self._is_closed = False
        self._consumer = self._made()

    def _made(self) -> Consumer:
        """A client; once it is ended, its callbacks come in the thread that ends it, and are not listened to."""
        made: list[Consumer] = []

        def heard(callback: Callable[..., object]) -> Callable[..., object]:
            return lambda *told: callback(*told) if made == [self._consumer] else None

        callbacks = {
            "error_cb": heard(lambda error: self._faults.append(fault_of(error, None))),
            "on_commit": heard(self._committed),
        }
        # The end of a partition is said where offsets hold no record: else it would not be known that none is to come.
        told: dict[str, Any] = {**self._properties, "enable.partition.eof": "true", **callbacks}
        with config_errors("kafka.properties", self._properties):
            made.append(Consumer(told, logger=logging.getLogger("librdkafka")))
        return made[0]

    def renew(self, group: GroupRole) -> None:
        """Make the client again: the new one has no partitions, and is subscribed to nothing; the old one leaves."""
        ended, self._consumer = self._consumer, self._made()
        self._asked = ()
        self._epochs.clear()
        self._faults.clear()
        Thread(target=self._leaving(ended), name="ended-client", daemon=True).start()

    # ── the group ───────────────────────────────────────────────────────────────────────────────

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group, change what this member asks for, or leave if that is nothing.

        Partitions are given only by `assign`. An ended client is not listened to. Asking again for what it has asked
        for may make it join again: that is left out.
        """
        if tuple(topics) == self._asked:
            return

        def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            consumer.incremental_assign([])  # else the client would assign them itself
            if self._is_heard(consumer):
                listener.assigned([(p.topic, p.partition) for p in partitions], GroupRole.ORIGIN)

        def revoked(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            if self._is_heard(consumer):
                listener.revoked([(p.topic, p.partition) for p in partitions])
            self._unassign(consumer, partitions)

        def lost(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            if self._is_heard(consumer):
                listener.lost([(p.topic, p.partition) for p in partitions], GroupRole.ORIGIN)
            self._unassign(consumer, partitions)

        if topics:
            self._consumer.subscribe(list(topics), on_assign=assigned, on_revoke=revoked, on_lost=lost)
        else:
            self._consumer.unsubscribe()
        self._asked = tuple(topics)

    def _is_heard(self, consumer: Consumer) -> bool:
        """False for a client that was ended or left: what it had was given up before."""
        return consumer is self._consumer and not self._is_closed

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
        """Stop reading a partition that stays assigned in the group."""
        self._unassign(self._consumer, [TopicPartition(*partition)])

    def _unassign(self, client: Consumer, partitions: list[TopicPartition]) -> None:
        """Those that it has begun to read: others the client refuses, and says so by an exception of the next poll."""
        begun = {(p.topic, p.partition) for p in client.assignment()}
        client.incremental_unassign([p for p in partitions if (p.topic, p.partition) in begun])
        if client is self._consumer:
            for p in partitions:
                self._epochs.pop((p.topic, p.partition), None)

    def pause(self, partitions: Iterable[model.TopicPartition]) -> None:
        self._consumer.pause([TopicPartition(*p) for p in partitions])

    def resume(self, partitions: Iterable[model.TopicPartition]) -> None:
        self._consumer.resume([TopicPartition(*p) for p in partitions])

    def is_member(self, group: GroupRole) -> bool:
        """True once the group has let this member in, with `group.protocol: consumer`.

        In that protocol a member that is given no partitions gets no callback: only its epoch says that it is one. Of
        the other protocol False: there even an empty share is given.
        """
        return self._is_consumer_protocol and member_epoch(self._consumer.consumer_group_metadata()) > 0

    def position(self, partition: model.TopicPartition) -> int:
        """Behind the last record that was given of it; -1 before the first. The client knows: nobody is asked."""
        try:
            [found] = self._consumer.position([TopicPartition(*partition)])
        except (KafkaException, RuntimeError):  # at its end
            return -1
        return max(-1, found.offset)

    def close(self, is_over: Callable[[], bool] = never) -> None:
        """Leave the group (a static member stays in it until its session ends). Nothing is given back any more."""
        self._is_closed = True
        try:
            within(self._leaving(self._consumer), is_over)
        except TimeoutError:
            log.warning("group.not_left", remedy="none: the group notices once the session is over")

    def _leaving(self, client: Consumer) -> Callable[[], None]:
        is_static = "group.instance.id" in self._properties
        return client.close if is_static or self._is_consumer_protocol else partial(leave_and_close, client)

    # ── reading and committing ──────────────────────────────────────────────────────────────────

    def read(self, max_records: int, timeout_s: float) -> ReadBatch:
        """Records in the order of their partitions, and what came with them. Rebalances happen in here.

        Waits until there are `max_records` of them or the time is over. With 0 records it only polls.
        """
        messages = self._consume(max_records, timeout_s)
        records: list[Record] = []
        ends: dict[model.TopicPartition, int] = {}
        faults, self._faults = self._faults, []
        for message in messages:
            error = message.error()
            if error is None:
                record = self._record(message)
                if record is not None:
                    records.append(record)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._note_end(message, ends)
            else:
                faults.append(fault_of(error, partition_of(message)))
        return ReadBatch(records, faults, ends)

    def _consume(self, max_records: int, timeout_s: float) -> list[Message]:
        try:
            if max_records:
                return self._consumer.consume(max_records, timeout_s)
            message = self._consumer.poll(timeout_s)
        except KafkaException as failed:
            self._faults.append(fault_of(failed.args[0], None))
            return []
        return [message] if message is not None else []

    def _note_end(self, message: Message, ends: dict[model.TopicPartition, int]) -> None:
        partition, offset = partition_of(message), message.offset()
        if partition in self._epochs and offset is not None:
            ends[partition] = offset

    def _record(self, message: Message) -> Record | None:
        # A message without an error has all of these; the type hints allow None for one with an error.
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        epoch = self._epochs.get((topic, partition))  # type: ignore[arg-type]  # see above
        if epoch is None:
            return None  # fetched before the partition was given up
        position = Position(topic, partition, offset, epoch)  # type: ignore[arg-type]  # see above
        kind, timestamp_ms = message.timestamp()
        headers = headers_of(message)
        return Record(
            position,
            timestamp_ms if kind != TIMESTAMP_NOT_AVAILABLE else -1,
            message.key(),
            message.value(),
            () if headers is None else headers,
            position,
            are_headers_readable=headers is not None,
        )

    def commit(
        self,
        offsets: Mapping[model.TopicPartition, tuple[int, str]],
        *,
        wait: bool,
        is_over: Callable[[], bool] = never,
    ) -> bool:
        """Commit offsets with their metadata. Without `wait` the result comes to `on_commit` in a later `read`.

        Args:
            is_over: asked now and then while waiting: True gives the answer up.

        Returns:
            False if it is known to have failed, or nothing is known.
        """
        wanted = [TopicPartition(*p, offset, metadata) for p, (offset, metadata) in offsets.items()]
        try:
            if not wait:
                self._consumer.commit(offsets=wanted, asynchronous=True)
                return True
            done = within(partial(self._consumer.commit, offsets=wanted, asynchronous=False), is_over)
        except (KafkaException, TimeoutError) as failed:
            log.warning("commit.failed", error=_name_of(failed))
            self._on_commit({}, False)
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
        """What the group has stored, or why that is not known of a partition. Raises Unreachable."""
        try:
            stored = self._consumer.committed([TopicPartition(*p) for p in partitions], timeout=ASK_TIMEOUT_S)
        except KafkaException as failed:
            raise Unreachable(failed.args[0].str()) from None
        except RuntimeError:  # asked of an ended client, which a new one follows
            raise Unreachable("the client was closed") from None
        return {(p.topic, p.partition): _stored(p) for p in stored}

    def known_high(self, partition: model.TopicPartition) -> int | None:
        """The log's end as the last fetch saw it, without asking; None before the first."""
        low_high = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        return low_high[1] if low_high and low_high[1] >= 0 else None


def _name_of(failed: KafkaException | TimeoutError) -> str:
    return "_TIMED_OUT" if isinstance(failed, TimeoutError) else str(failed.args[0].name())


def _stored(partition: TopicPartition) -> CommittedOffset:
    if partition.error is not None:
        return CommittedOffset(None, "", partition.error.str())
    return CommittedOffset(None if partition.offset == OFFSET_INVALID else partition.offset, partition.metadata or "")
