"""Connections to an HTTP port of this machine that take their time, or never say anything whole."""

import socket
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
