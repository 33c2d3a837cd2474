"""Stage `settle`: dead and parked records until the broker has them. The deciding thread's alone."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from msgspec import Struct, structs

from consumer.core.model import Event, EventOutcome, Item, Position, Record, Rejection
from consumer.core.reasons import RejectReason
from consumer.core.settle.envelope import dead_letter, own_record, topic_for
from consumer.core.settle.held_bytes import held_by_letter
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.outcomes import NoOutcomes, OutcomeWriter, count_events
from consumer.service.ports import RecordWriter
from consumer.service.settle.pending import Parking, ParkResult, PendingRecord, can_be_smaller

log = structlog.get_logger("consumer.settle")

WRITE_AGAIN_S: Final = 1.0
"""How long a dead letter waits that could not be written; reading stands still for as long."""
LAST_REJECTED: Final = 20
"""So many rejections are kept for people to see."""
_NO_SUCH_TOPIC: Final = frozenset(
    {"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION", "TOPIC_EXCEPTION", "TOPIC_AUTHORIZATION_FAILED"}
)
_TOO_LARGE: Final = frozenset({"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"})


class LastRejected(Struct, frozen=True):
    """A rejection, for people to see."""

    at_s: float
    """Unix seconds."""
    origin: Position
    rejection: Rejection


class ReasonTally(Struct):
    """Rejections of one reason since the start, for people to see."""

    first_at_s: float
    """Unix seconds, as in `last`."""
    last: LastRejected
    count: int = 1


class SettleStage:
    """Everything that makes a record settled other than TikTok's acceptance."""

    def __init__(
        self,
        ledger: Ledger,
        writer: RecordWriter,
        metrics: Metrics,
        dead_letter_topic: str,
        *,
        outcomes: OutcomeWriter | NoOutcomes,
    ) -> None:
        self._ledger, self._writer, self._metrics = ledger, writer, metrics
        self._dead_letter_topic = dead_letter_topic
        self._outcomes = outcomes
        self._pending: dict[int, PendingRecord] = {}
        self._again: dict[int, float] = {}
        """Dead letters that could not be written, and when each is written again."""
        self._failing: set[int] = set()
        """Those, and the ones of them that are being written again."""
        self._parked: list[ParkResult] = []
        self._number = 0
        self.origins: Sequence[str] = ()
        """The topics that are read, other than the service's own."""
        self.last_rejected: Final[deque[LastRejected]] = deque(maxlen=LAST_REJECTED)
        self.rejected: Final[dict[RejectReason, ReasonTally]] = {}
        """Counted when decided: their dead letters may not be written yet."""

    def reject(self, record: Record, rejection: Rejection, wall_s: float, event: Event | None = None) -> None:
        """Write the dead letter of one part of a record; that part is settled when the broker has it.

        Args:
            event: what was rejected, if it was an event already.
        """
        self._remember(LastRejected(wall_s, record.origin, rejection))
        failed_at = datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")
        outgoing = dead_letter(record, rejection, topic_for(self._dead_letter_topic, record), failed_at)
        tell = partial(self._outcomes.rejected, record, rejection, event)
        claimed_topic = "" if record.origin.topic == record.position.topic else record.origin.topic
        self._write(
            PendingRecord(
                outgoing, str(rejection.reason), rejection.pixel, rejection.rule, tell, claimed_topic=claimed_topic
            )
        )
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

    def _remember(self, last: LastRejected) -> None:
        self.last_rejected.append(last)
        known = self.rejected.get(last.rejection.reason)
        if known is None:
            self.rejected[last.rejection.reason] = ReasonTally(last.at_s, last)
        else:
            known.last, known.count = last, known.count + 1

    def park(self, item: Item, topic: str) -> None:
        """Write an item's records to its pixel's parked topic, each settled when the broker has it.

        What became of it comes with `take_parked`.
        """
        parking = Parking(item, len(item.records), [])
        for place, record in enumerate(item.records):
            rule, event = item.rule_of(place), item.event
            outgoing = own_record(record, topic, rule, event.pixel, record.replays)
            tell = partial(self._outcomes.ended, record, event, EventOutcome.PARKED, rule)
            self._write(PendingRecord(outgoing, "", event.pixel, rule, tell, parking, place))

    def take_parked(self) -> list[ParkResult]:
        """What became of the items that were to be parked, since the last call."""
        taken, self._parked = self._parked, []
        return taken

    def _write(self, pending: PendingRecord) -> None:
        self._number += 1
        self._pending[self._number] = pending
        self._ledger.hold(pending.outgoing.position, held_by_letter(pending.outgoing))
        self._writer.write(self._number, pending.outgoing, is_alone=pending.is_alone)

    def poll(self, now_s: float, timeout_s: float = 0) -> None:
        """Take in what became of what was written, and write dead letters that failed again."""
        for number, error in self._writer.done(timeout_s):
            if error is None:
                self._acknowledged(number)
            else:
                self._failed(number, error, now_s)
        for number in [number for number, at_s in self._again.items() if at_s <= now_s]:
            del self._again[number]
            self._write_again(number)

    def _acknowledged(self, number: int) -> None:
        done = self._pending.pop(number)
        if number in self._failing:
            self._failing.discard(number)
            if not self._failing:
                log.info("dead_letters.unblocked", topic=done.outgoing.topic)
        if done.parking is not None:
            self._note_parked(done.parking)
        if not self._ledger.owns(done.outgoing.position):
            return
        if done.reason:
            self._metrics.inc("rejected", (done.reason, done.rule or ""))
        if done.pixel:
            outcome = EventOutcome.REJECTED if done.reason else EventOutcome.PARKED
            count_events(self._metrics, done.pixel, done.rule or "", outcome)
        self._ledger.settle(done.outgoing.position, done.outcome)
        done.tell()

    def _failed(self, number: int, error: str, now_s: float) -> None:
        pending = self._pending[number]
        if not self._ledger.owns(pending.outgoing.position):
            del self._pending[number]  # the next owner reads the record again
        elif error in _TOO_LARGE and can_be_smaller(pending):
            self._count_error(pending)
            self._write_again(number)
        elif pending.parking is not None:
            del self._pending[number]
            self._ledger.hold(pending.outgoing.position, -held_by_letter(pending.outgoing))
            pending.parking.failed.append(pending.place)
            pending.parking.error = error
            self._note_parked(pending.parking)
        elif error in _NO_SUCH_TOPIC and self._can_go_elsewhere(pending):
            self._count_error(pending)
            self._write_again(number)
        else:
            self._count_error(pending)
            self._block(number, pending, error, now_s)

    def _can_go_elsewhere(self, pending: PendingRecord) -> bool:
        """The dead letter of a record from an own topic, whose headers name a topic that is not read: its dead-letter
        topic need not exist, and must block nothing. It goes to that of a topic that is read; its headers stay."""
        if not pending.claimed_topic or pending.claimed_topic in self.origins or not self.origins:
            return False
        topic = self._dead_letter_topic.replace("{topic}", min(self.origins))
        if topic == pending.outgoing.topic:
            return False
        log.warning("dead_letter.elsewhere", wanted=pending.outgoing.topic, topic=topic)
        pending.outgoing = structs.replace(pending.outgoing, topic=topic)
        return True

    def _count_error(self, pending: PendingRecord) -> None:
        if pending.parking is None:
            self._metrics.inc("dead_letter_errors")

    def _note_parked(self, parking: Parking) -> None:
        """One record of an item is written, or will not be: with the last, it is known what became of the item."""
        parking.left -= 1
        if not parking.left:
            failed = tuple(sorted(parking.failed))
            self._parked.append(ParkResult(parking.item, failed, parking.error, parking.error in _TOO_LARGE))

    def _block(self, number: int, pending: PendingRecord, error: str, now_s: float) -> None:
        if not self._failing:
            log.error(
                "dead_letters.blocked",
                topic=pending.outgoing.topic,
                error=error,
                remedy="reading has stopped until this topic can be written; see that it exists and may be written to",
            )
        self._failing.add(number)
        self._again[number] = now_s + WRITE_AGAIN_S

    def _write_again(self, number: int) -> None:
        pending = self._pending[number]
        self._writer.write(number, pending.outgoing, is_alone=pending.is_alone)

    @property
    def is_blocked(self) -> bool:
        """True while a dead letter cannot be written: nothing may be read that could need one."""
        return bool(self._failing)

    @property
    def unwritten(self) -> int:
        """Dead and parked records whose acknowledgement is awaited."""
        return len(self._pending)

    def forget_failed(self) -> None:
        """Drop dead letters of partitions that are gone, so that a topic that is no longer needed blocks nothing."""
        for number in [n for n in self._failing if not self._ledger.owns(self._pending[n].outgoing.position)]:
            self._failing.discard(number)
            if self._again.pop(number, None) is not None:
                del self._pending[number]
