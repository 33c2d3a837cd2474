"""What a client of the HTTP port may take: so many connections, so much time, and no page of somebody else's.

The port stands open to a network as a rule. Connections that send nothing must not use up the descriptors that delivery
needs, and no web page that a browser of that network shows may read the status by a name of its own (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger("consumer.http")

MOST_CONNECTIONS: Final = 100
REQUEST_WITHIN_S: Final = 10.0
"""From a connection's begin, or the end of its last answer, to the end of the next."""


class LimitedConnection(H11Protocol):
    """A connection that has little time. Where there are too many, the one that has waited longest gives way: a probe's
    or a scrape's takes milliseconds, and is never that one.
    """

    within_s = REQUEST_WITHIN_S
    waits_since_s = 0.0
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        if len(self.connections) >= MOST_CONNECTIONS:
            self._drop_longest_waiting()
        super().connection_made(transport)
        self._await_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self.waits_since_s = self.loop.time()
        self._end = self.loop.call_later(self.within_s, self.transport.abort)

    def _drop_longest_waiting(self) -> None:
        waiting = [one for one in self.connections if isinstance(one, LimitedConnection)]
        longest = min(waiting, key=lambda one: one.waits_since_s)
        self.connections.discard(longest)  # it is lost only later, and must not be chosen again
        longest.transport.abort()


class AcceptFaults:
    """An event loop's handler of faults: that no connection can be accepted is said once a minute.

    asyncio says it for each place in the queue, again and again, as long as descriptors are short.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._due_s = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or "accept" not in str(context.get("message")):
            loop.default_exception_handler(context)
        elif self._monotonic() >= self._due_s:
            self._due_s = self._monotonic() + _SAY_EVERY_S
            remedy = "the HTTP port is not served meanwhile; raise the limit of open files (ulimit -n, LimitNOFILE)"
            log.warning("http.accept_failed", error=error.strerror, remedy=remedy)


_SAY_EVERY_S: Final = 60.0


def own_names(configured: Iterable[str]) -> frozenset[str]:
    """The names that this process's page may be asked for by, besides addresses written as numbers."""
    return frozenset(name.lower().rstrip(".") for name in ("localhost", socket.gethostname(), *configured))


def is_own_host(header: str | None, names: frozenset[str]) -> bool:
    """Whether a Host header (RFC 9110, section 7.2) names this process: an address as a number, or one of its names.

    A foreign page's name, which its owner lets point here for a moment, is neither.
    """
    host, _, port = (header or "").strip().lower().rpartition(":")
    if not host or not port.isdigit():
        host = (header or "").strip().lower()
    host = host.removesuffix(".")
    if host in names or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
