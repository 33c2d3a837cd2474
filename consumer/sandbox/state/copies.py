"""What TikTok would do with copies: events with the same pixel code, event and event_id (docs/tiktok.md §5)."""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from consumer.sandbox.state.event_store import Accepted

MERGE_S: Final = 5 * 60
"""Up to this long after the first, inclusive, absent fields are filled from a copy."""
DROP_S: Final = 48 * 3600
"""Up to this long after the first, a copy is dropped; later, it counts as a new event."""

Key = tuple[str, str, str]


class Fate(StrEnum):
    FIRST = "first"
    MERGED = "merged"
    DROPPED = "dropped"
    NO_ID = "no_id"
    """Without an event_id nothing is recognised: it counts every time."""


class Placed(Struct, frozen=True, gc=False):
    """An event among its copies."""

    seq: int
    received_at: float
    fate: Fate
    first_seq: int
    """Of the event that it is a copy of; its own for a first and for one without an event_id."""
    first_at: float


class Copies:
    """Sorts events, given in order, into groups of copies. Remembers those that the store keeps."""

    def __init__(self) -> None:
        self._by_key: dict[Key, list[Placed]] = {}
        self._order: deque[Key] = deque()
        self.seq = 0
        """Of the last event placed."""

    def place(self, event: Accepted) -> Placed:
        """Place the next event; later, `placed` and `group` give it again."""
        self.seq = event.seq
        if not event.event_id:
            return _alone(event, Fate.NO_ID)
        key = (event.pixel, event.event, event.event_id)
        group = self._by_key.setdefault(key, [])
        placed = _placed(event, group)
        group.append(placed)
        self._order.append(key)
        return placed

    def placed(self, event: Accepted) -> Placed:
        """Where an event was placed; as a first if that is forgotten."""
        if not event.event_id:
            return _alone(event, Fate.NO_ID)
        group = self.group(event)
        place = bisect_left(group, event.seq, key=lambda one: one.seq)  # a group may be as long as the store
        is_there = place < len(group) and group[place].seq == event.seq
        return group[place] if is_there else _alone(event, Fate.FIRST)

    def group(self, event: Accepted) -> list[Placed]:
        """The remembered events of the same key, in order, itself among them; empty for one without an event_id."""
        return self._by_key.get((event.pixel, event.event, event.event_id or ""), [])

    def forget_before(self, oldest: int) -> None:
        """Forget the events whose sequence number is below `oldest`."""
        while self._order and self._by_key[self._order[0]][0].seq < oldest:
            key = self._order.popleft()
            group = self._by_key[key]
            del group[0]
            if not group:
                del self._by_key[key]


def _placed(event: Accepted, group: list[Placed]) -> Placed:
    if not group or event.received_at - group[-1].first_at > DROP_S:
        return _alone(event, Fate.FIRST)
    last = group[-1]
    fate = Fate.MERGED if event.received_at - last.first_at <= MERGE_S else Fate.DROPPED
    return Placed(event.seq, event.received_at, fate, last.first_seq, last.first_at)


def _alone(event: Accepted, fate: Fate) -> Placed:
    return Placed(event.seq, event.received_at, fate, event.seq, event.received_at)


def merge(first: Mapping[str, Any], later: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The first with its absent fields filled from a later copy, and the paths of what was filled."""
    merged: dict[str, Any] = dict(first)
    filled: list[str] = []
    for name, value in later.items():
        if name in {"user", "page", "properties"}:
            inner = dict(merged.get(name) or {})
            absent = [member for member in value if member not in inner]
            filled += [f"{name}.{member}" for member in absent]
            if absent:
                merged[name] = inner | {member: value[member] for member in absent}
        elif name not in merged:
            merged[name] = value
            filled.append(name)
    return merged, filled
