"""Stage `read`: which partitions are ours, from where they are read, and which of them pause.

Called by the deciding thread alone; the group's rebalances happen inside `ReadStage.read`.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import structlog
from msgspec import Struct

from consumer.core import read as resume
from consumer.core.errors import Halt, Unreachable
from consumer.core.model import Record, TopicPartition
from consumer.core.read import ReadFaultKind, StartPosition
from consumer.core.settle.envelope import restored
from consumer.core.settle.ledger import Ledger
from consumer.metrics import Metrics
from consumer.service.ports import Cluster, Member, TopicDirectory

log = structlog.get_logger("consumer.read")

ASK_AGAIN_S: Final = 1.0
"""How long to wait before the cluster is asked again what it did not answer."""
READ_AT_ONCE: Final = 500
"""Records of one read: enough to make its cost small, few enough that answers are not kept waiting."""


class ReadSettings(Struct, frozen=True):
    """What to read, and how much of it may be in flight."""

    chosen: Callable[[Iterable[str]], tuple[str, ...]]
    """Of all topics of the cluster, those of the origin: what `kafka.topics` says."""
    own_topics: frozenset[str]
    """Those that the service writes for itself: their headers say where a record comes from."""
    is_latest: bool
    max_records: int
    max_bytes: int


class Hooks(Struct, frozen=True):
    """What the rest of the service does when partitions come and go."""

    opened: Callable[[TopicPartition, StartPosition, str, str], int]
    """A partition is ours, with its commit's metadata and its topic's id. Returns the offset to read from: an earlier
    one than it starts at, if its window is to be filled in first."""
    is_recreated: Callable[[str, str], bool]
    """Whether the topic with this id is another one than the commit's metadata was written for."""
    drain: Callable[[Sequence[TopicPartition]], None]
    """These partitions are about to go: settle what can be, and commit."""
    closed: Callable[[Sequence[TopicPartition]], None]
    """These partitions are not ours any more."""


class Edges(Struct, frozen=True):
    member: Member
    cluster: Cluster
    topics: TopicDirectory


