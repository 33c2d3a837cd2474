"""One line of `check`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    ERROR = "error"
    """`run` would not start, or could do nothing."""
    WARNING = "warning"
    """It would run, but hardly as meant."""
    NOTE = "note"
    OK = "ok"


class Finding(NamedTuple):
    """`path` is a place in the file, or a topic, broker or subject; `text` holds no token and no value of a record."""

    level: Level
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<8}{self.path}: {self.text}"


def is_fatal(findings: Iterable[Finding]) -> bool:
    """True if `check` must end with 78."""
    return any(finding.level is Level.ERROR for finding in findings)


def of_problem(problem: str, level: Level = Level.ERROR) -> Finding:
    """A problem of the configuration, `path: text`, as a finding."""
    path, _, text = problem.partition(": ")
    return Finding(level, path, text)
