"""A deadline for a whole HTTP request, which httpx2 alone does not have: its timeouts are per read and write,
so a server that drips one byte a second would hold a request for ever. Part of the edge to TikTok.

httpcore2 lets its network be replaced; here every wait of a thread gets what is left until that thread's deadline.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ssl import SSLContext
from typing import Any, Final

import httpcore2
from httpcore2 import SOCKET_OPTION

_WRITE_BYTES: Final = 16 * 1024  # the longest write between two looks at the clock


class Deadline(threading.local):
    """When the calling thread's request must be over, in monotonic seconds."""

    at_s = float("inf")

    @contextmanager
    def within(self, timeout_s: float) -> Iterator[None]:
        """Give everything inside together this long; then it raises one of httpcore2's timeouts."""
        self.at_s = time.monotonic() + timeout_s
        try:
            yield
        finally:
            self.at_s = float("inf")

    def left_s(self, too_late: Callable[[str], Exception]) -> float:
        """Seconds that are left, more than 0; raises `too_late` if there are none."""
        left_s = self.at_s - time.monotonic()
        if left_s <= 0:
            raise too_late("the whole request took too long")
        return left_s


class DeadlineBackend(httpcore2.NetworkBackend):
    """Connects within the deadline, however many addresses a name has; only the look-up of the name can exceed it."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        *first, last = _look_up(host, port)
        for tried, address in enumerate(first):
            # Each gets its share, so that one that never answers leaves time for the next.
            share_s = self._deadline.left_s(httpcore2.ConnectTimeout) / (len(first) + 1 - tried)
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return self._connect(address, port, share_s)
        return self._connect(last, port, self._deadline.left_s(httpcore2.ConnectTimeout))

    def _connect(self, address: str, port: int, timeout_s: float) -> httpcore2.NetworkStream:
        return _DeadlineStream(self._inner.connect_tcp(address, port, timeout_s, None, ()), self._deadline)


class _DeadlineStream(httpcore2.NetworkStream):
    """A connection each of whose waits ends at the calling thread's deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left_s(httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._inner.write(buffer[start : start + _WRITE_BYTES], self._deadline.left_s(httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left_s = self._deadline.left_s(httpcore2.ConnectTimeout)
        return _DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _look_up(host: str, port: int) -> list[str]:
    """Find a name's addresses, at least one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError("the name cannot be looked up") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
