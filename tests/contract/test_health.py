"""The image's health check against servers that are well, are not, or do not speak HTTP."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from tests.support.ports import LOOPBACK, free_port

CHECK: Final = Path(__file__).parents[2] / "deploy/health.py"


@contextmanager
def answering(text: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers one request with this text: its address, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server((LOOPBACK, 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(1024))
                connection.sendall(text)

        thread = Thread(target=answer)
        thread.start()
        yield f"http://{LOOPBACK}:{server.getsockname()[1]}/healthz", asked
        thread.join()


def checked(url: str) -> int:
    """The exit code of the check, as the image runs it."""
    command = [sys.executable, "-I", "-S", str(CHECK)]
    return subprocess.run(command, env={"HEALTH_URL": url}, capture_output=True, timeout=30, check=False).returncode


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}", 1),
        (b"HTTP/1.0 302 Found\r\n\r\n", 1),
        (b"SSH-2.0-OpenSSH_9.2 200 x\r\n", 1),
        (b"", 1),
    ],
    ids=["well", "not ready", "elsewhere", "not HTTP", "nothing"],
)
def test_only_a_200_is_healthy(answer: bytes, code: int) -> None:
    with answering(answer) as (url, _):
        assert checked(url) == code


def test_it_asks_for_the_path_of_the_address() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (url, asked):
        checked(url)

    assert asked[0].startswith(b"GET /healthz HTTP/1.0\r\n")


def test_where_nobody_listens_it_is_not_healthy() -> None:
    assert checked(f"http://{LOOPBACK}:{free_port()}/healthz") == 1
