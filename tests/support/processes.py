"""The console script as a user starts it: from outside, judged by exit codes, HTTP answers and what it wrote."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx2

from tests.support.http_clients import ANSWER_S, HTTP
from tests.support.metrics import Metrics
from tests.support.ports import LOOPBACK, free_port
from tests.support.spawner import Spawned, spawner
from tests.support.wait import tail_of, wait_until

COMMAND: Final = str(Path(sys.executable).with_name("tiktok-consumer"))
READY_TIMEOUT_S: Final = 120.0
"""Start, join the group, and get a place in it, on a machine whose two cores others need as well."""
EXIT_TIMEOUT_S: Final = 45.0


class Process:
    """`tiktok-consumer ARGUMENTS` in the background; what it writes goes to files in `folder`.

    With an environment of its own it is started as a user starts it; otherwise in less time (`Spawner`).
    """

    def __init__(self, arguments: Sequence[str], folder: Path, name: str, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.stdout, self.stderr = folder / f"{name}.out", folder / f"{name}.log"
        self._arguments, self._folder, self._env = arguments, folder, env
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes] | Spawned:
        if self._env is None:
            return spawner().spawn(self._arguments, self._folder, environment(), self.stdout, self.stderr)
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            return subprocess.Popen(
                [COMMAND, *self._arguments],
                cwd=self._folder,
                env=environment(self._env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def start_again(self) -> None:
        """Start it once more after its end, with the same arguments, and so on the same port."""
        assert not self.is_running, f"{self.name} still runs"
        self._process = self._started()

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[int]:
        """The processes that it has started and that still run."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; SIGSTOP and SIGCONT included."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = EXIT_TIMEOUT_S) -> int:
        """The exit code, minus the signal's number if one ended it. A process that stays on fails the test."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout_s:g} s\n{self.tail()}") from None

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """`kill -9`, also of one that is stopped or already gone."""
        self._process.kill()
        self._process.wait()

    def tail(self, lines: int = 30) -> str:
        """The end of what it wrote, for a person who looks at a failure."""
        return "\n".join(tail_of(file, lines) for file in (self.stdout, self.stderr))


class Service(Process):
    """`tiktok-consumer run`, with its HTTP endpoints."""

    def __init__(
        self,
        config: Mapping[str, Any],
        folder: Path,
        name: str = "run",
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        file = write_config({**config, "http": {"listen": f"{LOOPBACK}:{self.port}"}}, folder / f"{name}.yaml")
        super().__init__(["run", "--config", str(file), *arguments], folder, name, env)

    def get(self, path: str, timeout_s: float = ANSWER_S) -> httpx2.Response | None:
        """The answer of an endpoint; None while there is none, as before the start and after the end."""
        try:
            return HTTP.get(self.url + path, timeout=timeout_s)
        except httpx2.TransportError:
            return None

    def is_ready(self) -> bool:
        """What /readyz says. A process that has ended fails the test."""
        assert self.is_running, f"{self.name} ended with {self._process.returncode}\n{self.tail()}"
        answer = self.get("/readyz")
        return answer is not None and answer.status_code == 200

    def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        try:
            wait_until(self.is_ready, timeout_s, what=f"{self.name} is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def wait_until_unready(self, timeout_s: float = READY_TIMEOUT_S) -> httpx2.Response:
        """Until /readyz answers 503; the answer holds the reasons."""

        def unready() -> httpx2.Response | None:
            answer = self.get("/readyz")
            return answer if answer is not None and answer.status_code == 503 else None

        answer = wait_until(unready, timeout_s, what=f"{self.name} is unready")
        assert answer is not None
        return answer

    def metrics(self) -> Metrics:
        """One scrape, of numbers that may be a tenth of a second old; soon after the start it is waited for."""

        def answer() -> httpx2.Response | None:
            assert self.is_running, f"{self.name} ended with {self._process.returncode}\n{self.tail()}"
            return self.get("/metrics")

        scraped = wait_until(answer, READY_TIMEOUT_S, what=f"{self.name} answers")
        assert scraped is not None
        assert scraped.status_code == 200, scraped.text
        return Metrics.parse(scraped.text)

    def metrics_now(self) -> Metrics:
        """One scrape whose numbers were taken after this call. Not for a run with several workers."""
        asked_at = time.time()

        def is_new() -> bool:
            answer = self.get("/api/status")
            return answer is not None and answer.json()["at"] > asked_at

        wait_until(is_new, 60, what=f"{self.name} shows newer numbers")
        return self.metrics()

    def log(self) -> list[dict[str, Any]]:
        """The lines of its log that are whole, as JSON objects."""
        lines = self.stderr.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def wait_until_logged(self, event: str, times: int = 1) -> None:
        """Until so many lines of its log have this event."""
        wait_until(lambda: sum(line["event"] == event for line in self.log()) >= times, 90, what=f"{event} is logged")


def run_command(
    *arguments: str, folder: Path, stdin: bytes = b"", timeout_s: float = 120.0, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """`tiktok-consumer ARGUMENTS` to its end; started like a `Process`, or as a user starts it if it is given input."""
    if env is None and not stdin:
        return _run_spawned(arguments, folder, timeout_s)
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment(env),
        input=stdin,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )


def _run_spawned(arguments: Sequence[str], folder: Path, timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    with TemporaryDirectory() as name:
        out, err = Path(name) / "out", Path(name) / "err"
        process = spawner().spawn(arguments, folder, environment(), out, err)
        try:
            code = process.wait(timeout_s)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, out.read_bytes(), err.read_bytes())


def write_config(config: Mapping[str, Any], file: Path) -> Path:
    """Write a configuration; JSON is YAML, too."""
    file.write_text(json.dumps(config, indent=2))
    return file


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, with nothing that would change a configuration, or send loopback traffic through a proxy."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIKTOK_")}
    return {**inherited, "NO_PROXY": "127.0.0.1,localhost", "NO_COLOR": "1", **(more or {})}
