"""One window for all partitions and processes: which events ask for leave to be sent, and what becomes of them.

Part of `dedupe`; docs/architecture.md §7. A partition's own window decides first. What it would send asks the shared
one (`shared_protocol`), is sent once this process has the claim, and is confirmed once TikTok has accepted it. Nothing
here waits for the store: when it does not answer, what asked is sent.

Whenever the store fails, this process takes another name there: it is not known what became of the question, and the
claims of the old name die with its heartbeat. It does the same after it stood still for as long as a heartbeat lives.
Then everything that is on its way asks again under the new name, before more is sent: what another process has claimed
by now, since this one counted as dead, gives way to that (`overtaken`).
"""

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import islice
from math import inf
from typing import Final

from consumer.core.backoff import Backoff
from consumer.core.dedupe.digest import digest_of
from consumer.core.dedupe.merge import presence
from consumer.core.dedupe.shared_protocol import HEARTBEAT_MS, Claim, ClaimRequest, ClaimResult, token_of
from consumer.core.model import Item

MOST_AT_ONCE: Final = 500
"""Claims of one question, and confirmations, at 6 to 8 µs each, while Redis serves no other client."""
HEARTBEAT_EVERY_S: Final = 5.0
_COUNTS_AS_DEAD_AFTER_S: Final = HEARTBEAT_MS / 1000 - HEARTBEAT_EVERY_S
"""Since the last heartbeat began, with something to spare for the way to the store."""
COPY_WAIT: Final = Backoff(0.05, 1.0, jitter=0.5)
"""How long a copy of what is on its way elsewhere waits before it asks again."""
STORE_PAUSE: Final = Backoff(0.25, 5.0, jitter=0.5)
"""How long a store that has failed is not asked."""
MOST_UNTOLD: Final = 100_000
"""Confirmations and releases kept while the store does not answer, about 200 bytes each. The oldest are forgotten:
at worst, copies of their events are sent again."""


