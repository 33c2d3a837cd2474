"""A service in this process of which nothing is ever settled: what its records take, and what it says they take.

    python -m tests.hostile.in_flight KIND RECORDS

Prints JSON: how much the process grew, and how much of that is counted.
"""

import gc
import json
import logging
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog

from consumer.adapters.kafka.kafka_producer import KafkaRecordWriter
from consumer.core.model import Headers, Position, Record
from consumer.core.read import ReadBatch
from tests.support.service import NOW_S, TOPIC, FakeMember, Scene, encoded

PARTITION: Final = (TOPIC, 0)
Made = tuple[bytes, bytes | None, Headers]
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
_NO_BROKER: Final = {"bootstrap.servers": "localhost:1", "log_level": "0", "message.max.bytes": "10000000"}


def usual(number: int) -> Made:
    user = {"email": f"customer{number}@example.com", "external_id": f"c-{number}", "user_agent": _AGENT}
    page = {"url": f"https://shop.example.com/thanks?o={number}"}
    return encoded(event_id=f"{number:032}", user=user, page=page), f"order-{number}".encode(), ()


def small(number: int) -> Made:
    return encoded(event_id=f"i{number}"), None, ()


def large(number: int) -> Made:
    return encoded(event_id=f"i{number}", page={"url": "https://example.com/?" + "x" * 20_000}), None, ()


def with_headers(number: int) -> Made:
    return encoded(event_id=f"i{number}"), None, tuple((f"h{n}", b"v%d" % (number + n)) for n in range(20))


def with_bad_fields(number: int) -> Made:
    bad: dict[str, Any] = {"email": "bad", "phone": "12", "ip": "1"}
    return encoded(event_id=f"i{number}", user=bad, properties={"currency": "x", "value": -1.0}), None, ()


def copies(number: int) -> Made:
    return encoded(event_id=f"i{number // 10}", page={"url": "https://example.com/?" + "x" * 2000}), None, ()


def undecodable(number: int) -> Made:
    return b"\x07bad%d" % number, b"k", ()


def large_undecodable(number: int) -> Made:
    return b"\x07%08d" % number * 2000, b"k", ()


@cache
def _emails() -> bytes:
    return encoded(user={"email": ["x"] * 500_000})


def emails(_number: int) -> Made:
    return bytes(bytearray(_emails())), None, ()


def phones(number: int) -> Made:
    return encoded(event_id=f"i{number}", user={"phone": ["+49 170 x"] * 95_000}), None, ()


def commas(number: int) -> Made:
    return encoded(event_id=f"i{number}", user={"ip": "," * 1_000_000}), None, ()


KINDS: Final[dict[str, Callable[[int], Made]]] = {
    made.__name__: made
    for made in (
        *(usual, small, large, with_headers, with_bad_fields, copies, undecodable, large_undecodable),
        *(emails, phones, commas),
    )
}


class Producer(FakeMember):
    """Makes its records when they are read, as Kafka's client does: nobody else holds them."""

    make: Callable[[int], Made]
    left = 0
    offset = 0

    def read(self, max_records: int, timeout_s: float) -> ReadBatch:
        self._rebalance()
        count = min(max_records, self.left) if PARTITION in self.places else 0
        if not count:
            self.kafka.clock.s += timeout_s
        return ReadBatch([self._next() for _ in range(count)], [], {})

    def _next(self) -> Record:
        value, key, headers = self.make(self.offset)
        position = Position(*PARTITION, self.offset, self.places[PARTITION][1])
        self.offset, self.left = self.offset + 1, self.left - 1
        return Record(position, int(NOW_S * 1000), key, value, headers, position)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def in_flight_of(make: Callable[[int], Made]) -> tuple[Scene, Producer]:
    scene = Scene(max_records=1 << 40, max_bytes=1 << 40, share=1.0, of_last=1 << 40)
    scene.sender.is_silent = True
    scene.service._settling._writer = KafkaRecordWriter(_NO_BROKER)
    scene.kafka.logs[PARTITION] = []
    member = scene.member
    member.__class__ = Producer
    assert isinstance(member, Producer)
    member.make = make
    return scene, member


def read(scene: Scene, member: Producer, count: int) -> None:
    member.left = count
    while member.left:
        scene.service.step()
    for _ in range(10):
        scene.service.step()


def main(kind: str, count: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.disable()  # as `run` has it: seldom
    scene, member = in_flight_of(KINDS[kind])
    read(scene, member, max(3, count // 50))  # what is made ready once, and what deciding one takes for a moment
    before, counted, records = resident(), scene.numbers()["bytes_in_flight{}"], scene.ledger.in_flight
    keys, bodies = scene.numbers()["window_keys{}"], requested(scene)
    read(scene, member, count)
    assert scene.ledger.in_flight - records == count
    found = {
        "grown": resident() - before,
        "counted": scene.numbers()["bytes_in_flight{}"] - counted,
        "keys": scene.numbers()["window_keys{}"] - keys,
        "requests": requested(scene) - bodies,
    }
    print(json.dumps(found))  # noqa: T201  # for the test that began this process


def requested(scene: Scene) -> int:
    return sum(len(request.body) for request in scene.sender.sent)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
