"""One pixel's way to TikTok: its own rate, and the batches that must be tried again. Part of `deliver`."""

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from consumer.core.deliver.rate_limit import TokenBucket
from consumer.core.deliver.request import PixelSettings
from consumer.core.model import Item, Rejection
from consumer.core.reasons import RejectReason

UNANSWERED_TIMES: Final = 10
UNANSWERED_FOR_S: Final = 600.0
"""Promise 4's exception (docs/architecture.md §3): so often, and for so long, while others are accepted."""


class RetryBatch(Struct, eq=False):
    """Items that go, or went, into one request, and what was learned of them."""

    items: list[Item]
    tries: int = 0
    """Answers `unavailable`; drives this batch's own back-off."""
    not_before_s: float = 0.0
    unanswered: int = 0
    """Those of `tries` between which others of the pixel were accepted: these count against the batch itself."""
    unanswered_since_s: float | None = None
    acceptances_seen: int = 0
    """The queue's acceptances when `unanswered` was last counted."""

    def count_unanswered(self, acceptances: int, now_s: float) -> bool:
        """Note an `unavailable`. True if it is now proven that something in this batch is the cause."""
        if self.unanswered_since_s is None:
            self.unanswered_since_s = now_s
        elif acceptances <= self.acceptances_seen:
            return False
        self.unanswered += 1
        self.acceptances_seen = acceptances
        return self.unanswered >= UNANSWERED_TIMES and now_s - self.unanswered_since_s >= UNANSWERED_FOR_S

    def halves(self) -> tuple["RetryBatch", "RetryBatch"]:
        """Split in two, each at least one item: the caller has at least two."""
        return self.first((len(self.items) + 1) // 2)

    def first(self, count: int) -> tuple["RetryBatch", "RetryBatch"]:
        """Split off the first items; the caller has more than `count`."""
        return self._part(self.items[:count]), self._part(self.items[count:])

    def remove(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, the items whose partition is no longer assigned."""
        gone: list[Item] = []
        staying: list[Item] = []
        for item in self.items:
            (gone if is_gone(item) else staying).append(item)
        if len(staying) == 1 < len(self.items):
            self.unanswered = 0
        self.items = staying
        return gone

    def _part(self, items: list[Item]) -> "RetryBatch":
        # An event alone must be unanswered as often again before it is given up: until now, it was sent with others.
        unanswered = self.unanswered if len(items) > 1 else 0
        return RetryBatch(
            items,
            unanswered=unanswered,
            unanswered_since_s=self.unanswered_since_s,
            acceptances_seen=self.acceptances_seen,
        )


class PixelQueue:
    """One pixel's state. `deliver` alone changes it."""

    def __init__(self, settings: PixelSettings, max_per_s: float) -> None:
        self.pixel = settings.name
        self.rate = TokenBucket(settings.max_requests_per_second or max_per_s)
        self.retries: deque[RetryBatch] = deque()
        """What must be tried again; what was halved comes first."""
        self.probe_new_next = False
        """While the pixel is closed: true if the next try is new work's, else one poisonous batch, or a few events that
        TikTok refuses, would be every try, and nothing ever accepted."""
        self.requests = 0
        """Under way."""
        self.probes = 0
        """Of these, begun while the pixel was closed."""
        self.acceptances = 0
        self.single_refusals = 0
        """In a row, with nothing accepted."""
        codes = f'"event_source":"web","event_source_id":{_json_text(settings.pixel_code)}'
        if settings.test_event_code:
            codes += f',"test_event_code":{_json_text(settings.test_event_code)}'
        self._head = f'{{{codes},"data":['.encode()

    @property
    def overhead_bytes(self) -> int:
        """The request body's bytes without any event."""
        return len(self._head) + len(_TAIL)

    def body(self, items: list[Item]) -> bytes:
        """Join the events' bytes, unchanged, into a request body."""
        return self._head + b",".join([item.event.body for item in items]) + _TAIL

    def pop(self, now_s: float) -> RetryBatch | None:
        """Take the first batch whose own wait is over."""
        for batch in self.retries:
            if batch.not_before_s <= now_s:
                self.retries.remove(batch)
                return batch
        return None

    def pop_any(self) -> RetryBatch | None:
        """Take the first batch, whether its own wait is over or not."""
        return self.retries.popleft() if self.retries else None

    def remove(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, items that are not to be tried again."""
        gone: list[Item] = []
        for batch in self.retries:
            gone += batch.remove(is_gone)
        self.retries = deque(batch for batch in self.retries if batch.items)
        return gone


_TAIL: Final = b"]}"


def _json_text(text: str) -> str:
    return msgspec.json.encode(text).decode()


def unanswerable(item: Item) -> Rejection:
    """Say why an event was given up although TikTok never refused it."""
    detail = (
        f"no usable answer in {UNANSWERED_TIMES} tries and {UNANSWERED_FOR_S / 60:.0f} minutes, "
        "while others of its pixel were accepted"
    )
    return Rejection(RejectReason.DELIVER_UNANSWERABLE, detail, item.event.rule, item.event.pixel)
