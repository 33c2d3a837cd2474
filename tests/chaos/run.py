"""One seeded run: start the processes, write the stream, let faults strike, end them, wait, and judge."""

import random
import shutil
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException

from tests.chaos.evidence import gathered, own_topics
from tests.chaos.extras import Extras
from tests.chaos.faults import FAULTS
from tests.chaos.judge import judge
from tests.chaos.members import Members
from tests.chaos.offsets import Offsets
from tests.chaos.plan import KINDS, SESSION_S, Planned, plan
from tests.chaos.report import Outcome
from tests.chaos.servers import BROKERS, LOGIN, Servers
from tests.chaos.stream import PARTITIONS, Known, Writing, known_stream
from tests.chaos.watch import Watching
from tests.chaos.world import PIXELS, Chronicle, NothingToStrike, Tokens, Unkindness, World
from tests.support.processes import Service
from tests.support.scene import Scene
from tests.support.wait import Patience

READY_S: Final = 120.0
PATIENCE_S: Final = 180.0
"""How long nothing at all may move before the run is given up: a held pixel is tried again once a minute."""
_CLASSIC: Final = {"session.timeout.ms": str(int(SESSION_S * 1000)), "heartbeat.interval.ms": "1000"}
_CONSUMER: Final = {
    "group.protocol": "consumer",
    # The coordinator waits so long for a member to give up what it never heard it was given: a heartbeat's answer lost.
    "max.poll.interval.ms": "60000",
}


@dataclass(frozen=True)
class Settings:
    """How long and how hard."""

    faults_s: float = 90.0
    """For how long faults strike."""
    every_s: float = 4.0
    """On average, a fault begins so many seconds after the one before."""
    rate: float = 200.0
    """Records a second."""
    without: frozenset[str] = frozenset()
    """Kinds of faults that do not strike."""


@dataclass(frozen=True)
class Drawn:
    """What a seed decides of a run besides the faults."""

    is_consumer_protocol: bool
    is_https: bool
    merge_wait_ms: int
    is_shared_window: bool
    """Kept in Redis."""
    processes: int

    @classmethod
    def of(cls, seed: int) -> "Drawn":
        draw = random.Random(f"drawn {seed}")
        return cls(
            is_consumer_protocol=draw.random() < 0.5,
            is_https=draw.random() < 0.5,
            merge_wait_ms=draw.choice((0, 0, 700)),
            is_shared_window=draw.random() < 0.3,
            processes=draw.choice((2, 3)),
        )

    def __str__(self) -> str:
        protocol, way = "consumer" if self.is_consumer_protocol else "classic", "https" if self.is_https else "http"
        window = "in Redis" if self.is_shared_window else "in memory"
        return f"{protocol}, {way}, window {window}, merge_wait {self.merge_wait_ms} ms, {self.processes} processes"


def run(seed: int, servers: Servers, folder: Path, settings: Settings) -> Outcome:
    """One run, judged. Its processes' logs stay in `folder` if something was wrong, else they go."""
    drawn = Drawn.of(seed)
    begun_s = time.monotonic()
    servers.sandbox.reset()
    servers.tls.show(servers.good_certificate)
    with _world(servers, folder, drawn, has_more=not settings.without) as world:
        stream = known_stream(seed, int(settings.faults_s * settings.rate), settings.rate, world.scene.schema_ids())
        servers.sandbox.refuse(*stream.refused)
        writing, watching = _started(world, stream, settings.rate, drawn.processes)
        injected = _strike(world, plan(seed, settings.faults_s, settings.every_s, settings.without | _without(drawn)))
        servers.fix()
        world.extras.write_to_all()
        mended_s = time.monotonic()
        writing.join(READY_S * 3)
        problems = [*world.chronicle.problems, *writing.failed, *_settled(world)]
        recovered_s = time.monotonic() - mended_s
        watching.stop()
        problems += _ended_well(world, watching)
        evidence = gathered(world, stream, writing.places, watching, problems)
    outcome = Outcome(
        seed=seed,
        about=str(drawn),
        length_s=time.monotonic() - begun_s,
        records=len(stream.stream),
        bad=stream.bad,
        injected=injected,
        recovered_s=recovered_s,
        verdict=judge(evidence),
    )
    if not outcome.verdict.faults:
        shutil.rmtree(folder)
    return outcome


def _without(drawn: Drawn) -> frozenset[str]:
    """Kinds of faults that would strike nothing in this run."""
    tls = frozenset() if drawn.is_https else frozenset({"TLS failure"})
    redis = frozenset() if drawn.is_shared_window else frozenset({"Redis killed", "Redis fails over"})
    return tls | redis


@contextmanager
def _world(servers: Servers, folder: Path, drawn: Drawn, *, has_more: bool) -> Iterator[World]:
    folder.mkdir(parents=True)
    topic = servers.kafka.new_topic("chaos", partitions=PARTITIONS)
    servers.kafka.create_topic(f"{topic}.dlq", partitions=2)
    scene = Scene(servers.kafka, servers.registry, servers.sandbox, folder, topic)
    scene.protocol = _CONSUMER if drawn.is_consumer_protocol else _CLASSIC
    tokens = Tokens(scene)
    tokens.give_all()
    extras = Extras(scene, BROKERS if has_more else 0)
    members = Members(_starting(scene, servers, tokens, drawn, (topic, *extras.topics)))
    try:
        yield World(servers, scene, members, tokens, Unkindness(servers.sandbox), Chronicle(), extras)
    finally:
        members.kill_all()
        for name in (topic, f"{topic}.dlq", *extras.topics, *own_topics(scene.group)):
            with suppress(KafkaException):
                servers.kafka.delete_topic(name)


