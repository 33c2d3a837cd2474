"""`check` at the command line: the findings as lines or as data, and how it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from consumer.commands.check import check
from consumer.commands.check.finding import Finding, Level, as_json, is_fatal, of_problem
from consumer.config import Settings
from consumer.core.errors import ConfigError
from consumer.terminal import printable


def run_check(
    read: Callable[[], Settings], *, offline: bool, rate: float | None, schema_file: Path | None, as_data: bool
) -> bool:
    """Print what there is to say; False if `run` could not work with it.

    Raises:
        ConfigError: by `read`, where lines are wanted: the command line prints its problems.
    """
    try:
        findings = check(read(), offline=offline, rate=rate, schema_file=schema_file)
    except ConfigError as error:
        if not as_data:
            raise
        findings = [of_problem(problem) for problem in error.problems]
    if as_data:
        print(as_json(findings))  # noqa: T201  # what the command is for
    else:
        console = Console(highlight=False, markup=False, emoji=False)
        for finding in findings:
            console.print(coloured(finding), soft_wrap=not console.is_terminal)
    return not is_fatal(findings)


def coloured(finding: Finding) -> Text:
    """The line, whose level has a colour at a terminal that wants some."""
    line = Text(printable(str(finding)))
    line.stylize(_STYLES[finding.level], 0, len(finding.level))
    return line


_STYLES: Final = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.ERROR: "bold red"}
