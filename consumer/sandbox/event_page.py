"""The Test Events page and what it asks for: static files, one event in full, and the stream of news."""

from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from consumer.sandbox.api import Api
from consumer.sandbox.event_feed import Feed
from consumer.web import HEADERS, Files

_STATIC: Final = Path(__file__).parent / "static"


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
        self._files = Files(_STATIC)

    async def index(self, _request: Request) -> Response:
        return self._files.response("index.html")

    async def static(self, request: Request) -> Response:
        return self._files.response(request.path_params["name"])

    async def event(self, request: Request) -> Response:
        detail = self._feed.detail(request.path_params["seq"])
        if detail is None:
            return Response(b'{"error":"no such event, or no longer kept"}', 404, media_type="application/json")
        return Response(msgspec.json.encode(detail), headers=HEADERS, media_type="application/json")

    async def stream(self, request: Request) -> Response:
        resume = request.headers.get("last-event-id")
        return StreamingResponse(self._feed.stream(resume), headers=HEADERS, media_type="text/event-stream")
