"""Made-up records of one partition, read into a window."""

from typing import Any

from consumer.core.dedupe.submissions import OfferedEvent
from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event, Item, Position, Record
from tests.support.dedupe_events import made

WINDOW_MS = 300_000
START_MS = 1_700_000_000_000
WALL_MS = START_MS + 86_400_000


class Reader:
    """Reads made-up records of one partition into a window."""

    def __init__(self, window: Window | None = None, **options: Any) -> None:
        self.window = window or Window(WindowSettings(WINDOW_MS, **options))
        self.offset = 0

    def read(
        self,
        values: dict[str, Any] | None = None,
        *,
        at_s: float = 0.0,
        offset: int | None = None,
        now_s: float = 0.0,
        **event: Any,
    ) -> OfferedEvent:
        """One record with one event, `at_s` seconds after the start."""
        self.offset = self.offset + 1 if offset is None else offset
        return self.offer(
            record(self.offset, at_s), made({"user.email": "a"} if values is None else values, **event), now_s
        )

    def offer(self, record: Record, event: Event, now_s: float = 0.0) -> OfferedEvent:
        self.window.saw(record, WALL_MS)
        return self.window.offer(event, record, now_s)

    def sent(self, offered: OfferedEvent) -> Item:
        item = item_of(offered)
        item.is_submitted = True
        return item

    def accepted(self, offered: OfferedEvent) -> None:
        self.window.accepted(self.sent(offered))

    def refused(self, offered: OfferedEvent) -> None:
        self.window.refused(self.sent(offered))


def record(offset: int, at_s: float = 0.0) -> Record:
    position = Position("web-events", 0, offset)
    return Record(position, START_MS + int(at_s * 1000), None, b"", (), position)


def item_of(offered: OfferedEvent) -> Item:
    assert offered.item is not None
    return offered.item


EMAIL, PHONE = {"user.email": "a"}, {"user.phone": "b"}
