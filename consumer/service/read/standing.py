"""Partitions of ours that should be read, of which the client gives nothing: they are asked for once more.

librdkafka has been seen to fetch nothing of a partition that it had been given twice within half a second, while its
topic was deleted and made again: without an error, for as long as it was watched.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from consumer.core.model import TopicPartition
from consumer.core.settle.ledger import Ledger
from consumer.service.ports import Member

LOOK_EVERY_S: Final = 5.0
STANDS_AFTER_S: Final = 30.0
"""The first time; then twice as long each time, since a transaction that is open holds a reader back rightly."""
_LONGEST_S: Final = 600.0


class _Standing(Struct):
    places: tuple[int, int]
    """Of the client and of the ledger: while a window is filled in, only the first one moves."""
    since_s: float
    patience_s: float = STANDS_AFTER_S


class StandingPartitions:
    """Which partitions have stood still for how long. Times are monotonic seconds."""

    def __init__(self, member: Member, ledger: Ledger) -> None:
        self._member, self._ledger = member, ledger
        self._standing: dict[TopicPartition, _Standing] = {}
        self._look_at_s = 0.0

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to look."""
        return now_s >= self._look_at_s

    def overdue(
        self, read: Iterable[TopicPartition], ends: Mapping[TopicPartition, int], now_s: float
    ) -> Iterator[tuple[TopicPartition, int]]:
        """Those that have stood still for too long, and the offset to read on at.

        Args:
            read: what should be read now: not paused, and it is known from where.
            ends: where the logs end, as far as known.
        """
        self._look_at_s = now_s + LOOK_EVERY_S
        nexts = {partition: self._ledger.next_offset(partition) for partition in read}
        behind = {p: (self._member.position(p), offset) for p, offset in nexts.items() if offset < ends.get(p, 0)}
        self._standing = {p: standing for p, standing in self._standing.items() if p in behind}
        for partition, places in behind.items():
            standing = self._standing.get(partition)
            if standing is None or standing.places != places:
                self._standing[partition] = _Standing(places, now_s)
            elif now_s - standing.since_s >= standing.patience_s:
                standing.since_s, standing.patience_s = now_s, min(_LONGEST_S, 2 * standing.patience_s)
                position, next_offset = places
                yield partition, position if position >= 0 else next_offset
