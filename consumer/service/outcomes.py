"""Stage `settle`: the outcomes topic. The deciding thread's alone. Nothing here may keep an event or a commit waiting.

Best effort: what cannot be written is counted and said, never waited for or written again.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from consumer.core.model import Event, EventOutcome, Item, Record, Rejection
from consumer.core.settle.ledger import Ledger
from consumer.core.settle.outcome_record import OutcomeRecord, outcome_of, outcome_of_rejection
from consumer.metrics import Metrics
from consumer.service.ports import OutcomeSink

log = structlog.get_logger("consumer.outcomes")

SAY_EVERY_S: Final = 60.0
"""How often it says how many outcomes were lost."""


def count_events(metrics: Metrics, pixel: str, rule: str, outcome: EventOutcome, count: int = 1) -> None:
    """Events of one rule and pixel that have ended in the same way."""
    metrics.inc("events", (pixel, str(outcome)), count)
    metrics.inc("rule_events", (rule, str(outcome)), count)


class NoOutcomes:
    """Without `outcomes.topic`: nothing is written."""

    def ended(self, record: Record, event: Event, outcome: EventOutcome, rule: str | None = None) -> None:
        """Nothing to write."""

    def accepted(self, items: Sequence[Item], request_id: str | None) -> None:
        """Nothing to write."""

    def all_ended(self, item: Item, outcome: EventOutcome) -> None:
        """Nothing to write."""

    def rejected(self, record: Record, rejection: Rejection, event: Event | None) -> None:
        """Nothing to write."""

    def step(self, now_s: float) -> None:
        """Nothing was lost."""


class OutcomeWriter:
    """Writes what became of each event.

    Args:
        wall: Unix seconds, for the records' time.
    """

    def __init__(self, sink: OutcomeSink, ledger: Ledger, metrics: Metrics, wall: Callable[[], float]) -> None:
        self._sink, self._ledger, self._metrics, self._wall = sink, ledger, metrics, wall
        self._lost = 0
        self._why = ""
        self._say_at_s = float("-inf")

    def ended(self, record: Record, event: Event, outcome: EventOutcome, rule: str | None = None) -> None:
        """An event has ended without a request of its own: a copy, a shadow rule's, or one that was parked.

        Args:
            rule: the one that made this record's event, if not the event's.
        """
        self._write(outcome_of(record, event, rule or event.rule, outcome, self._time()))

    def accepted(self, items: Sequence[Item], request_id: str | None) -> None:
        """TikTok has taken these, with the copies that settle with them."""
        time = self._time()
        for item in items:
            for place, (record, outcome) in enumerate(zip(item.records, item.outcomes, strict=True)):
                if self._ledger.owns(record.position):
                    self._write(
                        outcome_of(record, item.event, item.rule_of(place), outcome, time, request_id=request_id)
                    )

    def all_ended(self, item: Item, outcome: EventOutcome) -> None:
        """All of an item's records have ended alike, because TikTok had the event before."""
        time = self._time()
        for place, record in enumerate(item.records):
            self._write(outcome_of(record, item.event, item.rule_of(place), outcome, time))

    def rejected(self, record: Record, rejection: Rejection, event: Event | None) -> None:
        """Its dead letter was acknowledged."""
        self._write(outcome_of_rejection(record, rejection, event, self._time()))

    def _time(self) -> str:
        return datetime.fromtimestamp(self._wall(), UTC).isoformat(timespec="milliseconds")

    def _write(self, outcome: OutcomeRecord) -> None:
        self._sink.write(outcome.key, outcome.body)

    def step(self, now_s: float) -> None:
        """Take in what could not be written; say so now and then."""
        for error in self._sink.failed():
            self._metrics.inc("outcome_errors")
            self._lost += 1
            self._why = error
        if self._lost and now_s >= self._say_at_s:
            self._say_at_s = now_s + SAY_EVERY_S
            log.warning(
                "outcomes.lost",
                lost=self._lost,
                error=self._why,
                remedy="delivery continues; check that outcomes.topic exists and may be written to",
            )
            self._lost = 0
