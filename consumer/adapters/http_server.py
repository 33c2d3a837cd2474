"""HTTP: metrics, health, readiness, status and its page. Shows what was last published; asks nothing of the loop."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
import uvicorn
from prometheus_client import PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consumer.adapters.http_limits import MOST_CONNECTIONS, AcceptFaults, LimitedConnection, is_own_host, own_names
from consumer.metrics import SnapshotCollector
from consumer.service.publish.published import ServiceSnapshot
from consumer.web import HEADERS, STATUS, Files

_START_WITHIN_S: Final = 10.0


class _Endpoints:
    """What each path answers, from what was published last."""

    def __init__(self, latest: Callable[[], ServiceSnapshot], now_s: Callable[[], float], hosts: Iterable[str]) -> None:
        self._latest, self._now_s, self._names = latest, now_s, own_names(hosts)
        self._files = Files(STATUS)

    async def metrics(self, request: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(SnapshotCollector(self._latest().snapshot))
        registry.register(PROCESS_COLLECTOR)  # `process_*`, as every exporter has them: start, memory, CPU, files
        encode, content_type = _encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    async def healthz(self, _: Request) -> Response:
        problems = self._latest().stuck(self._now_s())
        return JSONResponse({"healthy": not problems, "reasons": problems}, 503 if problems else 200)

    async def readyz(self, _: Request) -> Response:
        problems = list(self._latest().unready)
        return JSONResponse({"ready": not problems, "reasons": problems}, 503 if problems else 200)

    async def status(self, request: Request) -> Response:
        if not is_own_host(request.headers.get("host"), self._names):
            return JSONResponse(_FOREIGN_HOST, 421)
        return Response(msgspec.json.encode(self._latest().status), headers=HEADERS, media_type="application/json")

    async def page(self, _: Request) -> Response:
        return self._files.response("index.html")

    async def static(self, request: Request) -> Response:
        return self._files.response(request.path_params["name"])


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # prometheus_client compares versions such as `x` with numbers
        return choose_encoder("")


def application(
    latest: Callable[[], ServiceSnapshot], now_s: Callable[[], float], hosts: Iterable[str] = ()
) -> Starlette:
    """The endpoints of docs/status.md.

    Args:
        latest: what was published last.
        now_s: monotonic seconds.
        hosts: by which names, besides this machine's, the status may be asked for.
    """
    endpoints = _Endpoints(latest, now_s, hosts)
    return Starlette(
        routes=[
            Route("/metrics", endpoints.metrics),
            Route("/healthz", endpoints.healthz),
            Route("/readyz", endpoints.readyz),
            Route("/api/status", endpoints.status),
            Route("/", endpoints.page),
            Route("/static/{name}", endpoints.static),
        ]
    )


_FOREIGN_HOST: Final = {
    "error": "the Host of this request is not a name of this service",
    "remedy": "open the page by the machine's address or name, by localhost, or add the name to http.hosts",
}


@contextlib.contextmanager
def serving(app: Starlette, host: str, port: int) -> Iterator[int]:
    """Serve an application in a thread of its own while the block runs; gives the port that was bound.

    Raises:
        OSError: the address cannot be bound.
    """
    with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=asyncio.run, args=(_serve(server, listener),), name="http", daemon=True)
        thread.start()
        _await_start(server, thread)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=5)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=LimitedConnection,
        ws="none",
        backlog=MOST_CONNECTIONS,  # asyncio accepts so many at once
        timeout_graceful_shutdown=1,
        log_config=None,
        access_log=False,
        lifespan="off",
    )


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    asyncio.get_running_loop().set_exception_handler(AcceptFaults())
    await server.serve(sockets=[listener])


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until_s = time.monotonic() + _START_WITHIN_S
    while not server.started and thread.is_alive() and time.monotonic() < until_s:
        time.sleep(0.005)
