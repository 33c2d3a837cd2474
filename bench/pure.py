"""The records and the configuration that are measured, without any server: for what is decided in this process."""

import io
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.floor import FRAMING_BYTES
from bench.sample import PIXELS, SCHEMA_FILES, records, rule
from consumer.config import Settings, load
from consumer.core.model import Position, Record

PARTITION = ("web-events", 0)


def settings_of(schema: str) -> Settings:
    """The default configuration, for records without framing."""
    config = {
        "kafka": {"bootstrap_servers": "localhost:1", "topics": [PARTITION[0]], "group_id": "bench"},
        "avro": {"framing": "plain", "schema": str(SCHEMA_FILES[schema])},
        "pixels": {name: {"pixel_code": code, "access_token": "made-up"} for name, code in PIXELS.items()},
        "rules": [rule(schema)],
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "consumer.yaml"
        file.write_text(json.dumps(config))
        return load(file, {})


def records_of(schema: str, count: int) -> list[Record]:
    """As Kafka would give them, of one partition."""
    now_ms = int(time.time() * 1000)
    made = []
    for offset, raw in enumerate(records(schema, count, 1, 1)):
        position = Position(*PARTITION, offset)
        value = (raw.value or b"")[FRAMING_BYTES:]
        made.append(Record(position, now_ms, raw.key, value, (), position))
    return made


def reader_of(value: bytes | None) -> io.BytesIO:
    return io.BytesIO(value or b"")
