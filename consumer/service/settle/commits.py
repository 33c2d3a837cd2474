"""Stage `settle`: the commits of what is settled, and whether they come through. The deciding thread's alone."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from consumer.core.dedupe.rewind.commit_metadata import MAX_METADATA_BYTES, SHORT_METADATA_BYTES
from consumer.core.model import TopicPartition
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.ports import CommitMetadata, Member, never

log = structlog.get_logger("consumer.settle")

COMMIT_EVERY_S: Final = 1.0
OVERDUE_AFTER_S: Final = 1.0
OVERDUE_MOST_S: Final = 60.0
"""By then, most groups have put out a member that they do not hear of. For one that is still in, sending goes on."""
_COMMITS_TO_DOUBT_SIZE: Final = 2
_SHORT_FOR_S: Final = 600.0
"""For so long metadata stays short once only short metadata was stored: this broker may take no more."""


class CommitStage:
    """What the group has stored of what the ledger says is settled."""

    def __init__(self, ledger: Ledger, metrics: Metrics, windows: CommitMetadata) -> None:
        self._ledger, self._metrics, self._windows = ledger, metrics, windows
        self._next_at_s = 0.0
        self._unanswered: dict[TopicPartition, float] = {}
        """Since when a partition has a commit to be stored and none was, monotonic seconds."""
        self._is_overdue = False
        self._short_until_s = 0.0
        self._now_s = 0.0
        self.failed = 0
        """Commits that failed in a row."""

    def step(self, member: Member, now_s: float) -> None:
        """Commit what has been settled, once a second; the answer comes with a later read."""
        self._now_s = now_s
        if now_s >= self._next_at_s:
            self._next_at_s = now_s + COMMIT_EVERY_S
            for partition in self._ledger.committable():
                self._unanswered.setdefault(partition, now_s)
            self._send(member, wait=False)

    def late_s(self, now_s: float) -> float:
        """Seconds since a commit was due that is not stored yet; 0 if none is."""
        return now_s - min(self._unanswered.values(), default=now_s)

    def is_overdue(self, now_s: float) -> bool:
        """True from a second to a minute after a commit was due that is not stored yet.

        The group's coordinator is away then, or about to put this member out: what is sent meanwhile is likely to be
        sent again by the next owner of its partition.
        """
        is_overdue = OVERDUE_AFTER_S <= self.late_s(now_s) < OVERDUE_MOST_S
        if is_overdue and not self._is_overdue:
            log.warning("commit.overdue", sending="waits until Kafka stores a commit, for a minute at most")
        if self._is_overdue and not is_overdue:
            log.info("commit.overdue_ended", sending="goes on")
        self._is_overdue = is_overdue
        return is_overdue

    def is_overdue_still(self, member: Member, now_s: float) -> bool:
        """As `is_overdue`, after another try if it was: the group may just have been heard of."""
        if self.is_overdue(now_s):
            self.make_now(member)
        return self.is_overdue(now_s)

    def closed(self, partitions: Iterable[TopicPartition]) -> None:
        """They are no longer assigned: no answer is awaited for them."""
        for partition in partitions:
            self._unanswered.pop(partition, None)

    def make_now(self, member: Member, is_over: Callable[[], bool] = never) -> None:
        """Commit what has been settled, and wait until the broker has it or time is over: before partitions go."""
        longest = self._send(member, wait=True, is_over=is_over)
        if self.failed and not is_over():  # for its size, or the group has moved on meanwhile
            self._send(member, wait=True, is_short=longest > SHORT_METADATA_BYTES, is_over=is_over)

    def make_last(self, member: Member, step: Callable[[], None], is_over: Callable[[], bool]) -> str:
        """As `make_now`, and again until what is settled is stored: the group's coordinator may just be moving.

        Args:
            step: lets time go by, commits once a second, and gives up what another member has been given.

        Returns:
            What is left undone; "" if all that is settled is stored, or another member's.
        """

        def is_behind() -> bool:
            return self.failed > 0 and self._ledger.is_uncommitted

        self.make_now(member, is_over)
        while is_behind() and not is_over():
            step()
        return "Kafka has not stored the last commit" if is_behind() else ""

    def _send(self, member: Member, *, wait: bool, is_short: bool = False, is_over: Callable[[], bool] = never) -> int:
        """Returns the size of the longest metadata, in bytes."""
        # Two in a row may have failed because this broker takes less metadata than by default.
        if self.failed >= _COMMITS_TO_DOUBT_SIZE:
            self._short_until_s = self._now_s + _SHORT_FOR_S
        is_short = is_short or self._now_s < self._short_until_s
        most = SHORT_METADATA_BYTES if is_short else MAX_METADATA_BYTES
        offsets = self._ledger.committable()
        commit = {
            p: (offset, self._windows.metadata(p, offset, self._ledger.settled_beyond(p), most))
            for p, offset in offsets.items()
        }
        if commit:
            self._ledger.note_commit_sent(offsets)
            member.commit(commit, wait=wait, is_over=is_over)
        return max((len(metadata) for _, metadata in commit.values()), default=0)

    def answered(self, offsets: Mapping[TopicPartition, int], is_whole: bool) -> None:
        """The broker's answer to a commit."""
        self._metrics.inc("commits", ("ok" if is_whole else "failed",))
        self.failed = 0 if is_whole else self.failed + 1
        if not is_whole:
            self._ledger.note_commit_failed()
        for partition, offset in offsets.items():
            self._unanswered.pop(partition, None)
            self._ledger.note_committed(partition, offset)
            self._windows.note_committed(partition, offset)
