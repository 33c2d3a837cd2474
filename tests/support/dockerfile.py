"""Reads a Dockerfile: as much of the format as ours uses, and an error for the rest."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

_VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")
_OPTION: Final = re.compile(r"--([\w-]+)=(\S+)\s+")


class Instruction(NamedTuple):
    """One instruction, such as `COPY --from=build /opt/a /opt/a`."""

    name: str
    options: Mapping[str, str]
    rest: str

    def words(self) -> list[str]:
        """The arguments: of the JSON form, else split at spaces."""
        return [str(word) for word in json.loads(self.rest)] if self.rest.startswith("[") else self.rest.split()

    def pairs(self) -> dict[str, str]:
        """Of ENV: NAME=value NAME=value, without quotes."""
        return dict(word.split("=", 1) for word in self.rest.split())


def read(file: Path) -> list[list[Instruction]]:
    """The stages, each beginning with its FROM; the ARGs before the first are put in there."""
    instructions = list(_instructions(file.read_text()))
    begins = [place for place, each in enumerate(instructions) if each.name == "FROM"]
    arguments: dict[str, str] = {}
    for each in instructions[: begins[0]]:
        arguments |= each.pairs()
    stages = [instructions[begin:end] for begin, end in pairwise([*begins, len(instructions)])]
    return [[_named(begin, arguments), *rest] for begin, *rest in stages]


def _named(begin: Instruction, arguments: Mapping[str, str]) -> Instruction:
    return begin._replace(rest=_VARIABLE.sub(lambda found: arguments[found[1]], begin.rest))


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = line.partition(" ")
        options: dict[str, str] = {}
        while found := _OPTION.match(rest):
            options[found[1]] = found[2]
            rest = rest[found.end() :]
        yield Instruction(name, options, rest.strip())
