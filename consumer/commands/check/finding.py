"""One line of `check`."""

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

_LINE: Final = re.compile(r" \(line ([0-9]+)\)$")


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
    line: int | None = None
    """Of the file, from 1; None for what stands in no file."""

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line and self.level is not Level.OK else ""
        return f"{self.level:<8}{self.path}: {self.text}{where}"


def is_fatal(findings: Iterable[Finding]) -> bool:
    """True if `check` must end with 78."""
    return any(finding.level is Level.ERROR for finding in findings)


def as_json(findings: Iterable[Finding]) -> str:
    """The findings as data: a list of {level, path, text, line}."""
    return json.dumps([finding._asdict() for finding in findings], indent=2, ensure_ascii=False)


def of_problem(problem: str, level: Level = Level.ERROR) -> Finding:
    """A problem of the configuration, `path: text`, as a finding."""
    path, _, text = problem.partition(": ")
    told = _LINE.search(text)
    return Finding(level, path, _LINE.sub("", text), int(told[1]) if told else None)
