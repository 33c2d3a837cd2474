"""What the window would have said of a record, worked out from the records before it. Pure.

`run` knows when each event was handed to a request; here it is taken to be `dedupe.merge_wait` and then
`batch.max_wait` after its record's timestamp.
"""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from consumer.core.dedupe.digest import digest_of, has_key
from consumer.core.dedupe.submissions import DedupeResult
from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event, Item, Record


class WindowVerdict(Struct, frozen=True):
    """One event of the record in question."""

    rule: str
    outcome: DedupeResult
    of_offset: int | None = None
    """The record whose event this is a copy of."""


class Rehearsed:
    """A partition's window, filled by `saw` with record after record; `ask` about the last."""

    def __init__(self, settings: WindowSettings, batch_wait_s: float) -> None:
        self._window = Window(settings)
        self._batch_wait_ms = round(batch_wait_s * 1000)
        self._merge_wait_ms = settings.merge_wait_ms
        self._unsent: deque[tuple[int, Item]] = deque()
        self._firsts: dict[bytes, int] = {}

    def saw(self, record: Record, events: Iterable[Event], wall_ms: int) -> list[WindowVerdict]:
        """Take a record with its live events in; what the window says of each."""
        self._window.saw(record, wall_ms)
        self._send(self._window.watermark_ms)
        return [self._offer(event, record) for event in events]

    def _send(self, now_ms: int) -> None:
        self._window.ready(now_ms / 1000)
        while self._unsent and self._unsent[0][0] <= now_ms:
            _, item = self._unsent.popleft()
            self._window.accepted(item)

    def _offer(self, event: Event, record: Record) -> WindowVerdict:
        now_ms = self._window.watermark_ms
        offered = self._window.offer(event, record, now_ms / 1000)
        if offered.outcome in (DedupeResult.FIRST, DedupeResult.FORWARDED) and offered.item is not None:
            wait_ms = self._merge_wait_ms if offered.outcome is DedupeResult.FIRST else 0
            self._unsent.append((now_ms + wait_ms + self._batch_wait_ms, offered.item))
        if not has_key(event):
            return WindowVerdict(event.rule, offered.outcome)
        digest = digest_of(event)
        if offered.outcome is DedupeResult.FIRST:
            self._firsts[digest] = record.position.offset
            return WindowVerdict(event.rule, offered.outcome)
        return WindowVerdict(event.rule, offered.outcome, self._firsts.get(digest))