def _starting(
    scene: Scene, servers: Servers, tokens: Tokens, drawn: Drawn, topics: Sequence[str]
) -> Callable[[str], Service]:
    sections = _sections(servers, tokens, drawn, topics)
    if drawn.is_shared_window:
        sections["dedupe"] |= {"store": "redis", "redis_url": servers.redis.url}
    env = {"SSL_CERT_FILE": str(servers.good_certificate)} if drawn.is_https else {}
    return lambda name: Service(scene.config(**sections), scene.folder, name, env=env)


def _sections(servers: Servers, tokens: Tokens, drawn: Drawn, topics: Sequence[str]) -> dict[str, Any]:
    """Small limits, so that they are met, and short waits, so that a run is short."""
    return {
        "kafka": {"bootstrap_servers": servers.cluster.bootstrap, "topics": list(topics), "properties": LOGIN},
        "pixels": {name: {"access_token": None, "access_token_file": tokens.file(name)} for name in PIXELS},
        "batch": {"max_events": 200},
        "delivery": {
            "base_url": f"https://127.0.0.1:{servers.tls.port}" if drawn.is_https else servers.sandbox.url,
            "timeout": "5s",
            "max_in_flight": 4,
            "backoff": {"first": "200ms", "max": "2s"},
            "park": {"after": "5s"},
        },
        "dedupe": {"merge_wait": f"{drawn.merge_wait_ms}ms"},
        "limits": {"max_records_in_flight": 4000, "max_bytes_in_flight": "16MiB"},
        "shutdown_timeout": "10s",
    }


def _started(world: World, stream: Known, rate: float, processes: int) -> tuple[Writing, Watching]:
    for _ in range(processes):
        world.members.join()
    for service in world.members.free():
        service.wait_until_ready(READY_S)
    writing = Writing(world.servers.cluster.direct, world.scene.topic, stream.stream, rate)
    watching = Watching(world, own_topics(world.scene.group))
    watching.start()
    writing.start()
    return writing, watching


# ── faults ──────────────────────────────────────────────────────────────────────────────────────


def _strike(world: World, planned: list[Planned]) -> Counter[str]:
    """Bring about each fault at its time, each in a thread of its own; how many there were of each kind."""
    begun_s = time.monotonic()
    injected: Counter[str] = Counter()
    # What is planned one after another stays so, although a busy machine takes longer over each.
    turns = {kind.about: threading.Lock() for kind in KINDS.values() if kind.about}

    def bring_about(fault: Planned) -> list[str]:
        time.sleep(max(0.0, begun_s + fault.at_s - time.monotonic()))
        with turns.get(KINDS[fault.kind].about, nullcontext()):
            return _brought_about(world, fault)

    with ThreadPoolExecutor(max_workers=len(planned)) as pool:
        for found in pool.map(bring_about, planned):
            injected.update(found)
    return injected


def _brought_about(world: World, fault: Planned) -> list[str]:
    try:
        with world.chronicle.noting(fault.kind), FAULTS[fault.kind](world, fault.pick):
            time.sleep(fault.for_s)
    except NothingToStrike:
        return []
    except Exception:  # the outermost frame of a fault's thread: the run goes on, and says so at its end
        world.chronicle.problems.append(f"{fault.kind} could not be done or undone:\n{traceback.format_exc()[:2000]}")
    return [fault.kind]


# ── the end ─────────────────────────────────────────────────────────────────────────────────────


def _settled(world: World) -> list[str]:
    """Wait until the group has committed the ends of all its topics; says what stands still otherwise."""
    scene = world.scene
    offsets = Offsets(world.servers.cluster.direct, scene.group, world.topics, own_topics(scene.group))
    patience, last = Patience(PATIENCE_S), None
    while not patience.is_over:
        with suppress(KafkaException):
            if offsets.is_at_end():
                return []
            now = (offsets.committed(), scene.sandbox.events_accepted())
            if now != last:
                patience.renew()
                last = now
        time.sleep(0.5)
    owners = "\n".join(scene.kafka.owners(scene.group))
    return [f"nothing has moved for {PATIENCE_S:.0f} s\n{scene.sandbox.summary()}\n{owners}\n{_tails(world)}"]


def _ended_well(world: World, watching: Watching) -> list[str]:
    """Every process that is left is ready, even, and ends with 0."""
    problems = []
    for service in world.members.free():
        watching.look_at(service)
        if service.is_running:
            with suppress(AssertionError):
                service.wait_until_ready(READY_S)
                continue
            answer = service.get("/readyz")
            problems.append(f"{service.name} is not ready: {answer.text if answer else 'no answer'}\n{service.tail()}")
    codes = world.members.stop_all()
    if any(codes):
        problems.append(f"processes ended with {codes}\n{_tails(world)}")
    return problems + world.members.problems


def _tails(world: World) -> str:
    return "\n".join(service.tail(15) for service in world.members.free())
