"""The window against a plain model: whatever is read, answered and restarted, both send the same."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.dedupe.rewind.commit_metadata import parse_metadata
from consumer.core.dedupe.submissions import DedupeResult
from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Item, Position, Record
from tests.support.dedupe_events import made, values_of
from tests.support.dedupe_model import Copy, Model, Sent, Values, news, together

WINDOW_MS = 10_000
WALL_MS = 1 << 41
FIELDS = ["user.email", "user.phone", "page.url", "properties.value", "properties.currency", "limited_data_use"]


def value_of(name: str, offset: int) -> object:
    return offset % 2 == 0 if name == "limited_data_use" else offset


def a_log(dice: Random) -> list[Copy]:
    """Records of few keys, a few times as long as the window, late ones among them."""
    log: list[Copy] = []
    now_ms = 1_000_000
    for offset in range(dice.randint(1, 30)):
        now_ms += dice.choice([0, 1, 400, 999, 2500, 6000])
        late_ms = dice.choice([0, 0, 0, 0, 1, 1500, 9000, 10_000, 10_001])
        names = dice.sample(FIELDS, dice.randint(0, 4))
        values: Values = {name: value_of(name, offset) for name in FIELDS if name in names}
        log.append(Copy(offset, now_ms - late_ms, dice.choice("aab"), values))
    return log


@dataclass
class Flight:
    """One event on its way, in the window's eyes and in the model's."""

    item: Item
    sent: Sent


class Run:
    """A service around a window, and the model beside it; every step compares them."""

    def __init__(self, log: list[Copy], merge_wait_ms: int, is_forwarding: bool) -> None:
        self.log = log
        self.settings = WindowSettings(WINDOW_MS, merge_wait_ms, is_forwarding)
        self.window = Window(self.settings)
        self.model = Model(WINDOW_MS, is_forwarding)
        self.next_offset = 0
        self.settled: set[int] = set()
        self.committed, self.metadata = 0, ""
        self.restarts: list[tuple[int, int]] = []
        """How much had been sent by then, and from where it went on."""
        self.waiting: list[Flight] = []
        self.batched: list[Flight] = []
        self.in_flight: list[Flight] = []
        self.now_s = 0.0

    # ── what can happen ─────────────────────────────────────────────────────────────────────────

    def read(self, _: int) -> None:
        if self.next_offset == len(self.log):
            return
        copy = self.log[self.next_offset]
        self.next_offset += 1
        record = record_of(copy)
        self.window.saw(record, WALL_MS)
        offered = self.window.offer(made(copy.values, copy.key), record, self.now_s)
        before = len(self.model.sent)
        assert self.model.read(copy) == offered.outcome
        if offered.item is None:
            self.settled.add(copy.offset)
        elif len(self.model.sent) > before:
            flight = Flight(offered.item, self.model.sent[-1])
            (self.batched if offered.is_to_batch else self.waiting).append(flight)
        else:
            assert copy.offset in [held.position.offset for held in offered.item.records]
        self._wait_ends(self.window.ready(self.now_s))

    def tick(self, n: int) -> None:
        self.now_s += n / 4
        self._wait_ends(self.window.ready(self.now_s))

    def hand_over(self, n: int) -> None:
        if self.batched:
            flight = self.batched.pop(n % len(self.batched))
            assert values_of(flight.item.event) == flight.sent.values
            flight.item.is_submitted = True
            flight.sent.state = "handed"
            self.in_flight.append(flight)

    def accept(self, n: int) -> None:
        self._answer(n, True)

    def refuse(self, n: int) -> None:
        self._answer(n, False)

    def commit(self, _: int) -> None:
        offset = min(set(range(self.next_offset + 1)) - self.settled)
        if offset > self.committed:
            self.committed, self.metadata = offset, self.window.metadata(offset)
            self._rewind_reaches_back_far_enough()
            self.window.note_committed(offset)

    def crash(self, _: int) -> None:
        rewind = parse_metadata(self.metadata, self.committed, WINDOW_MS, WALL_MS)
        self.window = Window(self.settings, rewind)
        for copy in self.log[rewind.start : self.committed]:
            self.window.saw(record_of(copy), rewind.watermark_ms)
            self.window.warm(made(copy.values, copy.key), record_of(copy))
        self.model.restart(self.log, rewind.start, self.committed)
        self.restarts.append((len(self.model.sent), self.committed))
        self.next_offset, self.settled = self.committed, set(range(self.committed))
        self.waiting, self.batched, self.in_flight = [], [], []

    def stop(self, _: int) -> None:
        """A planned restart: nothing is read, what waits goes out, all is accepted and committed."""
        self._wait_ends(self.window.flush())
        assert not self.waiting
        while self.batched:
            self.hand_over(0)
        while self.in_flight:
            self.accept(0)
        assert self.settled == set(range(self.next_offset))
        self.commit(0)
        assert self.committed == self.next_offset
        self.crash(0)

    # ── how it is done ──────────────────────────────────────────────────────────────────────────

    def _wait_ends(self, items: list[Item]) -> None:
        for item in items:
            (flight,) = [flight for flight in self.waiting if flight.item is item]
            self.waiting.remove(flight)
            self.batched.append(flight)

    def _answer(self, n: int, is_accepted: bool) -> None:
        if self.in_flight:
            flight = self.in_flight.pop(n % len(self.in_flight))
            (self.window.accepted if is_accepted else self.window.refused)(flight.item)
            self.model.answer(flight.sent, is_accepted)
            self.settled |= {record.position.offset for record in flight.item.records}
            assert len(flight.item.records) == len(flight.item.outcomes)
            assert self.settled == self.model.settled

    def _rewind_reaches_back_far_enough(self) -> None:
        watermark_ms = max(copy.time_ms for copy in self.log[: self.committed])
        alive = [
            claim.sends[0].copy.offset
            for claim in self.model.claims
            if claim.sends[0].state != "refused" and watermark_ms - claim.sends[0].copy.time_ms <= WINDOW_MS
        ]
        assert self.window.oldest_alive(self.committed) <= min([self.committed, *alive])


def record_of(copy: Copy) -> Record:
    position = Position("web-events", 0, copy.offset)
    return Record(position, copy.time_ms, None, b"", (), position)


Step = Callable[[Run, int], None]
STEPS: list[Step] = [
    *[Run.read] * 6,
    *[Run.hand_over] * 3,
    *[Run.accept] * 3,
    Run.tick,
    Run.commit,
    Run.commit,
]
TROUBLE: list[Step] = [Run.refuse, Run.crash, Run.stop]
# Hypothesis only picks the seed: drawing a whole history from it would take a hundred times as long.
SEEDS = st.integers(0, 1 << 40)


def lived(dice: Random, kinds: list[Step], merge_wait_ms: int, is_forwarding: bool) -> Run:
    """A history of a partition, at the end of which all of it is settled."""
    run = Run(a_log(dice), merge_wait_ms, is_forwarding)
    for _ in range(dice.randint(0, 90)):
        dice.choice(kinds)(run, dice.randint(0, 7))
    while run.next_offset < len(run.log):
        run.read(0)
    run.stop(0)
    return run


@settings(max_examples=400, deadline=None)
@given(SEEDS)
def test_sends_what_the_model_sends_and_no_key_twice_within_the_window(seed: int) -> None:
    dice = Random(seed)
    run = lived(dice, STEPS + TROUBLE, dice.choice([0, 0, 3000, WINDOW_MS]), dice.random() < 0.7)

    firsts = [(at, sent) for at, sent in enumerate(run.model.sent) if sent.kind == "first" and sent.state == "accepted"]
    for at, earlier in firsts:
        for later_at, later in firsts:
            if at < later_at and earlier.copy.key == later.copy.key:
                watermark_ms = max(copy.time_ms for copy in run.log[: later.copy.offset + 1])
                read_again = [c for n, c in run.restarts if at < n <= later_at and c <= earlier.copy.offset]
                assert read_again or watermark_ms - earlier.copy.time_ms > WINDOW_MS


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_what_is_accepted_for_a_key_has_together_what_its_copies_had(seed: int) -> None:
    dice = Random(seed)
    run = lived(dice, STEPS, dice.choice([0, 3000]), is_forwarding=True)

    assert {sent.state for sent in run.model.sent} == {"accepted"}
    for key in "ab":
        accepted = together([sent.values for sent in run.model.sent if sent.copy.key == key])
        assert all(not news(accepted, copy.values) for copy in run.log if copy.key == key)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_window_of_no_length_sends_all_and_keeps_nothing(seed: int) -> None:
    log = a_log(Random(seed))
    window = Window(WindowSettings(0))
    for copy in log:
        window.saw(record_of(copy), WALL_MS)
        assert window.offer(made(copy.values, copy.key), record_of(copy), 0.0).outcome is DedupeResult.UNKEYED
        window.warm(made(copy.values, copy.key), record_of(copy))

    assert window.keys == 0
    assert window.oldest_alive(len(log)) == len(log)
