"""Stage `settle`: letters until they are acknowledged, and commits. Called by the deciding thread alone."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from msgspec import Struct, structs

from consumer.core.model import Event, EventOutcome, Position, Record, Rejection, RejectReason, TopicPartition
from consumer.core.settle.envelope import OutgoingRecord, dead_letter, own_letter, shortened, topic_for
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.metrics import Metrics
from consumer.service.outcomes import OutcomeWriter
from consumer.service.ports import CommitMetadata, Member, RecordWriter, never

log = structlog.get_logger("consumer.settle")

COMMIT_EVERY_S: Final = 1.0
WRITE_AGAIN_S: Final = 1.0
"""How long a letter waits that could not be written; reading stands still for as long."""
LAST_REJECTED: Final = 20
"""So many rejections are kept for people to see."""
_TOO_LARGE: Final = frozenset({"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"})


class _Pending(Struct):
    """A letter that is not acknowledged, and what it means once it is."""

    letter: OutgoingRecord
    outcome: RecordOutcome
    label: str
    """The rejection's reason, or empty for a parked record."""
    pixel: str | None
    tell: Callable[[], None] | None = None
    """What to tell the outcomes topic then."""
    is_alone: bool = False
    """True once it must not share a batch with other letters: a broker refuses a batch whole for its size."""


class LastRejected(Struct, frozen=True):
    """A rejection, for people to see."""

    at_s: float
    """Unix seconds."""
    origin: Position
    rejection: Rejection


