"""Starts `tiktok-consumer` from a process that has imported it already, and is forked for each start.

A start imports for a second or more, and the tests need hundreds. But for that it is as if it were started by itself:
a process of its own with its own signals, files and exit code, which runs what the console script runs.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

_FORKED: Final = Path(__file__).with_name("forked.py")


class Spawned:
    """A process as `subprocess.Popen` has it."""

    def __init__(self, spawner: "Spawner", pid: int) -> None:
        self._spawner = spawner
        self.pid = pid
        self.returncode: int | None = None
        self._lock = Lock()

    def poll(self) -> int | None:
        """The exit code, minus the signal's number if one ended it; None while it runs."""
        with self._lock:  # an end is told once, and tests look from several threads
            if self.returncode is None:
                self.returncode = self._spawner.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once there is one.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        end_s = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > end_s:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:  # until it is asked so, no other process takes its number
            os.kill(self.pid, number)

    def kill(self) -> None:
        """`kill -9`."""
        self.send_signal(signal.SIGKILL)


class Spawner:
    """The process that is forked (`forked.py`); it ends with this one."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: what is installed is imported, not what lies beside this file.
            command = [sys.executable, "-P", str(_FORKED), str(theirs.fileno())]
            nothing = subprocess.DEVNULL
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=nothing, stdout=nothing)
        self._stream = ours.makefile("rw")
        self._lock = Lock()

    def spawn(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], out: Path, err: Path) -> Spawned:
        """Start `tiktok-consumer ARGUMENTS` in `folder`; what it writes is added to the files, made at once."""
        out.touch()
        err.touch()
        start = {"arguments": arguments, "folder": str(folder), "env": env, "out": str(out), "err": str(err)}
        return Spawned(self, self.ask(start))

    def ask(self, question: Mapping[str, Any]) -> Any:
        """The answer of the process: one question at a time."""
        with self._lock:
            print(json.dumps(question), file=self._stream, flush=True)
            answer = self._stream.readline()
        assert answer, f"the process that is forked ended with {self._process.wait()}"
        return json.loads(answer)


@cache
def spawner() -> Spawner:
    """One for all tests of this process."""
    return Spawner()
