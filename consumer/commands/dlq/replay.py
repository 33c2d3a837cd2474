"""`dlq replay`: letters back to the service, each once. Written, acknowledged, and only then noted as replayed."""

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import Final, Protocol

from msgspec import Struct

from consumer.commands.dlq import replay_decision
from consumer.commands.dlq.dead_letter import DeadLetterRecord, letter_of
from consumer.commands.dlq.replay_decision import Age, ReplayRate, SkipReason
from consumer.commands.dlq.replay_progress import Progress
from consumer.commands.dlq.replay_report import Report
from consumer.commands.dlq.selection import Selection
from consumer.core.errors import Unreachable
from consumer.core.model import Decision, Record, TopicPartition
from consumer.core.settle.envelope import OutgoingRecord, replay_record
from consumer.service.ports import RecordWriter

COMMIT_EVERY_S: Final = 1.0
COMMIT_AGAIN_S: Final = 0.2
MOST_UNACKNOWLEDGED: Final = 1000
FLUSH_S: Final = 30.0
"""How long to wait at the end for what is on its way."""
_TOO_LARGE: Final = frozenset({"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"})


class ReplayRequest(Struct, frozen=True):
    """What a replay may do."""

    selection: Selection
    max_replays: int
    is_dry: bool = False
    only_if_fixed: bool = False
    to_origin: bool = False
    rate: float | None = None
    """Letters a second."""
    limit: int | None = None
    """Replay so many at most."""


class Commits(Protocol):
    """Where progress is kept."""

    def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]], *, wait: bool) -> bool: ...


class ReplayTools(Struct, frozen=True):
    """What a replay works with."""

    write: RecordWriter
    commits: Commits
    decide: Callable[[Record], Decision]
    """By the current configuration, as `run` would."""
    fetch: Callable[[DeadLetterRecord], Record | SkipReason]
    """The record of a letter that was written without its value."""
    stop: Event
    """Set by a signal."""
    hurry: Event
    """Set by a second one: do not wait for what is on its way."""
    say: Callable[[str], None]
    """Tell the person at the terminal."""
    running_since_s: float | None = None
    """Since when the service runs, Unix seconds; None: it does not, or not where it could be asked."""


