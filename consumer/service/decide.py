"""From records to what must happen with them: stages `decode` … `dedupe` of each. The deciding thread's alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import structs

from consumer.core.dedupe.submissions import DedupeResult
from consumer.core.model import Decision, Event, EventOutcome, Record, SchemaWanted
from consumer.core.pipeline import Pipeline
from consumer.core.reasons import Problem
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.held_bytes import held_by_events, held_by_record
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.metrics import Metrics
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.outcomes import NoOutcomes, OutcomeWriter, count_events
from consumer.service.read.read_stage import ReadStage
from consumer.service.settle.settle_stage import SettleStage
from consumer.status.stages import Decided

_DECIDE_FOR_S: Final = 1.0  # the longest in one step: then it sends, settles and polls, so that Kafka keeps this member
_DECIDED_AT_ONCE: Final = 32
"""Records. More gain nothing, and the clock is looked at between."""
_DECIDED_BYTES: Final = 1 << 16
"""Of values. What takes long to decide is large."""


class DecideStage:
    """Decides records, and has each decision carried out.

    Args:
        monotonic: seconds, for the time that deciding takes.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        reading: ReadStage,
        lookups: DecodeStage,
        windows: PartitionWindows,
        *,
        sharing: NoSharedWindow | SharedWindow,
        settling: SettleStage,
        ledger: Ledger,
        breaker: Breaker,
        outcomes: OutcomeWriter | NoOutcomes,
        metrics: Metrics,
        monotonic: Callable[[], float],
    ) -> None:
        self._pipeline, self._reading, self._lookups, self._windows = pipeline, reading, lookups, windows
        self._sharing, self._settling, self._ledger, self._breaker = sharing, settling, ledger, breaker
        self._outcomes, self._metrics, self._monotonic = outcomes, metrics, monotonic
        self._has_news = False
        self._remarked: Counter[tuple[str, tuple[Problem, ...]]] = Counter()
        self._missed: Counter[tuple[str, str]] = Counter()
        self.decided: Final = Decided()

    def step(self, records: Sequence[Record], now_s: float, wall_s: float) -> None:
        """Decide what was read, and what waited for a schema that is known by now."""
        self._take(records, now_s, wall_s)
        self._decide_what_waited(now_s, wall_s)
        self._count_in_one_go()

    def _take(self, records: Sequence[Record], now_s: float, wall_s: float) -> None:
        """Decide all of them, then follow each decision: one at a time, both took a sixth longer, since the code of one
        pushed that of the other out of the processor's cache."""
        read: Counter[str] = Counter()
        rewound: Counter[str] = Counter()
        are_rewound = [self._windows.is_rewound(record.position) for record in records]
        decisions = self._decided_in_time(records, are_rewound, wall_s)
        self._reading.give_back(records[len(decisions) :])
        for record, decision, is_rewound in zip(records, decisions, are_rewound, strict=False):
            if is_rewound:
                rewound[record.position.topic] += 1
                if self._windows.is_beyond_start(record.position):
                    self._ledger.skip(record.position)
            else:
                read[record.position.topic] += 1
                self._ledger.open(record.position, held_by_record(record), now_s)
            self._follow(record, decision, is_rewound, now_s, wall_s)
        for name, counts in (("records_read", read), ("records_rewound", rewound)):
            for topic, count in counts.items():
                self._metrics.inc(name, (topic,), count)

    def _decided_in_time(
        self, records: Sequence[Record], are_rewound: Sequence[bool], wall_s: float
    ) -> list[Decision | SchemaWanted]:
        """Decisions of as many records, from the first, as there is time for in one step; of some at least."""
        decisions: list[Decision | SchemaWanted] = []
        until_s = self._monotonic() + _DECIDE_FOR_S
        for end in _ends_of_parts(records):
            these = slice(len(decisions), end)
            decisions += self._pipeline.decide_all(records[these], wall_s, are_rewound[these])
            if self._monotonic() >= until_s:
                break
        return decisions

    def _follow(
        self, record: Record, decision: Decision | SchemaWanted, is_rewound: bool, now_s: float, wall_s: float
    ) -> None:
        if self._breaker.is_tripped:
            return  # it stays unsettled, and is read again
        if isinstance(decision, SchemaWanted):  # also behind one that waits: all are looked up side by side
            self._lookups.want(decision.key, record.position, now_s)
            self._reading.pauses.hold_back(record)
        elif self._reading.pauses.is_waiting(record):
            self._reading.pauses.hold_back(record)
        elif is_rewound:
            self._windows.warm(record, decision.events)
        else:
            self._carry_out(record, decision, now_s, wall_s)

    def _decide_what_waited(self, now_s: float, wall_s: float) -> None:
        """Decide records that waited for a schema, in order, until one of them wants another, or time is over."""
        self._has_news |= self._lookups.step(now_s)
        if not self._has_news:
            return
        until_s = self._monotonic() + _DECIDE_FOR_S
        for partition in list(self._reading.pauses.waiting):
            waited = self._reading.pauses.waiting.pop(partition)
            while waited and partition not in self._reading.pauses.waiting and self._monotonic() < until_s:
                record = waited.popleft()
                is_rewound = self._windows.is_rewound(record.position)
                decision = self._pipeline.decide(record, wall_s, is_rewound=is_rewound)
                self._follow(record, decision, is_rewound, now_s, wall_s)
            self._reading.pauses.hold_back(*waited)
        self._has_news = self._monotonic() >= until_s

    def _carry_out(self, record: Record, decision: Decision, now_s: float, wall_s: float) -> None:
        """Turn a decision into what must happen before the record is settled."""
        self._windows.saw(record, wall_s)
        if decision.dropped is None:
            self._breaker.note(bool(decision.rejections))
            if self._breaker.is_tripped:
                return
        for missed in decision.missed:
            self._missed[missed] += 1
        live = [event for event in decision.events if not event.is_shadow]
        self.decided.note(decision)
        self._ledger.decided(record.position, len(live) + len(decision.rejections), held_by_events(live))
        if decision.rejections:
            self._windows.rejected(record)
        for rejection in decision.rejections:
            self._settling.reject(record, rejection, wall_s)
        for event in decision.events:
            if event.notes or event.remarks or event.is_shadow:
                self._note(event, record)
        for event in live:
            self._offer(structs.replace(event, notes=()) if event.notes else event, record, now_s)

    def _note(self, event: Event, record: Record) -> None:
        if event.is_shadow:
            self._ended(event, record, EventOutcome.SHADOW)
        for note in event.notes:
            if note.is_dropped:
                self._metrics.inc("dropped_fields", (_without_index(note.field), str(note.problem)), note.count)
                self._metrics.inc("rule_dropped_fields", (event.rule,), note.count)
        if event.remarks:
            self._remarked[event.rule, event.remarks] += 1

    def _count_in_one_go(self) -> None:
        """Once a step: a counter's own cost would be a tenth of an event's."""
        for (rule, remarks), count in self._remarked.items():
            for remark in remarks:
                self._metrics.inc("remarks", (rule, str(remark)), count)
        self._remarked.clear()
        for missed, count in self._missed.items():
            self._metrics.inc("rule_missed", missed, count)
        self._missed.clear()

    # ── dedupe ──────────────────────────────────────────────────────────────────────────────────

    def _offer(self, event: Event, record: Record, now_s: float) -> None:
        """Ask the window: a new item is passed on, or waits in it; a copy of something settled is settled itself."""
        offered = self._windows.offer(event, record, now_s)
        if offered.item is None:
            self._ended(event, record, EventOutcome.DUPLICATE)
            self._ledger.settle(record.position, RecordOutcome.DUPLICATE)
        elif offered.is_to_batch:
            self._sharing.add(offered.item, now_s)
        elif offered.outcome is DedupeResult.DUPLICATE:
            self._ledger.hold(record.position, -held_by_events((event,)))
        elif offered.old_bytes:
            self._sharing.grew(offered.item, offered.old_bytes)

    def _ended(self, event: Event, record: Record, outcome: EventOutcome) -> None:
        """An event is finished that was in no request."""
        count_events(self._metrics, event.pixel, event.rule, outcome)
        self._outcomes.ended(record, event, outcome)


def _ends_of_parts(records: Sequence[Record]) -> Iterator[int]:
    """Cut records into parts that are decided side by side: the place behind each part's last record."""
    start = size = 0
    for end, record in enumerate(records, 1):
        size += len(record.value or b"")
        if end - start == _DECIDED_AT_ONCE or size >= _DECIDED_BYTES or end == len(records):
            yield end
            start, size = end, 0


def _without_index(field: str) -> str:
    """`properties.contents[2].price` → `properties.contents.price`: a label has few values."""
    head, bracket, tail = field.partition("[")
    return head + tail.partition("]")[2] if bracket else head
