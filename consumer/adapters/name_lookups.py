"""An event loop whose look-ups of host names can be given up. Part of the edge to TikTok.

A look-up (getaddrinfo) cannot be cancelled, and takes half a minute where no name server answers. asyncio runs it in
its pool of threads: a few that hang fill the pool, and Python waits for them before the process may end. Here each name
has a daemon thread while it is looked up, and everybody who wants that name waits for the same answer.
"""

import asyncio
import socket
from collections.abc import Sequence
from threading import Thread
from typing import Any

_Query = tuple[Any, ...]
_Addresses = list[Any]


class LookupLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, except for the look-ups of names."""

    def __init__(self) -> None:
        super().__init__()
        self._lookups: dict[_Query, asyncio.Future[_Addresses]] = {}

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # asyncio's signature
        proto: int = 0,
        flags: int = 0,
    ) -> _Addresses:
        """Look a name up; the caller may be cancelled, the look-up continues for the next caller."""
        query = (host, port, family, type, proto, flags)
        lookup = self._lookups.get(query)
        if lookup is None:
            lookup = self._lookups[query] = self.create_future()
            lookup.add_done_callback(lambda done: self._finished(query, done))
            Thread(target=self._look_up, args=(query, lookup), name="name-lookup", daemon=True).start()
        return await asyncio.shield(lookup)

    def _finished(self, query: _Query, lookup: asyncio.Future[_Addresses]) -> None:
        del self._lookups[query]
        lookup.exception()  # seen: the caller may have given up

    def _look_up(self, query: _Query, lookup: asyncio.Future[_Addresses]) -> None:
        try:
            found: Sequence[Any] | OSError = socket.getaddrinfo(*query)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
            found = error if isinstance(error, OSError) else OSError("not a host name")
        try:
            self.call_soon_threadsafe(_answer, lookup, found)
        except RuntimeError:  # the loop was closed meanwhile
            return


def _answer(lookup: "asyncio.Future[_Addresses]", found: Sequence[Any] | OSError) -> None:
    if isinstance(found, OSError):
        lookup.set_exception(found)
    else:
        lookup.set_result(list(found))
