"""Connections to an HTTP port of this machine that take their time, or never say anything whole."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from typing import Final

from tests.support.ports import LOOPBACK

HALF: Final = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
"""Of a request."""


def connected(port: int, said: bytes = b"") -> socket.socket:
    """A connection that has sent this and nothing more."""
    connection = socket.create_connection((LOOPBACK, port), timeout=10)
    connection.sendall(said)
    return connection


def is_closed_within(connection: socket.socket, timeout_s: float) -> bool:
    connection.settimeout(timeout_s)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@contextlib.contextmanager
def many_files(most: int) -> Iterator[None]:
    """This process may have so many open meanwhile: enough for its own ends of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, most), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def dripped_for_s(connection: socket.socket, most_s: float) -> float:
    """A byte now and then, until the other side closes or time is over: after how many seconds that was."""
    begun_s = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - begun_s < most_s:
            connection.sendall(b"x")
            time.sleep(0.02)
    return time.monotonic() - begun_s


def ask_json(connection: socket.socket, path: str) -> None:
    """Ask on a connection that stays, and read the answer to the end of its JSON object."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"}"):
        piece = connection.recv(65536)
        assert piece, "it was closed"
        answer += piece
