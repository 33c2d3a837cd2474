"""A consumer as users write it: Confluent's deserializer, dicts, one POST for a hundred events of a pixel.

    python -m bench.naive BOOTSTRAP TOPIC SCHEMA REGISTRY_URL TIKTOK_URL RECORDS

It checks no answer beyond HTTP's status, knows no duplicates, and loses what it had when it dies. Prints CPU µs a
record, of the whole process, without the first tenth.
"""

import sys
import time
from collections import defaultdict
from typing import Any

import httpx2
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from bench.cpu import cpu_s
from bench.events import MAKERS

AT_ONCE = 100


def main(arguments: list[str]) -> None:
    bootstrap, topic, schema, registry, tiktok, count = arguments
    wanted = int(count)
    make = MAKERS[schema]
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"naive-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    client = httpx2.Client(base_url=tiktok, headers={"Access-Token": "made-up"}, trust_env=False)
    waiting: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    read, first, started_s = 0, wanted // 10, 0.0
    while read < wanted:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        read += 1
        if read == first:
            started_s = cpu_s()
        record: Any = deserialize(message.value() or b"", SerializationContext(topic, MessageField.VALUE))
        pixel, event = make(record)
        waiting[pixel].append(event)
        if len(waiting[pixel]) == AT_ONCE:
            post(client, pixel, waiting.pop(pixel))
            consumer.commit(asynchronous=True)
    print((cpu_s() - started_s) / (read - first) * 1e6)
    consumer.close()


def post(client: httpx2.Client, pixel: str, events: list[dict[str, Any]]) -> None:
    body = {"event_source": "web", "event_source_id": pixel, "data": events}
    client.post("/open_api/v1.3/event/track/", json=body).raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1:])
