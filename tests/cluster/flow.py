"""Events from a topic through the cluster to the stand-in for TikTok, and what came of each."""

import json
import time
from collections import Counter
from typing import Final

from fastavro import parse_schema

from tests.parts.part import CHECKOUT
from tests.support.avro import encoded
from tests.support.records import Raw
from tests.support.sandbox import Sandbox
from tests.support.topics import Kafka
from tests.support.wait import wait_until

PIXEL: Final = "SHOPPIXEL0000001"
_SCHEMA: Final = parse_schema(json.loads((CHECKOUT / "schemas/web_event.avsc").read_text()))


class Flow:
    def __init__(self, kafka: Kafka, sandbox: Sandbox, topic: str) -> None:
        self.kafka, self.sandbox, self.topic = kafka, sandbox, topic
        self._sent = 0

    def allow(self, token: str) -> None:
        """From now on TikTok takes this access token, and no other."""
        self.sandbox.allow_tokens({token: [PIXEL]})

    def produce(self, count: int = 40) -> None:
        """Write so many records, each with an event of its own."""
        now_ms = int(time.time() * 1000)
        numbers = range(self._sent, self._sent + count)
        self.kafka.produce(self.topic, (Raw(_value(n, now_ms), partition=n % 4) for n in numbers))
        self._sent += count

    def wait_until_delivered(self, timeout_s: float = 120) -> None:
        """Until TikTok has accepted each event that was produced; none of them more than once.

        Raises:
            AssertionError: one is missing, or was accepted twice.
        """
        wait_until(
            lambda: len(self.sandbox.accepted()) >= self._sent, timeout_s, what=f"{self._sent} events", every_s=0.5
        )
        accepted: Counter[str] = Counter()
        for (_, _, event_id), times in self.sandbox.accepted().items():
            accepted[event_id] += times
        assert accepted == Counter({f"event-{number}": 1 for number in range(self._sent)})


def _value(number: int, now_ms: int) -> bytes:
    fields = {
        "event": "ViewContent",
        "event_time": now_ms,
        "event_id": f"event-{number}",
        "user": {"email": f"visitor{number}@example.com"},
        "page": {"url": "https://shop.example.com/"},
    }
    return encoded(_SCHEMA, fields)
