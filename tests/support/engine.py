"""A Docker engine of the tests' own: from Debian's packages, with a socket and a data folder of its own.

Unless it is told to, it makes no bridge and changes no firewall rule, so it may run beside another engine. With
networks for containers it belongs into a network namespace of its own (`own_network`). There is no registry to pull
from: base images are made on this machine (tests/parts/bases.py) and imported under the names that Dockerfiles use.

    with Engine(folder) as engine:
        engine.load(PYTHON, "python:3.14.0-slim-trixie")
        engine.docker("run", "--rm", …)
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.parts.part import lacking, program
from tests.support.wait import tail_of, wait_until

_DOCKER: Final = "/usr/bin/docker"
"""Debian's client, of the engine's own version; another one may come first in the PATH."""
_START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 60.0
_PATH: Final = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NO_NETWORKS: Final = {"bridge": "none", "iptables": "false", "ip6tables": "false", "ip-forward": "false"}

Done = subprocess.CompletedProcess[str]


class Engine:
    """A running engine.

    Args:
        folder: for all that it keeps; a path short enough for a socket.
        before: what starts its command line and its client's, such as `nsenter`.
        has_networks: whether its containers may have networks of their own, not only this machine's.
    """

    def __init__(self, folder: Path, before: Sequence[str] = (), *, has_networks: bool = False) -> None:
        self.folder, self.before, self._has_networks = folder, before, has_networks
        self.socket: Final = folder / "docker.sock"
        self._log = folder / "dockerd.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """For any client of it."""
        return {**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "1"}

    def docker(self, *arguments: str, timeout_s: float = 120.0, is_checked: bool = False) -> Done:
        """Docker's own client; with `is_checked` the test fails if it does."""
        line = [*self.before, _DOCKER, *arguments]
        done = subprocess.run(
            line, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert not is_checked or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def load(self, base: Path, name: str) -> None:
        """Give a base image a name."""
        self.docker("import", "--change", f"ENV {_PATH}", str(base), name, is_checked=True)

    def build(self, dockerfile: Path, context: Path, tag: str, arguments: Mapping[str, str], *options: str) -> None:
        """Build as users do, with this machine's network; it has no other."""
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        line = ["build", "--network", "host", "--file", str(dockerfile), "--tag", tag, *given, *options, str(context)]
        self.docker(*line, timeout_s=900, is_checked=True)

    def __enter__(self) -> Self:
        if os.getuid() != 0:
            lacking("A container engine needs root: run the tests of tests/engine as root.")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = {
            "data-root": self.folder / "data",
            "exec-root": self.folder / "exec",
            "pidfile": self.folder / "docker.pid",
            "host": f"unix://{self.socket}",
            "exec-opt": "native.cgroupdriver=cgroupfs",
            "oom-score-adjust": "0",
            **({} if self._has_networks else _NO_NETWORKS),
        }
        daemon = [program("dockerd"), *(f"--{name}={value}" for name, value in options.items())]
        # It ends with whoever started it.
        line = [*self.before, program("setpriv"), "--pdeathsig", "TERM", *daemon]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self._answers, _START_TIMEOUT_S, what="the engine answers", every_s=0.2)
        except AssertionError as error:
            self._end()
            raise AssertionError(f"{error}\n{tail_of(self._log, 20)}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the engine has ended"
        return self.socket.exists() and self.docker("version").returncode == 0

    def _end(self) -> None:
        """It ends its containers, then itself."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_STOP_TIMEOUT_S)
        for network in (self.folder / "exec/netns").glob("*"):  # it leaves this machine's own mounted there
            subprocess.run(["umount", network], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def own_network() -> Iterator[list[str]]:
    """What starts a command line that is to run in a new network namespace; it ends with the block."""
    command = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo && read -r _"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline(), "network namespaces need root"
        yield ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        holder.communicate()
