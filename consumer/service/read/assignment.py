"""Assigned partitions: opened where they are to be read from, moved where their logs have changed, and given up."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import structlog
from msgspec import Struct

from consumer.core import read as resume
from consumer.core.dedupe.rewind.checkpoint import Rewind
from consumer.core.dedupe.rewind.commit_metadata import SettledBeyond
from consumer.core.model import OffsetRuns, TopicPartition
from consumer.core.read import FoundPosition, StartPosition
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.ports import Member, PositionFinder
from consumer.service.read.pausing import PausedPartitions
from consumer.service.read.positions import SoughtPositions
from consumer.service.read.unread import Unread

log = structlog.get_logger("consumer.read")

START_OVER_AFTER_S: Final = 1.0
"""What was lost once may be lost again at once: a topic that is being made again must not keep the loop busy."""


PAST_FOR_S: Final = 30.0
"""For so long after a topic was made again, some broker may still name the id of the one before. What is named after
that is the topic's id, whatever was thought before."""
_SHOWN: Final = 3
_LOOKS_TO_TRUST: Final = 2
"""A look that was under way when a partition was opened may know less than the opening did."""


class Hooks(Struct, frozen=True):
    """What the rest of the service does when partitions come and go."""

    opened: Callable[[TopicPartition, StartPosition, str, str, SettledBeyond | None], Rewind]
    """A partition was assigned, with its commit's metadata, its topic's id, and what this process had settled of it
    before. Returns how its window is filled in first, and what an earlier owner had settled."""
    settled: Callable[[TopicPartition, int, OffsetRuns], SettledBeyond]
    """What must be known of a partition's settled records, from the committed offset on."""
    is_recreated: Callable[[str, str], bool]
    """Whether the topic with this id is another one than the commit's metadata was written for."""
    drain: Callable[[Sequence[TopicPartition]], None]
    """These partitions are about to go: settle what can be, and commit."""
    closed: Callable[[Sequence[TopicPartition]], None]
    """These partitions are no longer assigned."""
    at_end: Callable[[TopicPartition, int], None]
    """All records of a partition before this offset have been read."""


