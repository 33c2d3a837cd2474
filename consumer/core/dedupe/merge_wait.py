"""Events that wait for later copies before they are batched (`dedupe.merge_wait`). Part of `dedupe`."""

from collections import deque
from heapq import heappop, heappush

from consumer.core.model import Item


class MergeWait:
    """A wait ends when the watermark has passed the event by `wait_ms`, or that long after it was read."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_ms = wait_ms
        self._items: dict[Item, None] = {}
        """Who waits, in the order read. The two queues may still name items whose wait the other one ended."""
        self._by_time: list[tuple[int, int, Item]] = []
        """A heap: record time, a number that settles ties, the item."""
        self._by_read: deque[Item] = deque()
        self._added = 0

    def add(self, item: Item, time_ms: int) -> None:
        """Let an event wait; `time_ms` is its record's."""
        self._items[item] = None
        self._added += 1
        heappush(self._by_time, (time_ms, self._added, item))
        self._by_read.append(item)

    def ready(self, watermark_ms: int, now_s: float) -> list[Item]:
        """Take those whose wait has ended."""
        if not self._items:
            return []
        ended: list[Item] = []
        while self._by_time and self._by_time[0][0] + self._wait_ms <= watermark_ms:
            ended.append(heappop(self._by_time)[2])
        while self._by_read and self._by_read[0].read_at_s + self._wait_ms / 1000 <= now_s:
            ended.append(self._by_read.popleft())
        return [item for item in ended if self._left(item)]

    def flush(self) -> list[Item]:
        """Take all, in the order read."""
        items = list(self._items)
        self._items.clear()
        self._by_time.clear()
        self._by_read.clear()
        return items

    def __contains__(self, item: Item) -> bool:
        return item in self._items

    def __len__(self) -> int:
        return len(self._items)

    def _left(self, item: Item) -> bool:
        """True once an item: when the first queue names it."""
        if item not in self._items:
            return False
        del self._items[item]
        return True
