"""The window: copies of one event within five minutes become one, or are forwarded. One window a partition.

Everything that decides whether an event is sent, merged, forwarded or dropped as a copy lives in this file;
`submissions`, `merge`, `claims`, `merge_wait` and `checkpoint` are parts of it. The rules: docs/architecture.md §4;
what TikTok does: docs/tiktok.md §5.

A key's claim consists of the *submissions* that were not refused: the first, and forwards after it. The oldest of them
owns the claim: its time is the claim's time. When it is refused, the next one owns the claim; without any, it is free.
"""

from typing import Final

from consumer.core.dedupe.claims import NOWHERE, Claims, fields_of, offset_of, time_of
from consumer.core.dedupe.digest import digest_of, has_key
from consumer.core.dedupe.merge import merge, presence
from consumer.core.dedupe.merge_wait import MergeWait
from consumer.core.dedupe.pending import PendingKeys
from consumer.core.dedupe.rewind.checkpoint import ReadTrail, Refusals, Rewind
from consumer.core.dedupe.rewind.commit_metadata import MAX_METADATA_BYTES, SettledBeyond, WindowPast, write_metadata
from consumer.core.dedupe.submissions import (
    DedupeResult,
    OfferedEvent,
    Submission,
    alone,
    attached,
    fields_of_all,
    settle_with_existing,
)
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event, EventOutcome, Item, OffsetRuns, Record

# An enum's members are slow to reach, and each event needs these.
_ACCEPTED: Final = EventOutcome.ACCEPTED
_FIRST: Final = DedupeResult.FIRST


