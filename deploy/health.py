"""The image's health check: exit code 0 if HEALTH_URL, a plain http address, answers with 200.

It speaks HTTP by hand, since to import the library's client takes ten times as long as to ask, every few seconds.
"""

import os
import socket

_TIMEOUT_S = 5.0


def status(url: str) -> int:
    """The number in the first line of the answer. Raises OSError, or ValueError for what is not HTTP."""
    address, _, path = url.removeprefix("http://").partition("/")
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_S) as connection:
        connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
        protocol, number, *_ = connection.recv(256).split()
    if not protocol.startswith(b"HTTP/"):
        raise ValueError(f"{url} does not speak HTTP")
    return int(number)


if __name__ == "__main__":
    raise SystemExit(status(os.environ["HEALTH_URL"]) != 200)