class SharedClaims:
    """This process's part in the shared window.

    Args:
        forward_new_fields: `dedupe.forward_new_fields`.
        window_s: `dedupe.window`. Redis keeps a claim for twice as long at least, so what is out for longer asks again.
        name: makes a name of 8 bytes, unlike that of any other process, or any that was made before.
        random: 0 ≤ x < 1, for jitter.
    """

    def __init__(
        self, *, forward_new_fields: bool, window_s: float, name: Callable[[], bytes], random: Callable[[], float]
    ) -> None:
        self._forward_new_fields, self._window_s = forward_new_fields, window_s
        self._name, self._random = name, random
        self._owner = name()
        self._new: dict[Item, None] = {}
        """What has not asked yet, in order."""
        self._held: dict[Item, tuple[Claim, int, int]] = {}
        """What has asked and may not be sent yet: its claim, how often it had to wait, and its number in `_due`."""
        self._due: list[tuple[float, int, Item]] = []
        """A heap: when to ask again, a number that settles ties, and who; also some who are not held any more."""
        self._numbers = 0
        self._asking: list[Item] = []
        self._out: dict[Item, tuple[Claim, bytes, float]] = {}
        """What was released to be sent and is not finished: under which of this process's names it asked, and when it
        did so last. In the order of that time."""
        self._overtaken: dict[Item, ClaimResult] = {}
        self._left: dict[tuple[bytes, bytes], tuple[float, Claim, bytes]] = {}
        """Digest and token → what was on its way when its partition went: when its claim ends, and whose it was."""
        self._confirms: deque[tuple[Claim, int]] = deque(maxlen=MOST_UNTOLD)
        self._releases: dict[tuple[bytes, bytes], tuple[Claim, bytes]] = {}
        """Digest and token → what will not be sent, and whose it was."""
        self._beat_at_s = 0.0
        self._dead_from_s = inf
        self._ask_at_s = 0.0
        self._failures = 0

    # ── what asks ───────────────────────────────────────────────────────────────────────────────

    def add(self, item: Item) -> None:
        """An event that has a key is to be sent, once the store lets it."""
        self._new[item] = None

    def is_waiting(self, item: Item) -> bool:
        """True until the item is released to be sent: it is in no batch yet, and may still be merged into."""
        return item in self._new or item in self._held

    def question(self, now_s: float, wall_ms: int) -> ClaimRequest | None:
        """What to ask now; None if nothing, or while the store is not asked. Then call `take_answer` or `failed`."""
        if now_s < self._ask_at_s:
            return None
        if now_s >= self._dead_from_s:
            self._rename()
        self._end_what_was_left(now_s)
        again = self._to_ask_again(now_s)
        self._asking = [*again, *self._take_due(now_s, MOST_AT_ONCE - len(again)), *self._take_new(wall_ms)]
        is_heartbeat = now_s >= self._beat_at_s
        if not (self._asking or self.has_untold or is_heartbeat):
            return None
        if is_heartbeat:
            self._beat_at_s, self._dead_from_s = now_s + HEARTBEAT_EVERY_S, now_s + _COUNTS_AS_DEAD_AFTER_S
        return ClaimRequest(
            self._owner,
            is_heartbeat,
            list(islice(self._confirms, MOST_AT_ONCE)),
            list(islice(self._releases.values(), MOST_AT_ONCE)),
            [(self._claim_of(item), self._wanted(item)) for item in self._asking],
        )

    @property
    def has_unasked(self) -> bool:
        """True while something has not asked yet, or not under this process's present name."""
        return bool(self._new) or any(owner != self._owner for _, owner, _ in islice(self._out.values(), 1))

    @property
    def has_untold(self) -> bool:
        """True while the store does not have everything that was accepted or given up."""
        return bool(self._confirms or self._releases)

    # ── what the store answers ──────────────────────────────────────────────────────────────────

    def take_answer(
        self, question: ClaimRequest, verdicts: Sequence[ClaimResult], now_s: float
    ) -> list[tuple[Item, ClaimResult]]:
        """Take in the answer to the last question. Returns what it decided: every item but those that wait."""
        self._failures = 0
        for _ in question.confirms:
            self._confirms.popleft()
        for claim, _ in question.releases:
            del self._releases[claim.digest, claim.token]
        decided: list[tuple[Item, ClaimResult]] = []
        for item, verdict in zip(self._asking, verdicts, strict=True):
            if item in self._out:
                claim, *_ = self._out.pop(item)
                self._out[item] = claim, self._owner, now_s
                if verdict not in _LETS_GO:
                    self._overtaken[item] = verdict
                continue
            if verdict is ClaimResult.WAIT:
                self._wait(item, now_s)
                continue
            claim, *_ = self._held.pop(item)
            if verdict in _LETS_GO:
                self._out[item] = claim, self._owner, now_s
                self._keep(claim)
            decided.append((item, verdict))
        return decided

    def failed(self, now_s: float) -> None:
        """The last question has no answer, or none that makes sense: decide alone for a while."""
        self._failures += 1
        self._ask_at_s = now_s + STORE_PAUSE.wait_s(self._failures, self._random())
        self._rename()

    def overtaken(self) -> dict[Item, ClaimResult]:
        """Take what is on its way and has no claim any more, with what the store says of it since: call `given_up`
        of each that can still be kept from being sent."""
        overtaken, self._overtaken = self._overtaken, {}
        return overtaken

    def undecided(self, now_s: float, wall_ms: int) -> list[Item]:
        """While the store is left alone, everything that would wait for it: to be sent."""
        if now_s >= self._ask_at_s:
            return []
        while self._new:
            self._take_new(wall_ms)
        items = list(self._held)
        for item in items:
            self._out[item] = self._held.pop(item)[0], _NOBODY, now_s
        return items

    @property
    def is_away(self) -> bool:
        """True from a failure until the next answer."""
        return self._failures > 0

    # ── what becomes of what was released ─────────────────────────────────────────────────────────

    def accepted(self, item: Item) -> None:
        """TikTok has accepted an item: to be confirmed with all that was sent."""
        if item in self._out:
            claim, *_ = self._out.pop(item)
            self._confirms.append((claim, presence(item.event)))

    def given_up(self, item: Item) -> None:
        """An item has become dead letters, or was parked and will ask again: the next copy may be sent."""
        if item in self._out:
            claim, owner, _ = self._out.pop(item)
            self._release(claim, owner)

    def gone(self, is_gone: Callable[[Item], bool], now_s: float) -> None:
        """Partitions are no longer assigned. What TikTok may have got stays claimed as after a crash."""
        for asks in (self._new, self._held):
            for item in [item for item in asks if is_gone(item)]:
                del asks[item]
        for item in [item for item in self._out if is_gone(item)]:
            claim, owner, _ = self._out.pop(item)
            if item.is_submitted:
                self._left[claim.digest, claim.token] = now_s + HEARTBEAT_MS / 1000, claim, owner
            else:
                self._release(claim, owner)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _take_new(self, wall_ms: int) -> list[Item]:
        taken = list(islice(self._new, MOST_AT_ONCE))
        for item in taken:
            del self._new[item]
            self._held[item] = _claim(item, wall_ms), 0, 0
        return taken

    def _rename(self) -> None:
        self._owner, self._beat_at_s, self._dead_from_s = self._name(), 0.0, inf

    def _to_ask_again(self, now_s: float) -> list[Item]:
        """What is out under another name, or for so long that the store would soon forget its claim, as while TikTok
        is unavailable."""
        taken: list[Item] = []
        for item, (_, owner, asked_s) in islice(self._out.items(), MOST_AT_ONCE):
            if owner == self._owner and now_s < asked_s + self._window_s:
                break  # what asked after it has this name, too
            taken.append(item)
        return taken

    def _claim_of(self, item: Item) -> Claim:
        return self._out[item][0] if item in self._out else self._held[item][0]

    def _take_due(self, now_s: float, most: int) -> list[Item]:
        taken: list[Item] = []
        while self._due and self._due[0][0] <= now_s and len(taken) < most:
            _, number, item = heappop(self._due)
            if item in self._held and self._held[item][2] == number:  # else of a wait that has ended otherwise
                taken.append(item)
        return taken

    def _wait(self, item: Item, now_s: float) -> None:
        claim, waits, _ = self._held[item]
        self._numbers += 1
        self._held[item] = claim, waits + 1, self._numbers
        heappush(self._due, (now_s + COPY_WAIT.wait_s(waits + 1, self._random()), self._numbers, item))

    def _end_what_was_left(self, now_s: float) -> None:
        while self._left:
            key, (end_s, claim, owner) = next(iter(self._left.items()))
            if end_s > now_s:
                return
            del self._left[key]
            self._release(claim, owner)

    def _release(self, claim: Claim, owner: bytes) -> None:
        if len(self._releases) >= MOST_UNTOLD:
            del self._releases[next(iter(self._releases))]
        self._releases[claim.digest, claim.token] = claim, owner

    def _keep(self, claim: Claim) -> None:
        """A record read again by us has its claim again: what is still to be told of the first time would end it."""
        for ends in (self._left, self._releases):
            ends.pop((claim.digest, claim.token), None)

    def _wanted(self, item: Item) -> int:
        """The fields that must not get lost."""
        return presence(item.event) if self._forward_new_fields else 0


_NOBODY: Final = b""
"""The name of what was sent without the store."""
_LETS_GO: Final = frozenset({ClaimResult.FIRST, ClaimResult.FORWARD})


def _claim(item: Item, wall_ms: int) -> Claim:
    """A timestamp ahead of the clock counts as the clock, as in a partition's own window: copies of a producer whose
    clock is ahead meet those of others. So the clocks of all processes must agree (docs/scaling.md)."""
    record, event = item.records[0], item.event
    origin = record.origin
    time_ms = record.timestamp_ms if 0 <= record.timestamp_ms <= wall_ms else wall_ms
    return Claim(digest_of(event), token_of(origin.topic, origin.partition, origin.offset, event.rule), time_ms)
