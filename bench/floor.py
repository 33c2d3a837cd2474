"""The floor that the cost of an event is measured against: what no such service can do without, and nothing else.

    python -m bench.floor BOOTSTRAP TOPIC SCHEMA.avsc RECORDS

Reads in batches of 500, the first of which is not counted; decodes each record with fastavro behind Confluent's five
bytes, hashes three identifiers, encodes one typed event of the usual size. Prints CPU µs a record, of the whole
process. A slower floor would be no floor: nothing is checked, kept or sent.
"""

import io
import json
import sys
import time
from hashlib import sha256
from pathlib import Path

import fastavro
import msgspec
from confluent_kafka import Consumer

from bench.cpu import cpu_s

IDENTIFIERS = (b"customer12345@example.com", b"+12133734253", b"customer-12345")
FRAMING_BYTES = 5


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    event: str
    event_time: int
    event_id: str
    email: str
    phone: str
    external_id: str
    user_agent: str
    url: str
    rest: str


def reader(bootstrap: str, topic: str) -> Consumer:
    """A consumer of a new group at the start of the topic, after its first batch has come."""
    group = {"group.id": f"floor-{time.time_ns()}", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": bootstrap, **group})
    consumer.subscribe([topic])
    while not consumer.consume(500, 1.0):
        pass
    return consumer


def main(bootstrap: str, topic: str, schema_file: str, wanted: int) -> None:
    schema = fastavro.parse_schema(json.loads(Path(schema_file).read_text()))
    encode = msgspec.json.Encoder().encode
    consumer = reader(bootstrap, topic)
    started_s, read = cpu_s(), 0
    while read < wanted:
        for message in consumer.consume(500, 1.0):
            if message.error():
                continue
            read += 1
            value = io.BytesIO(message.value() or b"")
            value.seek(FRAMING_BYTES)
            fastavro.schemaless_reader(value, schema)
            message.offset(), message.partition(), message.timestamp()
            email, phone, customer = [sha256(text).hexdigest() for text in IDENTIFIERS]
            encode(Event("Purchase", 1700000000, "x" * 32, email, phone, customer, "m" * 130, "u" * 60, "r" * 250))
    print((cpu_s() - started_s) / read * 1e6)
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