class Replay:
    """One replay.

    Args:
        marks: of letters that were replayed before.
        topic: the replay topic; not looked at when replaying to the origin.
    """

    def __init__(
        self, wanted: ReplayRequest, tools: ReplayTools, progress: Progress, marks: set[str], topic: str
    ) -> None:
        self._wanted, self._tools = wanted, tools
        self._progress, self._marks, self._topic = progress, marks, topic
        self._pending: dict[int, DeadLetterRecord] = {}
        self._number = 0
        self._begun = 0
        self._pace = ReplayRate(wanted.rate, time.monotonic())
        self._commit_at_s = time.monotonic() + COMMIT_EVERY_S
        self._warned: set[Age] = set()
        self._has_warned_of_running = False
        self.report: Final = Report("" if wanted.to_origin else topic, wanted.is_dry)

    def run(self, records: Iterable[Record]) -> Report:
        """Look at these records of dead-letter topics, and replay those that are meant and may be.

        A cluster or registry that does not answer stops it; what was acknowledged before is noted.
        """
        try:
            for record in records:
                self._look_at(record)
                self._settle(0)
                if self._is_over():
                    break
        except Unreachable as away:
            self.report.stopped = str(away)
        finally:
            self._finish()
        if self._tools.stop.is_set() and not self.report.stopped:
            self.report.stopped = "interrupted"
        return self.report

    def _is_over(self) -> bool:
        is_full = self._wanted.limit is not None and self._begun >= self._wanted.limit
        return is_full or bool(self.report.stopped) or self._tools.stop.is_set()

    # ── one letter ──────────────────────────────────────────────────────────────────────────────

    def _look_at(self, record: Record) -> None:
        partition, offset = (record.position.topic, record.position.partition), record.position.offset
        self._progress.opened(partition, offset)
        letter = letter_of(record)
        if letter is None:
            self._progress.done(partition, offset)
            return
        if not self._wanted.selection.takes(letter):
            self._progress.skipped(partition, offset)
            return
        judged = self._judged(letter)
        if not isinstance(judged, SkipReason):
            self._replay(letter, judged)
            return
        self.report.left[judged] += 1
        if judged is SkipReason.REPLAYED:
            self._progress.done(partition, offset)
        self._progress.skipped(partition, offset)

    def _judged(self, letter: DeadLetterRecord) -> Record | SkipReason:
        """The record to be replayed, or why it is left alone."""
        if letter.mark in self._marks:
            return SkipReason.REPLAYED
        left = replay_decision.may_replay(letter, self._wanted.max_replays)
        if left is not None:
            return left
        record = self._tools.fetch(letter) if letter.is_short else letter.record
        if isinstance(record, SkipReason):
            return record
        decision = self._tools.decide(record) if self._wanted.only_if_fixed else None
        left = replay_decision.is_fixed(decision) if decision is not None else None
        if decision is not None and left is SkipReason.NOT_FIXED:
            self.report.still_rejected.update({each.reason for each in decision.rejections})
        if left is None:
            self._warn(replay_decision.age_of(letter, decision, time.time()))
            self._warn_of_running(letter)
        return record if left is None else left

    def _warn(self, age: Age) -> None:
        self.report.ages[age] += 1
        if age is not Age.FRESH and age not in self._warned:
            self._warned.add(age)
            self._tools.say(f"warning: there are events {age}")

    def _warn_of_running(self, letter: DeadLetterRecord) -> None:
        since_s = self._tools.running_since_s
        if self._has_warned_of_running or not replay_decision.is_rejected_by_running(letter, since_s):
            return
        self._has_warned_of_running = True
        self._tools.say(
            "warning: the service has not been restarted since it rejected these; if the configuration was at fault, "
            "restart it with the new one first, or they come back"
        )

    def _replay(self, letter: DeadLetterRecord, record: Record) -> None:
        if not self._wanted.is_dry:
            self._wait_for_turn()
        if self._tools.stop.is_set():
            return
        self._begun += 1
        self.report.refused_by_tiktok += letter.reason.startswith("deliver.")
        if self._wanted.is_dry:
            self.report.replayed += 1
            return
        self._number += 1
        self._pending[self._number] = letter
        self._tools.write.write(self._number, self._written(letter, record), is_alone=True)

    def _written(self, letter: DeadLetterRecord, record: Record) -> OutgoingRecord:
        if self._wanted.to_origin:
            return OutgoingRecord(record.position, record.origin.topic, record.key, record.value, record.headers, ())
        return replay_record(record, self._topic, letter.pixel if record.rule else None, letter.mark)

    def _wait_for_turn(self) -> None:
        until_s = time.monotonic() + self._pace.wait_s(time.monotonic())
        while (now_s := time.monotonic()) < until_s and not self._tools.stop.is_set():
            self._settle(min(0.1, until_s - now_s))
        while len(self._pending) >= MOST_UNACKNOWLEDGED:
            self._settle(0.1)

    # ── acknowledged, and noted ─────────────────────────────────────────────────────────────────

    def _settle(self, timeout_s: float) -> None:
        for number, error in self._tools.write.done(timeout_s):
            letter = self._pending.pop(number)
            at = letter.record.position
            if error is None:
                self.report.replayed += 1
                self._progress.done((at.topic, at.partition), at.offset)
            elif error in _TOO_LARGE:
                self.report.left[SkipReason.TOO_LARGE] += 1
                self._progress.skipped((at.topic, at.partition), at.offset)
            else:
                self.report.stopped = f"letters cannot be written ({error})"
        if time.monotonic() >= self._commit_at_s:
            self._commit(wait=False)

    def _commit(self, *, wait: bool) -> bool:
        self._commit_at_s = time.monotonic() + COMMIT_EVERY_S
        moved = {} if self._wanted.is_dry else self._progress.moved()
        return not moved or self._tools.commits.commit({p: (offset, "") for p, offset in moved.items()}, wait=wait)

    def _finish(self) -> None:
        until_s = time.monotonic() + FLUSH_S
        while self._pending and time.monotonic() < until_s and not self._tools.hurry.is_set():
            self._settle(0.1)
        self.report.unacknowledged = len(self._pending)
        if self._pending and not self.report.stopped:
            is_hurried = self._tools.hurry.is_set()
            self.report.stopped = "interrupted" if is_hurried else f"no answer within {FLUSH_S:g} s"
        if not self._commit_last(until_s) and not self.report.stopped:
            again = " (letters may go to their origin again)" if self._wanted.to_origin else ""
            self.report.stopped = f"Kafka has not stored how far it came{again}"

    def _commit_last(self, until_s: float) -> bool:
        """Again until it is stored, since the group's coordinator may just be moving; False: it never was."""
        while not self._commit(wait=True):
            if time.monotonic() >= until_s or self._tools.hurry.wait(COMMIT_AGAIN_S):
                return False
        return True
