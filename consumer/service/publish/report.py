"""Makes the status out of what the service is made of, after a step. The deciding thread's alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from consumer.core.decode.framing import named
from consumer.core.deliver.pixel_state import PixelAvailability
from consumer.core.model import Position, TopicPartition
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.metrics import Snapshot, edges
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows
from consumer.service.deliver import DeliverStage
from consumer.service.park import ParkStage
from consumer.service.read.read_stage import ReadStage
from consumer.service.settle.commits import CommitStage
from consumer.service.settle.settle_stage import SettleStage
from consumer.status.code_meanings import closed_because
from consumer.status.dropped_fields import dropped_fields
from consumer.status.history import LONG_SAMPLE_S, History, Levels, ReadRates
from consumer.status.merging import KEPT_LONG_SAMPLES
from consumer.status.model import (
    ConfigurationStatus,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    Rejected,
    RejectedReason,
    RequestsStatus,
    Stage,
    Status,
    WindowStatus,
)
from consumer.status.remedies import remedy
from consumer.status.request_times import RecentRequests
from consumer.status.stages import Counts, Decided, stage_of, stages

MADE_EVERY_S: Final = 0.5


class ServiceInfo(Struct, frozen=True):
    """What stays as it is while the process lives."""

    version: str = ""
    configuration: ConfigurationStatus | None = None
    group: str = ""
    mode: str = "run"
    explain: str = "tiktok-consumer explain"
    """The command that a position is appended to."""
    max_requests: int = 0


class ServiceParts(Struct, frozen=True):
    """The parts of the service that metrics and status are made of."""

    reading: ReadStage
    lookups: DecodeStage
    windows: PartitionWindows
    delivering: DeliverStage
    settling: SettleStage
    commits: CommitStage
    parking: ParkStage
    ledger: Ledger
    breaker: Breaker
    decided: Decided


class StatusReport:
    """Keeps what only a status needs: the past, and when the process started.

    A status of a hundred partitions costs a millisecond: it is made again twice a second, and as soon as the service
    turns ready or unready.
    """

    def __init__(
        self, parts: ServiceParts, about: ServiceInfo, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._parts, self._about = parts, about
        self._wall = wall
        self._started_at, self._started_s = wall(), monotonic()
        self._history, self._rates = History(), ReadRates()
        self._hours = History(LONG_SAMPLE_S, KEPT_LONG_SAMPLES)
        self._requests_took = RecentRequests(edges("request_seconds"), self._started_s)
        self._last, self._due_s = Status(), 0.0

    def report(self, now_s: float, snapshot: Snapshot, reasons: tuple[str, ...]) -> Status:
        """The status of this moment, or one that is hardly older.

        Args:
            snapshot: the metrics of the same moment.
        """
        if now_s >= self._due_s or reasons != self._last.reasons:
            self._last, self._due_s = self._made(now_s, snapshot, reasons), now_s + MADE_EVERY_S
        return self._last

    def _made(self, now_s: float, snapshot: Snapshot, reasons: tuple[str, ...]) -> Status:
        wall_s, counts, ledger = self._wall(), Counts(snapshot), self._parts.ledger
        settled = {outcome.label: ledger.totals.settled[outcome] for outcome in RecordOutcome}
        offsets = {partition: ledger.next_offset(partition) for partition in ledger.partitions}
        levels = _levels(counts, ledger.in_flight)
        self._hours.note(wall_s, now_s, levels)
        if self._history.note(wall_s, now_s, levels):
            self._rates.mark(now_s, offsets)
            self._requests_took.mark(now_s, counts.request_seconds)
        return Status(
            at=round(wall_s, 3),
            started_at=round(self._started_at, 3),
            version=self._about.version,
            configuration=self._about.configuration,
            group=self._about.group,
            mode=self._about.mode,
            ready=not reasons,
            reasons=reasons,
            breaker_open=self._parts.breaker.is_tripped,
            stages=self._stages(counts, settled),
            ledger=self._ledger(counts, settled, now_s),
            partitions=tuple(self._partitions(offsets, counts.lags, now_s, wall_s)),
            pixels={
                name: self._pixel(name, pixel, counts, now_s, wall_s)
                for name, pixel in self._parts.delivering.states().items()
            },
            requests=self._requests(counts, now_s),
            connections=self._parts.reading.connections.all,
            window=WindowStatus(
                self._parts.windows.keys, round(self._parts.windows.reaches_back_s, 1), self._parts.windows.is_warm
            ),
            rules={name: rule.shown() for name, rule in counts.rules.items()},
            dropped_fields=dropped_fields(counts.dropped_fields),
            rejected=self._rejected(),
            rejected_reasons=self._rejected_reasons(),
            history=self._history.samples,
            history_hours=self._hours.samples,
        )

    def _stages(self, counts: Counts, settled: Mapping[str, int]) -> tuple[Stage, ...]:
        rejected: Counter[str] = Counter()
        for reason, each in self._parts.settling.rejected.items():
            rejected[stage_of(reason)] += each.count
        return tuple(stages(counts, self._parts.decided, rejected, settled, self._waiting(counts)))

    def _requests(self, counts: Counts, now_s: float) -> RequestsStatus:
        delivering = self._parts.delivering
        return RequestsStatus(
            in_flight=delivering.in_flight(),
            limit=delivering.limit(),
            max_in_flight=self._about.max_requests,
            by_result=dict(counts.results),
            recent=self._requests_took.times(now_s, counts.request_seconds),
        )

    def _waiting(self, counts: Counts) -> dict[str, int]:
        looked = self._parts
        unread = counts.lag - sum(looked.ledger.uncommitted_span(partition) for partition in looked.ledger.partitions)
        return {
            "read": max(0, unread),
            "decode": looked.reading.pauses.held_back,
            "dedupe": looked.windows.waiting,
            "batch": looked.delivering.batching,
            "deliver": looked.delivering.handed_over,
            "settle": looked.settling.unwritten,
        }

    def _ledger(self, counts: Counts, settled: Mapping[str, int], now_s: float) -> LedgerStatus:
        ledger, limits = self._parts.ledger, self._parts.reading.limits
        oldest_s = ledger.oldest_read_at_s()
        return LedgerStatus(
            read=counts.read,
            settled=settled,
            released=ledger.totals.released,
            in_flight=ledger.in_flight,
            in_flight_bytes=self._parts.reading.in_flight_bytes,
            max_in_flight=limits.max_records,
            max_in_flight_bytes=limits.max_bytes,
            oldest_s=None if oldest_s is None else round(now_s - oldest_s, 1),
        )

    def _partitions(
        self, offsets: Mapping[TopicPartition, int], lags: Mapping[tuple[str, str], int], now_s: float, wall_s: float
    ) -> Iterator[PartitionStatus]:
        for partition in sorted(self._parts.reading.partitions):
            (topic, number), offset = partition, offsets.get(partition)
            state = self._parts.reading.state(partition)
            wait = self._parts.lookups.wait_of(partition) if state == "schema" else None
            yield PartitionStatus(
                topic,
                number,
                state=state,
                next_offset=offset,
                committed=None if offset is None else self._parts.ledger.committed(partition),
                lag=lags.get((topic, str(number))),
                read_per_s=0.0 if offset is None else self._rates.rate(partition, offset, now_s),
                awaits=None if wait is None else named(wait.key),
                awaits_until=None
                if wait is None or wait.until_s is None
                else round(wall_s + max(0.0, wait.until_s - now_s), 3),
            )

    def _pixel(self, name: str, pixel: PixelAvailability, counts: Counts, now_s: float, wall_s: float) -> PixelStatus:
        began_s = max(pixel.since_s, self._started_s)
        next_try_s = None if pixel.can_send or pixel.next_try_s is None else max(0.0, pixel.next_try_s - now_s)
        return PixelStatus(
            state=str(pixel.state),
            since=round(wall_s - (now_s - began_s), 3),
            why=closed_because(pixel),
            remedy=remedy(pixel, self._parts.delivering.unusable_token(name)),
            next_try=None if next_try_s is None else round(wall_s + next_try_s, 3),
            waiting_events=self._parts.delivering.waiting(name),
            events=dict(counts.events.get(name, {})),
            code=pixel.code,
            match_keys=dict(counts.match_keys.get(name, {})),
        )

    def _rejected(self) -> tuple[Rejected, ...]:
        return tuple(
            Rejected(
                at=round(last.at_s, 3),
                topic=last.origin.topic,
                partition=last.origin.partition,
                offset=last.origin.offset,
                rule=last.rejection.rule,
                pixel=last.rejection.pixel,
                reason=str(last.rejection.reason),
                detail=last.rejection.detail,
                code=last.rejection.code,
                request_id=last.rejection.request_id,
                explain=self._explain(last.origin),
            )
            for last in reversed(self._parts.settling.last_rejected)
        )

    def _rejected_reasons(self) -> tuple[RejectedReason, ...]:
        rejected = sorted(self._parts.settling.rejected.items(), key=lambda entry: -entry[1].count)
        return tuple(
            RejectedReason(
                reason=str(reason),
                count=each.count,
                first_at=round(each.first_at_s, 3),
                last_at=round(each.last.at_s, 3),
                detail=each.last.rejection.detail,
                explain=self._explain(each.last.origin),
            )
            for reason, each in rejected
        )

    def _explain(self, origin: Position) -> str:
        place = f"--topic {origin.topic} --partition {origin.partition} --offset {origin.offset}"
        return f"{self._about.explain} {place}"


def _levels(counts: Counts, in_flight: int) -> Levels:
    return Levels(
        counts.read, counts.accepted, counts.dead_letters, counts.lag, in_flight, counts.delays_s, counts.delays
    )
