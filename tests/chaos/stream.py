"""The known stream of a run: good, bad and refused records, copies, and clocks that jump; written at a steady pace."""

import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from confluent_kafka import KafkaError, Message, Producer

from tests.support.sandbox import Key
from tests.support.stream import Made, StreamSettings, expected_keys, make_stream

PARTITIONS: Final = 6
REFUSED_REASON: Final = "deliver.refused"
_EVERY_S: Final = 0.25
_JUMPS_MS: Final = (-2 * 86_400_000, -600_000, -3_000, 1_800_000, 3 * 3_600_000, 5 * 86_400_000)
"""How far the clock of the records jumps: days back, minutes back, a little, half an hour ahead, hours, days."""
JUMPS: Final = 3
"""How often it does in one run."""


@dataclass(frozen=True)
class Known:
    """What was written, and what must become of it."""

    stream: Sequence[Made]
    refused: frozenset[str]
    """The event_ids that only TikTok finds guilty."""

    @property
    def expected(self) -> set[Key]:
        """Every event that must be accepted."""
        return expected_keys(self.stream)

    @property
    def bad(self) -> int:
        """How many records must become dead letters."""
        return sum(made.reason is not None for made in self.stream)


def known_stream(seed: int, count: int, rate: float, schema_ids: Sequence[int]) -> Known:
    """About `count` records to be written `rate` a second; the same arguments make the same records, except for now."""
    settings = StreamSettings(
        start_ms=int(time.time() * 1000),
        count=count,
        seed=seed,
        partitions=PARTITIONS,
        bad=0.02,
        dropped=0.10,
        duplicates=0.05,
        step_ms=max(1, round(1000 / rate)),
    )
    draw = random.Random(seed)
    stream = _jumping(make_stream(settings, schema_ids), draw)
    return _with_refused(stream, draw, share=0.002)


def _jumping(stream: list[Made], draw: random.Random) -> list[Made]:
    """In a few stretches the records' timestamps jump."""
    for jump_ms in draw.sample(_JUMPS_MS, JUMPS):
        first = draw.randrange(len(stream))
        for place in range(first, min(len(stream), first + len(stream) // 12)):
            raw = stream[place].raw
            stream[place] = replace(stream[place], raw=replace(raw, timestamp_ms=raw.timestamp_ms + jump_ms))
    return stream


def _with_refused(stream: list[Made], draw: random.Random, share: float) -> Known:
    """A few good records become guilty in TikTok's eyes; only such as have one event and no copy."""
    times: dict[str, int] = {}
    for made in stream:
        for key in made.keys:
            times[key[2]] = times.get(key[2], 0) + 1
    plain = [place for place, made in enumerate(stream) if len(made.keys) == 1 and times[made.keys[0][2]] == 1]
    chosen = draw.sample(plain, round(len(stream) * share))
    refused = frozenset(stream[place].keys[0][2] for place in chosen)
    for place in chosen:
        stream[place] = replace(stream[place], keys=(), reason=REFUSED_REASON)
    return Known(stream, refused)


@dataclass
class Writing(threading.Thread):
    """Writes the stream at `rate` records a second, later if the cluster keeps it waiting."""

    bootstrap: str
    topic: str
    stream: Sequence[Made]
    rate: float
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number in the stream → partition and offset, of what is acknowledged."""
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="writing", daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, **_WRITES})
        begun_s = time.monotonic()
        for number, made in enumerate(self.stream):
            _produce(producer, self.topic, made, self._noting(number))
            if number % max(1, int(self.rate * _EVERY_S)) == 0:
                producer.poll(max(0.0, begun_s + number / self.rate - time.monotonic()))
                time.sleep(max(0.0, begun_s + number / self.rate - time.monotonic()))
        left = producer.flush(300)
        if left:
            self.failed.append(f"{left} records were never acknowledged")

    def _noting(self, number: int) -> Any:
        def note(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self.failed.append(error.str())
            else:
                self.places[number] = (message.partition() or 0, message.offset() or 0)

        return note


_WRITES: Final[dict[str, Any]] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 5,
    "log_level": 2,
}


def _produce(producer: Producer, topic: str, made: Made, on_delivery: Any) -> None:
    raw = made.raw
    producer.produce(
        topic,
        value=raw.value,
        key=raw.key,
        partition=raw.partition,
        timestamp=raw.timestamp_ms,
        headers=list(raw.headers),
        on_delivery=on_delivery,
    )


def copies(stream: Iterable[Made]) -> Iterator[tuple[Key, int]]:
    """Each event of each record, with the record's number in the stream."""
    for number, made in enumerate(stream):
        for key in made.keys:
            yield key, number
