"""Stage `read`: which partitions are assigned, and what came of reading them.

Called by the deciding thread alone; the group's rebalances happen inside `ReadStage.read`. Nothing here waits for the
cluster but the poll itself.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

import structlog
from msgspec import Struct

from consumer.core.errors import Halt
from consumer.core.model import Record, TopicPartition
from consumer.core.read import GroupRole, ReadFault, ReadFaultKind
from consumer.core.settle.envelope import restored
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.ports import Member, PositionFinder, TopicDirectory
from consumer.service.read.assignment import AssignedPartitions, Hooks, name_of, names_of
from consumer.service.read.membership import Membership
from consumer.service.read.pausing import PausedPartitions
from consumer.service.read.standing import StandingPartitions
from consumer.service.read.topics import TopicSettings, TopicSubscription
from consumer.service.read.unread import Unread
from consumer.status.connections import Connections, OutsideSystem

log = structlog.get_logger("consumer.read")

READ_AT_ONCE: Final = 500
"""Records of one read: enough to make its cost small, few enough that answers are not kept waiting."""
AWAY_UNREADY_S: Final = 5.0
"""The client connects again now and then; that takes a moment."""


class ReadSettings(Struct, frozen=True):
    """What to read, and how much of it may be in flight."""

    topics: TopicSettings
    max_records: int
    max_bytes: int


class Edges(Struct, frozen=True):
    member: Member
    positions: PositionFinder
    topics: TopicDirectory
    connections: Connections


class ReadStage:
    """The partitions that this process reads."""

    def __init__(self, edges: Edges, ledger: Ledger, metrics: Metrics, settings: ReadSettings, hooks: Hooks) -> None:
        self._member, self._topics = edges.member, edges.topics
        self.connections: Final = edges.connections
        self._ledger, self._metrics = ledger, metrics
        self._settings, self._drain = settings, hooks.drain
        self._own_topics = settings.topics.own_topics
        self._subscription = TopicSubscription(edges.member, edges.topics, settings.topics, self)
        self.pauses: Final = PausedPartitions(edges.member, ledger, settings.max_records, settings.max_bytes)
        self._unread = Unread()
        self._assigned = AssignedPartitions(
            edges.member,
            edges.positions,
            ledger,
            metrics,
            pauses=self.pauses,
            unread=self._unread,
            hooks=hooks,
            is_latest=self._subscription.is_latest,
        )
        self._membership = Membership()
        self._standing = StandingPartitions(edges.member, ledger, edges.topics)
        self._now_s = 0.0
        self._away: tuple[float, str] | None = None
        """Since when no broker answers, and the last error."""
        self._looks = 0
        self.is_leaving = False
        """True once the service stops: nothing is looked for any more."""

    # ── one step ────────────────────────────────────────────────────────────────────────────────

    def read(self, now_s: float, timeout_s: float) -> Sequence[Record]:
        """Poll the group, and read what may be read. Raises Halt if Kafka has put this member out."""
        self._now_s = now_s
        self._take_in_what_came()
        if not self.is_leaving:
            self._look_around()
        self.pauses.step(self._ledger.partitions)
        is_stopped, is_behind = self.pauses.is_stopped, self._unread.has_records
        wanted = 0 if is_stopped or self.pauses.is_full or is_behind else READ_AT_ONCE
        batch = self._member.read(wanted, 0.0 if is_behind else timeout_s)
        self._unread.note_events(batch)
        for fault in batch.faults:
            if fault.kind is ReadFaultKind.FENCED:
                raise Halt(fault.text)
        if batch.records or batch.ends:
            self._reached(None)
        records: Sequence[Record] = batch.records
        if self._own_topics:
            records = [restored(r) if r.position.topic in self._own_topics else r for r in records]
        if is_stopped or not self._unread.has_records:
            return records
        return [*self._unread.take_records(), *records]

    def give_back(self, records: Sequence[Record]) -> None:
        """Take back what there was no time to decide: the next `read` returns it, unless its partition has gone."""
        self._unread.give_back(records)

    @property
    def in_flight_bytes(self) -> int:
        """What is in flight takes so much memory, what was read and not decided yet as well."""
        return self._ledger.in_flight_bytes + self._unread.held_bytes

    def _take_in_what_came(self) -> None:
        events = self._unread.take_events(self.pauses.waiting)
        for partition, offset in events.ends.items():
            self._assigned.read_to(partition, offset)
        for fault in events.faults:
            self._meet(fault)

    def _look_around(self) -> None:
        for group in self._membership.missing():
            if self._member.is_member(group):
                self._membership.joined(group)
        for group in self._membership.to_renew(self._now_s):
            self._renew(group)
        self._subscription.follow()
        self._assigned.looks = self._topics.id_looks
        self._assigned.notice_ids(self._topics.ids, self._now_s)
        self._assigned.look(self._now_s)
        self._renew_what_stands_still()
        if self._topics.looks != self._looks:
            self._looks = self._topics.looks
            self._reached(self._topics.error)

    def _renew_what_stands_still(self) -> None:
        if not self._standing.is_due(self._now_s):
            return
        unread = {*self.pauses.paused, *self._assigned.sought.all}
        overdue = self._standing.overdue(set(self._ledger.partitions) - unread, self._now_s)
        for partition, offset in overdue:
            log.warning("read.stands_still", partition=name_of(partition), offset=offset)
        for group in {self._role(partition) for partition, _ in overdue}:
            ours = self._of(group)
            self._drain(ours)
            self._assigned.let_go(ours)
            self._membership.lost(group)
            self._renew(group)

    def _renew(self, group: GroupRole) -> None:
        self._member.renew(group)
        self._subscription.forget()

    def _reached(self, error: str | None) -> None:
        if error is None:
            self._away = None
            self.connections.got_through(OutsideSystem.KAFKA)
        else:
            self._away = (self._now_s if self._away is None else self._away[0]), error
            self.connections.failed(OutsideSystem.KAFKA, error)

    def read_on(self, partition: TopicPartition, offset: int) -> None:
        """Continue at another offset of an assigned partition."""
        self._assigned.read_on(partition, offset)

    def pause(self, *, is_stopped: bool, topics: frozenset[str]) -> None:
        """What the next read leaves out.

        Args:
            is_stopped: nothing is to be read at all: breaker open, letters blocked, stopping.
            topics: parked topics of pixels that are closed.
        """
        self.pauses.is_stopped, self.pauses.topics = is_stopped, topics

    @property
    def partitions(self) -> Collection[TopicPartition]:
        """Those that are assigned, also where it is not known yet from where to read them."""
        return self._assigned.all

    def state(self, partition: TopicPartition) -> str:
        """`reading`, or why an assigned partition is not read."""
        return "unknown" if partition in self._assigned.sought else self.pauses.state(partition)

    @property
    def origins(self) -> Sequence[str]:
        """The topics to read, other than the service's own."""
        return self._subscription.origins

    @property
    def limits(self) -> ReadSettings:
        """How much may be in flight."""
        return self._settings

    # ── partitions come and go ──────────────────────────────────────────────────────────────────

    def assigned(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        """The group assigns partitions, or none. From where to read them is found out in later steps."""
        self._membership.joined(group)
        if partitions or group is GroupRole.ORIGIN:
            self._metrics.inc("rebalances", ("assigned",))
            log.info("read.assigned", partitions=names_of(partitions))
        self._assigned.seek(partitions, self._now_s)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """The group takes partitions back: settle and commit what can be, then give them up."""
        self._metrics.inc("rebalances", ("revoked",))
        self._drain(partitions)
        self._assigned.let_go(partitions)
        log.info("read.revoked", partitions=names_of(partitions))

    def lost(self, partitions: Sequence[TopicPartition], group: GroupRole) -> None:
        """The partitions are another member's already: nothing of them is sent or committed any more."""
        self._membership.lost(group)
        self._metrics.inc("rebalances", ("lost",))
        self._assigned.let_go(partitions)
        log.warning("read.lost", partitions=names_of(partitions))

    def leave(self, is_over: Callable[[], bool]) -> None:
        """Give up everything unsettled, and leave the group; once `is_over` is true, without the brokers' answer."""
        self._assigned.let_go(list(self._ledger.partitions))
        self._member.close(is_over)

    def release_all(self) -> None:
        """Give up everything unsettled, and read it again from what is committed (the breaker, at its reset)."""
        self._assigned.start_over(list(self._ledger.partitions), self._now_s)

    def make_room(self, in_the_way: Callable[[float], Collection[str]]) -> None:
        """Where too much is in flight, give up what was read of topics that are in the way of others.

        It is read again from what is committed, once they are read.
        """
        if not self.pauses.is_full:
            return
        topics = in_the_way(self._now_s)
        partitions = [one for one in self._ledger.partitions if one[0] in topics and self._ledger.unsettled([one])]
        if partitions:
            log.info("read.put_back", partitions=names_of(partitions), records=self._ledger.unsettled(partitions))
            self._assigned.start_over(partitions, self._now_s)

    # ── what came instead of records ────────────────────────────────────────────────────────────

    def _meet(self, fault: ReadFault) -> None:
        if fault.kind is ReadFaultKind.POSITION_LOST and fault.partition is not None:
            self._assigned.position_lost(fault.partition, self._now_s)
            return
        log.warning("read.fault", partition=fault.partition and name_of(fault.partition), text=fault.text)
        if fault.partition is None and fault.kind in (ReadFaultKind.REFUSED, ReadFaultKind.OUT):
            self._membership.noted(fault)
        if fault.kind is ReadFaultKind.AWAY:
            self._reached(fault.text)
            self._topics.look_now()
        elif fault.kind is ReadFaultKind.OUT:
            self._membership.put_out(fault, self._now_s)
            if gone := self._of(fault.group):
                self.lost(gone, fault.group)
            self._membership.lost(fault.group)

    def _of(self, group: GroupRole) -> list[TopicPartition]:
        return [partition for partition in self._assigned.all if self._role(partition) is group]

    def _role(self, partition: TopicPartition) -> GroupRole:
        return GroupRole.OWN if partition[0] in self._own_topics else GroupRole.ORIGIN

    # ── what people see ─────────────────────────────────────────────────────────────────────────

    def unready(self, now_s: float) -> Iterator[str]:
        """Why not everything that should be read is read, in words that an operator can act on."""
        if self._away is not None and now_s - self._away[0] >= AWAY_UNREADY_S:
            yield f"Kafka does not answer: {self._away[1]}"
        if self._subscription.lacking:
            yield self._subscription.lacking
        else:
            yield from self._membership.lacking(GroupRole.ORIGIN)
        if self._subscription.has_own:
            yield from self._membership.lacking(GroupRole.OWN)
        yield from self._assigned.unready(now_s)

    def publish(self) -> None:
        """Set the gauges."""
        ours = {p: self._ledger.committed(p) for p in self._ledger.partitions}
        self._topics.read = frozenset(self._assigned.all)
        self._set_each("committed_offset", ours)
        self._set_each("lag", {p: max(0, end - ours[p]) for p in ours if (end := self._known_end(p)) is not None})
        self._set_each("uncommitted_span", {p: self._ledger.uncommitted_span(p) for p in ours})
        self._metrics.set("parked_unread", sum(self._topics.unread.values()))
        self._metrics.set("positions_unknown", len(self._assigned.sought))

    def _known_end(self, partition: TopicPartition) -> int | None:
        """Where its log ends, as its last fetch or the cluster said; 0 where it has never held a record."""
        known = self._member.known_high(partition), self._topics.ends.get(partition)
        return max((end for end in known if end is not None), default=None)

    def _set_each(self, gauge: str, values: Mapping[TopicPartition, int]) -> None:
        """Of these partitions, and of no others."""
        labels = {partition: (partition[0], str(partition[1])) for partition in values}
        for partition, value in values.items():
            self._metrics.set(gauge, value, labels[partition])
        self._metrics.forget(gauge, labels.values())
