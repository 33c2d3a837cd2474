"""The progress of `run`, for readers of its log: what it does at its start, a line now and then, a dry run's counts."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from msgspec import Struct

from consumer.config import Settings
from consumer.metrics import Snapshot
from consumer.service.publish.published import ServiceSnapshot
from consumer.status.stages import Counts
from consumer.terminal import printable

log = structlog.get_logger("consumer.run")

EVERY_S: Final = 60.0
AT_A_TERMINAL_EVERY_S: Final = 10.0


class StartLine(Struct, frozen=True):
    """What a run is about to do."""

    reads: str
    group: str
    brokers: str
    sends_to: str
    page: str

    @classmethod
    def of(cls, settings: Settings, *, is_dry: bool, port: int | None = None) -> "StartLine":
        """`port`: the one that was bound, where the settings leave it open with 0."""
        kafka, http = settings.kafka, settings.http
        host = "localhost" if http.host in {"0.0.0.0", "::"} else http.host  # noqa: S104  # shown, not bound
        return cls(
            reads=f"topics like {kafka.topic_pattern}" if kafka.topic_pattern else ", ".join(kafka.topics),
            group=kafka.group_id,
            brokers=kafka.bootstrap_servers,
            sends_to="nothing is sent: a dry run" if is_dry else settings.delivery.base_url,
            page=f"http://{f'[{host}]' if ':' in host else host}:{port or http.port}/",
        )

    def for_people(self) -> str:
        lines = [
            f"reads     {self.reads}  (group {self.group}, brokers {self.brokers})",
            f"sends to  {self.sends_to}",
            f"page      {self.page}",
        ]
        return "".join(f"{printable(line)}\n" for line in lines)


class RunProgress:
    """Says how a run gets on.

    Args:
        monotonic: seconds.
        stream: where the log lines go; at a terminal there are more of them.
    """

    def __init__(
        self, start: StartLine, monotonic: Callable[[], float], stream: TextIO | None = None, *, is_dry: bool = False
    ) -> None:
        self._start, self._monotonic, self._is_dry = start, monotonic, is_dry
        self._stream = stream or sys.stderr
        self._every_s = AT_A_TERMINAL_EVERY_S if self._stream.isatty() else EVERY_S
        self._last_s, self._last_read = monotonic(), 0

    def begin(self) -> None:
        """Say what will be done: to people as text, else as a line of the log."""
        if self._stream.isatty():
            self._stream.write(self._start.for_people())
        else:
            start = self._start
            log.info("run.started", reads=start.reads, group=start.group, sends_to=start.sends_to, page=start.page)

    def step(self, published: ServiceSnapshot) -> None:
        """Say how it goes, if it is time."""
        now_s = self._monotonic()
        passed_s = now_s - self._last_s
        if passed_s < self._every_s:
            return
        counts, unready = Counts(published.snapshot), published.unready
        read_per_s = round((counts.read - self._last_read) / passed_s, 1)
        self._last_s, self._last_read = now_s, counts.read
        log.info(
            "run.progress",
            read=counts.read,
            read_per_s=read_per_s,
            accepted=counts.accepted,
            dead_letters=counts.dead_letters,
            in_flight=in_flight(published.snapshot),
            lag=counts.lag,
            not_ready=list(unready) or None,
        )

    def end(self, published: ServiceSnapshot) -> None:
        """Of a dry run, say what it has counted."""
        if self._is_dry:
            counts = Counts(published.snapshot)
            log.info(
                "run.counted",
                read=counts.read,
                would_send=counts.outcomes["shadow"],
                would_reject=dict(reasons(published.snapshot)),
                fields_left_out=counts.fields_left_out,
            )


def in_flight(snapshot: Snapshot) -> int:
    value = snapshot.get(("records_in_flight", ()), 0.0)
    return 0 if isinstance(value, tuple) else int(value)


def reasons(snapshot: Snapshot) -> Counter[str]:
    """Dead letters by their reason."""
    found: Counter[str] = Counter()
    for (name, labels), value in snapshot.items():
        if name == "rejected" and not isinstance(value, tuple) and value:
            found[labels[0]] += int(value)
    return found
