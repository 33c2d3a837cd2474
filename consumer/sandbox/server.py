"""Running the sandbox: in a thread of a test or the demo, or in the foreground as a command."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from types import FrameType, TracebackType
from typing import TypeVar

import uvicorn

from consumer.sandbox.api import Api, SandboxSettings
from consumer.sandbox.application import application
from consumer.sandbox.connections import SandboxConnection
from consumer.sandbox.state.event_store import Accepted, Summary

T = TypeVar("T")


class _Server(uvicorn.Server):
    """Ends silences and streams before it waits for its connections to close; says when it listens."""

    def __init__(self, api: Api) -> None:
        config = uvicorn.Config(
            application(api),
            http=SandboxConnection,
            ws="none",
            loop="asyncio",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="error",
            timeout_keep_alive=300,  # or a sender that pauses would find its connection closed by chance
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._api = api
        self.ready: Future[asyncio.AbstractEventLoop] = Future()
        """Done once requests are answered."""
        self.on_ready: Callable[[], None] | None = None
        """Called at that moment; what it raises ends the server."""
        self.ended_by: int | None = None
        """The first signal that asked it to stop."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order, and at a second signal at once; the process then ends normally, not by the signal."""
        self.ended_by = self.ended_by or sig
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set_result(asyncio.get_running_loop())
        if self.on_ready is not None:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._api.stopping.set()
        await super().shutdown(sockets)


def serve(
    port: int,
    *,
    host: str = "127.0.0.1",
    settings: SandboxSettings | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> int | None:
    """Serve in the foreground until SIGINT or SIGTERM. Returns the signal's number.

    Args:
        port: 0 takes any that is free.
        on_ready: called with the address, `http://127.0.0.1:8080`, as soon as requests are answered.

    Raises:
        OSError: the port is taken.
    """
    listening = _listen(host, port)
    server = _Server(Api(settings or SandboxSettings()))
    if on_ready is not None:
        server.on_ready = partial(on_ready, _url(listening))
    server.run(sockets=[listening])
    return server.ended_by


class Sandbox:
    """A sandbox in a thread of this process: `with Sandbox() as sandbox: … sandbox.url …`."""

    def __init__(self, port: int = 0, *, host: str = "127.0.0.1", settings: SandboxSettings | None = None) -> None:
        """`port` 0 takes any that is free."""
        self._listening = _listen(host, port)
        self.url = _url(self._listening)
        """What `delivery.base_url` is set to: `http://127.0.0.1:8080`."""
        self._api = Api(settings or SandboxSettings())
        self._server = _Server(self._api)
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def start(self) -> None:
        """Returns when requests are answered."""
        self._thread.start()
        self._server.ready.result()

    def stop(self) -> None:
        """Returns when the port is closed; what hangs is cut off."""
        self._server.should_exit = True
        self._thread.join()

    def summary(self) -> Summary:
        """What `GET /sandbox/summary` says."""
        return self._ask(self._api.store.summary)

    def events(self, *, pixel: str | None = None, limit: int = 1000) -> list[Accepted]:
        """What `GET /sandbox/events` says."""
        return self._ask(lambda: self._api.store.events(pixel=pixel, limit=limit))

    def keys(self) -> dict[str, int]:
        """What `GET /sandbox/keys` says."""
        return self._ask(lambda: dict(self._api.store.keys()))

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask in the thread that owns the state, while there is one."""
        if not self._thread.is_alive():
            return question()

        async def answer() -> T:
            return question()

        return asyncio.run_coroutine_threadsafe(answer(), self._server.ready.result()).result()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listening])
        except BaseException as error:
            if self._server.ready.done():
                raise
            self._server.ready.set_exception(error)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol left at 0, asyncio would not set TCP_NODELAY, and each answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(1024)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
