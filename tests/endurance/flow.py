"""A steady flow of purchases into a topic, each of which makes one event of a pixel that its number names."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError, Message, Producer

from tests.support.processes import Service
from tests.support.sandbox import Key
from tests.support.scene import Scene
from tests.support.stream import make_purchases
from tests.support.stream_config import RULES

READY_S: Final = 120.0
"""A window of hundreds of thousands of records is filled in first."""
_EVERY_S: Final = 0.25
_AT_ONCE: Final = 5000


def codes(pixels: int) -> list[str]:
    """The pixel codes, by number."""
    return [f"ENDURANCEPIXEL{number:02}" for number in range(pixels)]


def run(scene: Scene, pixels: int, **sections: Any) -> Service:
    """Start a `run` with these pixels and no others, and wait until it is ready.

    Record n makes a Purchase of pixel n modulo their number (1, 2 or 5). `sections` as for `Scene.config`.
    """
    names = [f"pixel{number}" for number in range(pixels)]
    config = scene.config(**sections)
    config["pixels"] = {
        name: {"pixel_code": code, "access_token_file": str(token_file(scene, number))}
        for number, (name, code) in enumerate(zip(names, codes(pixels), strict=True))
    }
    config["rules"] = [_rule(number, name, pixels) for number, name in enumerate(names)]
    for number in range(pixels):
        token_file(scene, number).write_text(f"token-of-{number}")
    service = Service(config, scene.folder, f"run-{len(scene.services) + 1}")
    scene.services.append(service)
    service.wait_until_ready(READY_S)
    return service


def _rule(number: int, name: str, pixels: int) -> Mapping[str, Any]:
    # An id ends with the record's number, whose last digit tells the remainder.
    digits = "".join(map(str, range(number, 10, pixels)))
    when = [{"field": "id", "matches": f"[{digits}]$"}]
    return {"name": f"of_{name}", "when": when, "pixel": name, "map": RULES[0]["map"]}


def token_file(scene: Scene, number: int) -> Path:
    """Of this pixel."""
    return scene.folder / f"pixel{number}.token"


def keys(count: int, pixels: int) -> set[Key]:
    """The events of the first so many records."""
    of = codes(pixels)
    return {(of[number % pixels], "Purchase", f"1-{number}") for number in range(count)}


@dataclass
class Flow:
    """Writes `rate` records a second in a thread of its own, or as many at once as are asked for.

    with Flow(scene, rate=500) as flow:
        …
    """

    scene: Scene
    rate: float = 0.0
    partitions: Sequence[int] = (0, 1, 2, 3)
    written: int = 0
    """Records handed to the client."""
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = self.scene.schema_ids()
        self._producer = Producer(
            {"bootstrap.servers": self.scene.kafka.bootstrap, "acks": "all", "linger.ms": 20, "log_level": 2}
        )
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="flow", daemon=True)

    def __enter__(self) -> "Flow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Write no more; everything written is acknowledged."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(60)
        self._flush()

    def write(self, count: int) -> None:
        """Write the next records now. Not while the thread writes."""
        end = self.written + count
        while self.written < end:
            self._write(min(_AT_ONCE, end - self.written))
        self._flush()

    def _write_on(self) -> None:
        begun_s, already = time.monotonic(), self.written
        while not self._is_over.wait(_EVERY_S):
            due = already + int((time.monotonic() - begun_s) * self.rate) - self.written
            self._write(min(due, _AT_ONCE))

    def _write(self, count: int) -> None:
        for made in make_purchases(count, self._ids, first=self.written, partitions=self.partitions):
            raw = made.raw
            self._producer.produce(
                self.scene.topic, value=raw.value, key=raw.key, partition=raw.partition, on_delivery=self._note
            )
        self.written += count
        self._producer.poll(0)

    def _flush(self) -> None:
        left = self._producer.flush(60)
        assert not left, f"{left} records not acknowledged"
        assert not self.failed, self.failed[:3]

    def _note(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self.failed.append(error.str())