class AssignedPartitions:
    """What the groups have assigned: some are sought for where to read them from, the others are in the ledger."""

    def __init__(
        self,
        member: Member,
        positions: PositionFinder,
        ledger: Ledger,
        metrics: Metrics,
        *,
        pauses: PausedPartitions,
        unread: Unread,
        hooks: Hooks,
        is_latest: Callable[[TopicPartition, str], bool],
    ) -> None:
        self._member, self._ledger, self._metrics = member, ledger, metrics
        self._pauses, self._unread, self._hooks, self._is_latest = pauses, unread, hooks, is_latest
        self.sought: Final = SoughtPositions(positions)
        self._opened_ids: dict[TopicPartition, tuple[str, int]] = {}
        """The id of its topic when a partition was opened, and how many looks there had been by then."""
        self._settled: dict[TopicPartition, tuple[str, SettledBeyond]] = {}
        """Of partitions that were given up: their topics' ids, and what was settled. A commit of it may have failed."""
        self._past_ids: dict[str, float] = {}
        """Of topics that were deleted since, and when that was seen: who names one has looked before."""
        self.looks = 0
        """How often all topics' ids were looked up so far."""
        self._epoch = 0

    @property
    def all(self) -> Collection[TopicPartition]:
        return {*self._ledger.partitions, *self.sought.all}

    def seek(self, partitions: Iterable[TopicPartition], now_s: float) -> None:
        """They were just assigned."""
        self.sought.seek(partitions, now_s)

    def position_lost(self, partition: TopicPartition, now_s: float) -> None:
        """The log no longer has what was to be read next of it. Of a partition that has gone, that means nothing."""
        if partition in self._ledger.partitions and partition not in self.sought:
            self.sought.seek([partition], now_s)

    def read_to(self, partition: TopicPartition, offset: int) -> None:
        """All its records before `offset` have been read and decided."""
        self._ledger.skip_to(partition, offset)
        self._hooks.at_end(partition, offset)

    def let_go(self, partitions: Sequence[TopicPartition]) -> None:
        """They are no longer assigned; what was read of them and not settled is read again, here or elsewhere."""
        for partition in partitions:
            self.sought.drop(partition)
            self._pauses.drop(partition)
            self._unread.forget(partition)
            topic_id, looks = self._opened_ids.pop(partition, ("", -1))
            if looks >= 0:
                self._settled[partition] = topic_id, self._uncommitted(partition)
        self._ledger.release(partitions)
        self._hooks.closed(partitions)

    def start_over(self, partitions: Sequence[TopicPartition], now_s: float, after_s: float = 0.0) -> None:
        """Give up what is unsettled of them, and read it again from what is committed."""
        self.let_go(partitions)
        for partition in partitions:
            self._member.unassign(partition)
        self.sought.seek(partitions, now_s, after_s)

    def unready(self, now_s: float) -> Iterator[str]:
        """Which of them cannot be read, since it is not known from where, in words that an operator can act on."""
        overdue = list(self.sought.overdue(now_s))
        for partition, error in overdue[:_SHOWN]:
            yield f"{name_of(partition)} cannot be read: {error or 'it is not known yet from where'}"
        if len(overdue) > _SHOWN:
            yield f"{len(overdue) - _SHOWN} more partitions cannot be read"

    # ── from where ──────────────────────────────────────────────────────────────────────────────

    def look(self, now_s: float) -> None:
        """Ask where partitions stand, and begin or continue with those of which it is known."""
        for found in self.sought.found(now_s):
            self._place(found, now_s)

    def _place(self, found: FoundPosition, now_s: float) -> None:
        partition, error = found.partition, found.error
        if not error and self._is_past(found.topic_id, now_s):
            error = "the topic has just been made again"
            self.sought.ask_again(partition, error, now_s)
        if error:
            log.warning("read.position_unknown", partitions=[name_of(partition)], error=error)
            return
        self.notice_recreated(partition[0], found.topic_id, now_s)
        if partition in self._ledger.partitions:
            self._skip_to_what_is_there(partition, found, now_s)
        else:
            self._open(found)

    def _open(self, found: FoundPosition) -> None:
        partition, stored, bounds = found.partition, found.stored, found.bounds
        topic_id, before = self._settled.pop(partition, ("", None))
        settled = before if before is not None and self._is_same_log(found, topic_id, before) else None
        start = resume.start(
            settled.committed if settled is not None and stored.offset is None else stored.offset,
            bounds,
            is_recreated=self._hooks.is_recreated(found.topic_id, stored.metadata),
            is_latest=before is None and self._is_latest(partition, found.topic_id),
        )
        self._metrics.begin("records_read", [(partition[0],)])
        self._epoch += 1
        is_committed = start.origin is resume.StartOrigin.COMMITTED and stored.offset is not None
        self._ledger.assign(partition, self._epoch, start.offset, is_committed=is_committed)
        rewind = self._hooks.opened(partition, start, stored.metadata, found.topic_id, settled)
        self._tell(partition, resume.not_settled(start, rewind.settled))
        self._ledger.note_settled_before(partition, rewind.settled)
        self.sought.drop(partition)
        self._opened_ids[partition] = found.topic_id, self.looks
        self._member.assign(partition, max(rewind.start, bounds.low), self._epoch, self._pauses.begin(partition))

    def _uncommitted(self, partition: TopicPartition) -> SettledBeyond:
        """What is settled of an assigned partition and may not be committed: commits may have failed."""
        runs = self._ledger.settled_from_committed(partition)
        return self._hooks.settled(partition, self._ledger.committed(partition), runs)

    @staticmethod
    def _is_same_log(found: FoundPosition, topic_id: str, settled: SettledBeyond) -> bool:
        """False if what was settled of a partition may have been of another log: in every doubt, all is sent."""
        is_whole = all(end <= found.bounds.high for _, end in settled.runs)
        return topic_id != "" and topic_id == found.topic_id and is_whole

    def _tell(self, partition: TopicPartition, start: StartPosition) -> None:
        say = log.error if start.origin in (resume.StartOrigin.LOST, resume.StartOrigin.RECREATED) else log.info
        say("read.start", partition=name_of(partition), offset=start.offset, origin=start.origin, lost=start.lost)
        self._metrics.inc("offsets_lost", (partition[0],), start.lost)

    def _skip_to_what_is_there(self, partition: TopicPartition, found: FoundPosition, now_s: float) -> None:
        """Retention deleted records before they were read: read from the log's start; deliver what is in flight."""
        wanted, low = self._ledger.next_offset(partition), found.bounds.low
        if not wanted < low:
            # The log is shorter than what was read of it: another topic.
            self.start_over([partition], now_s, START_OVER_AFTER_S)
            _, settled = self._settled[partition]
            self._settled[partition] = "", settled  # none of it counts for another log; the partition is no new one
            return
        start = StartPosition(low, resume.StartOrigin.LOST, low - wanted)
        self._tell(partition, resume.not_settled(start, self._ledger.settled_beyond(partition)))
        self.sought.drop(partition)
        self._ledger.skip_to(partition, low)
        self.read_on(partition, low)

    def read_on(self, partition: TopicPartition, offset: int) -> None:
        """Continue at another offset of an assigned partition; what was read of it and not decided is forgotten."""
        self._unread.forget(partition)
        self._member.unassign(partition)
        self._member.assign(partition, offset, self._ledger.epoch(partition), partition in self._pauses.paused)

    def notice_recreated(self, topic: str, topic_id: str, now_s: float) -> None:
        """A topic that was deleted and made again has another id. Noticed once: an id never comes back.

        This one was found for one of its partitions.
        """
        self._notice_other_id(topic, topic_id, now_s, after_looks=0)

    def notice_ids(self, ids: Mapping[str, str], now_s: float) -> None:
        """The same for all topics, by a look whose answer may be older than the opening of a partition."""
        for topic, topic_id in ids.items():
            self._notice_other_id(topic, topic_id, now_s, after_looks=_LOOKS_TO_TRUST)

    def _notice_other_id(self, topic: str, topic_id: str, now_s: float, *, after_looks: int) -> None:
        if not topic_id or self._is_past(topic_id, now_s):
            return
        opened = [
            (partition, known)
            for partition, (known, looks) in self._opened_ids.items()
            if partition[0] == topic and known not in ("", topic_id) and self.looks >= looks + after_looks
        ]
        if opened:
            self._past_ids.update((known, now_s) for _, known in opened)
            log.error("read.topic_recreated", topic=topic, remedy="it is read from its beginning")
            self.start_over([partition for partition, _ in opened], now_s)

    def _is_past(self, topic_id: str, now_s: float) -> bool:
        since_s = self._past_ids.get(topic_id)
        if since_s is not None and now_s - since_s >= PAST_FOR_S:
            del self._past_ids[topic_id]
            return False
        return since_s is not None


def name_of(partition: TopicPartition) -> str:
    return f"{partition[0]}[{partition[1]}]"


def names_of(partitions: Iterable[TopicPartition]) -> list[str]:
    return [name_of(partition) for partition in sorted(partitions)]
