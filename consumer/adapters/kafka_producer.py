"""Kafka: writing letters (dead, parked, replayed) and saying of each what became of it. Decides nothing."""

import logging
from collections.abc import Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.adapters.kafka_errors import config_errors
from consumer.core.settle.envelope import OutgoingRecord

log = structlog.get_logger("consumer.letters")


class KafkaRecordWriter:
    """Writes letters with `acks=all` and idempotence, and says of each what became of it.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._properties = properties
        self._producer = _producer(properties)
        self._one_by_one: Producer | None = None
        self._done: list[tuple[int, str | None]] = []

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None:
        """Hand a letter to the client. Its fate comes with `done`, under its number.

        Args:
            is_alone: no other letter shares its batch, so that what the broker says of the batch is said of it.
        """

        def delivered(error: KafkaError | None, _: Message) -> None:
            self._done.append((number, error.name() if error else None))

        try:
            producer = self._alone() if is_alone else self._producer
            producer.produce(
                letter.topic, key=letter.key, value=letter.value, headers=list(letter.headers), on_delivery=delivered
            )
        except BufferError:
            self._done.append((number, "_QUEUE_FULL"))
        except KafkaException as failed:
            self._done.append((number, failed.args[0].name()))

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        """Letters whose fate is known since the last call: None if acknowledged, else librdkafka's error name."""
        self._producer.poll(timeout_s)
        if self._one_by_one is not None:
            self._one_by_one.poll(0)
        done, self._done = self._done, []
        return done

    def close(self, timeout_s: float) -> None:
        self._producer.flush(timeout_s)
        if self._one_by_one is not None:
            self._one_by_one.flush(timeout_s)

    def _alone(self) -> Producer:
        """The client that sends each letter in a batch of its own; made when the first one asks for it."""
        if self._one_by_one is None:
            self._one_by_one = _producer({**self._properties, "batch.num.messages": "1"})
        return self._one_by_one


def _producer(properties: Mapping[str, str]) -> Producer:
    with config_errors("kafka.producer_properties", properties):
        return Producer({**properties, "error_cb": _log_error}, logger=logging.getLogger("librdkafka"))


def _log_error(error: KafkaError) -> None:
    log.warning("kafka.error", error=error.name(), text=error.str())
