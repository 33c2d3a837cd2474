"""Telling the sandbox over HTTP to misbehave, and asking it what it accepted: everything under /sandbox/."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from consumer.sandbox.api import Api
from consumer.sandbox.numbers import RANGE, whole_number
from consumer.sandbox.state.access import Rate, Refuse
from consumer.sandbox.state.event_store import Store
from consumer.sandbox.state.misbehaviour import Misbehaviour

MAX_LIMIT: Final = 100_000
MAX_BODY_BYTES: Final = 1 << 20
"""Of a request that sets how the sandbox behaves."""


_CHUNK: Final = 1000
_PIECE_BYTES: Final = 1 << 18
"""Of an answer, made at once: what is asked for can be as much as is kept."""


class _TooMuchError(Exception):
    """A body, or what is set with all that was set before, is longer than `MAX_BODY_BYTES`."""


_UNUSABLE: Final = (msgspec.MsgspecError, _TooMuchError)


def control_routes(api: Api) -> list[Route]:
    """Every route that is not TikTok's own."""
    control = _Control(api)
    return [
        Route("/healthz", control.health, methods=["GET"]),
        Route("/sandbox/faults", control.faults, methods=["GET", "PUT", "POST", "DELETE"]),
        Route("/sandbox/tokens", control.tokens, methods=["PUT", "POST", "DELETE"]),
        Route("/sandbox/rate", control.rate, methods=["GET", "PUT", "DELETE"]),
        Route("/sandbox/refuse", control.refuse, methods=["GET", "PUT", "DELETE"]),
        Route("/sandbox/events", control.events, methods=["GET", "DELETE"]),
        Route("/sandbox/refusals", control.refusals, methods=["GET"]),
        Route("/sandbox/summary", control.summary, methods=["GET"]),
        Route("/sandbox/keys", control.keys, methods=["GET"]),
    ]


class _Control:
    """One method a path; a body that cannot be read is answered with 400 and the reason."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def health(self, _request: Request) -> Response:
        return _json({"status": "ok"})

    async def faults(self, request: Request) -> Response:
        """PUT replaces all, POST adds, DELETE clears; the list in force is the answer to each."""
        if request.method in {"PUT", "POST"}:
            try:
                faults = msgspec.json.decode(await _body(request), type=list[Misbehaviour])
                before = [] if request.method == "PUT" else [one.fault for one in self._api.faults.listed()]
                _check_size([*before, *faults])
            except _UNUSABLE as error:
                return _unusable(error)
            change = self._api.faults.replace if request.method == "PUT" else self._api.faults.add
            change(faults)
        elif request.method == "DELETE":
            self._api.faults.replace([])
        return _json(self._api.faults.listed())

    async def tokens(self, request: Request) -> Response:
        """PUT `{token: [pixels]}` replaces all; POST adds, changes, or with null revokes; DELETE: any token goes."""
        tokens = self._api.tokens
        try:
            if request.method == "PUT":
                tokens.replace(msgspec.json.decode(await _body(request), type=dict[str, list[str]]))
            elif request.method == "POST":
                changes = msgspec.json.decode(await _body(request), type=dict[str, list[str] | None])
                updated = tokens.updated(changes)
                _check_size(updated)
                tokens.replace(updated)
            else:
                tokens.replace(None)
        except _UNUSABLE as error:
            return _unusable(error)
        return _done()

    async def rate(self, request: Request) -> Response:
        limit = self._api.limit
        if request.method == "PUT":
            try:
                limit.rate = msgspec.json.decode(await _body(request), type=Rate)
            except _UNUSABLE as error:
                return _unusable(error)
        elif request.method == "DELETE":
            limit.rate = None
        return _json(limit.rate)

    async def refuse(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._api.refuse = msgspec.json.decode(await _body(request), type=Refuse)
            except _UNUSABLE as error:
                return _unusable(error)
        elif request.method == "DELETE":
            self._api.refuse = Refuse()
        return _json(self._api.refuse)

    async def events(self, request: Request) -> Response:
        """GET `?pixel=&event_id=&after=&limit=` accepted events in order; DELETE forgets events and counts."""
        if request.method == "DELETE":
            self._api.store.clear()
            return _done()
        ask = request.query_params
        after, limit = whole_number(ask.get("after", "0")), whole_number(ask.get("limit", "1000"))
        if after is None or limit is None:
            return _bad(f"after, limit: each {RANGE}")
        found = _event_pieces(self._api.store, after, ask.get("pixel"), ask.get("event_id"), min(limit, MAX_LIMIT))
        return StreamingResponse(found, media_type="application/json")

    async def refusals(self, request: Request) -> Response:
        """GET `?after=` the newest requests that were not accepted."""
        after = whole_number(request.query_params.get("after", "0"))
        return _bad(f"after: {RANGE}") if after is None else _json(self._api.store.refusals(after))

    async def summary(self, _request: Request) -> Response:
        return _json(self._api.store.summary())

    async def keys(self, request: Request) -> Response:
        """GET times accepted by `pixel|event|event_id`; with `?unanswered=1` only those not answered."""
        if not self._api.store.counts_keys:
            return _bad("there were too many keys to count each; clear them, or start with --forget-keys", 507)
        only_unanswered = request.query_params.get("unanswered") == "1"
        return _json(self._api.store.keys(only_unanswered=only_unanswered))


async def _event_pieces(
    store: Store, after: int, pixel: str | None, event_id: str | None, limit: int
) -> AsyncIterator[bytes]:
    """A list of events as JSON, no more of it in memory than is being sent."""
    pieces, size, separator = [b"["], 0, b""
    while some := store.events(after, pixel=pixel, event_id=event_id, limit=min(limit, _CHUNK)):
        for one in some:
            pieces += (separator, msgspec.json.encode(one))
            separator, size = b",", size + len(pieces[-1])
            if size > _PIECE_BYTES:
                yield b"".join(pieces)
                pieces, size = [], 0
        after, limit = some[-1].seq, limit - len(some)
    yield b"".join([*pieces, b"]"])


def _check_size(of_all: object) -> None:
    if len(msgspec.json.encode(of_all)) > MAX_BODY_BYTES:
        raise _TooMuchError


async def _body(request: Request) -> bytes:
    """Raises _TooMuchError as soon as it is known, without reading on."""
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > MAX_BODY_BYTES:
            raise _TooMuchError
        parts.append(part)
    return b"".join(parts)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _done() -> Response:
    return Response(status_code=204)


def _unusable(error: Exception) -> Response:
    if isinstance(error, _TooMuchError):
        return _bad(f"longer than {MAX_BODY_BYTES} bytes", 413)
    return _bad(str(error))


def _bad(reason: str, status: int = 400) -> Response:
    return Response(msgspec.json.encode({"error": reason}), status, media_type="application/json")
