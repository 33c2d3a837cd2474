"""The demo with somebody's own configuration and records: broker and TikTok are stand-ins, everything else is real."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer import wiring
from consumer.commands.demo.demo_command import ACCOUNTED_FOR, UNACCOUNTED
from consumer.commands.demo.demo_folder import demo_folder
from consumer.commands.demo.demo_run import DemoDeadLetter, DemoError, DemoStage
from consumer.commands.demo.samples import DemoSample
from consumer.commands.explain.records.given import GivenRecord, InputError
from consumer.commands.explain.records.given_records import read_bytes
from consumer.config import Settings, kafka_clients
from consumer.core.settle.ledger import RecordOutcome
from consumer.exit_codes import BUG
from consumer.run import run

_TOPIC: Final = "records"
_UNUSABLE: Final = 64
_ALONE: Final = {"store": "memory", "redis_url": None, "remove_for_s": 0.0}


class OwnStage(DemoStage):
    """The demo's stage for other settings than its own."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(folder)
        self.settings: Final = settings.model_copy(
            update={
                "kafka": settings.kafka.model_copy(
                    update={
                        "bootstrap_servers": self.broker.address,
                        "topics": (_TOPIC,),
                        "start": "earliest",
                        "properties": {},
                        "producer_properties": {},
                    }
                ),
                "http": settings.http.model_copy(update={"listen": f"127.0.0.1:{self.port}"}),
                "delivery": settings.delivery.model_copy(update={"base_url": self.sandbox.url}),
                "dedupe": settings.dedupe.model_copy(update=_ALONE),
                "outcomes": settings.outcomes.model_copy(update={"topic": None}),
            }
        )

    @contextmanager
    def showing(self, given: Sequence[GivenRecord]) -> Iterator[None]:
        """Sandbox up, records written, service running; all stopped in the end."""
        dead_letters = self.settings.dead_letter_topic(_TOPIC)
        self.broker.create([_TOPIC, dead_letters, *kafka_clients.own_topics_of(self.settings)])
        samples = [_sample(one) for one in given]
        with self.sandbox:
            self.broker.write(_TOPIC, samples, round(time.time() * 1000))
            with self._serving():
                yield

    def letters(self) -> list[DemoDeadLetter]:
        messages = self.broker.read_all(self.settings.dead_letter_topic(_TOPIC))
        return [DemoDeadLetter(each.key(), each.value(), tuple(each.headers() or ())) for each in messages]  # type: ignore[arg-type]  # as read

    def _run(self) -> None:
        code = BUG
        try:
            code = run(self.settings, self._signals)
        finally:
            self._ended.append(code)


def show_own(settings: Settings, file: Path, out: TextIO, kept_until: Event | None) -> int:
    """Run a file's records through the service. Returns the exit code: 0 if all were settled.

    Args:
        kept_until: as for `play`.
    """
    console = Console(file=out, highlight=False, emoji=False)
    try:
        given = _read(settings, file)
    except InputError as fault:
        console.print(f"{file}: {fault}", style="red", markup=False)
        return _UNUSABLE
    with demo_folder() as folder:
        try:
            _show(console, OwnStage(folder.path, settings), given, kept_until)
        except DemoError as fault:
            console.print(f"The demo broke off: {fault}.", style="bold red")
            folder.keep(console)
            return UNACCOUNTED
    return ACCOUNTED_FOR


def _read(settings: Settings, file: Path) -> list[GivenRecord]:
    if settings.avro.framing != "plain":
        raise InputError("its records need a registry; give avro.schema instead, as `init --schema FILE` does")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None
    return read_bytes(content, file.name, settings, wiring.decoder_of(settings), round(time.time() * 1000))


def _sample(given: GivenRecord) -> DemoSample:
    record = given.record
    return DemoSample("own", record.key or b"", record.value, record.headers, RecordOutcome.SENT)


def _show(console: Console, stage: OwnStage, given: Sequence[GivenRecord], kept_until: Event | None) -> None:
    with stage.showing(given):
        stage.wait_until_settled(len(given), "your records settled", lambda *_: None)
        console.print(Text(f"Records of yours, each settled: {len(given)}", "bold"))
        console.print(_outcomes(stage))
        for reason, number in Counter(letter.header("tiktok.reason") for letter in stage.letters()).items():
            console.print(Text(f"  {number} × {reason}: ask `explain --file` why", "red"))
        if kept_until is not None:
            where = (f"{stage.sandbox.url}/", "cyan")
            console.print(Text.assemble("\nSee them as TikTok would, until Ctrl-C:  ", where))
            kept_until.wait()


def _outcomes(stage: OwnStage) -> Table:
    table = Table.grid(padding=(0, 2))
    for (name, labels), value in sorted(stage.numbers().items()):
        if name == "records_settled_total" and value:
            table.add_row("", f"{value:.0f}", dict(labels)["outcome"])
    for event, number in sorted(Counter(one.event for one in stage.sandbox.events()).items()):
        table.add_row("", f"{number}", f"{event} in the sandbox")
    return table
