"""The Test Events page and what it asks for: static files, one event in full, a search, and the stream of news."""

from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from consumer.sandbox.api import Api
from consumer.sandbox.event_feed import Feed
from consumer.sandbox.event_search import LONGEST_QUERY
from consumer.sandbox.numbers import RANGE, whole_number
from consumer.web import HEADERS, Files

_STATIC: Final = Path(__file__).parent / "static"


def page_routes(api: Api) -> list[Route]:
    """The page at `/`, its files, and the three paths only it needs."""
    page = _Page(Feed(api))
    return [
        Route("/", page.index, methods=["GET"]),
        Route("/static/{name}", page.static, methods=["GET"]),
        Route("/sandbox/events/{seq}", page.event, methods=["GET"]),
        Route("/sandbox/search", page.search, methods=["GET"]),
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
        seq = whole_number(request.path_params["seq"])
        detail = None if seq is None else self._feed.detail(seq)
        if detail is None:
            return _json({"error": "no such event, or no longer kept"}, 404)
        return _json(detail)

    async def search(self, request: Request) -> Response:
        """GET `?q=&after=` the numbers of the events that have every word of `q`, and how far it was looked."""
        query, after = request.query_params.get("q", ""), whole_number(request.query_params.get("after", "0"))
        if len(query) > LONGEST_QUERY or after is None:
            return _json({"error": f"q: at most {LONGEST_QUERY} characters; after: {RANGE}"}, 400)
        return _json(await self._feed.search(query, after))

    async def stream(self, request: Request) -> Response:
        resume = request.headers.get("last-event-id")
        return StreamingResponse(self._feed.stream(resume), headers=HEADERS, media_type="text/event-stream")


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, headers=HEADERS, media_type="application/json")