class Window:
    """The claims of one partition during one assignment. Drop it when the assignment ends.

    Of every record read, `saw` comes first, then `offer` of each event (or `warm`, below the committed offset).
    Every item that `offer` made is ended by `accepted` or `refused`. A partition that is read again gets a new window.
    """

    def __init__(self, settings: WindowSettings, rewind: Rewind | None = None) -> None:
        self._settings = settings
        self._window_ms = settings.window_ms
        self._claims = Claims()
        self._pending = PendingKeys()
        self._waiting = MergeWait(settings.merge_wait_ms)
        self._trail = ReadTrail()
        self._refusals = Refusals(rewind.refused if rewind else ())
        self._next_second_ms = 0
        self.watermark_ms = -1
        """Highest timestamp read, Unix milliseconds; -1 before the first record."""

    def saw(self, record: Record, wall_ms: int) -> None:
        """Move the watermark: of every record read, also those without events.

        Args:
            wall_ms: Unix milliseconds; `Rewind.watermark_ms` while the window is being filled.
        """
        time_ms = record.timestamp_ms
        if time_ms > wall_ms or time_ms < 0:
            time_ms = wall_ms
        if time_ms > self.watermark_ms:
            self.watermark_ms = time_ms
            if time_ms >= self._next_second_ms:
                self._next_second_ms = time_ms - time_ms % 1000 + 1000
                self._trail.reached(record.position.offset, time_ms)
                self._claims.expire(time_ms - self._window_ms)

    def offer(self, event: Event, record: Record, now_s: float, digest: bytes | None = None) -> OfferedEvent:
        """Decide on one event of a record.

        Args:
            now_s: monotonic seconds when the record was read.
            digest: `digest_of(event)`, if the caller has it.
        """
        if not (self._window_ms and has_key(event)):
            return alone(DedupeResult.UNKEYED, event, record, now_s)
        time_ms, watermark_ms = record.timestamp_ms, self.watermark_ms
        if not 0 <= time_ms <= watermark_ms:
            time_ms = watermark_ms
        alive_from_ms = watermark_ms - self._window_ms
        if time_ms < alive_from_ms:
            return alone(DedupeResult.TOO_OLD, event, record, now_s)
        digest = digest or digest_of(event)
        item, fields, offset = Item(event, [record], [_ACCEPTED], now_s), presence(event), record.position.offset
        claim = self._claims.take(digest, alive_from_ms, time_ms, offset, fields)
        if claim is None:
            return self._first(digest, item, time_ms, offset)
        return self._copy(digest, claim, item, Submission(item, time_ms, offset, fields))

    def accepted(self, item: Item) -> None:
        """TikTok has accepted an item, or a parked topic has acknowledged it: its claim stays."""
        self._pending.accepted(item)

    def reopened(self, item: Item) -> None:
        """A parked topic did not take an item: it waits again, and later copies of it settle with it."""
        digest = digest_of(item.event)
        claim = self._claims.get(digest, self.watermark_ms - self._window_ms) if has_key(item.event) else None
        if claim is None:
            return
        if digest not in self._pending:
            self._pending.first(digest, item)
            return
        record = item.records[0]
        own = Submission(item, self._time_of(record), record.position.offset, presence(item.event))
        # What counted as accepted under its offset was this item, and is not accepted after all.
        self._pending.add(digest, self._pending.but_accepted_at(own.offset, digest, claim), own)

    def refused(self, item: Item) -> None:
        """An item has become dead letters: free its claim, or take its fields from it, after a restart as well."""
        found = self._pending.refused(item)
        if found is None:
            return
        digest, rest = found
        for record in item.records:
            self._refusals.note(record.position.offset, digest)
        if rest is not None:
            self._keep(digest, rest)

    def refused_later(self, event: Event, offset: int) -> None:
        """An event of that record became a dead letter where it was read again: it claims nothing here any more."""
        digest = digest_of(event) if has_key(event) else b""
        claim = self._claims.get(digest, self.watermark_ms - self._window_ms)
        if claim is not None:
            self._refusals.note(offset, digest)
            self._keep(digest, self._pending.but_refused_at(offset, presence(event), digest, claim))

    def rejected(self, record: Record) -> None:
        """A record has become a dead letter before it was an event: it claims nothing when it is read again."""
        self._refusals.note_rejected(record.position.offset)

    def ready(self, now_s: float) -> list[Item]:
        """Take the items whose wait for copies has ended; they move to the batch. `now_s` is monotonic."""
        return self._waiting.ready(self.watermark_ms, now_s)

    def flush(self) -> list[Item]:
        """Take all items that wait: a shutdown or a revocation waits for no copies."""
        return self._waiting.flush()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def warm(self, event: Event, record: Record) -> None:
        """Fill in an event of a record that was settled before this window began: it may have stood beyond the offset
        that was committed.

        A claim so made lives as long as the latest of its copies: which of them had made it is not known any more.
        So a key may stay claimed for up to twice the window, never shorter than before.
        """
        time_ms, offset = self._time_of(record), record.position.offset
        if not (self._window_ms and has_key(event)) or time_ms < self.watermark_ms - self._window_ms:
            return
        digest = digest_of(event)
        if self._refusals.has(offset, digest):
            return
        if digest in self._pending:
            # Of its key, something older waits for an answer: this one was settled beyond it.
            earlier = self._pending.of(digest, self._claims.get(digest, 0) or 0)
            self._pending.add(digest, earlier, Submission(None, time_ms, offset, presence(event)))
        self.learn(digest, presence(event), time_ms, offset)

    def learn(self, digest: bytes, fields: int, time_ms: int, offset: int = NOWHERE) -> None:
        """Claim a key for what was sent earlier, or elsewhere; or add fields and time to its claim.

        Args:
            fields: as `merge.presence` gives them.
            offset: of the record in this partition, if it is of this partition.
        """
        claim = self._claims.get(digest, self.watermark_ms - self._window_ms)
        if claim is not None:
            fields |= fields_of(claim)
            time_ms, offset = max(time_ms, time_of(claim)), min(offset, offset_of(claim))  # NOWHERE is the highest
        self._claim(digest, time_ms, offset, fields)

    def metadata(
        self, committed: int, topic_id: str = "", settled: OffsetRuns = (), max_bytes: int = MAX_METADATA_BYTES
    ) -> str:
        """What to store with a commit of that offset, and of what is `settled` beyond it (`parse_metadata`).

        Do not commit an offset again before the records below it have been filled in, unless more was settled.
        """
        start = self.oldest_alive(committed)
        refused = self._refusals.between(start, committed)
        watermark_ms = max(0, self._trail.watermark_at(committed, self.watermark_ms))
        beyond = self.settled_from(committed, settled)
        return write_metadata(WindowPast(start, watermark_ms, refused), topic_id, beyond, max_bytes)

    def settled_from(self, committed: int, settled: OffsetRuns) -> SettledBeyond:
        """What a new owner must know of records that are settled from the committed offset on."""
        runs = self._refusals.known_from(settled)
        return SettledBeyond(committed, runs, self._refusals.within(runs))

    def oldest_alive(self, committed: int) -> int:
        """The offset that a new owner rewinds to: no claim alive at `committed` was made before it."""
        return self._trail.oldest_alive(committed, self._window_ms)

    def note_committed(self, committed: int) -> None:
        """A commit was acknowledged: forget what only a rewind to before it would need."""
        start = self.oldest_alive(committed)
        self._trail.forget_before(start)
        self._refusals.forget_before(start)

    @property
    def keys(self) -> int:
        return len(self._claims)

    @property
    def reach_s(self) -> float:
        """How far back its claims go, seconds; 0.0 without any."""
        return max(0, self.watermark_ms - (self._claims.oldest_ms() or self.watermark_ms)) / 1000

    @property
    def oldest_ms(self) -> int | None:
        """About the time of its oldest claim, Unix milliseconds; None without any."""
        return self._claims.oldest_ms()

    def evict(self, most: int) -> None:
        """Forget up to `most` claims of its oldest second; it has some. What is on its way stays on its way."""
        self._claims.evict(most)

    def _time_of(self, record: Record) -> int:
        """Unix milliseconds: the record's timestamp, or the watermark if it has none or one ahead of the clock."""
        time_ms = record.timestamp_ms
        return time_ms if 0 <= time_ms <= self.watermark_ms else self.watermark_ms

    def _claim(self, digest: bytes, time_ms: int, offset: int, fields: int) -> None:
        self._claims.put(digest, time_ms, offset, fields)
        if offset != NOWHERE:
            self._trail.claimed(offset, time_ms)

    def _first(self, digest: bytes, item: Item, time_ms: int, offset: int) -> OfferedEvent:
        """Send what has taken its claim."""
        if time_ms > self._trail.latest_ms or offset < self._trail.offset:
            self._trail.claimed(offset, time_ms)
        self._pending.first(digest, item)
        if self._settings.merge_wait_ms:
            self._waiting.add(item, time_ms)
        return OfferedEvent(_FIRST, item, not self._settings.merge_wait_ms)

    def _copy(self, digest: bytes, claim: int, item: Item, copy: Submission) -> OfferedEvent:
        earlier = self._earlier(digest, claim, copy.offset, item.event.rule)
        if not earlier:
            self._claims.put(digest, copy.time_ms, copy.offset, copy.fields)
            return self._first(digest, item, copy.time_ms, copy.offset)
        wanted = copy.fields if self._settings.forward_new_fields else copy.fields & earlier[0].fields
        return (
            self._merged(digest, earlier[0], item, copy)
            or settle_with_existing(earlier, wanted, item)
            or self._forwarded(digest, earlier, item, copy)
        )

    def _earlier(self, digest: bytes, claim: int, offset: int, rule: str) -> list[Submission]:
        """The submissions that the event of that record and rule is a copy of.

        A record read again is no copy of itself, nor of what came after it, which will be read again as well. Two
        rules of one record are copies of each other.
        """
        submissions = self._pending.of(digest, claim)
        for place, submission in enumerate(submissions):
            if submission.offset == offset and (submission.item is None or submission.item.event.rule == rule):
                self._keep(digest, submissions[:place])
                return submissions[:place]
        return submissions

    def _keep(self, digest: bytes, rest: list[Submission]) -> None:
        """Let a claim consist of these submissions alone."""
        self._pending.keep(digest, rest)
        if rest:
            owner = rest[0]
            self._claim(digest, owner.time_ms, owner.offset, fields_of_all(rest))
        else:
            self._claims.release(digest)

    def _merged(self, digest: bytes, owner: Submission, copy: Item, submission: Submission) -> OfferedEvent | None:
        """Merge into the claim's owner; None if that is handed over, or would become too large."""
        target = owner.item
        if target is None or target.is_submitted:
            return None
        if not submission.fields & ~owner.fields:
            return attached(target, copy, DedupeResult.DUPLICATE)
        event = merge(target.event, copy.event, self._settings.max_body_bytes)
        if event is None:
            return None
        old_bytes = 0 if target in self._waiting else len(target.event.body)
        target.event = event
        owner.fields |= submission.fields
        self._claims.add_fields(digest, submission.fields)
        return attached(target, copy, DedupeResult.MERGED, old_bytes)

    def _forwarded(self, digest: bytes, earlier: list[Submission], item: Item, own: Submission) -> OfferedEvent:
        """Send a copy as it is, so that TikTok can merge it."""
        item.outcomes[0] = EventOutcome.FORWARDED
        self._pending.add(digest, earlier, own)
        self._claims.add_fields(digest, own.fields)
        return OfferedEvent(DedupeResult.FORWARDED, item, True)
