"""Stage `dedupe`: one window a partition, from its assignment to its end. The deciding thread's alone."""

from collections.abc import Callable, Collection, Sequence

import structlog
from msgspec import Struct

from consumer.core.dedupe.checkpoint import ColdReason, Rewind, is_other_cluster, is_other_topic, parse_metadata
from consumer.core.dedupe.window import OfferedEvent, Window, WindowSettings, trim
from consumer.core.model import Event, Item, Position, Record, TopicPartition
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
        wall: Unix seconds, to see whether a commit's metadata fits our clock.
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
        self._cold: set[TopicPartition] = set()
        """Partitions whose windows are being filled in."""
        self._resting: set[TopicPartition] = set()
        """Those of them that are paused."""
        self._looked_s = monotonic()

    # ── partitions come and go ──────────────────────────────────────────────────────────────────

    def opened(self, partition: TopicPartition, start: StartPosition, metadata: str, topic_id: str) -> int:
        """Begin a partition's window. Returns the offset to read from, so that it is filled in."""
        rewind = self._rewind(start, metadata, topic_id)
        window = Window(self._settings.window, rewind)
        self._open[partition] = _Open(window, start.offset, rewind, topic_id, self._monotonic())
        self._cold.discard(partition)
        if rewind.start < start.offset:
            self._cold.add(partition)
        if rewind.cold not in (None, ColdReason.NONE):
            log.warning("window.cold", topic=partition[0], partition=partition[1], why=str(rewind.cold))
        return rewind.start

    def _rewind(self, start: StartPosition, metadata: str, topic_id: str) -> Rewind:
        if start.origin is not StartOrigin.COMMITTED or not self._settings.window.window_ms:
            return Rewind(start.offset, cold=ColdReason.NONE)
        rewind = self._parse(metadata, start.offset)
        if is_other_cluster(rewind.topic_id, topic_id):
            return Rewind(start.offset, cold=ColdReason.OTHER_CLUSTER)
        return rewind

    def _parse(self, metadata: str, committed: int) -> Rewind:
        return parse_metadata(metadata, committed, self._settings.window.window_ms, int(self._wall() * 1000))

    def is_recreated(self, topic_id: str, metadata: str) -> bool:
        """True if the commit was made for another topic of the same name."""
        return is_other_topic(self._parse(metadata, _ANY_OFFSET).topic_id, topic_id)

    def closed(self, partitions: Sequence[TopicPartition]) -> None:
        """Drop the windows of partitions that are not ours any more."""
        for partition in partitions:
            self._open.pop(partition, None)
            self._cold.discard(partition)

    # ── filling in ──────────────────────────────────────────────────────────────────────────────

    def is_rewound(self, position: Position) -> bool:
        """True for a record that is read again only to fill its partition's window."""
        if not self._cold:
            return False
        owned = self._open.get((position.topic, position.partition))
        return owned is not None and position.offset < owned.start

    def warm(self, record: Record, events: Sequence[Event]) -> None:
        """Fill in what a record claimed before this window began."""
        partition = record.position.topic, record.position.partition
        owned = self._open[partition]
        owned.window.saw(record, owned.rewind.watermark_ms)
        for event in events:
            owned.window.warm(event, record)
        if record.position.offset == owned.start - 1:
            self._is_warm(partition)

    def at_end(self, partition: TopicPartition, offset: int) -> None:
        """All records before this offset have been read; the last one to fill in may have been no record."""
        if partition in self._cold and offset >= self._open[partition].start:
            self._is_warm(partition)

    def late(self, paused: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Partitions whose filling in takes longer than `warmup_max`: read on from the offset given instead.

        The time in which one is paused does not count, nor does the service wait for it then.
        """
        now_s = self._monotonic()
        self._resting = self._cold.intersection(paused)
        for partition in self._resting:
            self._open[partition].opened_s += now_s - self._looked_s
        self._looked_s = now_s
        limit_s = now_s - self._settings.warmup_max_s
        late = {p: self._open[p].start for p in self._cold if self._open[p].opened_s < limit_s}
        for partition, offset in late.items():
            log.warning("window.warmup_cut", topic=partition[0], partition=partition[1], offset=offset)
            self._is_warm(partition)
        return late

    def _is_warm(self, partition: TopicPartition) -> None:
        self._cold.discard(partition)
        self._metrics.observe("window_warmup_seconds", self._monotonic() - self._open[partition].opened_s)

    # ── deciding ────────────────────────────────────────────────────────────────────────────────

    def saw(self, record: Record, wall_s: float) -> None:
        """Move the partition's watermark: for every record that is decided, before its events are offered."""
        partition = record.position.topic, record.position.partition
        if partition in self._cold:  # the log had gaps where the last record to fill in would have been
            self._is_warm(partition)
        self._open[partition].window.saw(record, int(wall_s * 1000))

    def offer(self, event: Event, record: Record, now_s: float) -> OfferedEvent:
        """Ask the partition's window about an event of a record."""
        return self._open[record.position.topic, record.position.partition].window.offer(event, record, now_s)

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

    def refused(self, item: Item) -> None:
        """It has become dead letters: the next copy is a first."""
        owned = self._of(item)
        if owned is not None:
            owned.window.refused(item)

    def _of(self, item: Item) -> _Open | None:
        position = item.records[0].position
        return self._open.get((position.topic, position.partition))

    # ── surviving, and being seen ───────────────────────────────────────────────────────────────

    def metadata(self, partition: TopicPartition, committed: int) -> str:
        """What to store with a commit."""
        owned = self._open[partition]
        return owned.window.metadata(committed, owned.topic_id)

    def note_committed(self, partition: TopicPartition, committed: int) -> None:
        """A commit was acknowledged."""
        owned = self._open.get(partition)
        if owned is not None:
            owned.window.note_committed(committed)

    @property
    def is_warm(self) -> bool:
        """True unless some partition's window is being filled in."""
        return self._cold <= self._resting

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

    def publish(self) -> None:
        """Keep within `max_keys` by forgetting the oldest keys, whichever partition they are of; set the gauges."""
        trim([owned.window for owned in self._open.values()], self._settings.max_keys)
        self._metrics.set("window_keys", self.keys)
        self._metrics.set("window_seconds", self.reaches_back_s)
