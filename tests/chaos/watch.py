"""Watching from outside while faults strike: every process's metrics and memory, and what the group has committed."""

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from tests.chaos.offsets import Offsets, Place
from tests.chaos.world import World
from tests.support.metrics import Metrics
from tests.support.processes import Service

EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Look:
    """One scrape of one process."""

    process: str
    at_s: float
    unaccounted: float
    resident_mib: float
    lost: float
    """How often partitions were lost, so far."""
    moved: float
    """How often partitions came, went or were lost, so far."""
    breaker_open: float
    settled: float = 0.0
    """Records, so far."""


@dataclass(frozen=True)
class Commits:
    """What the group had committed at a time."""

    at_s: float
    offsets: Mapping[Place, int]
    ends: Mapping[Place, int] = field(default_factory=dict)
    """The offset that the next record would have."""


@dataclass
class Watching:
    """Two threads, since the brokers may keep the second waiting."""

    world: World
    own_topics: tuple[str, ...]
    """Whose committed offsets are watched beside the stream's topic."""
    looks: list[Look] = field(default_factory=list)
    commits: list[Commits] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._look, self._see_commits)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)

    def _look(self) -> None:
        while not self._is_over.wait(EVERY_S):
            for service in self.world.members.free():
                self.look_at(service)

    def look_at(self, service: Service) -> None:
        """Scrape a process once, unless it does not answer."""
        answer = service.get("/metrics", timeout_s=5)  # a fault may have stopped it meanwhile
        if answer is not None and answer.status_code == 200:
            self.looks.append(_look(service, Metrics.parse(answer.text)))

    def _see_commits(self) -> None:
        scene = self.world.scene
        offsets = Offsets(self.world.servers.cluster.direct, scene.group, self.world.topics, self.own_topics)
        while not self._is_over.wait(EVERY_S):
            at_s = time.time()
            with contextlib.suppress(KafkaException):  # the brokers may have other worries
                self.commits.append(Commits(at_s, offsets.committed(), offsets.ends()))
        offsets.close()


def _look(service: Service, metrics: Metrics) -> Look:
    return Look(
        process=service.name,
        at_s=time.time(),
        unaccounted=metrics.unaccounted,
        resident_mib=_resident_mib(service.pid),
        lost=metrics.value("rebalances_total", kind="lost"),
        moved=metrics.value("rebalances_total"),
        breaker_open=metrics.value("breaker_open"),
        settled=metrics.value("records_settled_total"),
    )


def _resident_mib(pid: int) -> float:
    """What a process holds in memory; 0 once it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
