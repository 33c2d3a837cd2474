"""What a run says of a fixture that fails, seen from outside: pytest in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = """
import pytest

@pytest.fixture(scope="session")
def broker():
    assert False, "no broker came up"

@pytest.fixture
def each():
    assert False, "not shared"

@pytest.mark.parametrize("number", range(50))
def test_that_needs_it(broker, number): ...

@pytest.mark.parametrize("number", range(3))
def test_that_fails_by_itself(each, number): ...
"""


def summary(folder: Path) -> list[str]:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.one_cause", "-q", "-rsE", "-p", "no:cacheprovider"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stdout.splitlines()


def test_a_failed_fixture_of_fifty_tests_is_one_error_and_the_others_name_it(tmp_path: Path) -> None:
    lines = summary(tmp_path)

    assert [line for line in lines if line.startswith("ERROR") and "no broker came up" in line] == [
        "ERROR test_it.py::test_that_needs_it[0] - AssertionError: no broker came up"
    ]
    [skipped] = [line for line in lines if line.startswith("SKIPPED")]
    assert skipped.startswith("SKIPPED [49] ")
    assert skipped.endswith("the same cause as the error of test_it.py::test_that_needs_it[0]")


def test_a_fixture_that_fails_for_each_test_anew_is_an_error_of_each(tmp_path: Path) -> None:
    assert summary(tmp_path)[-1].startswith("49 skipped, 4 errors")
