"""Kafka: writing what became of events, as well as it goes. Decides nothing, and never blocks.

A producer of its own: a topic that cannot be written must not fill the queue that dead letters need.
"""

import logging
from collections.abc import Mapping
from typing import Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.adapters.kafka.kafka_errors import config_errors

log = structlog.get_logger("consumer.outcomes")

_OURS: Final[Mapping[str, str | bool]] = {
    "delivery.report.only.error": True,  # a call for each that was written would cost more than writing it
    "enable.idempotence": "false",  # one written twice does no harm; idempotence can end a producer for good
    "message.timeout.ms": "30000",
    "linger.ms": "100",
    "queue.buffering.max.messages": "100000",
    "queue.buffering.max.kbytes": "65536",
}


class KafkaOutcomeSink:
    """ReplayTools records to the client, and keeps only what went wrong.

    Raises:
        ConfigError: the client refuses its properties.
    """

    def __init__(self, properties: Mapping[str, str], topic: str) -> None:
        self._topic = topic
        self._failed: list[str] = []
        with config_errors("kafka.producer_properties", properties):
            self._producer = Producer(
                {**properties, **_OURS, "error_cb": _log_error}, logger=logging.getLogger("librdkafka")
            )

    def write(self, key: bytes, body: bytes) -> None:
        """Hand one to the client. If it cannot take it, `failed` is called."""
        try:
            self._producer.produce(self._topic, key=key, value=body, on_delivery=self._note)
        except BufferError:
            self._failed.append("_QUEUE_FULL")
        except KafkaException as refused:
            self._failed.append(refused.args[0].name())

    def _note(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error.name())

    def failed(self) -> list[str]:
        """librdkafka's error name for each that was lost since the last call."""
        self._producer.poll(0)
        failed, self._failed = self._failed, []
        return failed

    def close(self, timeout_s: float) -> None:
        """Wait for what is on its way."""
        left = self._producer.flush(timeout_s)
        if left or self._failed:
            log.warning("outcomes.unwritten", lost=left + len(self._failed))


def _log_error(error: KafkaError) -> None:
    log.warning("kafka.error", error=error.name(), text=error.str())
