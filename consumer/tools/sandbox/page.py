"""The Test Events page and what it asks for: static files, one event in full, and the stream of news."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from consumer.tools.sandbox.api import Api
from consumer.tools.sandbox.feed import Feed

_STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final[Mapping[str, str]] = {
    # What an event holds is anyone's text: nothing but our own files may run, and nothing may leave.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def page_routes(api: Api) -> list[Route]:
    """The page at `/`, its files, and the two paths only it needs."""
    page = _Page(Feed(api))
    return [
        Route("/", page.index, methods=["GET"]),
        Route("/static/{name}", page.static, methods=["GET"]),
        Route("/sandbox/events/{seq:int}", page.event, methods=["GET"]),
        Route("/sandbox/stream", page.stream, methods=["GET"]),
    ]


class _Page:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._files = {file.name: file.read_bytes() for file in _STATIC.iterdir() if file.suffix in _TYPES}

    async def index(self, _request: Request) -> Response:
        return self._file("index.html")

    async def static(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    async def event(self, request: Request) -> Response:
        detail = self._feed.detail(request.path_params["seq"])
        if detail is None:
            return Response(b'{"error":"no such event, or no longer kept"}', 404, media_type="application/json")
        return Response(msgspec.json.encode(detail), headers=_HEADERS, media_type="application/json")

    async def stream(self, request: Request) -> Response:
        resume = request.headers.get("last-event-id")
        return StreamingResponse(self._feed.stream(resume), headers=_HEADERS, media_type="text/event-stream")

    def _file(self, name: str) -> Response:
        content = self._files.get(name)
        if content is None:
            return Response("not found", 404)
        return Response(content, headers=_HEADERS, media_type=_TYPES[Path(name).suffix])
