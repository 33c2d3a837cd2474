"""What the service lets others see of itself: gauges, readiness, status. The deciding thread's alone."""

from collections.abc import Callable, Iterator
from typing import Final

from consumer.core.settle.ledger import RecordOutcome
from consumer.metrics import Metrics
from consumer.service.publish.published import ServiceSnapshot
from consumer.service.publish.report import ServiceParts, StatusReport

PUBLISH_EVERY_S: Final = 0.1
STUCK_REQUEST_TIMEOUTS: Final = 3
"""A request that has been under way for so many of its timeouts will never be answered."""
COMMITS_TO_WORRY: Final = 3
"""One may fail in any rebalance."""
LATE_TO_WORRY_S: Final = 10.0


class PublishStage:
    """Makes `published` again: numbers that belong together, taken between two steps.

    Args:
        request_timeout_s: of one request.
    """

    def __init__(
        self,
        parts: ServiceParts,
        reporting: StatusReport,
        metrics: Metrics,
        monotonic: Callable[[], float],
        request_timeout_s: float,
    ) -> None:
        self._parts, self._reporting, self._metrics, self._monotonic = parts, reporting, metrics, monotonic
        self._request_timeout_s = request_timeout_s
        self._due_s = 0.0
        self.published = ServiceSnapshot({}, monotonic())
        """For other threads to read: replaced, never changed."""

    def step(self) -> None:
        """Publish if it is time."""
        if self._monotonic() >= self._due_s:
            self.publish()

    def publish(self, busy_until_s: float = 0.0) -> None:
        """Publish now.

        Args:
            busy_until_s: monotonic seconds until when nothing more will be published, on purpose.
        """
        now_s = self._monotonic()
        self._due_s = now_s + PUBLISH_EVERY_S
        self._set_gauges(now_s)
        begun_s = self._parts.delivering.oldest_begun_s()
        limit_s = now_s - STUCK_REQUEST_TIMEOUTS * self._request_timeout_s
        unready = tuple(self._unready(now_s))
        snapshot = self._metrics.snapshot()
        self.published = ServiceSnapshot(
            snapshot=snapshot,
            stepped_at_s=now_s,
            busy_until_s=busy_until_s,
            stuck_request_since_s=begun_s if begun_s is not None and begun_s < limit_s else None,
            unready=unready,
            status=self._reporting.report(now_s, snapshot, unready),
        )

    def _set_gauges(self, now_s: float) -> None:
        ledger, metrics = self._parts.ledger, self._metrics
        metrics.set("records_in_flight", ledger.in_flight)
        metrics.set("bytes_in_flight", self._parts.reading.in_flight_bytes)
        oldest_s = ledger.oldest_read_at_s()
        metrics.set("oldest_in_flight_seconds", 0.0 if oldest_s is None else now_s - oldest_s)
        metrics.set("breaker_open", float(self._parts.breaker.is_tripped))
        metrics.set("dead_letters_blocked", float(self._parts.settling.is_blocked))
        for outcome in RecordOutcome:
            metrics.level("records_settled", ledger.totals.settled[outcome], (outcome.label,))
        metrics.level("records_released", ledger.totals.released)
        for each in self._parts.reading.connections.all:
            if each.connected is not None:
                metrics.set("connected", float(each.connected), (each.to,))
        self._parts.reading.publish()
        self._parts.windows.publish()
        self._parts.delivering.publish()

    def _unready(self, now_s: float) -> Iterator[str]:
        yield from self._parts.reading.unready(now_s)
        if not self._parts.windows.is_warm:
            yield "the dedupe window is being filled in"
        if self._parts.breaker.is_tripped:
            yield "the breaker is open: fix what rejects most records, then send SIGHUP or restart"
        if self._parts.settling.is_blocked:
            yield "dead letters cannot be written"
        if self._parts.parking.are_all_shut(now_s):
            yield "every pixel is unavailable or held"
        # Those that failed may have been of partitions which are another member's now.
        has_failed = self._parts.commits.failed >= COMMITS_TO_WORRY and self._parts.ledger.committable()
        if has_failed or self._parts.commits.late_s(now_s) >= LATE_TO_WORRY_S:
            yield "offsets cannot be committed"
