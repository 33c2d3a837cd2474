"""Keep the one promise of this service: an offset is committed only after every record before it is settled.

A record is settled when TikTok accepted its events, no rule held for it, its events are copies of settled ones,
or the dead-letter or a parked topic acknowledged it. Everything that decides on an offset lives in this file.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final

from msgspec import Struct

from consumer.core.model import OffsetRuns, Position, TopicPartition


class RecordOutcome(IntEnum):
    """How a record ended. A record with several events counts once, by the lowest of theirs."""

    REJECTED = 0
    PARKED = 1
    SENT = 2
    MERGED = 3
    DUPLICATE = 4
    DROPPED = 5

    __hash__ = int.__hash__  # an enum's own hash is a function in Python; each record is counted by its outcome

    @property
    def label(self) -> str:
        """As `records_settled_total` spells it."""
        return self.name.lower()


_DROPPED: Final = RecordOutcome.DROPPED  # an enum's members are slow to reach, and each record needs this one


class _Entry(Struct, gc=False):
    parts: int
    outcome: RecordOutcome
    held_bytes: int
    """About what it and all that was made of it take in memory."""
    read_at_s: float


class _Partition(Struct):
    """One assignment of a partition. `order` may still hold offsets that were settled; its head never does."""

    epoch: int
    next_offset: int
    committed: int
    is_committed: bool
    order: deque[int]
    entries: dict[int, _Entry]
    settled_before: OffsetRuns = ()
    """Beyond the committed offset, by an earlier owner."""
    has_news: bool = False
    """True if something was settled that no commit contains."""


class LedgerTotals(Struct):
    """Counted when it happens, never derived from one another: their sum is the proof that nothing got lost."""

    settled: Counter[RecordOutcome]
    released: int = 0


class Ledger:
    """Which records are in flight, and up to where a partition's offset may be committed."""

    def __init__(self) -> None:
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._by_epoch: dict[int, _Partition] = {}
        """The same: what is asked for with each record is found without a key that must be made first."""
        self._in_flight_bytes = 0
        self.totals: Final = LedgerTotals(Counter())

    def assign(self, partition: TopicPartition, epoch: int, offset: int, *, is_committed: bool) -> None:
        """Take a partition over that is not assigned, to be read from `offset`.

        Args:
            epoch: of no other assignment, of whichever partition.
            is_committed: the group has that offset stored. If not, it is committed at once, so that it is not chosen
                again after a restart.
        """
        owned = _Partition(epoch, offset, offset, is_committed, deque(), {})
        self._partitions[partition] = self._by_epoch[epoch] = owned

    def note_settled_before(self, partition: TopicPartition, runs: OffsetRuns) -> None:
        """Take over what an earlier owner had settled beyond the committed offset."""
        self._partitions[partition].settled_before = runs

    def owns(self, position: Position) -> bool:
        """False once the assignment that read `position` is over."""
        return position.epoch in self._by_epoch

    def open(self, position: Position, held_bytes: int, now_s: float) -> None:
        """Note a record as read and not settled.

        Args:
            held_bytes: what it takes in memory.
        """
        owned = self._by_epoch[position.epoch]
        owned.entries[position.offset] = _Entry(1, _DROPPED, held_bytes, now_s)
        owned.order.append(position.offset)
        owned.next_offset = position.offset + 1
        self._in_flight_bytes += held_bytes

    def skip_to(self, partition: TopicPartition, offset: int) -> None:
        """All records before `offset` have been read; what else stands there is no record. Never goes back."""
        owned = self._partitions.get(partition)
        if owned is not None:
            owned.next_offset = max(owned.next_offset, offset)

    def skip(self, position: Position) -> None:
        """Note a record as read that an earlier owner had settled: it counts neither as read nor as settled here."""
        self._by_epoch[position.epoch].next_offset = position.offset + 1

    def decided(self, position: Position, parts: int, held_bytes: int = 0) -> None:
        """A record has been decided: it is settled when so many parts of it are, its events and dead letters.

        With 0 parts it is settled at once, as dropped.

        Args:
            held_bytes: what its events take in memory; nothing without any.
        """
        entry = self._entry(position)
        if entry is None:
            return
        if not parts:
            self.settle(position, _DROPPED)
            return
        entry.parts = parts
        entry.held_bytes += held_bytes
        self._in_flight_bytes += held_bytes

    def hold(self, position: Position, held_bytes: int) -> None:
        """So much more is kept in memory for a record until it is settled; less, if negative."""
        entry = self._entry(position)
        if entry is not None:
            entry.held_bytes += held_bytes
            self._in_flight_bytes += held_bytes

    def settle(self, position: Position, outcome: RecordOutcome) -> bool:
        """Finish one part of a record. A position of an assignment that is over is ignored.

        Returns:
            What `owns` would: False if it was ignored for that.
        """
        owned = self._by_epoch.get(position.epoch)
        if owned is None:
            return False
        entry = owned.entries.get(position.offset)
        if entry is not None:
            entry.outcome = min(entry.outcome, outcome)
            entry.parts -= 1
            if not entry.parts:
                self._close(owned, position.offset, entry)
        return True

    def release(self, partitions: Iterable[TopicPartition]) -> int:
        """Give partitions up; their next owner reads again what is unsettled. Returns how many records that is."""
        released = 0
        for partition in partitions:
            owned = self._partitions.pop(partition, None)
            if owned is not None:
                del self._by_epoch[owned.epoch]
                released += len(owned.entries)
                self._in_flight_bytes -= sum(entry.held_bytes for entry in owned.entries.values())
        self.totals.released += released
        return released

    def committable(self) -> Mapping[TopicPartition, int]:
        """Per partition whose commit has something new to say: its oldest record in flight, else the next to read.

        Also where only records beyond that offset were settled (`settled_beyond`).
        """
        return {
            partition: _resume(owned)
            for partition, owned in self._partitions.items()
            if _is_uncommitted(owned) or not owned.is_committed
        }

    @property
    def is_uncommitted(self) -> bool:
        """True if something was settled that no stored commit contains: a next owner would send it again."""
        return any(map(_is_uncommitted, self._partitions.values()))

    def settled_beyond(self, partition: TopicPartition) -> OffsetRuns:
        """What is settled beyond the offset that can be committed, offsets that hold no record included."""
        owned = self._partitions[partition]
        runs: list[tuple[int, int]] = []
        at = _resume(owned)
        for offset in owned.entries:  # in the order read
            if offset > at:
                runs.append((at, offset))
            at = offset + 1
        if owned.entries and owned.next_offset > at:
            runs.append((at, owned.next_offset))
        return _joined(runs, owned.settled_before, max(at, owned.next_offset))

    def settled_from_committed(self, partition: TopicPartition) -> OffsetRuns:
        """What is settled from the committed offset on, as far as it was read here."""
        owned = self._partitions[partition]
        resume = _resume(owned)
        beyond = self.settled_beyond(partition)
        return ((owned.committed, resume), *beyond) if resume > owned.committed else beyond

    def note_commit_sent(self, partitions: Iterable[TopicPartition]) -> None:
        """A commit is under way with all that was settled so far."""
        for partition in partitions:
            self._partitions[partition].has_news = False

    def note_commit_failed(self) -> None:
        """A commit was not stored, or not whole."""
        for owned in self._partitions.values():
            owned.has_news = bool(owned.entries)

    def committed(self, partition: TopicPartition) -> int:
        """The offset last known to be committed, or -1 for a partition that is not assigned."""
        owned = self._partitions.get(partition)
        return owned.committed if owned else -1

    def note_committed(self, partition: TopicPartition, offset: int) -> None:
        """The broker has acknowledged a commit.

        Answers come in the order in which commits are stored. One that the client had to send again may so take back a
        later one: that is then due again.
        """
        owned = self._partitions.get(partition)
        if owned is not None:
            owned.committed = offset
            owned.is_committed = True
            owned.has_news = owned.has_news and bool(owned.entries)

    def unsettled(self, partitions: Iterable[TopicPartition]) -> int:
        """How many records of these partitions are in flight."""
        return sum(len(self._partitions[p].entries) for p in partitions if p in self._partitions)

    @property
    def partitions(self) -> Iterable[TopicPartition]:
        return self._partitions.keys()

    @property
    def in_flight(self) -> int:
        """Records read and neither settled nor released, counted from what is there."""
        return sum(len(owned.entries) for owned in self._partitions.values())

    @property
    def in_flight_bytes(self) -> int:
        """About what the records in flight and all that was made of them take in memory."""
        return self._in_flight_bytes

    def next_offset(self, partition: TopicPartition) -> int:
        """The offset after the last record read of an assigned partition."""
        return self._partitions[partition].next_offset

    def epoch(self, partition: TopicPartition) -> int:
        """The epoch of a partition's assignment."""
        return self._partitions[partition].epoch

    def uncommitted_span(self, partition: TopicPartition) -> int:
        """Next offset to read minus the committed one."""
        owned = self._partitions[partition]
        return owned.next_offset - owned.committed

    def oldest_read_at_s(self) -> float | None:
        """When the oldest record in flight was read; None if there is none."""
        heads = [owned.entries[owned.order[0]].read_at_s for owned in self._partitions.values() if owned.order]
        return min(heads, default=None)

    def _entry(self, position: Position) -> _Entry | None:
        owned = self._by_epoch.get(position.epoch)
        return None if owned is None else owned.entries.get(position.offset)

    def _close(self, owned: _Partition, offset: int, entry: _Entry) -> None:
        del owned.entries[offset]
        owned.has_news = True
        while owned.order and owned.order[0] not in owned.entries:
            owned.order.popleft()
        self._in_flight_bytes -= entry.held_bytes
        self.totals.settled[entry.outcome] += 1


def _joined(runs: list[tuple[int, int]], before: OffsetRuns, end: int) -> OffsetRuns:
    """The runs of this owner, and those of an earlier one from `end` on, which this one has not read."""
    for first, last in ((max(first, end), last) for first, last in before if last > end):
        if runs and runs[-1][1] == first:
            runs[-1] = runs[-1][0], last
        else:
            runs.append((first, last))
    return tuple(runs)


def _resume(owned: _Partition) -> int:
    return owned.order[0] if owned.order else owned.next_offset


def _is_uncommitted(owned: _Partition) -> bool:
    return _resume(owned) > owned.committed or owned.has_news
