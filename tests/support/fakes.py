"""In-memory stand-ins, and made-up nouns for tests. They keep what they were given; tests read it back."""

import json
from collections import deque
from collections.abc import Callable, Iterable

from consumer.core.deliver.request import Request
from consumer.core.model import Answer, Event, EventOutcome, Headers, Item, Position, Record


def item(number: int = 0, pixel: str = "shop", body: bytes | None = None, partition: int = 0) -> Item:
    """An event whose record stands at offset `number` of `orders`, with a body that names it."""
    position = Position("orders", partition, number)
    headers: Headers = ()
    record = Record(position, 1_700_000_000_000, None, b"", headers, position)
    event = Event(
        rule="purchases",
        pixel=pixel,
        pixel_code=f"CODE-{pixel}",
        event="Purchase",
        event_id=str(number),
        event_time_s=1_700_000_000,
        body=b'{"n":%d}' % number if body is None else body,
        fields=0,
    )
    return Item(event, [record], [EventOutcome.ACCEPTED], read_at_s=0.0)


def envelope(code: int, message: str = "OK", status: int = 200, retry_after: str | None = None) -> Answer:
    """TikTok's own answer."""
    body = json.dumps({"code": code, "message": message, "request_id": "20261122-1", "data": {}}).encode()
    return Answer(status, body, 0.1, retry_after)


ACCEPTED = envelope(0)
REFUSED = envelope(40002, "invalid")
THROTTLED = envelope(40100, "too many requests")
FORBIDDEN = envelope(40001, "no permission")
BAD_GATEWAY = Answer(502, b"<html>502 Bad Gateway</html>", 0.1)
TIMEOUT = Answer(None, b"", 10.0, failure="timeout")


class FakeSender:
    """Carries nothing: each request is answered from a script, then by `judge`, which accepts everything by default.

    Answers come at the next call of `answers`, save while `is_silent`.
    """

    def __init__(
        self, script: Iterable[Answer] = (), judge: Callable[[Request], Answer] = lambda request: ACCEPTED
    ) -> None:
        self.script = deque(script)
        self.judge = judge
        self.sent: list[Request] = []
        self.is_silent = False
        self.is_closed = False
        self._answers: list[tuple[int, Answer]] = []
        self._changed: list[str] = []
        self.unusable: dict[str, str] = {}

    def send(self, request: Request) -> None:
        self.sent.append(request)
        self._answers.append((request.number, self.script.popleft() if self.script else self.judge(request)))

    def answers(self) -> list[tuple[int, Answer]]:
        if self.is_silent:
            return []
        taken, self._answers = self._answers, []
        return taken

    def change_token(self, pixel: str) -> None:
        self._changed.append(pixel)

    def changed_tokens(self) -> list[str]:
        changed, self._changed = self._changed, []
        return changed

    def unusable_tokens(self) -> dict[str, str]:
        return self.unusable

    def close(self, timeout_s: float) -> None:
        self.is_closed = True
