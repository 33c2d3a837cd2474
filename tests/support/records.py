"""Writing records to a topic, and reading every record of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from tests.support.wait import Patience

ADMIN_TIMEOUT_S: Final = 30.0
"""For anything asked of a cluster on this machine; more means that it is not well."""
_CONSUMERS: Final = 6
_SILENT_S: Final = 10.0
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Raw:
    """A record to be written. `partition` -1: by its key; `timestamp_ms` 0: now."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    partition: int = -1
    timestamp_ms: int = 0


@dataclass(frozen=True)
class Stored:
    """A record as it stands in a topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def header(self, name: str) -> str | None:
        """The last header of this name as text; None if there is none."""
        found = [value for header, value in self.headers if header == name]
        return None if not found or found[-1] is None else found[-1].decode()


_WRITES: Final[dict[str, Any]] = {  # what a client takes: text, numbers, switches
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 5,
    "log_level": 2,
}
_READS: Final[dict[str, Any]] = {
    "group.id": "reads-as-a-test",
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 50,
    "log_level": 2,
}


def write(bootstrap: str, topic: str, records: Iterable[Raw]) -> list[tuple[int, int]]:
    """Write records, wait until all are acknowledged, and return partition and offset of each."""
    places: dict[int, tuple[int, int]] = {}
    failed: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": bootstrap, **_WRITES})
    for number, record in enumerate(records):
        _produce(producer, topic, record, _noting(number, places, failed))
    left = producer.flush(ADMIN_TIMEOUT_S * 2)
    assert not failed, failed
    assert not left, f"{left} records not acknowledged"
    return [places[number] for number in range(len(places))]


def read(bootstrap: str, topic: str, ends: Mapping[int, int]) -> Iterator[Stored]:
    """The records of these partitions up to the offsets given, which must be there.

    A consumer that gets nothing is replaced: one of librdkafka's that begins while leaders move can stay without
    records although all brokers are well (https://github.com/confluentinc/librdkafka/issues/5153).
    """
    places = dict.fromkeys(ends, 0)
    for _ in range(_CONSUMERS):
        yield from _read_on(bootstrap, topic, places, ends)
        if not _left(places, ends):
            return
    raise AssertionError(f"nothing came, to {_CONSUMERS} consumers; still expected: {_left(places, ends)}")


def _left(places: Mapping[int, int], ends: Mapping[int, int]) -> list[tuple[int, int]]:
    return [(partition, place) for partition, place in places.items() if place < ends[partition]]


def _read_on(bootstrap: str, topic: str, places: dict[int, int], ends: Mapping[int, int]) -> Iterator[Stored]:
    """Read from these places, which move with it, until the ends or until nothing comes."""
    consumer = Consumer({"bootstrap.servers": bootstrap, **_READS})
    try:
        consumer.assign([TopicPartition(topic, partition, place) for partition, place in _left(places, ends)])
        patience = Patience(_SILENT_S)
        while _left(places, ends) and not patience.is_over:
            for message in consumer.consume(1000, timeout=0.2):
                patience.renew()
                if message.error() is not None:
                    raise KafkaException(message.error())
                stored = _stored(message)
                places[stored.partition] = stored.offset + 1
                if stored.offset < ends[stored.partition]:
                    yield stored
    finally:
        consumer.close()


def _stored(message: Message) -> Stored:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    headers: Any = message.headers() or ()  # of a read record: a list of name and bytes
    return Stored(topic, partition, offset, message.timestamp()[1], message.key(), message.value(), tuple(headers))


def _produce(producer: Producer, topic: str, record: Raw, on_delivery: Any) -> None:
    while True:
        try:
            producer.produce(
                topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                timestamp=record.timestamp_ms,
                headers=list(record.headers),
                on_delivery=on_delivery,
            )
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def _noting(number: int, places: dict[int, tuple[int, int]], failed: list[KafkaError]) -> Any:
    def note(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error)
        else:
            places[number] = (message.partition() or 0, message.offset() or 0)

    return note
