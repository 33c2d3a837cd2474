"""The play: the sandbox, the embedded broker and the real `run`, fed with the samples until all is settled."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from consumer.commands.demo import demo_configuration
from consumer.commands.demo.embedded_broker import Broker
from consumer.commands.demo.samples import BLOG, DemoSample, Samples
from consumer.config import load
from consumer.core import model
from consumer.exit_codes import BUG
from consumer.metrics import PREFIX
from consumer.run import run
from consumer.sandbox.server import Sandbox
from consumer.sandbox.state.event_store import Accepted, Summary
from consumer.signals import Signals

SETTLE_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.1
_BUSY: Final = {"do": {"code": 50002}, "match": {"pixel": BLOG}, "for_next": 1}
"""The first request of one pixel is answered that the server is busy."""

Numbers = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]
"""Metric without prefix and its labels, sorted → value."""
Progress = Callable[[str, float, float], None]
"""Told of each step: what it is, how far, of how much."""


class DemoError(Exception):
    """The play broke off; the text says where."""


class DemoDeadLetter(Struct, frozen=True):
    """A dead letter as it stands in its topic."""

    key: bytes | None
    value: bytes | None
    headers: model.Headers

    def header(self, name: str) -> str:
        return next(((value or b"").decode() for header, value in self.headers if header == name), "")


class DemoResult(Struct, frozen=True):
    """What can be seen from outside once all is settled."""

    numbers: Numbers
    summary: Summary
    accepted: list[Accepted]
    letters: list[DemoDeadLetter]
    ends: Mapping[model.TopicPartition, int]
    committed: Mapping[model.TopicPartition, int]
    elapsed_s: float


class DemoStage:
    """Everything that runs during a demo. `with stage.running(): …`"""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker()
        self.sandbox = Sandbox()
        self.port: Final = _free_port()
        self.folder: Final = folder
        self._signals = Signals()
        self._ended: list[int] = []
        self._thread = threading.Thread(target=self._run, name="demo-run", daemon=True)
        self._http = httpx2.Client(timeout=5, trust_env=False)

    @property
    def status_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self, samples: Samples) -> Iterator[None]:
        """Sandbox up, first samples written, service running; all stopped in the end."""
        self.broker.create(demo_configuration.TOPICS)
        with self.sandbox:
            self.config: Path = demo_configuration.write(self.folder, self.broker.address, self.sandbox.url, self.port)
            self._tell_sandbox("refuse", {"event_ids": sorted(samples.refused_ids)})
            self._tell_sandbox("faults", [_BUSY])
            self.write(samples.first)
            with self._serving():
                yield

    @contextmanager
    def _serving(self) -> Iterator[None]:
        """The service running until the block ends."""
        self._thread.start()
        try:
            yield
        finally:
            self._signals.stop.set()
            self._thread.join(timeout=30)
            self._http.close()

    def write(self, samples: list[DemoSample]) -> None:
        """Produce records, now."""
        self.broker.write(demo_configuration.TOPIC, samples, round(time.time() * 1000))

    def wait_until_settled(self, records: int, what: str, progress: Progress) -> None:
        """Until so many records are settled, and none is in flight.

        Raises:
            DemoError: that took too long, or the service has ended.
        """
        until_s = time.monotonic() + SETTLE_WITHIN_S
        settled = 0.0
        while settled < records:
            if time.monotonic() > until_s or self._ended:
                raise DemoError(f"{what}: {settled:.0f} of {records} records settled")
            time.sleep(_LOOK_EVERY_S)
            settled = sum(value for (name, _), value in self.numbers().items() if name == "records_settled_total")
            progress(what, settled, records)

    def wait_until_committed(self) -> None:
        """Until the group's offsets are the ends of the topic, or it is clear that they will not be."""
        ends = self.broker.ends(demo_configuration.TOPIC)
        until_s = time.monotonic() + 10
        while self.broker.committed(demo_configuration.GROUP, ends) != ends and time.monotonic() < until_s:
            time.sleep(0.2)

    def numbers(self) -> Numbers:
        """What `/metrics` says now; nothing while it does not answer."""
        try:
            text = self._http.get(f"{self.status_url}/metrics").text
        except httpx2.HTTPError:
            return {}
        return {
            (sample.name.removeprefix(PREFIX), tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def seen(self, elapsed_s: float) -> DemoResult:
        """Look at everything."""
        ends = self.broker.ends(demo_configuration.TOPIC)
        letters = [
            DemoDeadLetter(message.key(), message.value(), tuple(message.headers() or ()))  # type: ignore[arg-type]  # as read
            for message in self.broker.read_all(demo_configuration.DEAD_LETTERS)
        ]
        return DemoResult(
            self.numbers(),
            self.sandbox.summary(),
            self.sandbox.events(limit=10_000),
            letters,
            ends,
            self.broker.committed(demo_configuration.GROUP, ends),
            elapsed_s,
        )

    def _run(self) -> None:
        code = BUG
        try:
            code = run(load(self.config, {}), self._signals)
        finally:
            self._ended.append(code)

    def _tell_sandbox(self, path: str, body: object) -> None:
        self._http.put(f"{self.sandbox.url}/sandbox/{path}", json=body).raise_for_status()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
