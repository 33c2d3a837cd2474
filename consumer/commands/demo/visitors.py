"""Writes the demo's samples to a real Kafka, round after round: what the containers of docker-compose.yml live on.

`python -m consumer.commands.demo.visitors BOOTSTRAP_SERVERS REGISTRY_URL RECORDS_PER_S` makes the topics, registers the
schema, and writes until it is stopped.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Final

import structlog
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from consumer import logs
from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.commands.demo.demo_configuration import DEAD_LETTERS, TOPIC
from consumer.commands.demo.samples import DemoSample, Maker
from consumer.config.schema_files import load_shipped_schema
from consumer.signals import Signals

log = structlog.get_logger("consumer.feed")

PARTITIONS: Final = 6


def feed(bootstrap_servers: str, registry_url: str, records_per_s: float, signals: Signals) -> None:
    """Write until `signals.stop` is set.

    Raises:
        RuntimeError: a topic cannot be made.
        SchemaRegistryError: the schema cannot be registered.
    """
    make_topics(KafkaCluster({"bootstrap.servers": bootstrap_servers}))
    text = json.dumps(load_shipped_schema())
    schema_id = SchemaRegistryClient({"url": registry_url}).register_schema(f"{TOPIC}-value", Schema(text, "AVRO"))
    log.info("feed.writing", topic=TOPIC, schema_id=schema_id, records_per_s=records_per_s)
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 50})
    for sample in endless():
        if signals.stop.wait(1 / records_per_s):
            break
        producer.produce(TOPIC, framed(sample.value, schema_id), sample.key, headers=list(sample.headers))
        producer.poll(0)
    producer.flush(10)


def make_topics(cluster: KafkaCluster) -> None:
    """Make the topic that is read and that of its dead letters; those that are there are left as they are."""
    for name, error in cluster.create_topics([TOPIC, DEAD_LETTERS], PARTITIONS).items():
        if error is not None:
            raise RuntimeError(f"topic {name} cannot be made: {error}")


def endless() -> Iterator[DemoSample]:
    """The samples of one round after another, each with event_ids and times of its own."""
    while True:
        now_s = time.time()
        samples = Maker(load_shipped_schema(), now_s, f"-{now_s:.0f}").samples()
        yield from (*samples.first, *samples.later)


def framed(value: bytes | None, schema_id: int) -> bytes | None:
    """Put Confluent's magic byte and the schema's id before a value; a tombstone stays one."""
    return None if value is None else b"\0" + schema_id.to_bytes(4, "big") + value


def main() -> None:
    logs.set_up("info", "json")
    bootstrap_servers, registry_url, records_per_s = sys.argv[1:]
    signals = Signals()
    with signals.caught():
        feed(bootstrap_servers, registry_url, float(records_per_s), signals)


if __name__ == "__main__":
    main()
