"""The service: one thread that reads, decides, sends and settles, one small step after another. Read this second.

`Service.step` is the whole of it. It owns all state; the edges it is given carry bytes and decide nothing, and it
knows them only as the Protocols of `ports`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from msgspec import Struct, structs

from consumer.core.deliver.parking import ParkSettings
from consumer.core.deliver.request import RequestResult
from consumer.core.model import (
    Decision,
    Event,
    EventOutcome,
    Item,
    Record,
    SchemaWanted,
    TopicPartition,
)
from consumer.core.pipeline import Pipeline
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.core.validate import match_keys
from consumer.metrics import Metrics
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.outcomes import OutcomeWriter
from consumer.service.park import ParkStage
from consumer.service.ports import Clocks
from consumer.service.publish import PublishStage
from consumer.service.published import ServiceSnapshot
from consumer.service.read.assignment import Hooks
from consumer.service.read.stage import Edges, ReadSettings, ReadStage
from consumer.service.report import ServiceInfo, ServiceParts, StatusReport
from consumer.service.settle import SettleStage
from consumer.status.stages import Decided

log = structlog.get_logger("consumer.service.loop")

BUSY_WAIT_S: Final = 0.01
"""How long a read may wait for records while answers are expected."""
IDLE_WAIT_S: Final = 0.05
_DECIDE_FOR_S: Final = 1.0  # the longest in one step: then it sends, settles and polls, so that Kafka keeps us
_LEAVE_FOR_S: Final = 5.0  # to wait for the brokers when leaving: without a word, the group notices later


class ServiceSettings(Struct, frozen=True):
    shutdown_timeout_s: float
    drain_timeout_s: float
    """Longest drain of a revoked partition: the smaller of `shutdown_timeout` and half of `max.poll.interval.ms`."""
    request_timeout_s: float
    park: ParkSettings
    parked_topics: Mapping[str, str]
    """A pixel's name → the topic its records are parked in."""
    about: ServiceInfo = ServiceInfo()


class _DecidedRecord(Struct, frozen=True, gc=False):
    decision: Decision | SchemaWanted
    is_rewound: bool
    """The record only fills the window: its events must not be sent."""


