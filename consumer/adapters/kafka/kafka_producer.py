"""Kafka: writing letters (dead, parked, replayed) and saying of each what became of it. Decides nothing."""

import logging
from collections.abc import Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.adapters.kafka.kafka_errors import config_errors
from consumer.core.settle.envelope import OutgoingRecord

log = structlog.get_logger("consumer.letters")


class KafkaRecordWriter:
    """Writes letters with `acks=all` and idempotence, and says of each what became of it.

    A client that is at its end (it may write nothing at all, or its sequence broke) is followed by a new one: what it
    had not written is said to have failed.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._together = _Client(properties)
        self._one_by_one = {**properties, "batch.num.messages": "1"}
        self._alone: _Client | None = None

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool) -> None:
        """Hand a letter to the client. Its fate comes with `done`, under its number.

        Args:
            is_alone: no other letter shares its batch, so that what the broker says of the batch is said of it.
        """
        if is_alone and self._alone is None:
            self._alone = _Client(self._one_by_one)
        client = self._alone if is_alone and self._alone is not None else self._together
        client.write(number, letter)

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        """Letters whose fate is known since the last call: None if acknowledged, else librdkafka's error name."""
        done = self._together.done(timeout_s)
        return done if self._alone is None else done + self._alone.done(0)

    def close(self, timeout_s: float) -> None:
        self._together.close(timeout_s)
        if self._alone is not None:
            self._alone.close(timeout_s)


class _Client:
    """One producer after another."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._properties = properties
        self._ended: str | None = None
        """The error that has ended the producer."""
        self._done: list[tuple[int, str | None]] = []
        self._producer = self._made()

    def _made(self) -> Producer:
        with config_errors("kafka.producer_properties", self._properties):
            return Producer({**self._properties, "error_cb": self._note}, logger=logging.getLogger("librdkafka"))

    def _note(self, error: KafkaError) -> None:
        log.warning("kafka.error", error=error.name(), text=error.str())
        if error.fatal() and self._ended is None:
            self._ended = error.name()

    def write(self, number: int, letter: OutgoingRecord) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            self._done.append((number, None if error is None else self._ended or error.name()))

        try:
            self._producer.produce(
                letter.topic, key=letter.key, value=letter.value, headers=list(letter.headers), on_delivery=delivered
            )
        except BufferError:
            self._done.append((number, "_QUEUE_FULL"))
        except KafkaException as failed:
            error: KafkaError = failed.args[0]
            if error.fatal() or error.code() == KafkaError._FATAL:
                self._ended = self._ended or error.name()
            self._done.append((number, self._ended or error.name()))

    def done(self, timeout_s: float) -> list[tuple[int, str | None]]:
        self._poll(timeout_s)
        if self._ended is not None:
            self._begin_anew()
        done, self._done = self._done, []
        return done

    def _poll(self, timeout_s: float) -> None:
        try:
            self._producer.poll(timeout_s)
        except KafkaException as failed:  # what a producer says that is at its end
            self._ended = self._ended or failed.args[0].name()

    def _begin_anew(self) -> None:
        self._producer.purge()
        self._poll(0)
        log.warning("letters.client_renewed", error=self._ended)
        self._producer, self._ended = self._made(), None

    def close(self, timeout_s: float) -> None:
        self._producer.flush(timeout_s)
