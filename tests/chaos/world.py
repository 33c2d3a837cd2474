"""Everything that the faults of one run act upon, and what they wrote down."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.extras import Extras
from tests.chaos.members import Members
from tests.chaos.offsets import Offsets, Place
from tests.chaos.servers import Servers
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene
from tests.support.stream_config import BLOG, SHOP

PIXELS: Final = {"shop": SHOP, "blog": BLOG}


class NothingToStrike(Exception):  # noqa: N818 - not an error
    """For example, every process is in the hands of other faults."""


@dataclass(frozen=True)
class Disturbance:
    """A fault that was in force from one Unix time to another, in seconds."""

    kind: str
    begin_s: float
    end_s: float


@dataclass
class Chronicle:
    """What happened when. Threads write to it."""

    disturbances: list[Disturbance] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What went wrong with the suite itself."""

    @contextmanager
    def noting(self, kind: str) -> Iterator[None]:
        """Note a fault with its times, also one that could not be ended; not one that had nothing to strike."""
        begin_s = time.time()
        try:
            yield
        except NothingToStrike:
            raise
        except BaseException:
            self._note(kind, begin_s)
            raise
        self._note(kind, begin_s)

    def _note(self, kind: str, begin_s: float) -> None:
        self.disturbances.append(Disturbance(kind, begin_s, time.time()))


@dataclass
class Unkindness:
    """The faults that the sandbox is told; several at a time, of which the first that applies strikes."""

    sandbox: Sandbox
    _told: dict[int, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def told(self, *faults: Mapping[str, Any]) -> Iterator[None]:
        number = id(faults)
        self._change(number, faults)
        try:
            yield
        finally:
            self._change(number, ())

    def _change(self, number: int, faults: tuple[Mapping[str, Any], ...]) -> None:
        with self._lock:
            self._told[number] = faults
            self.sandbox.misbehave(*(fault for told in self._told.values() for fault in told))


@dataclass
class Tokens:
    """The file of each pixel's token, and which tokens the sandbox takes."""

    scene: Scene
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _good: dict[str, str] = field(default_factory=dict)

    def give_all(self) -> None:
        for pixel in PIXELS:
            self.give(pixel)

    def give(self, pixel: str) -> None:
        """A new token, in the sandbox and in the file."""
        with self._lock:
            self._number += 1
            self._good[pixel] = f"token-{self._number}-of-{pixel}"
            self._tell()
            new = self.file(pixel) + ".new"
            with open(new, "w") as file:
                file.write(self._good[pixel])
            # In one move, as Kubernetes does.
            (self.scene.folder / new).replace(self.file(pixel))

    def revoke(self, pixel: str) -> None:
        with self._lock:
            del self._good[pixel]
            self._tell()

    def file(self, pixel: str) -> str:
        return str(self.scene.folder / f"{pixel}.token")

    def _tell(self) -> None:
        self.scene.sandbox.allow_tokens({token: [PIXELS[pixel]] for pixel, token in self._good.items()})


@dataclass(frozen=True)
class World:
    servers: Servers
    scene: Scene
    members: Members
    tokens: Tokens
    unkindness: Unkindness
    chronicle: Chronicle
    extras: Extras

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of the origin."""
        return (self.scene.topic, *self.extras.topics)

    def committed(self) -> Mapping[Place, int]:
        """What the group has committed of them. Raises KafkaException while brokers are away."""
        offsets = Offsets(self.servers.cluster.direct, self.scene.group, self.topics, ())
        try:
            return offsets.committed()
        finally:
            offsets.close()