class SettleStage:
    """Everything that makes a record settled other than TikTok's acceptance."""

    def __init__(
        self,
        ledger: Ledger,
        letters: RecordWriter,
        metrics: Metrics,
        dead_letter_topic: str,
        windows: CommitMetadata,
        *,
        telling: OutcomeWriter | None = None,
    ) -> None:
        self._ledger, self._letters, self._metrics = ledger, letters, metrics
        self._dead_letter_topic = dead_letter_topic
        self._windows, self._telling = windows, telling
        self._pending: dict[int, _Pending] = {}
        self._again: dict[int, float] = {}
        self._number = 0
        self._commit_at_s = 0.0
        self.commits_failed = 0
        """Commits that failed in a row."""
        self.is_blocked = False
        """True while letters cannot be written: nothing may be read that could need one."""
        self.last_rejected: Final[deque[LastRejected]] = deque(maxlen=LAST_REJECTED)
        self.rejected_by_stage: Final[Counter[str]] = Counter()
        """Counted when decided: their letters may not be written yet."""

    # ── letters ─────────────────────────────────────────────────────────────────────────────────

    def reject(self, record: Record, rejection: Rejection, wall_s: float, event: Event | None = None) -> None:
        """Write the dead letter of one part of a record; that part is settled when the broker has it.

        Args:
            event: what was rejected, if it was an event already.
        """
        self.last_rejected.append(LastRejected(wall_s, record.origin, rejection))
        self.rejected_by_stage[_stage_of(rejection.reason)] += 1
        failed_at = datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")
        letter = dead_letter(record, rejection, topic_for(self._dead_letter_topic, record), failed_at)
        tell = None if self._telling is None else partial(self._telling.rejected, record, rejection, event)
        self._write(_Pending(letter, RecordOutcome.REJECTED, str(rejection.reason), rejection.pixel, tell))
        log.warning(
            "record.rejected",
            topic=record.origin.topic,
            partition=record.origin.partition,
            offset=record.origin.offset,
            rule=rejection.rule,
            reason=str(rejection.reason),
            detail=rejection.detail,
            code=rejection.code,
            request_id=rejection.request_id,
        )

    def park(self, record: Record, topic: str, rule: str, event: Event) -> None:
        """Write one rule's part of a record to its pixel's parked topic; it is settled when the broker has it."""
        letter = own_letter(record, topic, rule, event.pixel, record.replays)
        tell = None
        if self._telling is not None:
            own = structs.replace(event, rule=rule)
            tell = partial(self._telling.ended, record, own, EventOutcome.PARKED)
        self._write(_Pending(letter, RecordOutcome.PARKED, "", event.pixel, tell))

    def _write(self, pending: _Pending) -> None:
        self._number += 1
        self._pending[self._number] = pending
        self._letters.write(self._number, pending.letter, is_alone=pending.is_alone)

    def poll(self, now_s: float, timeout_s: float = 0) -> None:
        """Take in what became of letters, and write again those that failed."""
        for number, error in self._letters.done(timeout_s):
            if error is None:
                self._acknowledged(self._pending.pop(number))
            else:
                self._failed(number, error, now_s)
        self._write_again(now_s)

    def _acknowledged(self, done: _Pending) -> None:
        if self.is_blocked:
            log.info("letters.unblocked", topic=done.letter.topic)
        self.is_blocked = False
        if not self._ledger.owns(done.letter.position):
            return
        if done.label:
            self._metrics.inc("rejected", (done.label,))
        if done.pixel:
            outcome = EventOutcome.REJECTED if done.label else EventOutcome.PARKED
            self._metrics.inc("events", (done.pixel, str(outcome)))
        self._ledger.settle(done.letter.position, done.outcome)
        if done.tell is not None:
            done.tell()

    def _failed(self, number: int, error: str, now_s: float) -> None:
        pending = self._pending[number]
        self._metrics.inc("dead_letter_errors")
        if not self._ledger.owns(pending.letter.position):
            del self._pending[number]  # the next owner reads the record again
            return
        if error in _TOO_LARGE and _can_be_smaller(pending):
            self._again[number] = now_s
            return
        if not self.is_blocked:
            log.error(
                "letters.blocked",
                topic=pending.letter.topic,
                error=error,
                remedy="reading has stopped until this topic can be written; see that it exists and may be written to",
            )
        self.is_blocked = True
        self._again[number] = now_s + WRITE_AGAIN_S

    def _write_again(self, now_s: float) -> None:
        for number in [number for number, at_s in self._again.items() if at_s <= now_s]:
            del self._again[number]
            pending = self._pending[number]
            self._letters.write(number, pending.letter, is_alone=pending.is_alone)

    @property
    def unwritten(self) -> int:
        """Letters whose acknowledgement is awaited."""
        return len(self._pending)

    def forget_failed(self) -> None:
        """Drop letters of partitions that are gone, so that a topic nobody needs any more blocks nothing."""
        for number in [n for n in self._again if not self._ledger.owns(self._pending[n].letter.position)]:
            del self._again[number], self._pending[number]
        if not self._again:
            self.is_blocked = False

    # ── commits ─────────────────────────────────────────────────────────────────────────────────

    def commit(self, member: Member, now_s: float) -> None:
        """Commit what has been settled, once a second; the answer comes with a later read."""
        if now_s >= self._commit_at_s:
            self._commit_at_s = now_s + COMMIT_EVERY_S
            self._send_commit(member, wait=False)

    def commit_now(self, member: Member, is_over: Callable[[], bool] = never) -> None:
        """Commit what has been settled, and wait until the broker has it or time is over: before partitions go."""
        self._send_commit(member, wait=True, is_over=is_over)

    def _send_commit(self, member: Member, *, wait: bool, is_over: Callable[[], bool] = never) -> None:
        offsets = self._ledger.committable()
        if offsets:
            member.commit(
                {p: (offset, self._windows.metadata(p, offset)) for p, offset in offsets.items()},
                wait=wait,
                is_over=is_over,
            )

    def committed(self, offsets: Mapping[TopicPartition, int], is_whole: bool) -> None:
        """The broker's answer to a commit."""
        self._metrics.inc("commits", ("ok" if is_whole else "failed",))
        self.commits_failed = 0 if is_whole else self.commits_failed + 1
        for partition, offset in offsets.items():
            self._ledger.note_committed(partition, offset)
            self._windows.note_committed(partition, offset)


def _can_be_smaller(pending: _Pending) -> bool:
    """Leave something out of what the broker refused for its size: first its company, then a dead letter's value.

    A parked record keeps its value, which is needed.
    """
    if not pending.is_alone:
        pending.is_alone = True
        return True
    if pending.letter.value is None or pending.outcome is not RecordOutcome.REJECTED:
        return False
    pending.letter = shortened(pending.letter)
    return True


def _stage_of(reason: RejectReason) -> str:
    """`decode.truncated` and `bug.decode` are both of stage `decode`."""
    first, _, rest = reason.partition(".")
    return rest if first == "bug" else first
