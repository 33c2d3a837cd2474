"""The service: one thread that reads, decides, sends and settles, one small step after another. Read this second.

`Service.step` is the whole of it. It owns all state; the edges it is given carry bytes and decide nothing, and it
knows them only as the Protocols of `ports`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from msgspec import Struct

from consumer.core.deliver.parking import ParkSettings
from consumer.core.model import Item, TopicPartition
from consumer.core.pipeline import Pipeline
from consumer.core.settle.breaker import Breaker
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.decide import DecideStage
from consumer.service.decode import DecodeStage
from consumer.service.dedupe import PartitionWindows
from consumer.service.dedupe_shared import NoSharedWindow, SharedWindow
from consumer.service.deliver import DeliverStage
from consumer.service.outcomes import NoOutcomes, OutcomeWriter
from consumer.service.park import ParkStage
from consumer.service.ports import Clocks
from consumer.service.publish.publish_stage import PublishStage
from consumer.service.publish.published import ServiceSnapshot
from consumer.service.publish.report import ServiceInfo, ServiceParts, StatusReport
from consumer.service.read.assignment import Hooks
from consumer.service.read.read_stage import Edges, ReadSettings, ReadStage
from consumer.service.results import ResultStage
from consumer.service.settle.commits import CommitStage
from consumer.service.settle.settle_stage import SettleStage

log = structlog.get_logger("consumer.service.loop")

BUSY_WAIT_S: Final = 0.01
"""How long a read may wait for records while answers are expected."""
IDLE_WAIT_S: Final = 0.05
_COMMIT_FOR_S: Final = 5.0  # to wait for the brokers with the breaker open: Kafka is not polled meanwhile
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


class ServiceStages(Struct, frozen=True, eq=False):
    """What the service is made of, apart from its edges. All of it settles by one ledger."""

    pipeline: Pipeline
    lookups: DecodeStage
    windows: PartitionWindows
    delivering: DeliverStage
    settling: SettleStage
    commits: CommitStage
    ledger: Ledger
    breaker: Breaker
    metrics: Metrics
    outcomes: OutcomeWriter | NoOutcomes
    sharing: NoSharedWindow | SharedWindow

    def deciding(self, reading: ReadStage, monotonic: Callable[[], float]) -> DecideStage:
        return DecideStage(
            self.pipeline,
            reading,
            self.lookups,
            self.windows,
            sharing=self.sharing,
            settling=self.settling,
            ledger=self.ledger,
            breaker=self.breaker,
            outcomes=self.outcomes,
            metrics=self.metrics,
            monotonic=monotonic,
        )

    def results(self) -> ResultStage:
        return ResultStage(
            self.windows,
            self.sharing,
            self.settling,
            ledger=self.ledger,
            breaker=self.breaker,
            outcomes=self.outcomes,
            metrics=self.metrics,
        )

    def parking(self, settings: ServiceSettings) -> ParkStage:
        return ParkStage(
            settings.park,
            settings.parked_topics,
            windows=self.windows,
            sharing=self.sharing,
            delivering=self.delivering,
            settling=self.settling,
            ledger=self.ledger,
            metrics=self.metrics,
        )


class Service:
    """Everything between Kafka and TikTok, in one thread."""

    def __init__(
        self, *, edges: Edges, stages: ServiceStages, read: ReadSettings, clocks: Clocks, settings: ServiceSettings
    ) -> None:
        windows, delivering, settling = stages.windows, stages.delivering, stages.settling
        hooks = Hooks(
            windows.opened,
            windows.settled_from,
            windows.is_recreated,
            drain=self._drain,
            closed=self._closed,
            at_end=windows.at_end,
        )
        self._member = edges.member
        self._reading = ReadStage(edges, stages.ledger, stages.metrics, read, hooks)
        self._lookups, self._windows = stages.lookups, windows
        self._delivering, self._settling, self._sharing = delivering, settling, stages.sharing
        self._deciding = stages.deciding(self._reading, clocks.monotonic)
        self._results = stages.results()
        self._parking = stages.parking(settings)
        self._commits = stages.commits
        self._ledger, self._breaker, self._outcomes = stages.ledger, stages.breaker, stages.outcomes
        self._clocks, self._settings = clocks, settings
        self._is_stopping = False
        self._is_breaker_told = self._is_breaker_handled = self._is_breaker_to_close = False
        decided = self._deciding.decided
        parts = ServiceParts(
            self._reading,
            stages.lookups,
            windows,
            delivering,
            settling,
            stages.commits,
            self._parking,
            stages.ledger,
            stages.breaker,
            decided,
        )
        reporting = StatusReport(parts, settings.about, clocks.monotonic, clocks.wall)
        self.publishing = PublishStage(parts, reporting, stages.metrics, clocks.monotonic, settings.request_timeout_s)

    def step(self) -> None:
        """Read a little, decide it, send what is due, settle what is done. Raises Halt if fenced."""
        now_s, wall_s = self._clocks.monotonic(), self._clocks.wall()
        self._reading.pause(
            is_stopped=self._is_stopping or self._breaker.is_tripped or self._settling.is_blocked,
            topics=self._parking.paused_topics(now_s),
        )
        self._deciding.step(self._reading.read(now_s, self._wait_s()), now_s, wall_s)
        self._settling.origins = self._reading.origins
        for partition, offset in self._windows.late(self._reading.pauses.paused).items():
            self._reading.read_on(partition, offset)
        self._send_and_settle(is_flushing=self._is_stopping, is_waiting=self._commits.is_overdue(now_s))
        self._reading.make_room(self._parking.topics_in_the_way)
        self._commits.step(self._member, now_s)
        self._stop_reading_if_wrong()
        self._windows.trim()
        self.publishing.step()

    def _wait_s(self) -> float:
        is_busy = self._delivering.in_flight() or self._settling.unwritten or self._lookups.is_busy
        return BUSY_WAIT_S if is_busy else IDLE_WAIT_S

    def _send_and_settle(self, *, is_flushing: bool, is_waiting: bool) -> None:
        now_s, wall_s = self._clocks.monotonic(), self._clocks.wall()
        for item in self._windows.ready(now_s, is_flushing=is_flushing):
            self._sharing.add(item, now_s)
        self._sharing.step(now_s, wall_s)
        for result in self._delivering.step(now_s, wall_s, is_flushing=is_flushing, is_waiting=is_waiting):
            self._results.take(result, wall_s)
        self._parking.step(now_s)
        self._settling.poll(now_s)
        self._outcomes.step(now_s)

    def _stop_reading_if_wrong(self) -> None:
        """With the breaker open: let TikTok finish what it has, commit that, and give the rest up, once."""
        if not self._breaker.is_tripped:
            self._is_breaker_to_close = False
            return
        if not self._is_breaker_handled and not self._is_busy():
            self._commit_with_breaker_open()
        if self._is_breaker_handled and self._is_breaker_to_close:
            self._is_breaker_handled = self._is_breaker_told = self._is_breaker_to_close = False
            self._breaker.close()
            log.info("breaker.closed")

    def _commit_with_breaker_open(self) -> None:
        """Without brokers, what TikTok has accepted waits for a later commit, or for an operator to continue."""
        if not self._is_breaker_told:
            self._is_breaker_told = True
            log.error("breaker.open", remedy=_BREAKER_REMEDY)
            until_s = self._clocks.monotonic() + _COMMIT_FOR_S
            self._commits.make_now(self._member, lambda: self._clocks.monotonic() >= until_s)
        is_uncommitted = self._commits.failed and self._ledger.committable()
        if not is_uncommitted or self._is_breaker_to_close:
            self._is_breaker_handled = True
            self._reading.release_all()

    def close_breaker(self) -> None:
        """An operator says that the cause is gone (SIGHUP): read on, once what TikTok has is finished and committed.

        What was read and not decided when the breaker opened would be stranded otherwise.
        """
        self._is_breaker_to_close = True

    def _drain(self, partitions: Sequence[TopicPartition]) -> None:
        """Settle what can be settled of partitions that are about to go, then commit them.

        Runs inside the group's rebalance: nothing is read meanwhile. What is being tried again or bisected continues
        until the time is over; closed pixels are not waited for.
        """
        leaving = frozenset(partitions)

        def is_leaving(item: Item) -> bool:
            return (item.records[0].position.topic, item.records[0].position.partition) in leaving

        until_s = self._clocks.monotonic() + self._settings.drain_timeout_s
        self.publishing.publish(busy_until_s=until_s)
        is_waiting = self._commits.is_overdue_still(self._member, self._clocks.monotonic())  # no answer comes in here
        self._send_and_settle(is_flushing=True, is_waiting=is_waiting)
        self._parking.before_leaving(is_leaving, self._clocks.monotonic())
        while self._is_draining(is_leaving, leaving, is_waiting) and self._clocks.monotonic() < until_s:
            self._settling.poll(self._clocks.monotonic(), BUSY_WAIT_S)
            self._send_and_settle(is_flushing=True, is_waiting=is_waiting)
            self._parking.before_leaving(is_leaving, self._clocks.monotonic())  # a pixel may close just now
        # No limit of time: while it waits for this callback, the client answers no other thread, and the group, which
        # has just asked for these partitions, is there to answer.
        self._commits.make_now(self._member)

    def _is_draining(
        self, is_leaving: Callable[[Item], bool], leaving: frozenset[TopicPartition], is_waiting: bool
    ) -> bool:
        is_busy = self._delivering.in_flight() > 0 if is_waiting else self._delivering.is_busy(is_leaving)
        is_busy = is_busy or (self._settling.unwritten > 0 and not self._settling.is_blocked)
        return is_busy and self._ledger.unsettled(leaving) > 0

    def _closed(self, partitions: Sequence[TopicPartition]) -> None:
        """Fence partitions that are no longer assigned: nothing of them is sent, written or committed from here on."""

        def is_gone(item: Item) -> bool:
            return not self._ledger.owns(item.records[0].position)

        self._delivering.release(is_gone)
        self._parking.forget(is_gone)
        self._windows.closed(partitions)
        self._sharing.closed(self._clocks.monotonic())
        self._settling.forget_failed()
        self._commits.closed(partitions)

    def stop(self, is_hurried: Callable[[], bool]) -> str:
        """Settle what can be settled within `shutdown_timeout`, commit, and leave the group.

        Args:
            is_hurried: True once a second signal says to leave at once.

        Returns:
            Why events will be sent again; "" if none will be.
        """
        self._is_stopping = self._reading.is_leaving = True
        until_s = self._clocks.monotonic() + self._settings.shutdown_timeout_s

        def is_over() -> bool:
            return is_hurried() or self._clocks.monotonic() >= until_s

        self._send_and_settle(is_flushing=True, is_waiting=self._commits.is_overdue(self._clocks.monotonic()))
        self._parking.before_leaving(lambda item: True, self._clocks.monotonic())
        while self._is_busy() and not is_over():
            self.step()
            self._parking.before_leaving(lambda item: True, self._clocks.monotonic())  # a pixel may close just now
        unstored = self._commits.make_last(self._member, self.step, is_over)
        unanswered = "a request was left without its answer" if self._delivering.in_flight() else ""
        leave_until_s = self._clocks.monotonic() + _LEAVE_FOR_S
        self._reading.leave(lambda: is_over() or self._clocks.monotonic() >= leave_until_s)
        self._sharing.finish(self._clocks.monotonic(), self._clocks.wall())
        return unanswered or unstored

    def _is_busy(self) -> bool:
        return self._is_draining(lambda item: True, frozenset(self._ledger.partitions), is_waiting=False)

    @property
    def published(self) -> ServiceSnapshot:
        """What other threads may read."""
        return self.publishing.published


_BREAKER_REMEDY: Final = (
    "most records are rejected: look at the dead letters' reasons, fix rules or schema, then send SIGHUP or restart; "
    "what was not settled is read again"
)
