"""Partitions of ours that should be read, of which the client gives nothing: the client is made again.

librdkafka has been seen to fetch nothing of a partition whose topic was deleted and made again: without an error, for
as long as it was watched, and also after the partition was assigned once more.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from consumer.core.model import TopicPartition
from consumer.core.settle.ledger import Ledger
from consumer.service.ports import Member, TopicDirectory

LOOK_EVERY_S: Final = 5.0
SUSPECT_AFTER_S: Final = 10.0
STANDS_AFTER_S: Final = 30.0
"""The first time; then twice as long each time, since each costs the group a rebalance."""
_LONGEST_S: Final = 600.0


class _Standing(Struct):
    places: tuple[int, int]
    """Of the client and of the ledger: while a window is filled in, only the first one moves."""
    since_s: float
    patience_s: float = STANDS_AFTER_S
    stuck_at: int = -1
    """The offset at which its client was made again."""


class StandingPartitions:
    """Which partitions have stood still for how long. Times are monotonic seconds."""

    def __init__(self, member: Member, ledger: Ledger, topics: TopicDirectory) -> None:
        self._member, self._ledger, self._topics = member, ledger, topics
        self._standing: dict[TopicPartition, _Standing] = {}
        self._look_at_s = 0.0

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to look."""
        return now_s >= self._look_at_s

    def overdue(self, read: Iterable[TopicPartition], now_s: float) -> list[tuple[TopicPartition, int]]:
        """Those that have stood still for too long, each with the offset that is to be read next.

        Args:
            read: what should be read now: not paused, and it is known from where.
        """
        self._look_at_s = now_s + LOOK_EVERY_S
        ends = self._topics.ends
        behind = {p: offset for p in read if (offset := self._ledger.next_offset(p)) < ends.get(p, 0)}
        for partition, offset in behind.items():
            self._look_at(partition, (self._member.position(partition), offset), now_s)
        # One whose client was made again is not read for a moment.
        self._standing = {
            p: each for p, each in self._standing.items() if p in behind or now_s - each.since_s < each.patience_s
        }
        still = {p: now_s - self._standing[p].since_s for p in behind}
        self._topics.standing = frozenset(p for p, for_s in still.items() if for_s >= SUSPECT_AFTER_S)
        # Behind an open transaction a reader rightly stands still.
        readable = self._topics.stable_ends
        found = [
            (p, offset)
            for p, offset in behind.items()
            if offset < readable.get(p, 0) and still[p] >= self._standing[p].patience_s
        ]
        for partition, offset in found:
            self._begin_again(self._standing[partition], offset, now_s)
        return found

    def _look_at(self, partition: TopicPartition, places: tuple[int, int], now_s: float) -> None:
        known = self._standing.get(partition)
        if known is None:
            self._standing[partition] = _Standing(places, now_s)
        elif known.places != places:
            known.places, known.since_s = places, now_s
            if places[1] > known.stuck_at:
                known.patience_s, known.stuck_at = STANDS_AFTER_S, -1

    def _begin_again(self, standing: _Standing, offset: int, now_s: float) -> None:
        standing.since_s, standing.stuck_at = now_s, offset
        standing.patience_s = min(_LONGEST_S, 2 * standing.patience_s)
