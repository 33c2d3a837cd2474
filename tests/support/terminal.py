"""The console script at a terminal: a pseudo-terminal of 80 columns whose keys are pressed from here."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Final

from tests.support.processes import COMMAND, environment
from tests.support.wait import wait_until

CTRL_C: Final = b"\x03"
COLUMNS: Final = 80
_ROWS_AND_COLUMNS: Final = struct.pack("HHHH", 40, COLUMNS, 0, 0)


class Terminal:
    """`tiktok-consumer ARGUMENTS` at a terminal of its own."""

    def __init__(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, _ROWS_AND_COLUMNS)
        self._process = subprocess.Popen(
            # A session of its own, whose terminal this is, so that Ctrl-C means its processes.
            ["setsid", "--ctty", COMMAND, *arguments],
            cwd=folder,
            env={**environment(), "TERM": "xterm", **(env or {})},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._shown = b""
        self._reading = Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def shown(self) -> str:
        return self._shown.decode(errors="replace")

    def wait_until_listening(self) -> None:
        """Until Python is there and our code runs: it starts a thread for Ctrl-C first."""
        tasks = Path(f"/proc/{self._process.pid}/task")
        wait_until(lambda: self._process.poll() is not None or len(list(tasks.iterdir())) > 1, 60, what="it has begun")

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def ended(self, timeout_s: float = 60.0) -> tuple[int, float]:
        """Exit code as a shell shows it, and the seconds that it took from now."""
        begun_s = time.monotonic()
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"did not end within {timeout_s:g} s\n{self.shown}") from None
        took_s = time.monotonic() - begun_s
        self._reading.join(30)
        os.close(self._ours)
        # Python gives Ctrl-C back to the system while it winds up: a process that is there then ends by the signal.
        return (code if code >= 0 else 128 - code), took_s

    def _read(self) -> None:
        try:
            while piece := os.read(self._ours, 4096):
                self._shown += piece
        except OSError:  # what Linux answers once nobody has the other end
            pass
