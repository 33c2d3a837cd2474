"""Stage `dedupe`: one window a partition, from its assignment to its end. The deciding thread's alone."""

from collections.abc import Callable, Collection, Sequence

import structlog
from msgspec import Struct, structs

from consumer.core.dedupe.rewind.checkpoint import ColdReason, Rewind, has_offset, joined
from consumer.core.dedupe.rewind.commit_metadata import (
    SettledBeyond,
    is_other_cluster,
    is_other_topic,
    parse_metadata,
)
from consumer.core.dedupe.submissions import OfferedEvent
from consumer.core.dedupe.trim import trim
from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event, Item, OffsetRuns, Position, Record, TopicPartition
from consumer.core.read import StartOrigin, StartPosition
from consumer.metrics import Metrics

log = structlog.get_logger("consumer.dedupe")

_ANY_OFFSET = 1 << 62


class WindowsSettings(Struct, frozen=True):
    """`dedupe` of the configuration, for all of a process's windows together."""

    window: WindowSettings
    max_keys: int
    warmup_max_s: float


class _Open(Struct):
    """A partition's window, and how far it has been filled in again."""

    window: Window
    start: int
    """The committed offset: records before it only fill the window."""
    rewind: Rewind
    topic_id: str
    opened_s: float


class PartitionWindows:
    """The windows of all partitions that this process owns.

    Args:
        monotonic: seconds, for the time that filling in takes.
        wall: Unix seconds, to see whether a commit's metadata fits this machine's clock.
    """

    def __init__(
        self,
        settings: WindowsSettings,
        metrics: Metrics,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._settings, self._metrics = settings, metrics
        self._monotonic, self._wall = monotonic, wall
        self._open: dict[TopicPartition, _Open] = {}
        self._filling: set[TopicPartition] = set()
        """Partitions whose windows are being filled in."""
        self._paused: set[TopicPartition] = set()
        """Those of them that are paused."""
        self._settled_ahead: set[TopicPartition] = set()
        """Partitions of which an earlier owner settled records beyond the committed offset, until they are read."""
        self._looked_s = monotonic()

    # ── partitions come and go ──────────────────────────────────────────────────────────────────

    def opened(
        self,
        partition: TopicPartition,
        start: StartPosition,
        metadata: str,
        topic_id: str,
        settled: SettledBeyond | None,
    ) -> Rewind:
        """Begin a partition's window. Returns from where to read, so that it is filled in, and what is settled.

        Args:
            settled: by this process, when it had the partition before. It counts if the group's offset is the one that
                was known then, or its commit a service's: an operator's tools store no metadata with an offset.
        """
        rewind = self._rewind(start, metadata, topic_id)
        is_committed = start.origin is StartOrigin.COMMITTED
        if settled is not None and is_committed and (start.offset == settled.committed or rewind.topic_id == topic_id):
            runs, refused = joined(rewind.settled, settled.runs), rewind.refused.union(settled.refused)
            rewind = structs.replace(rewind, settled=runs, refused=refused)
        window = Window(self._settings.window, rewind)
        self._open[partition] = _Open(window, start.offset, rewind, topic_id, self._monotonic())
        self._filling.discard(partition)
        if rewind.start < start.offset:
            self._filling.add(partition)
        self._settled_ahead.discard(partition)
        if rewind.settled:
            self._settled_ahead.add(partition)
        if rewind.cold not in (None, ColdReason.NONE):
            log.warning("window.cold", topic=partition[0], partition=partition[1], why=str(rewind.cold))
        return rewind

    def _rewind(self, start: StartPosition, metadata: str, topic_id: str) -> Rewind:
        if start.origin not in (StartOrigin.COMMITTED, StartOrigin.LOST):
            return Rewind(start.offset, cold=ColdReason.NONE)
        rewind = self._parse(metadata, start.offset - start.lost)
        if not topic_id or rewind.topic_id != topic_id:
            rewind = structs.replace(rewind, settled=())  # in every doubt, send
        if start.origin is StartOrigin.LOST or not self._settings.window.window_ms:
            return Rewind(start.offset, refused=rewind.refused, settled=rewind.settled, cold=ColdReason.NONE)
        if is_other_cluster(rewind.topic_id, topic_id):
            return Rewind(start.offset, cold=ColdReason.OTHER_CLUSTER)
        return rewind

    def _parse(self, metadata: str, committed: int) -> Rewind:
        return parse_metadata(metadata, committed, self._settings.window.window_ms, int(self._wall() * 1000))

    def is_recreated(self, topic_id: str, metadata: str) -> bool:
        """True if the commit was made for another topic of the same name."""
        return is_other_topic(self._parse(metadata, _ANY_OFFSET).topic_id, topic_id)

    def closed(self, partitions: Sequence[TopicPartition]) -> None:
        """Drop the windows of partitions that are no longer assigned."""
        for partition in partitions:
            self._open.pop(partition, None)
            self._filling.discard(partition)
            self._settled_ahead.discard(partition)

    # ── filling in ──────────────────────────────────────────────────────────────────────────────

    def is_rewound(self, position: Position) -> bool:
        """True for a record that is settled, and is read again only to fill its partition's window."""
        if not self._filling and not self._settled_ahead:
            return False
        owned = self._open.get((position.topic, position.partition))
        return owned is not None and (
            position.offset < owned.start or has_offset(owned.rewind.settled, position.offset)
        )

    def is_beyond_start(self, position: Position) -> bool:
        """True for a record at or after the committed offset."""
        return position.offset >= self._open[position.topic, position.partition].start

    def warm(self, record: Record, events: Sequence[Event]) -> None:
        """Fill in what a record claimed before this window began."""
        partition = record.position.topic, record.position.partition
        owned = self._open[partition]
        if record.position.offset < owned.start:
            owned.window.saw(record, owned.rewind.watermark_ms)
        else:
            self.saw(record, self._wall())
        for event in events:
            owned.window.warm(event, record)
        if record.position.offset == owned.start - 1:
            self._is_warm(partition)

    def at_end(self, partition: TopicPartition, offset: int) -> None:
        """All records before this offset have been read; the last one to fill in may have been no record."""
        if partition in self._filling and offset >= self._open[partition].start:
            self._is_warm(partition)

    def late(self, paused: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Partitions whose filling in takes longer than `warmup_max`: read on from the offset given instead.

        The time in which one is paused does not count, nor does the service wait for it then.
        """
        now_s = self._monotonic()
        self._paused = self._filling.intersection(paused)
        for partition in self._paused:
            self._open[partition].opened_s += now_s - self._looked_s
        self._looked_s = now_s
        limit_s = now_s - self._settings.warmup_max_s
        late = {p: self._open[p].start for p in self._filling if self._open[p].opened_s < limit_s}
        for partition, offset in late.items():
            log.warning("window.warmup_cut", topic=partition[0], partition=partition[1], offset=offset)
            self._is_warm(partition)
        return late

    def _is_warm(self, partition: TopicPartition) -> None:
        self._filling.discard(partition)
        self._metrics.observe("window_warmup_seconds", self._monotonic() - self._open[partition].opened_s)

    # ── deciding ────────────────────────────────────────────────────────────────────────────────

    def saw(self, record: Record, wall_s: float) -> None:
        """Move the partition's watermark: for every record that is decided, before its events are offered."""
        partition = record.position.topic, record.position.partition
        if partition in self._filling:  # the log had gaps where the last record to fill in would have been
            self._is_warm(partition)
        if partition in self._settled_ahead and record.position.offset >= self._open[partition].rewind.settled[-1][1]:
            self._settled_ahead.discard(partition)
        self._open[partition].window.saw(record, int(wall_s * 1000))

    def offer(self, event: Event, record: Record, now_s: float) -> OfferedEvent:
        """Ask the partition's window about an event of a record."""
        return self._open[record.position.topic, record.position.partition].window.offer(event, record, now_s)

    def rejected(self, record: Record) -> None:
        """A record becomes a dead letter before it was an event."""
        self._open[record.position.topic, record.position.partition].window.rejected(record)

    def ready(self, now_s: float, *, is_flushing: bool) -> list[Item]:
        """Events whose wait for copies has ended; all that wait, if flushing."""
        if not self._settings.window.merge_wait_ms:
            return []
        windows = [owned.window for owned in self._open.values()]
        return [item for window in windows for item in (window.flush() if is_flushing else window.ready(now_s))]

    def accepted(self, item: Item) -> None:
        """TikTok has accepted it, or a parked topic has it."""
        owned = self._of(item)
        if owned is not None:
            owned.window.accepted(item)

    def reopened(self, item: Item) -> None:
        """A parked topic did not take it: it waits again."""
        owned = self._of(item)
        if owned is not None:
            owned.window.reopened(item)

    def refused(self, item: Item) -> None:
        """It has become dead letters: the next copy is a first, also where its records were before they were parked."""
        owned = self._of(item)
        if owned is not None:
            owned.window.refused(item)
        for record in item.records:
            origin = self._open.get((record.origin.topic, record.origin.partition))
            if origin is not None and origin is not owned:
                origin.window.refused_later(item.event, record.origin.offset)

    def _of(self, item: Item) -> _Open | None:
        position = item.records[0].position
        return self._open.get((position.topic, position.partition))

    # ── surviving, and being seen ───────────────────────────────────────────────────────────────

    def metadata(self, partition: TopicPartition, committed: int, settled: OffsetRuns, max_bytes: int) -> str:
        """What to store with a commit.

        Args:
            settled: beyond the committed offset.
        """
        owned = self._open[partition]
        return owned.window.metadata(committed, owned.topic_id, settled, max_bytes)

    def settled_from(self, partition: TopicPartition, committed: int, settled: OffsetRuns) -> SettledBeyond:
        """What is settled from the committed offset on, and which of it was refused."""
        return self._open[partition].window.settled_from(committed, settled)

    def note_committed(self, partition: TopicPartition, committed: int) -> None:
        """A commit was acknowledged."""
        owned = self._open.get(partition)
        if owned is not None:
            owned.window.note_committed(committed)

    @property
    def is_warm(self) -> bool:
        """True unless some partition's window is being filled in."""
        return self._filling <= self._paused

    @property
    def keys(self) -> int:
        """Keys in all windows."""
        return sum(owned.window.keys for owned in self._open.values())

    @property
    def reaches_back_s(self) -> float:
        """Seconds that the longest window reaches back."""
        return max((owned.window.reach_s for owned in self._open.values()), default=0.0)

    @property
    def waiting(self) -> int:
        """Events that wait for copies to merge with (`merge_wait`)."""
        return sum(owned.window.waiting for owned in self._open.values())

    def trim(self) -> None:
        """Keep within `max_keys` by forgetting the oldest keys, whichever partition they are of."""
        trim([owned.window for owned in self._open.values()], self._settings.max_keys)

    def publish(self) -> None:
        """Set the gauges. Without keys there is no reach: a 0 would be taken for the shortest of several workers'."""
        keys = self.keys
        self._metrics.set("window_keys", keys)
        if keys:
            self._metrics.set("window_seconds", self.reaches_back_s)
        else:
            self._metrics.forget("window_seconds", ())
