"""A real redis-server on a free port of the loopback address, with nothing stored on disk."""

import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import redis

from tests.parts.part import program
from tests.support.ports import LOOPBACK, free_port
from tests.support.wait import wait_until

PASSWORD: Final = "hunter2"
_START_TIMEOUT_S: Final = 60.0


class RedisServer:
    """`with RedisServer() as server: …`; it may be stopped, frozen and started again on the same port.

    Args:
        certificate: a file with key and certificate; it then speaks TLS alone.
        address: another of the loopback addresses, so that two servers may have one port.
        options: more of the server's own.
    """

    def __init__(
        self,
        certificate: Path | None = None,
        address: str = LOOPBACK,
        port: int | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self._options = options
        self.port, self._certificate, self.address = port or free_port(), certificate, address
        self.url = f"{'rediss' if certificate else 'redis'}://:{PASSWORD}@{address}:{self.port}/0"
        trusted = {"ssl_ca_certs": str(certificate)} if certificate else {}
        self.client = redis.Redis.from_url(self.url, socket_timeout=60, **trusted)
        self._folder = tempfile.TemporaryDirectory(prefix="redis-")  # a replica stores what it is sent
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        where = ["--bind", self.address, "--dir", self._folder.name]
        options = [*where, "--save", "", *self._passwords(), *self._listening(), *self._options]
        command = [program("redis-server"), *options]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(self._answers, _START_TIMEOUT_S, what="redis-server answers")

    def _passwords(self) -> list[str]:
        return ["--requirepass", PASSWORD, "--masterauth", PASSWORD]

    def _listening(self) -> list[str]:
        port, file = str(self.port), str(self._certificate)
        if self._certificate is None:
            return ["--port", port]
        tls = ["--tls-cert-file", file, "--tls-key-file", file, "--tls-ca-cert-file", file, "--tls-auth-clients", "no"]
        return ["--port", "0", "--tls-port", port, *tls]

    def kill(self) -> None:
        """`kill -9`: what it held is gone."""
        assert self._process is not None, "it was never started"
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It takes connections and questions, and answers nothing."""
        assert self._process is not None, "it was never started"
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None, "it was never started"
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.kill()
        self._folder.cleanup()
