"""What the dedupe window costs: microseconds an event, bytes a key, and how fast it is filled again.

    python bench/window.py [KEYS]

Time is CPU time of this process; bytes are the growth of its resident memory, with every claim settled. "Filled" is a
window that only grew, "turned over" one in which as many claims again came and went. The records are made
beforehand and are not counted. Targets: 2 µs, 250 bytes (issue: the five-minute window).
"""

import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event, Item, Position, Record
from consumer.core.tiktok_event import FIELD_BIT

WINDOW_MS = 300_000
STEP = 500
"""Records a read, as the service takes them: larger steps would measure the cache instead."""
COPY_EVERY = 4
BODY = b'{"event":"Purchase","event_time":1700000000,"event_id":"x","user":{"email":"e"}}'
FIELDS = FIELD_BIT["user.email"]


def rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def made(start: int, count: int, per_s: int, first_key: int) -> list[tuple[Record, Event]]:
    """Records of which every fourth is a copy of one shortly before it."""
    pairs = []
    for offset in range(start, start + count):
        key = first_key + offset - (2 if offset % COPY_EVERY == COPY_EVERY - 1 else 0)
        position = Position("web-events", 0, offset)
        record = Record(position, 1_700_000_000_000 + offset * 1000 // per_s, None, None, (), position)
        pairs.append(
            (record, Event("purchases", "shop", "C0DE", "Purchase", f"order-{key:012}", 1700000000, BODY, FIELDS))
        )
    return pairs


def chunks(start: int, count: int, per_s: int, first_key: int = 0) -> Iterator[list[tuple[Record, Event]]]:
    for at in range(start, start + count, STEP):
        yield made(at, min(STEP, start + count - at), per_s, first_key)


def decide(window: Window, pairs: list[tuple[Record, Event]]) -> float:
    """Offer, hand over and accept in batches of 1,000, as the service does. Returns CPU seconds."""
    started_s = time.process_time()
    sent: list[Item] = []
    for record, event in pairs:
        window.saw(record, 1 << 41)
        offered = window.offer(event, record, 0.0)
        if offered.is_to_batch and offered.item:
            sent.append(offered.item)
        if len(sent) == 1000:
            for item in sent:
                item.is_submitted = True
                window.accepted(item)
            sent.clear()
    for item in sent:
        window.accepted(item)
    return time.process_time() - started_s


def warm(window: Window, pairs: list[tuple[Record, Event]]) -> float:
    started_s = time.process_time()
    for record, event in pairs:
        window.saw(record, 1 << 41)
        window.warm(event, record)
    return time.process_time() - started_s


def main(keys: int) -> None:
    # Three in four records make a key, and the window holds five minutes of them.
    records = keys * COPY_EVERY // (COPY_EVERY - 1)
    per_s = max(1, records * 1000 // WINDOW_MS)
    window = Window(WindowSettings(WINDOW_MS))
    decide(window, made(0, STEP, per_s, 1 << 40))  # what the first events cost once is not a key's
    gc.collect()
    gc.freeze()
    before = rss_bytes()
    for name, start in (("filled", STEP), ("turned over", STEP + records)):
        spent_s = sum(decide(window, pairs) for pairs in chunks(start, records, per_s))
        gc.collect()
        print(
            f"{name}: {window.keys} keys over {window.reach_s:.0f} s, {spent_s / records * 1e6:.2f} µs an event, "
            f"{(rss_bytes() - before) / window.keys:.0f} bytes a key"
        )
    again = Window(WindowSettings(WINDOW_MS))
    spent_s = sum(warm(again, pairs) for pairs in chunks(0, records // 2, per_s))
    print(f"warm-up: {spent_s / (records // 2) * 1e6:.2f} µs an event")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
