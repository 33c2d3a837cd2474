"""Waiting for something to become true, since tests never sleep for a fixed time; and what to show if it does not."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def wait_until(ask: Callable[[], T], timeout_s: float, *, what: str, every_s: float = 0.05) -> T:
    """Ask again and again until the answer is truthy, and return it.

    Args:
        every_s: between two questions at first. The longer it takes, the seldomer it asks, down to three times a
            second: what is asked answers at the expense of what it is to do.

    Raises:
        AssertionError: not within `timeout_s`; names `what` was waited for and the last answer.
    """
    begun_s = time.monotonic()
    while not (answer := ask()):
        waited_s = time.monotonic() - begun_s
        if waited_s > timeout_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}; last answer: {answer!r}")
        time.sleep(max(every_s, min(waited_s / 10, 0.3)))
    return answer


class Patience:
    """A time limit that starts again with every sign of life."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.renew()

    def renew(self) -> None:
        self._end_s = time.monotonic() + self._timeout_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._end_s


def tail_of(file: Path, lines: int) -> str:
    """The end of a file under its name, long lines cut."""
    last = file.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join([f"── {file.name}", *(line[:300] for line in last)])
