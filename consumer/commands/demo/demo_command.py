"""The command: set the stage, play, and say whether everything is accounted for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from consumer.commands.demo.accounting import account
from consumer.commands.demo.demo_folder import demo_folder
from consumer.commands.demo.demo_run import DemoError, DemoResult, DemoStage
from consumer.commands.demo.demo_summary import show_accounts, show_addresses, show_next, show_samples
from consumer.commands.demo.samples import Maker, Samples
from consumer.config.settings import Settings

ACCOUNTED_FOR: Final = 0
UNACCOUNTED: Final = 1
VISIT_EVERY_S: Final = 0.4


def play(out: TextIO, kept_until: Event | None) -> int:
    """Run the demo. Returns the exit code.

    Args:
        kept_until: keep everything running after the summary until this is set; None: stop at once.
    """
    console = Console(file=out, highlight=False, emoji=False)
    with demo_folder() as folder:
        try:
            code = _play(console, folder.path, kept_until)
        except DemoError as fault:
            console.print(f"The demo broke off: {fault}.", style="bold red")
            code = UNACCOUNTED
        if code != ACCOUNTED_FOR:
            folder.keep(console)
    return code


def _play(console: Console, folder: Path, kept_until: Event | None) -> int:
    maker = Maker(Settings.shipped_schema(), time.time())
    samples = maker.samples()
    everything = [*samples.first, *samples.later]
    console.print("A broker, a stand-in for TikTok and the real service, all on this machine.\n")
    show_samples(console, everything)
    stage = DemoStage(folder)
    with stage.running(samples):
        seen = _played(console, stage, samples)
        accounts = account(everything, seen)
        show_accounts(console, accounts, seen)
        if kept_until is not None:
            show_addresses(console, stage.sandbox.url, stage.status_url, stage.broker.address, stage.config)
            _let_visitors_come(stage, maker, kept_until)
    if kept_until is None:
        show_next(console)
    return ACCOUNTED_FOR if accounts.is_even else UNACCOUNTED


def _let_visitors_come(stage: DemoStage, maker: Maker, kept_until: Event) -> None:
    """So that there is something to watch."""
    number = 0
    while not kept_until.wait(VISIT_EVERY_S):
        stage.write(maker.visit(number, time.time()))
        number += 1


def _played(console: Console, stage: DemoStage, samples: Samples) -> DemoResult:
    begun_s = time.monotonic()
    with _progress(console) as told:
        stage.wait_until_settled(len(samples.first), "first records settled", told.show)
        stage.write(samples.later)
        total = len(samples.first) + len(samples.later)
        stage.wait_until_settled(total, "copies of what was sent", told.show)
        stage.wait_until_committed()
    return stage.seen(time.monotonic() - begun_s)


class _Bar:
    """One bar a step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: float, of: float) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of)
        self._progress.update(self._tasks[what], completed=done)


@contextmanager
def _progress(console: Console) -> Iterator[_Bar]:
    columns = (TextColumn("{task.description:<24}"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress)
