"""A dead-letter topic, a replay topic and a group's offsets in memory, for replays one after another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Event
from typing import Any, Final

from consumer.commands.dlq.dead_letter import DeadLetterRecord, letter_of, replayed_mark
from consumer.commands.dlq.origin_record import same
from consumer.commands.dlq.replay import Replay, ReplayRequest, ReplayTools
from consumer.commands.dlq.replay_decision import SkipReason
from consumer.commands.dlq.replay_progress import Progress
from consumer.commands.dlq.replay_report import Report
from consumer.commands.dlq.selection import Selection
from consumer.core.errors import Unreachable
from consumer.core.model import Decision, Headers, Position, Record, Rejection, TopicPartition
from consumer.core.reasons import RejectReason
from consumer.core.settle.envelope import OutgoingRecord, dead_letter, shortened

DLQ: Final = "orders.dlq"
REPLAY: Final = "g.replay"
NOW_MS: Final = 1_790_000_000_000
EVERY_LETTER: Final = Selection()


def dead(
    offset: int,
    reason: RejectReason = RejectReason.MAP_CALL,
    *,
    rule: str | None = "purchases",
    pixel: str | None = "shop",
    partition: int = 0,
    replays: int = 0,
    headers: Headers = (),
    is_short: bool = False,
) -> Record:
    """A dead letter at this offset of its topic; its record came from ten times that."""
    at = Position("orders", partition, offset * 10)
    origin = Record(at, NOW_MS - 1000, b"k%d" % offset, b"v%d" % offset, headers, at, replays=replays)
    letter = dead_letter(origin, Rejection(reason, "why", rule, pixel), DLQ, "2026-11-22T12:00:00.000+00:00")
    letter = shortened(letter) if is_short else letter
    place = Position(DLQ, partition, offset)
    return Record(place, NOW_MS + offset * 1000, letter.key, letter.value, letter.headers, place)


def read(record: Record) -> DeadLetterRecord:
    letter = letter_of(record)
    assert letter is not None
    return letter


class Desk:
    """Replays of these letters. What is killed forgets what was not committed."""

    def __init__(self, letters: Sequence[Record]) -> None:
        self.letters = letters
        self.replayed: list[OutgoingRecord] = []
        self.committed: dict[TopicPartition, int] = {}
        self.origin: dict[int, Record] = {}
        self.decisions: dict[bytes, Decision] = {}
        self.said: list[str] = []
        self.stop, self.hurry = Event(), Event()
        self.error: str | None = None
        self.running_since_s: float | None = None
        self.commits_to_fail = 0
        """The next so many, as while the group's coordinator moves. Only one that is waited for tells."""
        self.is_silent = False
        """The cluster answers nothing."""
        self._waiting: list[tuple[int, OutgoingRecord]] = []

    # What `ReplayTools` wants.

    def write(self, number: int, letter: OutgoingRecord, *, is_alone: bool = False) -> None:
        self._waiting.append((number, letter))

    def done(self, timeout_s: float = 0) -> list[tuple[int, str | None]]:
        if self.is_silent:
            return []
        waiting, self._waiting = self._waiting, []
        if self.error is None:
            self.replayed += [letter for _, letter in waiting]
        return [(number, self.error) for number, _ in waiting]

    def close(self, timeout_s: float) -> None:
        """Nothing to close."""

    def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]], *, wait: bool) -> bool:
        if self.commits_to_fail:
            self.commits_to_fail -= 1
            return not wait
        self.committed |= {partition: offset for partition, (offset, _) in offsets.items()}
        return True

    def _fetch(self, letter: DeadLetterRecord) -> Record | SkipReason:
        found = self.origin.get(letter.record.origin.offset)
        return SkipReason.GONE if found is None else same(letter, found)

    def _decide(self, record: Record) -> Decision:
        if record.value not in self.decisions:
            raise Unreachable("the schema registry did not answer")
        return self.decisions[record.value]

    # Replays.

    def replay(
        self,
        selection: Selection = EVERY_LETTER,
        *,
        seen: int | None = None,
        is_killed: bool = False,
        **wanted: Any,
    ) -> Report:
        """One replay. `seen`: it is stopped after so many letters; if killed, it commits nothing."""
        asked = ReplayRequest(selection, **{"max_replays": 3, **wanted})
        progress = Progress(keeps_skipped=not asked.to_origin)
        for partition in {record.position.partition for record in self.letters}:
            progress.begin((DLQ, partition), self.committed.get((DLQ, partition), 0))
        before = dict(self.committed)
        since_s = self.running_since_s
        tools = ReplayTools(self, self, self._decide, self._fetch, self.stop, self.hurry, self.said.append, since_s)
        report = Replay(asked, tools, progress, self._marks(), REPLAY).run(self._records(seen))
        if is_killed:
            self.committed = before
        return report

    def _marks(self) -> set[str]:
        at = Position(REPLAY, 0, 0)
        records = (Record(at, 0, each.key, each.value, each.headers, at) for each in self.replayed)
        return {mark for record in records if (mark := replayed_mark(record)) is not None}

    def _records(self, seen: int | None) -> Iterator[Record]:
        def is_left(record: Record) -> bool:
            partition = record.position.topic, record.position.partition
            return record.position.offset >= self.committed.get(partition, 0)

        left: Iterable[Record] = [record for record in self.letters if is_left(record)]
        for number, record in enumerate(left):
            if number == seen:
                return
            yield record

    def keys(self) -> list[bytes | None]:
        return [letter.key for letter in self.replayed]
