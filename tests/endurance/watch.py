"""Looking at a process and at what TikTok accepted, once and again, and the figures that come of it."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, Self

from tests.support.processes import Service
from tests.support.scene import Scene
from tests.support.stalls import Progress, stalls

LONG: Final = bool(os.environ.get("ENDURANCE"))
"""`make endurance`; else the short form, which `make test` runs."""


def tell(what: str) -> None:
    """One line of figures."""
    print(f"\n{what}", flush=True)  # noqa: T201 - what the long form is for


@dataclass(frozen=True)
class Look:
    """A process at one moment."""

    at_s: float
    """Monotonic."""
    accepted: int
    """Events that TikTok has accepted so far, of all processes, copies counted."""
    resident_mib: float
    threads: int
    descriptors: int
    is_healthy: bool
    unaccounted: float
    in_flight: float
    """Records."""
    settled: float
    """Records, so far."""
    behind: float
    """Records of the scene's topic that are not committed, as far as the process knows."""
    rebalances: Mapping[str, float]
    """Of each kind, so far."""


def look(scene: Scene, service: Service) -> Look:
    """Look once."""
    health, metrics = service.get("/healthz"), service.metrics()
    return Look(
        at_s=time.monotonic(),
        accepted=scene.sandbox.events_accepted(),
        resident_mib=_pages(service.pid) * os.sysconf("SC_PAGE_SIZE") / 2**20,
        threads=len(list(Path(f"/proc/{service.pid}/task").iterdir())),
        descriptors=len(list(Path(f"/proc/{service.pid}/fd").iterdir())),
        is_healthy=health is not None and health.status_code == 200,
        unaccounted=metrics.unaccounted,
        in_flight=metrics.value("records_in_flight"),
        settled=metrics.value("records_settled_total"),
        behind=metrics.value("lag", topic=scene.topic),
        rebalances=metrics.by("rebalances_total", "kind"),
    )


def _pages(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


@dataclass
class Watch:
    """Looks every `every_s` in a thread of its own.

    with Watch(scene, service) as watch:
        …

    At its end it fails if nothing was settled for a minute (`stalls`), except for `excused` times.
    """

    scene: Scene
    service: Service
    every_s: float = 1.0
    looks: list[Look] = field(default_factory=list)
    _faults: list[tuple[float, float]] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _failed: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look_on, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(30)
        if self._failed:
            raise self._failed[0]
        assert stalls([Progress(each.at_s, each.settled, each.behind) for each in self.looks], self._faults) == []

    @contextmanager
    def excused(self) -> Iterator[None]:
        """A fault is in force while the block runs: then nothing needs to settle."""
        begin_s = time.monotonic()
        try:
            yield
        finally:
            self._faults.append((begin_s, time.monotonic()))

    def _look_on(self) -> None:
        try:
            while not self._is_over.wait(self.every_s):
                self.looks.append(look(self.scene, self.service))
        except BaseException as failed:
            self._failed.append(failed)

    def between(self, begin_s: float, end_s: float) -> list[Look]:
        """The looks of that time, monotonic seconds."""
        return [each for each in self.looks if begin_s <= each.at_s <= end_s]

    def rate(self, begin_s: float, end_s: float) -> float:
        """Events accepted a second in that time."""
        return rate(self.between(begin_s, end_s))


def rate(looks: Sequence[Look]) -> float:
    """Events accepted a second, from the first look to the last."""
    first, last = looks[0], looks[-1]
    return (last.accepted - first.accepted) / (last.at_s - first.at_s)


def resident_mib(looks: Sequence[Look]) -> float:
    """The median of what a process held in memory."""
    return median(each.resident_mib for each in looks)
