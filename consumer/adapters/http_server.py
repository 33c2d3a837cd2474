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


def application(
    latest: Callable[[], ServiceSnapshot], now_s: Callable[[], float], hosts: Iterable[str] = ()
) -> Starlette:
    """The endpoints of docs/status.md.

    Args:
        latest: what was published last.
        now_s: monotonic seconds.
        hosts: by which names, beside this machine's, the status may be asked for.
    """
    files, names = Files(STATUS), own_names(hosts)

    async def metrics(request: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(SnapshotCollector(latest().snapshot))
        registry.register(PROCESS_COLLECTOR)  # `process_*`, as every exporter has them: start, memory, CPU, files
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    async def healthz(_: Request) -> Response:
        problems = latest().stuck(now_s())
        return JSONResponse({"healthy": not problems, "reasons": problems}, 503 if problems else 200)

    async def readyz(_: Request) -> Response:
        problems = list(latest().unready)
        return JSONResponse({"ready": not problems, "reasons": problems}, 503 if problems else 200)

    async def status(request: Request) -> Response:
        if not is_own_host(request.headers.get("host"), names):
            return JSONResponse(_FOREIGN_HOST, 421)
        return Response(msgspec.json.encode(latest().status), headers=HEADERS, media_type="application/json")

    async def page(_: Request) -> Response:
        return files.response("index.html")

    async def static(request: Request) -> Response:
        return files.response(request.path_params["name"])

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/api/status", status),
            Route("/", page),
            Route("/static/{name}", static),
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
