"""Stage `dedupe`: between a partition's window and the batch, what would be sent asks the window that all processes
share. The deciding thread's alone.
"""

import structlog

from consumer.core.dedupe.digest import has_key
from consumer.core.dedupe.shared_protocol import ClaimRequest, ClaimResult
from consumer.core.dedupe.shared_window import SharedClaims
from consumer.core.deliver.request import RequestResult
from consumer.core.errors import Unreachable
from consumer.core.model import EventOutcome, Item
from consumer.core.settle.ledger import Ledger, RecordOutcome
from consumer.metrics import Metrics
from consumer.service.dedupe import PartitionWindows
from consumer.service.deliver import DeliverStage
from consumer.service.outcomes import NoOutcomes, OutcomeWriter, count_events
from consumer.service.ports import WindowStore
from consumer.status.connections import Connections, OutsideSystem
from consumer.status.redis_remedies import redis_remedy

log = structlog.get_logger("consumer.dedupe")


class NoSharedWindow:
    """`store: memory`: no store is asked, and what is to be sent goes straight to the batch."""

    def __init__(self, delivering: DeliverStage) -> None:
        # The very methods: a call in between would cost each event something for nothing.
        self.add = delivering.add
        self.grew = delivering.grew

    def step(self, now_s: float, wall_s: float) -> None:
        """Nothing waits."""

    def take_result(self, result: RequestResult) -> None:
        """Nobody needs to know."""

    def parked(self, item: Item) -> None:
        """Nobody needs to know."""

    def closed(self, now_s: float) -> None:
        """Nobody needs to know."""

    def finish(self, now_s: float, wall_s: float) -> None:
        """Nobody needs to know."""


class SharedWindow:
    """`store: redis`: asks once a step, and waits for the answer as long as the store's edge does."""

    def __init__(
        self,
        shared: SharedClaims,
        store: WindowStore,
        windows: PartitionWindows,
        delivering: DeliverStage,
        *,
        ledger: Ledger,
        metrics: Metrics,
        connections: Connections,
        outcomes: OutcomeWriter | NoOutcomes,
    ) -> None:
        self._shared, self._store, self._outcomes = shared, store, outcomes
        self._windows, self._delivering = windows, delivering
        self._ledger, self._metrics, self._connections = ledger, metrics, connections

    def add(self, item: Item, now_s: float) -> None:
        """Something is to be sent: let it ask first, if it has a key to be known by."""
        if has_key(item.event):
            self._shared.add(item)
        else:
            self._delivering.add(item, now_s)

    def grew(self, item: Item, old_bytes: int) -> None:
        """A copy was merged into an event: the batch must know, if it is there yet."""
        if not self._shared.is_waiting(item):
            self._delivering.grew(item, old_bytes)

    def step(self, now_s: float, wall_s: float) -> None:
        """Ask about all that was added since the last step, and what is due again: a round trip for every 500."""
        wall_ms = int(wall_s * 1000)
        question = self._shared.question(now_s, wall_ms)
        while question is not None:
            self._ask(question, now_s)
            question = self._shared.question(now_s, wall_ms) if self._shared.has_unasked else None
        for item in self._shared.undecided(now_s, wall_ms):
            self._delivering.add(item, now_s)
        self._give_way(now_s)

    def _ask(self, question: ClaimRequest, now_s: float) -> None:
        try:
            verdicts = self._store.ask(question)
        except Unreachable as away:
            self._failed(str(away), now_s)
            return
        self._connections.got_through(OutsideSystem.REDIS)
        if self._shared.is_away:
            log.info("window_store.back")
        for item, verdict in self._shared.take_answer(question, verdicts, now_s):
            self._decided(item, verdict, now_s)

    def _failed(self, why: str, now_s: float) -> None:
        self._metrics.inc("window_store_errors")
        self._connections.failed(OutsideSystem.REDIS, why)
        if not self._shared.is_away:
            log.warning(
                "window_store.away",
                error=why,
                remedy=f"until Redis answers in time, each partition decides alone; {redis_remedy(why)}",
            )
        self._shared.failed(now_s)

    def _decided(self, item: Item, verdict: ClaimResult, now_s: float) -> None:
        if verdict is ClaimResult.DUPLICATE:
            self._settle(item, EventOutcome.DUPLICATE)
        elif verdict is ClaimResult.REMOVED:
            self._settle(item, EventOutcome.REMOVED)
        else:
            if verdict is ClaimResult.FORWARD:
                item.outcomes[0] = EventOutcome.FORWARDED
            self._delivering.add(item, now_s)

    def _give_way(self, now_s: float) -> None:
        """Take back what another process has claimed while this one counted as dead, unless it is in a request."""
        overtaken = self._shared.overtaken()
        if not overtaken:
            return
        for item in self._delivering.take_waiting(overtaken.__contains__):
            self._shared.given_up(item)
            if overtaken[item] is ClaimResult.WAIT:
                self._shared.add(item)
            else:
                self._decided(item, overtaken[item], now_s)

    def _settle(self, item: Item, outcome: EventOutcome) -> None:
        """TikTok has had it before: so have all that were to settle with it."""
        self._windows.accepted(item)
        self._outcomes.all_ended(item, outcome)
        for record, rule in zip(item.records, item.rules, strict=True):
            count_events(self._metrics, item.event.pixel, rule, outcome)
            self._ledger.settle(record.position, RecordOutcome.DUPLICATE)

    def take_result(self, result: RequestResult) -> None:
        """What TikTok has accepted or refused."""
        for item in result.accepted:
            self._shared.accepted(item)
        for item, _ in result.rejected:
            self._shared.given_up(item)

    def parked(self, item: Item) -> None:
        """It asks again when it is read from its parked topic."""
        self._shared.given_up(item)

    def closed(self, now_s: float) -> None:
        """Partitions are no longer assigned."""
        self._shared.gone(lambda item: not self._ledger.owns(item.records[0].position), now_s)

    def finish(self, now_s: float, wall_s: float) -> None:
        """The end: send the store what it does not have yet, unless it is unavailable."""
        while self._shared.has_untold:
            question = self._shared.question(now_s, int(wall_s * 1000))
            if question is None:
                return
            self._ask(question, now_s)
