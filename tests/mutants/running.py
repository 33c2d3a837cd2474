"""Runs tests on copies of the source, each in a process forked from this one, where the slow imports are done already.

A copy keeps the byte code that its unchanged tests have made, save for the module that is changed: byte code is chosen
by size and second of its source, and a mutant may share both with the original.
"""

import contextlib
import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import hypothesis
import pytest

from tests.mutants.mutant import Mutant, mutated

ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = ("consumer", "tests", "schemas", "pyproject.toml")
_SLOW_TO_IMPORT: Final = (
    *("fastavro", "fastavro.utils", "msgspec", "phonenumbers", "re2", "structlog", "prometheus_client", "httpx2"),
    *("hypothesis.strategies", "hypothesis.stateful", "pytest_cov.plugin", "pytest_timeout", "pydantic"),
    *("confluent_kafka", "ruamel.yaml"),
)
_ONE_TEST_S: Final = 60
"""A mutant that hangs is killed as well."""
_PASSED, _FAILED = 0, 1


class Ran(NamedTuple):
    """How the tests of one copy ended."""

    exit_code: int
    output: str

    @property
    def are_green(self) -> bool:
        return self.exit_code == _PASSED

    @property
    def has_failed_test(self) -> bool:
        """False, too, where something else went wrong: no test found, or one that could not be imported."""
        return self.exit_code == _FAILED

    @property
    def first_failure(self) -> str:
        failed = [line for line in self.output.splitlines() if line.startswith("FAILED ")]
        return failed[0].split(" - ")[0].rpartition("::")[2] if failed else "a time limit"


class Bench:
    """A copy of the source that one process after another works on.

    Args:
        place: where it is made.
        like: what is copied: the source, or another bench with the byte code it has made.
    """

    def __init__(self, place: Path, like: Path = ROOT) -> None:
        self.place = place
        ignored = shutil.ignore_patterns("__pycache__") if like == ROOT else None
        for name in _COPIED:
            _copy(like / name, place / name, ignored)

    @contextlib.contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """The copy with the mutant's change while the block runs. Raises MutantError."""
        file = self.place / mutant.file
        text = file.read_text()
        file.write_text(mutated(text, mutant))
        for cached in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            cached.unlink()
        try:
            yield
        finally:
            file.write_text(text)

    def begin(self, tests: Sequence[str], *, makes_byte_code: bool = False) -> int:
        """Begin these tests in a process of their own; gives its id."""
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            code = 70
            try:
                code = self._run(tests, makes_byte_code)
            finally:
                os._exit(code)
        return pid

    def ran(self, status: int) -> Ran:
        """What came of the process that ended with this status."""
        return Ran(os.waitstatus_to_exitcode(status), self._output.read_text(errors="replace"))

    @property
    def _output(self) -> Path:
        return self.place / "output.txt"

    def _run(self, tests: Sequence[str], makes_byte_code: bool) -> int:
        with self._output.open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        os.chdir(self.place)
        sys.dont_write_bytecode = not makes_byte_code
        for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "consumer")]:
            del sys.modules[name]
        sys.path[:] = [str(self.place), *(path for path in sys.path if Path(path or ".").resolve() != ROOT)]
        importlib.invalidate_caches()
        options = ("-x", "-q", "--tb=line", "--noconftest", f"--timeout={_ONE_TEST_S}", "-p", "no:cacheprovider")
        code = int(pytest.main([*options, f"--rootdir={self.place}", *tests]))
        tried = sys.modules["consumer"].__file__ or ""
        assert Path(tried).is_relative_to(self.place), f"the tests ran on {tried}"
        return code


def prepare() -> None:
    """Import what is slow to import, and let hypothesis neither search on where it found nor differ from run to run."""
    for name in _SLOW_TO_IMPORT:
        importlib.import_module(name)
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants",
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")


def _copy(source: Path, target: Path, ignored: Callable[[str, list[str]], set[str]] | None) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copy2(source, target)
