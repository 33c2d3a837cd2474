"""Kafka: writing letters (dead, parked, replayed) and saying of each what became of it. Decides nothing."""

import logging
from collections.abc import Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.core.letter import Letter
from consumer.edges.clients import judged

log = structlog.get_logger("consumer.letters")


class KafkaLetters:
    """Writes letters with `acks=all` and idempotence, and says of each what became of it.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        with judged("kafka.producer_properties", properties):
            self._producer = Producer({**properties, "error_cb": _log_error}, logger=logging.getLogger("librdkafka"))
        self._done: list[tuple[int, str | None]] = []

    def write(self, number: int, letter: Letter) -> None:
        """Hand a letter to the client. Its fate comes with `done`, under its number."""

        def delivered(error: KafkaError | None, _: Message) -> None:
            self._done.append((number, error.name() if error else None))

        try:
            self._producer.produce(
                letter.topic, key=letter.key, value=letter.value, headers=list(letter.headers), on_delivery=delivered
            )
        except BufferError:
            self._done.append((number, "_QUEUE_FULL"))
        except KafkaException as failed:
            self._done.append((number, failed.args[0].name()))

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        """Letters whose fate is known since the last call: None if acknowledged, else librdkafka's error name."""
        self._producer.poll(timeout_s)
        done, self._done = self._done, []
        return done

    def close(self, timeout_s: float) -> None:
        self._producer.flush(timeout_s)


def _log_error(error: KafkaError) -> None:
    log.warning("kafka.error", error=error.name(), text=error.str())
