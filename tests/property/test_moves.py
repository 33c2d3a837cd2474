"""Whatever TikTok answers, and whenever partitions move or processes die: no record is lost, no commit comes too early,
and what a commit says is settled is never sent again.
"""

import json
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumer.core.dedupe.rewind.commit_metadata import parse_metadata
from consumer.core.deliver.request import Request
from consumer.core.model import Answer
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, REFUSED
from tests.support.service import NOW_S, TOPIC, Scene, encoded

PARTITIONS: Final = 2
COPY_EVERY: Final = 5

ACTIONS: Final = st.one_of(
    st.tuples(st.just("produce"), st.integers(1, 30)),
    st.tuples(st.just("run"), st.integers(1, 12)),
    st.tuples(st.just("stuck"), st.integers(0, 60)),
    st.tuples(st.just("away"), st.booleans().map(int)),
    st.tuples(st.just("refuse"), st.integers(2, 12)),
    st.tuples(st.just("move"), st.integers(0, 1)),
    st.tuples(st.just("kill"), st.integers(0, 1)),
)


class World:
    """A topic, a TikTok, and one process after another that reads it."""

    def __init__(self) -> None:
        self.scene = Scene(max_events=8, share=1.0)
        self.kafka = self.scene.kafka
        for partition in range(PARTITIONS):
            _ = self.kafka.logs[TOPIC, partition]
        self.produced = 0
        self.is_away = False
        self.stuck = -1
        self.refuse_every = 1 << 30
        self.bad: set[str] = set()
        self.ids: dict[tuple[int, int], str] = {}
        """Partition and offset → event_id."""
        self.accepted: Counter[str] = Counter()
        self.dead: Counter[tuple[int, int]] = Counter()
        self.kills = 0
        self.start(self.scene)

    def start(self, scene: Scene) -> None:
        scene.sender.judge = self.judge
        self.scene, self.written = scene, 0

    def judge(self, request: Request) -> Answer:
        names = [event["event_id"] for event in json.loads(request.body)["data"]]
        if self.is_away or str(self.stuck + 1000) in names:
            return BAD_GATEWAY
        if self.bad.intersection(names):
            return REFUSED
        self.accepted.update(names)
        return ACCEPTED

    def produce(self, count: int) -> None:
        for _ in range(count):
            number = self.produced + 1000  # 0 is no event_id
            self.produced += 1
            name = str(number - number % COPY_EVERY) if number % 11 == 0 else str(number)
            if number % self.refuse_every == 1:
                self.bad.add(name)
            partition = int(name) % PARTITIONS
            self.ids[partition, self.kafka.produce(encoded(event_id=name), partition)] = name

    def run(self, tenths: int) -> None:
        self.scene.run(for_s=tenths / 10)
        self.check_commits()

    def move(self, _: int) -> None:
        """A planned restart."""
        assert self.scene.stop()
        self.end()

    def kill(self, _: int) -> None:
        self.kills += 1
        self.end()

    def end(self) -> None:
        self.note_dead()
        self.check_commits()
        self.told = self.told_settled()
        self.before = Counter(self.accepted), Counter(self.dead)
        self.start(Scene(self.kafka, max_events=8, share=1.0))

    def note_dead(self) -> None:
        for letter in self.scene.letters.written[self.written :]:
            self.dead[letter.position.partition, letter.position.offset] += 1
        self.written = len(self.scene.letters.written)

    def told_settled(self) -> set[tuple[int, int]]:
        """What the commits say is settled."""
        told: set[tuple[int, int]] = set()
        for (_, partition), commit in self.kafka.commits.items():
            offset = commit.offset or 0
            runs = parse_metadata(commit.metadata, offset, 300_000, int(NOW_S * 2000)).settled
            told |= {(partition, each) for first, end in ((0, offset), *runs) for each in range(first, end)}
        return told

    def check_commits(self) -> None:
        """All that a commit says is settled was accepted, or is a dead letter."""
        self.note_dead()
        for place in self.told_settled():
            assert self.accepted[self.ids[place]] or self.dead[place], place

    def finish(self) -> None:
        self.is_away, self.stuck = False, -1
        for _ in range(60):
            self.scene.run(for_s=4)
            if all(self.kafka.committed_offset(p) == len(self.kafka.logs[TOPIC, p]) for p in range(PARTITIONS)):
                break
        else:
            raise AssertionError(f"stuck: {self.kafka.commits}")
        self.check_commits()


@given(st.lists(ACTIONS, min_size=3, max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_record_is_lost_and_planned_moves_send_nothing_twice(actions: list[tuple[str, int]]) -> None:
    world = World()
    for name, number in actions:
        if name == "away":
            world.is_away = bool(number)
        elif name == "stuck":
            world.stuck = number
        elif name == "refuse":
            world.refuse_every = number
        else:
            getattr(world, name)(number)
    world.finish()

    for place, event_id in world.ids.items():
        assert world.accepted[event_id] or world.dead[place], place
    most = 1 + world.kills
    assert {name: count for name, count in world.accepted.items() if count > most} == {}
    assert {place: count for place, count in world.dead.items() if count > most} == {}


@given(st.lists(ACTIONS.filter(lambda action: action[0] != "move"), min_size=3, max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_a_kill_nothing_that_a_commit_told_of_is_sent_again(actions: list[tuple[str, int]]) -> None:
    world = World()
    for name, number in [*actions, ("kill", 0)]:
        if name in ("away", "stuck", "refuse"):
            continue
        getattr(world, name)(number)
    world.stuck = 3
    world.produce(30)
    world.scene.run(for_s=10)
    world.end()
    world.kills += 1
    told, accepted = world.told, world.before[0]
    world.finish()

    again = {world.ids[place] for place in told if world.accepted[world.ids[place]] > accepted[world.ids[place]]}
    assert again == set()
