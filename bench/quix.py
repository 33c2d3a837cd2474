"""The same job with Quix Streams, the stream processor in Python. Runs in an environment of its own.

    python -m bench.quix BOOTSTRAP TOPIC SCHEMA REGISTRY_URL TIKTOK_URL RECORDS

Without a dedupe window, since keeping state would cost it more; requests of 1,000 events a pixel at each of its
checkpoints, every second. Prints CPU µs a record, of the whole process, without the first tenth.
"""

import sys
import time
from collections import defaultdict
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from quixstreams import Application
from quixstreams.models.serializers.avro import AvroDeserializer
from quixstreams.models.serializers.schema_registry import SchemaRegistryClientConfig
from quixstreams.sinks import BatchingSink, SinkBatch

from bench.cpu import cpu_s
from bench.events import MAKERS

AT_ONCE = 1000


class TikTokSink(BatchingSink):
    def __init__(self, tiktok: str, first: int) -> None:
        super().__init__(on_client_connect_success=lambda: None)
        self._client = httpx.Client(base_url=tiktok, headers={"Access-Token": "made-up"}, trust_env=False)
        self._first, self._added = first, 0
        self.started_s = 0.0

    def add(self, *arguments: Any, **named: Any) -> None:
        super().add(*arguments, **named)
        self._added += 1
        if self._added == self._first:
            self.started_s = cpu_s()

    def write(self, batch: SinkBatch) -> None:
        waiting: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in batch:
            pixel, event = item.value
            waiting[pixel].append(event)
        for pixel, events in waiting.items():
            for start in range(0, len(events), AT_ONCE):
                body = {"event_source": "web", "event_source_id": pixel, "data": events[start : start + AT_ONCE]}
                self._client.post("/open_api/v1.3/event/track/", json=body).raise_for_status()


def main(arguments: list[str]) -> None:
    bootstrap, name, schema, registry, tiktok, count = arguments
    wanted = int(count)
    first = wanted // 10
    sink = TikTokSink(tiktok, first)
    with TemporaryDirectory() as state:
        app = Application(
            broker_address=bootstrap,
            consumer_group=f"quix-{time.time_ns()}",
            auto_offset_reset="earliest",
            commit_interval=1.0,
            state_dir=state,
            loglevel="ERROR",
            auto_create_topics=False,
        )
        values = AvroDeserializer(schema_registry_client_config=SchemaRegistryClientConfig(url=registry))
        stream = app.dataframe(app.topic(name, value_deserializer=values))
        stream.apply(MAKERS[schema]).sink(sink)
        app.run(count=wanted)
    print((cpu_s() - sink.started_s) / (wanted - first) * 1e6)


if __name__ == "__main__":
    main(sys.argv[1:])
