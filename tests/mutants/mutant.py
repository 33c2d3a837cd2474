"""One seeded mutant: a change of the text of one module that breaks a promise."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class MutantError(Exception):
    """A mutant that proves nothing: it is out of date, or no program any more."""


class Mutant(NamedTuple):
    file: str
    old: str
    """The text as it is: it must be there exactly once."""
    new: str
    """The text as it must not be."""
    why: str
    """What that breaks."""

    @property
    def name(self) -> str:
        return f"{Path(self.file).name}: {self.why}"


def mutated(text: str, mutant: Mutant) -> str:
    """The text of the mutant's file with its change.

    Raises:
        MutantError: the old text is not there exactly once, nothing changes, or it is no Python any more.
    """
    if text.count(mutant.old) != 1:
        raise MutantError(f"{mutant.name}: the old text is there {text.count(mutant.old)} times, not once")
    if mutant.old == mutant.new:
        raise MutantError(f"{mutant.name}: changes nothing")
    changed = text.replace(mutant.old, mutant.new)
    try:
        compile(changed, mutant.file, "exec")
    except SyntaxError as fault:
        raise MutantError(f"{mutant.name}: no Python any more ({fault.msg}, line {fault.lineno})") from None
    return changed


def mutants(listed: Iterable[tuple[str, str, str, str]]) -> list[Mutant]:
    return [Mutant(*one) for one in listed]
