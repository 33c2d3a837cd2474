"""`check` at the command line: the findings as lines or as data, and how it ends."""

from collections.abc import Callable
from pathlib import Path

from consumer.commands.check import check
from consumer.commands.check.finding import as_json, is_fatal, of_problem
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
    shown = as_json(findings) if as_data else "\n".join(printable(str(finding)) for finding in findings)
    print(shown)  # noqa: T201  # what the command is for
    return not is_fatal(findings)
