"""Keep all windows of a process within `dedupe.max_keys` together. Part of `dedupe`."""

from collections.abc import Sequence
from math import inf

from consumer.core.dedupe.window import Window


def trim(windows: Sequence[Window], max_keys: int) -> None:
    """Forget the oldest claims until all windows of the process together hold at most `max_keys`."""
    excess = sum(window.keys for window in windows) - max_keys
    while excess > 0:
        oldest = min(windows, key=_oldest_ms)
        before = oldest.keys
        oldest.evict(excess)
        excess -= before - oldest.keys


def _oldest_ms(window: Window) -> float:
    return inf if window.oldest_ms is None else window.oldest_ms