class ReadStage:
    """The partitions that this process reads."""

    def __init__(self, edges: Edges, ledger: Ledger, metrics: Metrics, settings: ReadSettings, hooks: Hooks) -> None:
        self._member, self._cluster, self._topics = edges.member, edges.cluster, edges.topics
        self._ledger, self._metrics = ledger, metrics
        self._settings, self._hooks = settings, hooks
        self._subscribed: tuple[str, ...] = ()
        self._there_at_first: frozenset[TopicPartition] | None = None
        self._unresolved: dict[TopicPartition, float] = {}
        self._ids: dict[str, str] = {}
        self._epoch = 0
        self._paused: set[TopicPartition] = set()
        self._is_full = False
        self.has_joined = False
        self.waiting: Final[dict[TopicPartition, deque[Record]]] = {}
        """Records read that wait, in order, until their partition's next schema is known."""
        self._given_back: list[Record] = []
        self.paused_topics: frozenset[str] = frozenset()
        """Parked topics of pixels that are closed: not read now."""
        self.is_stopped = False
        """True while nothing is to be read at all: breaker open, letters blocked, stopping."""

    # ── one step ────────────────────────────────────────────────────────────────────────────────

    def read(self, now_s: float, timeout_s: float) -> list[Record]:
        """Poll the group, and read what may be read. Raises Halt if Kafka has put this member out."""
        self._follow_topics(now_s)
        self._resolve(now_s)
        self._pause_and_resume()
        wanted = 0 if self.is_stopped or self._is_full or self._given_back else READ_AT_ONCE
        records, faults = self._member.read(wanted, 0.0 if self._given_back else timeout_s)
        for fault in faults:
            self._meet(fault)
        if self._settings.own_topics:
            records = [restored(r) if r.position.topic in self._settings.own_topics else r for r in records]
        if not self._given_back or self.is_stopped:
            return records
        given_back, self._given_back = self._given_back, []
        return given_back + records

    def give_back(self, records: Sequence[Record]) -> None:
        """Take back what there was no time to decide: the next `read` returns it, unless its partition has gone."""
        self._given_back = [*records, *self._given_back]

    def hold_back(self, *records: Record) -> None:
        """Keep records until their partition's next schema is known, and read no more of that partition."""
        for record in records:
            self.waiting.setdefault(_partition(record), deque()).append(record)

    @property
    def paused(self) -> Collection[TopicPartition]:
        """Partitions of ours that are not read at the moment."""
        return self._paused

    @property
    def limits(self) -> ReadSettings:
        """How much may be in flight."""
        return self._settings

    @property
    def held_back(self) -> int:
        """Records that wait for a schema."""
        return sum(map(len, self.waiting.values()))

    def state(self, partition: TopicPartition) -> str:
        """`reading`, or why a partition of ours is paused: `stopped`, `full`, `schema` or `closed` (its pixel)."""
        if partition not in self._paused:
            return "reading"
        if self.is_stopped:
            return "stopped"
        if partition in self.waiting:
            return "schema"
        return "closed" if partition[0] in self.paused_topics else "full"

    def is_waiting(self, record: Record) -> bool:
        """True if an earlier record of the partition waits: order is kept."""
        return bool(self.waiting) and _partition(record) in self.waiting

    # ── topics ──────────────────────────────────────────────────────────────────────────────────

    def _follow_topics(self, now_s: float) -> None:
        seen = self._topics.seen
        if seen is None:
            return
        own = sorted(self._settings.own_topics & seen.keys())
        chosen = (*self._settings.chosen(seen), *own)
        if chosen != self._subscribed and self._know_what_was_there(chosen, seen, now_s):
            self._subscribe(chosen)
        self._notice_recreated()

    def _subscribe(self, chosen: tuple[str, ...]) -> None:
        self._topics.watched = frozenset(chosen)
        try:
            self._member.subscribe(chosen, self)
        except Unreachable as away:  # a dry run asks the cluster itself; the next step asks again
            log.warning("read.topics_unknown", error=str(away))
            return
        log.info("read.subscribed", topics=list(chosen))
        self._subscribed = chosen

    def _know_what_was_there(self, chosen: Iterable[str], seen: Mapping[str, int], now_s: float) -> bool:
        """Before joining for the first time: is the group new, and which partitions does `latest` then mean?"""
        if self._there_at_first is not None or not self._settings.is_latest:
            return True
        there = [(topic, number) for topic in chosen for number in range(seen.get(topic, 0))]
        try:
            stored = self._member.committed(there)
        except Unreachable as away:
            log.warning("read.group_unknown", error=str(away))
            return False
        is_new = all(committed.offset is None for committed in stored.values())
        mine = [p for p in there if p[0] not in self._settings.own_topics]
        self._there_at_first = frozenset(mine) if is_new else frozenset()
        return True

    def _notice_recreated(self) -> None:
        for topic, known in list(self._ids.items()):
            if self._topics.ids.get(topic, known) != known:
                ours = [p for p in self._ledger.partitions if p[0] == topic]
                log.error("read.topic_recreated", topic=topic, remedy="it is read from its beginning")
                self._start_over(ours)
                self._ids[topic] = self._topics.ids[topic]

    # ── partitions come and go ──────────────────────────────────────────────────────────────────

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """The group gives us partitions. What cannot be resolved now is asked for again in later steps."""
        if not partitions or any(topic not in self._settings.own_topics for topic, _ in partitions):
            self.has_joined = True
        self._metrics.inc("rebalances", ("assigned",))
        log.info("read.assigned", partitions=_names(partitions))
        self._unresolved.update(dict.fromkeys(partitions, 0.0))
        self._resolve(0.0)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """The group takes partitions back: settle and commit what can be, then let go."""
        self._metrics.inc("rebalances", ("revoked",))
        self._hooks.drain(partitions)
        self._let_go(partitions)
        log.info("read.revoked", partitions=_names(partitions))

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """The partitions are another member's already: nothing of them is sent or committed any more."""
        self._metrics.inc("rebalances", ("lost",))
        self._let_go(partitions)
        log.warning("read.lost", partitions=_names(partitions))

    def _let_go(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in partitions:
            self._unresolved.pop(partition, None)
            self._forget_unread(partition)
            self._paused.discard(partition)
        self._ledger.release(partitions)
        self._hooks.closed(partitions)

    def _forget_unread(self, partition: TopicPartition) -> None:
        """What was read of it and not decided is read again, here or elsewhere."""
        self.waiting.pop(partition, None)
        self._given_back = [record for record in self._given_back if _partition(record) != partition]

    def _next_to_read(self, partition: TopicPartition) -> int:
        given_back = [record.position.offset + 1 for record in self._given_back if _partition(record) == partition]
        return max(self._ledger.next_offset(partition), *given_back, 0)

    def leave(self) -> None:
        """Give up everything unsettled, and leave the group."""
        self._let_go(list(self._ledger.partitions))
        self._member.close()

    def release_all(self) -> None:
        """Give up everything unsettled, and read it again from what is committed (the breaker, at its reset)."""
        self._start_over(list(self._ledger.partitions))

    def _start_over(self, partitions: Sequence[TopicPartition]) -> None:
        self._let_go(partitions)
        for partition in partitions:
            self._member.unassign(partition)
        self._unresolved.update(dict.fromkeys(partitions, 0.0))

    def _resolve(self, now_s: float) -> None:
        due = [partition for partition, at_s in self._unresolved.items() if at_s <= now_s]
        if not due:
            return
        try:
            stored, bounds = self._member.committed(due), self._cluster.bounds(due)
            ids = self._cluster.topic_ids({topic for topic, _ in due})
        except Unreachable as away:
            log.warning("read.position_unknown", partitions=_names(due), error=str(away))
            self._unresolved.update(dict.fromkeys(due, now_s + ASK_AGAIN_S))
            return
        self._ids.update(ids)
        for partition in due:
            self._open(partition, stored[partition], bounds[partition])

    def _open(self, partition: TopicPartition, stored: resume.CommittedOffset, bounds: resume.LogBounds) -> None:
        topic_id = self._ids.get(partition[0], "")
        is_recreated = self._hooks.is_recreated(topic_id, stored.metadata)
        is_latest = self._there_at_first is not None and partition in self._there_at_first
        start = resume.start(stored.offset, bounds.low, bounds.high, is_recreated=is_recreated, is_latest=is_latest)
        self._tell(partition, start)
        self._metrics.begin("records_read", [(partition[0],)])
        self._epoch += 1
        is_committed = start.origin is resume.StartOrigin.COMMITTED
        self._ledger.assign(partition, self._epoch, start.offset, is_committed=is_committed)
        offset = self._hooks.opened(partition, start, stored.metadata, topic_id)
        del self._unresolved[partition]
        is_paused = self._should_pause(partition)
        self._member.assign(partition, max(offset, bounds.low), self._epoch, is_paused)
        if is_paused:
            self._paused.add(partition)

    def _tell(self, partition: TopicPartition, start: StartPosition) -> None:
        say = log.error if start.origin in (resume.StartOrigin.LOST, resume.StartOrigin.RECREATED) else log.info
        say("read.start", partition=_name(partition), offset=start.offset, origin=start.origin, lost=start.lost)
        self._metrics.inc("offsets_lost", (partition[0],), start.lost)

    def _meet(self, fault: resume.ReadFault) -> None:
        if fault.kind is ReadFaultKind.FATAL:
            raise Halt(fault.text)
        if fault.kind is ReadFaultKind.POSITION_LOST and fault.partition is not None:
            self._skip_to_what_is_there(fault.partition)
        else:
            log.warning("read.fault", partition=fault.partition and _name(fault.partition), text=fault.text)

    def _skip_to_what_is_there(self, partition: TopicPartition) -> None:
        """Retention has overtaken us: what is in flight is still delivered, reading goes on where the log begins."""
        wanted = self._next_to_read(partition)
        try:
            bounds = self._cluster.bounds([partition])[partition]
        except Unreachable as away:
            log.warning("read.position_unknown", partitions=[_name(partition)], error=str(away))
            self._start_over([partition])
            return
        if not wanted < bounds.low:
            self._start_over([partition])  # the log is shorter than what we read of it: another topic
            return
        self._tell(partition, StartPosition(bounds.low, resume.StartOrigin.LOST, bounds.low - wanted))
        self._move_to(partition, bounds.low)

    def read_on(self, partition: TopicPartition, offset: int) -> None:
        """Go on at another offset of a partition that is ours; what was given back of it is forgotten."""
        self._given_back = [record for record in self._given_back if _partition(record) != partition]
        self._move_to(partition, offset)

    def _move_to(self, partition: TopicPartition, offset: int) -> None:
        self._member.unassign(partition)
        self._member.assign(partition, offset, self._ledger.epoch(partition), partition in self._paused)

    def publish(self) -> None:
        """Set the gauges."""
        ours = list(self._ledger.partitions)
        self._topics.read = frozenset(ours)
        labels = [(topic, str(number)) for topic, number in ours]
        for partition, label in zip(ours, labels, strict=True):
            high = max(self._member.known_high(partition) or 0, self._topics.ends.get(partition, 0))
            if high:
                self._metrics.set("lag", max(0, high - self._ledger.committed(partition)), label)
            self._metrics.set("uncommitted_span", self._ledger.uncommitted_span(partition), label)
        for name in ("lag", "uncommitted_span"):
            self._metrics.forget(name, labels)

    # ── pausing ─────────────────────────────────────────────────────────────────────────────────

    def _pause_and_resume(self) -> None:
        self._measure()
        wanted = {partition for partition in self._ledger.partitions if self._should_pause(partition)}
        if wanted == self._paused:
            return
        pause, resumed = wanted - self._paused, self._paused - wanted
        if pause:
            self._member.pause(pause)
        if resumed:
            self._member.resume(resumed)
        self._paused = wanted

    def _measure(self) -> None:
        """Full from the limit on, until half of it is settled: pausing throws away what the client has fetched."""
        records, size_bytes = self._ledger.in_flight, self._ledger.in_flight_bytes
        limits, share = self._settings, 0.5 if self._is_full else 1.0
        self._is_full = records >= limits.max_records * share or size_bytes >= limits.max_bytes * share

    def _should_pause(self, partition: TopicPartition) -> bool:
        return self.is_stopped or self._is_full or partition in self.waiting or partition[0] in self.paused_topics


def _partition(record: Record) -> TopicPartition:
    return record.position.topic, record.position.partition


def _name(partition: TopicPartition) -> str:
    return f"{partition[0]}[{partition[1]}]"


def _names(partitions: Sequence[TopicPartition]) -> list[str]:
    return [_name(partition) for partition in sorted(partitions)]
