"""A progress bar on standard error, where that is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consumer.signals import also_at_interrupt

_Each = TypeVar("_Each")


class Bar:
    """Moves with what goes through `watched`.

    Args:
        name: of what there are so many.
    """

    def __init__(self, name: str, total: int) -> None:
        console = Console(file=sys.stderr)
        columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._shown_again = ExitStack()
        """Within, SIGTERM gives the cursor back as Ctrl-C does."""
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> "Bar":
        self._shown_again.enter_context(also_at_interrupt(_nothing))
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()
        self._shown_again.close()

    def watched(self, each: Iterable[_Each]) -> Iterator[_Each]:
        """The same, one by one."""
        for one in each:
            yield one
            self._progress.advance(self._task)


def _nothing() -> None:
    """What has to be done besides."""
