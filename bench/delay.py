"""From Kafka's timestamp to TikTok's acceptance, at 1,000 events a second: what a batch waits for, and what it takes.

python -m bench delay
"""

import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from confluent_kafka import Producer

from bench.ground import LATENCY_MS, Servers
from bench.processes import service
from bench.sample import timed, writer
from tests.support.sandbox import Sandbox
from tests.support.wait import wait_until

PER_S: Final = 1_000
SECONDS: Final = 20
WARM_S: Final = 5
SCHEMA: Final = "shipped"


@dataclass(frozen=True)
class Delay:
    p50_ms: float
    p99_ms: float


def measured(ground: Servers) -> Delay:
    """Of the events of all but the first seconds."""
    topic = ground.new_topic(SCHEMA, 4)
    tiktok = Sandbox(ground.folder, "recording", ("--latency", f"{LATENCY_MS}ms"))
    try:
        with service(ground.config(SCHEMA, topic, tiktok.url), ground) as running:
            running.wait_until_ready()
            _produce(ground, topic)
            wait_until(lambda: tiktok.events_accepted() >= PER_S * SECONDS, 60, what="all are accepted")
            events = tiktok.events(limit=PER_S * SECONDS)
    finally:
        tiktok.kill()
    # The sandbox notes when a request came; its answer goes out so much later.
    delays = [event["received_at"] * 1000 + LATENCY_MS - int(event["event_id"].partition("-")[0]) for event in events]
    cuts = quantiles(sorted(delays[PER_S * WARM_S :]), n=100)
    return Delay(cuts[49], cuts[98])


def _produce(ground: Servers, topic: str) -> None:
    """A thousand a second, in steps of ten milliseconds; each event's id says when it was made."""
    encode = writer(SCHEMA, ground.registry.register(f"{topic}-value", ground.schema(SCHEMA)))
    producer = Producer({"bootstrap.servers": ground.kafka.bootstrap, "linger.ms": 0})
    began_s = time.monotonic()
    for number in range(PER_S * SECONDS):
        due_s = began_s + number / PER_S
        if number % (PER_S // 100) == 0 and (wait_s := due_s - time.monotonic()) > 0:
            producer.poll(0)
            time.sleep(wait_s)
        now_ms = int(time.time() * 1000)
        producer.produce(topic, encode(timed(number, now_ms)), partition=number % 4, timestamp=now_ms)
    producer.flush(30)


def main(ground: Servers) -> None:
    found = measured(ground)
    print(f"delay at {PER_S:,} events a second: p50 {found.p50_ms:.0f} ms, p99 {found.p99_ms:.0f} ms", flush=True)
