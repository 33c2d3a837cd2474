"""The embedded broker: librdkafka's mock cluster, in this process, with nothing to install.

It keeps about 5 MB a partition, makes topics of four partitions when somebody asks for them, and forgets everything
when the process ends.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from consumer.commands.demo.samples import DemoSample
from consumer.core import model

_LOGGER: Final = logging.getLogger("librdkafka")
_TIMEOUT_S: Final = 10.0


class Broker:
    """A cluster of one broker; it lives as long as this object."""

    def __init__(self) -> None:
        # Address and port are replaced by those of the mock cluster, which the metadata then contains.
        mock = {"test.mock.num.brokers": 1, "bootstrap.servers": "127.0.0.1:9092"}
        self._owner = Producer(mock, logger=_LOGGER)
        brokers = self._owner.list_topics(timeout=_TIMEOUT_S).brokers.values()
        self.address: Final = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self._producer = Producer({"bootstrap.servers": self.address, "linger.ms": 5}, logger=_LOGGER)

    def create(self, topics: Iterable[str]) -> None:
        """Make topics."""
        for topic in topics:
            self._producer.list_topics(topic, timeout=_TIMEOUT_S)

    def write(self, topic: str, samples: Sequence[DemoSample], now_ms: int) -> None:
        """Write records in this order; the same key goes to the same partition."""
        for sample in samples:
            self._producer.produce(topic, sample.value, sample.key, headers=list(sample.headers), timestamp=now_ms)
            self._producer.poll(0)
        if self._producer.flush(_TIMEOUT_S):
            raise RuntimeError("the embedded broker did not take the sample records")

    def ends(self, topic: str) -> dict[model.TopicPartition, int]:
        """Per partition with records, the offset its next one will get."""
        with _consumer(self.address, "demo-looks") as consumer:
            number = len(consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
            found = {}
            for partition in range(number):
                _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
                if high > 0:
                    found[topic, partition] = high
            return found

    def committed(self, group: str, partitions: Iterable[model.TopicPartition]) -> dict[model.TopicPartition, int]:
        """What a group has committed; partitions without a commit are left out."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        with _consumer(self.address, group) as consumer:
            stored = consumer.committed(wanted, timeout=_TIMEOUT_S)
        return {(each.topic, each.partition): each.offset for each in stored if each.offset >= 0}

    def read_all(self, topic: str) -> list[Message]:
        """Every record of a topic, by partition and offset."""
        ends = self.ends(topic)
        left = sum(ends.values())
        records: list[Message] = []
        with _consumer(self.address, "demo-looks") as consumer:
            consumer.assign([TopicPartition(*partition, 0) for partition in ends])
            while len(records) < left:
                found = consumer.consume(left - len(records), _TIMEOUT_S)
                if not found:
                    raise RuntimeError(f"the embedded broker did not give back {topic}")
                for message in found:
                    error = message.error()
                    if error is not None:
                        raise KafkaException(error)
                records += found
        return records


class _consumer:  # noqa: N801  # a context manager around a consumer that never joins its group
    def __init__(self, address: str, group: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": address,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
            },
            logger=_LOGGER,
        )

    def __enter__(self) -> Consumer:
        return self._consumer

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
