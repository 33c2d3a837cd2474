"""Stage `settle`: what TikTok's answers finish. The deciding thread's alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from consumer.core.deliver.request import RequestResult
from consumer.core.model import EventOutcome, Item
from consumer.core.remarks import match_keys
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.metrics import Metrics
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.outcomes import NoOutcomes, OutcomeWriter, count_events
from consumer.service.settle.settle_stage import SettleStage


class ResultStage:
    """Settles what was accepted, and has dead letters written of what was rejected."""

    def __init__(
        self,
        windows: PartitionWindows,
        sharing: NoSharedWindow | SharedWindow,
        settling: SettleStage,
        *,
        ledger: Ledger,
        breaker: Breaker,
        outcomes: OutcomeWriter | NoOutcomes,
        metrics: Metrics,
    ) -> None:
        self._windows, self._sharing, self._settling = windows, sharing, settling
        self._ledger, self._breaker, self._outcomes, self._metrics = ledger, breaker, outcomes, metrics

    def take(self, result: RequestResult, wall_s: float) -> None:
        """What one answer finished."""
        self._sharing.take_result(result)
        if result.accepted:
            self._outcomes.accepted(result.accepted, result.verdict.request_id)
            self._accepted(result.request.pixel, result.accepted, wall_s)
        for item, rejection in result.rejected:
            self._windows.refused(item)
            self._breaker.note_late()
            for place, record in enumerate(item.records):
                own = structs.replace(rejection, rule=item.rule_of(place))
                self._settling.reject(record, own, wall_s, item.event)

    def _accepted(self, pixel: str, items: Sequence[Item], wall_s: float) -> None:
        """Settle what TikTok took. Counted in one go: a counter's own cost would be a third of an event's settling."""
        ended: Counter[tuple[str, EventOutcome]] = Counter()
        fields: Counter[tuple[str, int]] = Counter()
        delays_s: list[float] = []
        windows, ledger = self._windows, self._ledger
        for item in items:
            windows.accepted(item)
            fields[item.event.rule, item.event.fields] += 1
            for record, outcome, rule in zip(item.records, item.outcomes, item.rules, strict=True):
                if ledger.settle(record.position, _RECORD_OUTCOME[outcome]):
                    ended[rule, outcome] += 1
            timestamp_ms = item.records[0].timestamp_ms
            if timestamp_ms >= 0:
                delays_s.append(max(0.0, wall_s - timestamp_ms / 1000))
        self._metrics.observe_all("event_delay_seconds", delays_s)
        for (rule, outcome), count in ended.items():
            count_events(self._metrics, pixel, rule, outcome, count)
        for (rule, present), count in fields.items():
            for key in match_keys(present):
                self._metrics.inc("match_keys", (pixel, key), count)
                self._metrics.inc("rule_match_keys", (rule, key), count)


_RECORD_OUTCOME: Final[Mapping[EventOutcome, RecordOutcome]] = {
    EventOutcome.ACCEPTED: RecordOutcome.SENT,
    EventOutcome.FORWARDED: RecordOutcome.SENT,
    EventOutcome.MERGED: RecordOutcome.MERGED,
    EventOutcome.DUPLICATE: RecordOutcome.DUPLICATE,
    EventOutcome.REMOVED: RecordOutcome.DUPLICATE,
}
