"""A connection to the sandbox: how many there may be, and how long a request may take to arrive."""

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS: Final = 500
"""Half of the descriptors that a process usually has."""
REQUEST_WITHIN_S: Final = 10.0
"""From a request's first byte, or a connection's begin, to its last. Answers may take as long as they like: a page's
stream of news has no end, and a sandbox that is told to hang hangs.
"""


class SandboxConnection(H11Protocol):
    """Closed where a request does not arrive in time. Where there are too many connections, one that is not being
    answered gives way: the one that has waited longest.

    The application reaches the connection that it is asked on as `request.state.transport`.
    """

    within_s = REQUEST_WITHIN_S
    waits_since_s = 0.0
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        self._watch()
        if len(self.connections) > MOST_CONNECTIONS:
            self._drop_longest_waiting()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waits_since_s = self.loop.time()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_end()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._is_arriving():
            self._forget_end()
        elif self._end is None:
            self.waits_since_s = self.loop.time()
            self._end = self.loop.call_later(self.within_s, self.transport.abort)

    def _is_arriving(self) -> bool:
        """Whether part of a request is there, or nothing at all of the first."""
        if self.conn.their_state is h11.IDLE:
            return self.cycle is None or bool(self.conn.trailing_data[0])
        return self.conn.their_state is h11.SEND_BODY

    def _forget_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _drop_longest_waiting(self) -> None:
        waiting = [one for one in self.connections if isinstance(one, SandboxConnection) and not one._is_answered()]
        longest = min(waiting, key=lambda one: one.waits_since_s)  # this one is among them
        self.connections.discard(longest)  # it is lost only later, and must not be chosen again
        longest.transport.abort()

    def _is_answered(self) -> bool:
        """Whether all of a request is there, and its answer not yet given."""
        return self._end is None and self.cycle is not None and not self.cycle.response_complete
