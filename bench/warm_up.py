"""How fast a window is filled in again after a restart, against the live rate: CPU microseconds a record.

    python -m bench.warm_up [RECORDS]

The whole service over edges in memory, so that Kafka and TikTok cost nothing: first it delivers the records, then
another process takes over and reads them again only to fill its window. Repeated; medians, and their ratio.
"""

import random
import sys
import time
from statistics import median

from tests.support.service import NOW_S, FakeKafka, ManualClock, Scene, encoded

REPEATS = 5


def records(count: int) -> list[bytes]:
    """Purchases of the usual size, each with three identifiers to hash; 3 % are copies of the one before."""
    draw = random.Random(1)
    values: list[bytes] = []
    for number in range(count):
        copy = values and draw.random() < 0.03
        values.append(values[-1] if copy else purchase(number))
    return values


def purchase(number: int) -> bytes:
    return encoded(
        event_id=f"order-{number:012}",
        user={
            "email": f"customer{number}@example.com",
            "phone": f"+1213{number % 10_000_000:07}",
            "external_id": f"customer-{number}",
            "ip": "93.184.216.34",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0",
            "ttp": "94e2a4j9-h3ss-k5s5-98cc-c84n481mk5g0",
        },
        page={"url": f"https://shop.example.com/thanks?order={number}", "referrer": "https://shop.example.com/cart"},
        properties={
            "currency": "USD",
            "value": 20.0,
            "content_type": "product",
            "contents": [{"price": 10.0, "quantity": 2, "content_id": "sku-1", "content_name": "Shoes"}],
        },
    )


def measured(values: list[bytes]) -> tuple[float, float]:
    """CPU µs a record: delivered live, and read again to fill the window."""
    kafka = FakeKafka(ManualClock())
    for number, value in enumerate(values):
        kafka.produce(value, timestamp_ms=int(NOW_S * 1000) + number * 200_000 // len(values))
    kafka.clock.s = 200.0
    first = Scene(kafka)
    live_us = spent_us(first, until=len(values), what="settled")
    first.stop()
    second = Scene(kafka)
    return live_us, spent_us(second, until=len(values), what="rewound")


def spent_us(scene: Scene, until: int, what: str) -> float:
    started_s = time.process_time()
    while progress(scene, what) < until:
        scene.service.step()
    return (time.process_time() - started_s) / until * 1e6


def progress(scene: Scene, what: str) -> float:
    if what == "settled":
        return sum(scene.ledger.totals.settled.values())
    return sum(
        value
        for (name, _), value in scene.metrics.snapshot().items()
        if name == "records_rewound" and not isinstance(value, tuple)
    )


def main(count: int) -> None:
    values = records(count)
    runs = [measured(values) for _ in range(REPEATS)]
    live_us, warm_us = median(live for live, _ in runs), median(warm for _, warm in runs)
    print(
        f"warm-up: live {live_us:.1f} µs, filling in {warm_us:.1f} µs a record: {live_us / warm_us:.2f} times the live "
        f"rate (from {min(live / warm for live, warm in runs):.2f} to {max(live / warm for live, warm in runs):.2f})"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
