"""Several processes over one shared window that may fail at any time: nothing is ever lost, or stuck; and while it
answers, nothing is sent twice, though TikTok throttles and partitions move.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.core.dedupe.shared_protocol import Lifetimes
from consumer.core.deliver.request import Request
from consumer.core.model import Answer
from tests.support.fakes import ACCEPTED, REFUSED, THROTTLED
from tests.support.service import TOPIC, FakeKafka, ManualClock, Scene, encoded
from tests.support.window_store import FakeStore

VALUES: Final = {"email": "a@example.com", "phone": "+12133734253", "external_id": "7"}
PARTITIONS: Final = (0, 1, 2)
HOW_LONG_S: Final = {"a moment": 0.05, "a second": 1.0}
SETTLES_WITHIN_S: Final = 100.0
"""Of the fakes' clock. A dead process's claims last 30 s, and a copy may meet a second one after the first."""


@dataclass(frozen=True)
class Copy:
    partition: int
    key: str
    fields: frozenset[str]


@dataclass(frozen=True)
class Do:
    """Something happens to a process, or to the store."""

    what: str
    partition: int = 0
    copies: tuple[Copy, ...] = ()


COPIES: Final = st.builds(
    Copy,
    st.sampled_from(PARTITIONS),
    st.sampled_from(["a", "b", "c"]),
    st.frozensets(st.sampled_from(sorted(VALUES)), min_size=1),
)
PRODUCE: Final = st.builds(Do, st.just("produce"), copies=st.lists(COPIES, min_size=1, max_size=6).map(tuple))
HEALTHY: Final = st.lists(
    st.one_of(
        PRODUCE,
        st.builds(Do, st.sampled_from(["a moment", "a second", "revoke", "throttle"]), st.sampled_from(PARTITIONS)),
    ),
    max_size=12,
)
TROUBLED: Final = st.lists(
    st.one_of(
        PRODUCE,
        st.builds(
            Do,
            st.sampled_from(
                ["a moment", "a second", "store away", "store deaf", "store back", "kill", "hang", "revoke", "throttle"]
            ),
            st.sampled_from(PARTITIONS),
        ),
        st.builds(Do, st.just("refuse"), st.sampled_from(PARTITIONS)),
    ),
    max_size=16,
)


class World:
    """One process a partition, one Kafka, one store, one TikTok."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.kafka = FakeKafka(self.clock)
        self.store = FakeStore(Lifetimes(300_000), lambda: int(self.clock.wall() * 1000))
        self.accepted: dict[str, list[frozenset[str]]] = defaultdict(list)
        self.produced: list[tuple[int, Copy]] = []
        self.refusing: set[int] = set()
        self.throttling: set[int] = set()
        self.started = 0
        for partition in PARTITIONS:
            self.kafka.logs[TOPIC, partition]  # a topic has its partitions before its records
        self.processes = [self.started_for(partition) for partition in PARTITIONS]
        self.letters = [process.letters for process in self.processes]

    def started_for(self, partition: int) -> Scene:
        self.started += 1
        scene = Scene(self.kafka, store=self.store, name=b"%d/" % self.started, max_wait_s=0.1)
        scene.sender.judge = lambda request: self.judge(partition, request)
        scene.member.give([(TOPIC, partition)])
        return scene

    def judge(self, partition: int, request: Request) -> Answer:
        if partition in self.throttling:
            return THROTTLED
        if partition in self.refusing:
            return REFUSED
        for item in request.items:
            event = json.loads(item.event.body)
            self.accepted[event["event_id"]].append(frozenset(event["user"]))
        return ACCEPTED

    def do(self, one: Do) -> None:
        for copy in one.copies:
            user = {name: VALUES[name] for name in copy.fields}
            offset = self.kafka.produce(encoded(event_id=copy.key, user=user), copy.partition)
            self.produced.append((offset, copy))
        if one.what in HOW_LONG_S:
            self.run(HOW_LONG_S[one.what])
        elif one.what.startswith("store "):
            self.store.is_away = one.what == "store away"
            self.store.is_deaf = one.what == "store deaf"
        else:
            self._happens_to(one.what, one.partition)

    def _happens_to(self, what: str, partition: int) -> None:
        process = self.processes[partition]
        match what:
            case "kill":
                self.processes[partition] = self.started_for(partition)
                self.letters.append(self.processes[partition].letters)
            case "hang":
                process.sender.is_silent = True
            case "revoke":
                process.member.take([(TOPIC, partition)])
                process.member.give([(TOPIC, partition)])
            case "throttle":
                self.throttling.add(partition)
            case "refuse":
                self.refusing.add(partition)

    def run(self, for_s: float) -> None:
        until_s = self.clock.s + for_s
        while self.clock.s < until_s:
            for process in self.processes:
                process.service.step()

    def fix(self) -> None:
        """Everything works again."""
        self.store.is_away = self.store.is_deaf = False
        self.refusing.clear()
        self.throttling.clear()
        for process in self.processes:
            process.sender.is_silent = False

    def is_settled(self) -> bool:
        ends = {partition: len(self.kafka.logs[TOPIC, partition]) for partition in PARTITIONS}
        return all((self.kafka.committed_offset(p) or 0) == end for p, end in ends.items())

    def settle(self) -> None:
        until_s = self.clock.s + SETTLES_WITHIN_S
        while not self.is_settled():
            self.run(1.0)
            assert self.clock.s < until_s, "stuck"

    def lost(self) -> list[Copy]:
        """Copies with a field that TikTok never got, and that are not among the dead letters either."""
        dead = {(one.position.partition, one.position.offset) for letters in self.letters for one in letters.written}
        got = {key: frozenset().union(*sends) for key, sends in self.accepted.items()}
        return [
            copy
            for offset, copy in self.produced
            if (copy.partition, offset) not in dead and not copy.fields <= got.get(copy.key, frozenset())
        ]


@settings(max_examples=40, deadline=None)
@given(TROUBLED)
def test_nothing_is_lost_or_stuck_whatever_fails(happens: list[Do]) -> None:
    world = World()
    for one in happens:
        world.do(one)
    world.fix()
    world.settle()

    assert world.lost() == []
    assert all(process.is_even() for process in world.processes)


@settings(max_examples=40, deadline=None)
@given(HEALTHY)
def test_while_the_store_answers_every_event_brings_something_new(happens: list[Do]) -> None:
    world = World()
    for one in happens:
        world.do(one)
    world.fix()
    world.settle()

    assert world.lost() == []
    for sends in world.accepted.values():
        had: frozenset[str] = frozenset()
        for fields in sends:
            assert fields - had, sends
            had |= fields
