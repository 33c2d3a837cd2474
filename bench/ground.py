"""What everything is measured on: one real Kafka, a schema registry, and stand-ins for TikTok that cost nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

from bench.sample import PIXELS, records, rule, schema_of
from tests.support.kafka import Cluster
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.topics import Kafka

LATENCY_MS: Final = 20
"""Of TikTok's stand-in."""


@dataclass
class Servers:
    kafka: Kafka
    registry: Registry
    tiktok: Sandbox
    """Accepts everything unread, 20 ms later."""
    folder: Path
    topics: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def topic(self, schema: str, partitions: int, count: int) -> str:
        """A topic of so many records, written when it is first asked for."""
        key = schema, partitions, count
        if key not in self.topics:
            self.topics[key] = self.new_topic(schema, partitions)
            schema_id = self.registry.register(f"{self.topics[key]}-value", self.schema(schema))
            self.kafka.produce(self.topics[key], records(schema, count, partitions, schema_id))
        return self.topics[key]

    @staticmethod
    def schema(name: str) -> dict[str, Any]:
        return schema_of(name)

    def new_topic(self, schema: str, partitions: int) -> str:
        topic = self.kafka.new_topic(f"bench-{schema}", partitions)
        self.kafka.create_topic(f"{topic}.dlq")
        return topic

    def config(self, schema: str, topic: str, url: str | None = None) -> dict[str, Any]:
        """The default configuration, with what has no default. A group of its own each time."""
        return {
            "kafka": {
                "bootstrap_servers": self.kafka.bootstrap,
                "topics": [topic],
                "group_id": f"bench-{uuid4().hex[:8]}",
            },
            "avro": {"registry": {"url": self.registry.url}},
            "pixels": {name: {"pixel_code": code, "access_token": "made-up"} for name, code in PIXELS.items()},
            "rules": [rule(schema)],
            "delivery": {"base_url": url or self.tiktok.url},
        }


@contextmanager
def ground() -> Iterator[Servers]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        cluster = stack.enter_context(Cluster())
        registry = stack.enter_context(Registry())
        tiktok = Sandbox(folder, arguments=("--no-checks", "--latency", f"{LATENCY_MS}ms"))
        stack.callback(tiktok.kill)
        yield Servers(Kafka(cluster.bootstrap), registry, tiktok, folder)
