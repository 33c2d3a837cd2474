"""Telling the sandbox over HTTP to misbehave, and asking it what it accepted: everything under /sandbox/."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumer.sandbox.api import Api
from consumer.sandbox.state.access import Rate, Refuse
from consumer.sandbox.state.misbehaviour import Misbehaviour

MAX_LIMIT: Final = 100_000
MAX_BODY_BYTES: Final = 1 << 20
"""Of a request that sets how the sandbox behaves."""


class _TooLongError(Exception):
    """A body longer than `MAX_BODY_BYTES`."""


_UNUSABLE: Final = (msgspec.MsgspecError, _TooLongError)


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
                tokens.update(msgspec.json.decode(await _body(request), type=dict[str, list[str] | None]))
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
        after, limit = _number(ask.get("after"), 0), _number(ask.get("limit"), 1000)
        if after is None or limit is None:
            return _bad("after, limit: whole numbers from 0")
        found = self._api.store.events(
            after, pixel=ask.get("pixel"), event_id=ask.get("event_id"), limit=min(limit, MAX_LIMIT)
        )
        return _json(found)

    async def refusals(self, request: Request) -> Response:
        """GET `?after=` the newest requests that were not accepted."""
        after = _number(request.query_params.get("after"), 0)
        return _bad("after: a whole number from 0") if after is None else _json(self._api.store.refusals(after))

    async def summary(self, _request: Request) -> Response:
        return _json(self._api.store.summary())

    async def keys(self, request: Request) -> Response:
        """GET times accepted by `pixel|event|event_id`; with `?unanswered=1` only those not answered."""
        only_unanswered = request.query_params.get("unanswered") == "1"
        return _json(self._api.store.keys(only_unanswered=only_unanswered))


async def _body(request: Request) -> bytes:
    """Raises _TooLongError as soon as it is known, without reading on."""
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > MAX_BODY_BYTES:
            raise _TooLongError
        parts.append(part)
    return b"".join(parts)


def _number(text: str | None, default: int) -> int | None:
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdecimal() else None


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _done() -> Response:
    return Response(status_code=204)


def _unusable(error: Exception) -> Response:
    if isinstance(error, _TooLongError):
        return _bad(f"longer than {MAX_BODY_BYTES} bytes", 413)
    return _bad(str(error))


def _bad(reason: str, status: int = 400) -> Response:
    return Response(msgspec.json.encode({"error": reason}), status, media_type="application/json")