class Service:
    """Everything between Kafka and TikTok, in one thread."""

    def __init__(
        self,
        *,
        edges: Edges,
        read: ReadSettings,
        pipeline: Pipeline,
        looking_up: DecodeStage,
        windows: PartitionWindows,
        delivering: DeliverStage,
        settling: SettleStage,
        sharing: NoSharedWindow | SharedWindow,
        ledger: Ledger,
        breaker: Breaker,
        metrics: Metrics,
        clocks: Clocks,
        settings: ServiceSettings,
        telling: OutcomeWriter | None = None,
    ) -> None:
        hooks = Hooks(windows.opened, windows.is_recreated, self._drain, self._closed, windows.at_end)
        self._member = edges.member
        self._reading = ReadStage(edges, ledger, metrics, read, hooks)
        self._pipeline, self._looking_up, self._windows = pipeline, looking_up, windows
        self._delivering, self._settling, self._sharing = delivering, settling, sharing
        self._parking = ParkStage(
            settings.park,
            settings.parked_topics,
            windows=windows,
            sharing=sharing,
            delivering=delivering,
            settling=settling,
        )
        self._ledger, self._breaker, self._metrics = ledger, breaker, metrics
        self._clocks, self._settings, self._telling = clocks, settings, telling
        self._is_stopping = self._is_breaker_handled = self._has_news = False
        self._decided = Decided()
        parts = ServiceParts(
            self._reading, windows, delivering, settling, self._parking, ledger, breaker, self._decided
        )
        reporting = StatusReport(parts, settings.about, clocks.monotonic, clocks.wall)
        self.publishing = PublishStage(parts, reporting, metrics, clocks.monotonic, settings.request_timeout_s)

    # ── a step ──────────────────────────────────────────────────────────────────────────────────

    def step(self) -> None:
        """Read a little, decide it, send what is due, settle what is done. Raises Halt if Kafka has put us out."""
        now_s, wall_s = self._clocks.monotonic(), self._clocks.wall()
        self._reading.pause(
            is_stopped=self._is_stopping or self._breaker.is_tripped or self._settling.is_blocked,
            topics=self._parking.paused_topics(now_s),
        )
        self._take(self._reading.read(now_s, self._wait_s()), now_s, wall_s)
        self._decide_what_waited(now_s, wall_s)
        for partition, offset in self._windows.late(self._reading.paused).items():
            self._reading.read_on(partition, offset)
        self._send_and_settle(is_flushing=self._is_stopping)
        self._settling.commit(self._member, now_s)
        self._stop_reading_if_wrong()
        self.publishing.step()

    def _wait_s(self) -> float:
        is_busy = self._delivering.in_flight() or self._settling.unwritten or self._looking_up.is_busy
        return BUSY_WAIT_S if is_busy else IDLE_WAIT_S

    def _send_and_settle(self, *, is_flushing: bool) -> None:
        now_s, wall_s = self._clocks.monotonic(), self._clocks.wall()
        for item in self._windows.ready(now_s, is_flushing=is_flushing):
            self._sharing.add(item, now_s)
        self._sharing.step(now_s, wall_s)
        for outcome in self._delivering.step(now_s, wall_s, is_flushing=is_flushing):
            self._settle(outcome, wall_s)
        self._parking.step(now_s)
        self._settling.poll(now_s)
        if self._telling is not None:
            self._telling.step(now_s)

    # ── read and decide ─────────────────────────────────────────────────────────────────────────

    def _take(self, records: Sequence[Record], now_s: float, wall_s: float) -> None:
        """Decide all of them, then follow each decision: one at a time, both took a sixth longer, since the code of one
        pushed that of the other out of the processor's cache."""
        read: Counter[str] = Counter()
        rewound: Counter[str] = Counter()
        decided = self._decided_in_time(records, wall_s)
        self._reading.give_back(records[len(decided) :])
        for record, each in zip(records, decided, strict=False):
            if each.is_rewound:
                rewound[record.position.topic] += 1
            else:
                read[record.position.topic] += 1
                self._ledger.open(record.position, record.size_bytes, now_s)
            self._follow(record, each, now_s, wall_s)
        for name, counts in (("records_read", read), ("records_rewound", rewound)):
            for topic, count in counts.items():
                self._metrics.inc(name, (topic,), count)

    def _decided_in_time(self, records: Sequence[Record], wall_s: float) -> list[_DecidedRecord]:
        """Decisions of as many records, from the first, as there is time for in one step; of one at least."""
        decided: list[_DecidedRecord] = []
        until_s = self._clocks.monotonic() + _DECIDE_FOR_S
        for record in records:
            decided.append(self._decide(record, wall_s))
            if self._clocks.monotonic() >= until_s:
                break
        return decided

    def _decide(self, record: Record, wall_s: float) -> _DecidedRecord:
        is_rewound = self._windows.is_rewound(record.position)
        return _DecidedRecord(self._pipeline.decide(record, wall_s, is_rewound=is_rewound), is_rewound)

    def _follow(self, record: Record, decided: _DecidedRecord, now_s: float, wall_s: float) -> None:
        if self._breaker.is_tripped:
            return  # it stays unsettled, and is read again
        if self._reading.is_waiting(record):
            self._reading.hold_back(record)
            return
        decision = decided.decision
        if isinstance(decision, SchemaWanted):
            self._looking_up.want(decision.key, now_s)
            self._reading.hold_back(record)
        elif decided.is_rewound:
            self._windows.warm(record, decision.events)
        else:
            self._carry_out(record, decision, now_s, wall_s)

    def _decide_what_waited(self, now_s: float, wall_s: float) -> None:
        """Records that waited for a schema go on, in order, until one of them wants another, or the time is over."""
        self._has_news |= self._looking_up.step(now_s)
        if not self._has_news:
            return
        until_s = self._clocks.monotonic() + _DECIDE_FOR_S
        for partition in list(self._reading.waiting):
            waited = self._reading.waiting.pop(partition)
            while waited and partition not in self._reading.waiting and self._clocks.monotonic() < until_s:
                record = waited.popleft()
                self._follow(record, self._decide(record, wall_s), now_s, wall_s)
            self._reading.hold_back(*waited)
        self._has_news = self._clocks.monotonic() >= until_s

    def _carry_out(self, record: Record, decision: Decision, now_s: float, wall_s: float) -> None:
        """Turn a decision into what must happen before the record is settled."""
        self._windows.saw(record, wall_s)
        if decision.dropped is None:
            self._breaker.note(bool(decision.rejections))
            if self._breaker.is_tripped:
                return
        live = [event for event in decision.events if not event.is_shadow]
        self._decided.note(decision)
        self._ledger.decided(record.position, len(live) + len(decision.rejections))
        for rejection in decision.rejections:
            self._settling.reject(record, rejection, wall_s)
        for event in decision.events:
            if event.notes or event.is_shadow:
                self._note(event, record)
        for event in live:
            self._offer(event, record, now_s)

    def _note(self, event: Event, record: Record) -> None:
        if event.is_shadow:
            self._ended(event, record, EventOutcome.SHADOW)
        for note in event.notes:
            if note.is_dropped:
                self._metrics.inc("dropped_fields", (_without_index(note.field), str(note.problem)))

    # ── dedupe ──────────────────────────────────────────────────────────────────────────────────

    def _offer(self, event: Event, record: Record, now_s: float) -> None:
        """Ask the window: a new item goes on, or waits in it; a copy of something settled is settled itself."""
        offered = self._windows.offer(event, record, now_s)
        if offered.item is None:
            self._ended(event, record, EventOutcome.DUPLICATE)
            self._ledger.settle(record.position, RecordOutcome.DUPLICATE)
        elif offered.is_to_batch:
            self._sharing.add(offered.item, now_s)
        elif offered.old_bytes:
            self._sharing.grew(offered.item, offered.old_bytes)

    # ── settle ──────────────────────────────────────────────────────────────────────────────────

    def _settle(self, answered: RequestResult, wall_s: float) -> None:
        """What one answer finished."""
        self._sharing.answered(answered)
        if answered.accepted:
            if self._telling is not None:
                self._telling.accepted(answered.accepted, answered.verdict.request_id)
            self._accepted(answered.request.pixel, answered.accepted, wall_s)
        for item, rejection in answered.rejected:
            self._windows.refused(item)
            self._breaker.note_late()
            for place, record in enumerate(item.records):
                own = structs.replace(rejection, rule=item.rule_of(place))
                self._settling.reject(record, own, wall_s, item.event)

    def _accepted(self, pixel: str, items: Sequence[Item], wall_s: float) -> None:
        """Settle what TikTok took. Counted in one go: a counter's own cost would be a third of an event's settling."""
        ended: Counter[EventOutcome] = Counter()
        fields: Counter[int] = Counter()
        delays_s: list[float] = []
        windows, ledger = self._windows, self._ledger
        for item in items:
            windows.accepted(item)
            fields[item.event.fields] += 1
            for record, outcome in zip(item.records, item.outcomes, strict=True):
                if ledger.owns(record.position):
                    ended[outcome] += 1
                    ledger.settle(record.position, _RECORD_OUTCOME[outcome])
            timestamp_ms = item.records[0].timestamp_ms
            if timestamp_ms >= 0:
                delays_s.append(max(0.0, wall_s - timestamp_ms / 1000))
        self._metrics.observe_all("event_delay_seconds", delays_s)
        for outcome, count in ended.items():
            self._metrics.inc("events", (pixel, str(outcome)), count)
        for present, count in fields.items():
            for key in match_keys(present):
                self._metrics.inc("match_keys", (pixel, key), count)

    def _ended(self, event: Event, record: Record, outcome: EventOutcome) -> None:
        """An event is done with that was never on its way."""
        self._metrics.inc("events", (event.pixel, str(outcome)))
        if self._telling is not None:
            self._telling.ended(record, event, outcome)

    # ── the breaker ─────────────────────────────────────────────────────────────────────────────

    def _stop_reading_if_wrong(self) -> None:
        """With the breaker open: let TikTok finish what it has, commit that, and give the rest up, once."""
        if not self._breaker.is_tripped or self._is_breaker_handled or self._is_busy():
            return
        self._is_breaker_handled = True
        log.error(
            "breaker.open",
            remedy="most records are rejected: look at the dead letters' reasons, mend rules or schema, "
            "then send SIGHUP or restart; what was not settled is read again",
        )
        self._settling.commit_now(self._member)
        self._reading.release_all()

    def close_breaker(self) -> None:
        """An operator says that the cause is gone (SIGHUP): read on."""
        if self._breaker.is_tripped:
            log.info("breaker.closed")
        self._breaker.close()
        self._is_breaker_handled = False

    # ── partitions go, and the end ──────────────────────────────────────────────────────────────

    def _drain(self, partitions: Sequence[TopicPartition]) -> None:
        """Settle what can be settled of partitions that are about to go, then commit them.

        Runs inside the group's rebalance: nothing is read meanwhile, and closed pixels are not waited for.
        """
        leaving = frozenset(partitions)

        def is_leaving(item: Item) -> bool:
            return (item.records[0].position.topic, item.records[0].position.partition) in leaving

        until_s = self._clocks.monotonic() + self._settings.drain_timeout_s
        self.publishing.publish(busy_until_s=until_s)
        self._parking.before_leaving(is_leaving)
        self._delivering.drain(is_leaving)
        self._send_and_settle(is_flushing=True)
        while self._is_draining(is_leaving, leaving) and self._clocks.monotonic() < until_s:
            self._settling.poll(self._clocks.monotonic(), BUSY_WAIT_S)
            self._send_and_settle(is_flushing=True)
        self._settling.commit_now(self._member, lambda: self._clocks.monotonic() >= until_s)

    def _is_draining(self, is_leaving: Callable[[Item], bool], leaving: frozenset[TopicPartition]) -> bool:
        if not self._ledger.unsettled(leaving):
            return False
        return self._delivering.is_busy(is_leaving) or (self._settling.unwritten > 0 and not self._settling.is_blocked)

    def _closed(self, partitions: Sequence[TopicPartition]) -> None:
        """Fence partitions that are not ours any more: nothing of them is sent, written or committed from here on."""
        self._delivering.release(lambda item: not self._ledger.owns(item.records[0].position))
        self._windows.closed(partitions)
        self._sharing.closed(self._clocks.monotonic())
        self._settling.forget_failed()

    def stop(self, is_hurried: Callable[[], bool]) -> bool:
        """Settle what can be settled within `shutdown_timeout`, commit, and leave the group.

        Args:
            is_hurried: True once a second signal says to leave at once.

        Returns:
            False if a request was left without its answer: its events will be sent again.
        """
        self._is_stopping = self._reading.is_leaving = True
        until_s = self._clocks.monotonic() + self._settings.shutdown_timeout_s

        def is_over() -> bool:
            return is_hurried() or self._clocks.monotonic() >= until_s

        self._send_and_settle(is_flushing=True)
        self._parking.before_leaving(lambda item: True)
        while self._is_busy() and not is_over():
            self.step()
            self._parking.before_leaving(lambda item: True)  # a pixel may close just now
        unfinished = self._delivering.in_flight()
        self._settling.commit_now(self._member, is_over)
        leave_until_s = self._clocks.monotonic() + _LEAVE_FOR_S
        self._reading.leave(lambda: is_over() or self._clocks.monotonic() >= leave_until_s)
        self._sharing.finish(self._clocks.monotonic(), self._clocks.wall())
        return not unfinished

    def _is_busy(self) -> bool:
        partitions = frozenset(self._ledger.partitions)
        return self._is_draining(lambda item: True, partitions)

    @property
    def published(self) -> ServiceSnapshot:
        """What other threads may read."""
        return self.publishing.published


_RECORD_OUTCOME: Final[Mapping[EventOutcome, RecordOutcome]] = {
    EventOutcome.ACCEPTED: RecordOutcome.SENT,
    EventOutcome.FORWARDED: RecordOutcome.SENT,
    EventOutcome.MERGED: RecordOutcome.MERGED,
    EventOutcome.DUPLICATE: RecordOutcome.DUPLICATE,
    EventOutcome.REMOVED: RecordOutcome.DUPLICATE,
}


def _without_index(field: str) -> str:
    """`properties.contents[2].price` → `properties.contents.price`: a label has few values."""
    head, bracket, tail = field.partition("[")
    return head + tail.partition("]")[2] if bracket else head
