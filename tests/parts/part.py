"""One part: where it is, how it is fetched, and what a test says that lacks it."""

import fcntl
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

CHECKOUT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = CHECKOUT / ".cache"
TRIES: Final = 4
"""A registry that is asked for thousands of files fails now and then; the next try goes on from what it got."""
_FIRST_WAIT_S: Final = 5.0


@dataclass(frozen=True)
class Part:
    """Something in `.cache/`.

    Args:
        name: as people call it, at the beginning of a sentence.
        place: file or folder below `.cache/`; it changes with what is to be fetched.
        fetch: puts it into the folder that it is given, under the last name of `place`.
    """

    name: str
    place: Path
    fetch: Callable[[Path], None]

    def path(self) -> Path:
        """Where it is; the test fails if it is not there."""
        if not self.place.exists():
            lacking(f"{self.name} is not in {self.place.parent.relative_to(CHECKOUT)}: `make parts` fetches it.")
        return self.place

    def make(self, wait: Callable[[float], None] = time.sleep, tries: int = TRIES) -> bool:
        """Fetch it, unless it is there; False if it was. It is moved into place whole, so half of it never shows.

        Raises:
            OSError: what the last try ended with.
        """
        if self.place.exists():
            return False
        self.place.parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, tries + 1):
            with _folder(self.place.parent) as folder:
                try:
                    self.fetch(folder)
                except OSError:
                    if number == tries:
                        raise
                    wait(_FIRST_WAIT_S * 2 ** (number - 1))
                else:
                    (folder / self.place.name).rename(self.place)
                    return True
        raise AssertionError("the last try returned or raised")


def run(command: Sequence[str], folder: Path, timeout_s: float, env: Mapping[str, str] | None = None) -> None:
    """Run what fetches, in silence; if it fails, its last words are in the error.

    Raises:
        OSError: it failed, or took too long.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            timeout=timeout_s,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(str(error)) from None
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-3000:]}")


def lacking(sentence: str) -> NoReturn:
    """Fail the test with this sentence and nothing else."""
    pytest.fail(sentence, pytrace=False)


def program(name: str) -> str:
    """The path of a program of this machine; the test fails if there is none."""
    found = shutil.which(name)
    return found or lacking(f"The program {name} is missing: scripts/system-parts installs it, or says how.")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process has this lock: a file, made where it is missing."""
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(lock: Path, folder: Path) -> None:
    """Put what a lock file names, with its hashes checked, from the package index into a folder.

    Raises:
        OSError: as `run`.
    """
    pip = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    run([*pip, "-r", str(lock), "--target", str(folder)], CHECKOUT, 600)


@contextmanager
def _folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="half-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
