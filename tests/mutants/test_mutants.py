"""The tests of settle, deliver and dedupe kill every seeded mutant."""

import subprocess
import sys

import pytest

from tests.mutants.running import ROOT
from tests.mutants.suite import LISTS


@pytest.mark.timeout(1200)
def test_every_seeded_mutant_is_killed() -> None:
    """In a process of its own: it forks, which a process with threads must not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LISTS)
def test_there_are_enough_of_each_to_mean_something(name: str) -> None:
    names = [(mutant.file, mutant.new, mutant.old) for mutant in LISTS[name]]

    assert len(set(names)) == len(names) >= 12
