"""A TCP proxy on the loopback address that can stop forwarding, delay, reset, and show another certificate.

with Proxy(upstream_port) as proxy:
    proxy.hang(True)      # bytes are taken and go nowhere, in both directions; connections stay
    proxy.delay(0.3)      # every piece takes this many seconds longer
    proxy.reset()         # all connections there are end with a TCP reset
    proxy.behave()        # forwards again what it held back
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from tests.support.ports import LOOPBACK, free_port

T = TypeVar("T")
_PIECE_BYTES: Final = 65536
_ABORTS: Final = struct.pack("ii", 1, 0)
"""SO_LINGER for closing with a reset."""


class Proxy:
    """Listens at `port`. With a certificate it speaks TLS to its clients, and none to the server behind it.

    Args:
        certificate: PEM with key.
    """

    def __init__(self, upstream_port: int, port: int | None = None, certificate: Path | None = None) -> None:
        self.upstream_port, self.port = upstream_port, port or free_port()
        self._certificate = certificate
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._forwards = asyncio.Event()
        self._forwards.set()
        self._delay_s = 0.0

    # ── from any thread ─────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        self._thread.start()
        self._run(self._listen(self._certificate))

    def stop(self) -> None:
        """Close everything; the proxy cannot be started again."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def hang(self, is_hanging: bool) -> None:
        """Keep connections, and take new ones, but forward nothing until told otherwise."""
        self._call(self._forwards.clear if is_hanging else self._forwards.set)

    def delay(self, seconds: float) -> None:
        """Hold each piece back for so long."""
        self._delay_s = seconds

    def reset(self) -> None:
        """End all connections that there are with a TCP reset."""
        self._call(self._abort_all)

    def show(self, certificate: Path) -> None:
        """Show this certificate to whoever connects from now on; connections that there are end."""
        self._run(self._listen(certificate))

    def behave(self) -> None:
        """Forward at once again, beginning with what was held back. The certificate stays the last one shown."""
        self._delay_s = 0.0
        self._call(self._forwards.set)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ── in the proxy's own thread ───────────────────────────────────────────────────────────────

    def _call(self, action: Callable[[], object]) -> None:
        done: Future[None] = Future()

        def act() -> None:
            action()
            done.set_result(None)

        self._loop.call_soon_threadsafe(act)
        done.result(60)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _listen(self, certificate: Path | None) -> None:
        if self._server is not None:
            self._server.close()
            self._abort_all()
        tls = None
        if certificate is not None:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(certificate)
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, ssl=tls, reuse_address=True)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._abort_all()
        self._forwards.set()

    def _abort_all(self) -> None:
        for writer in list(self._clients):
            _abort(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(LOOPBACK, self.upstream_port)
        except OSError:  # the server is down
            _abort(writer)
            return
        self._clients.add(writer)
        try:
            await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))
        finally:
            self._clients.discard(writer)
            _abort(there[1])
            _abort(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward until one side ends; its end is passed on, and a reset ends both ways."""
        with contextlib.suppress(OSError, ssl.SSLError):
            while piece := await reader.read(_PIECE_BYTES):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._forwards.wait()
                writer.write(piece)
                await writer.drain()
            await self._forwards.wait()
            writer.close()
            return
        _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    if writer.transport.is_closing():
        return
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTS)
    writer.transport.abort()
