"""What is answered, and the ways not to answer: a reset, an orderly close, half a body, silence."""

import asyncio
import socket
import struct
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from consumer.sandbox.state.misbehaviour import Act

_GARBAGE: Final = b"\x00\xff\x1f\x8b garbage }{ \xc3\x28"
_HTML: Final = b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"
_LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, for 0 seconds: closing the socket sends RST instead of FIN."""


def respond(act: Act, request_id: str, stopping: asyncio.Event) -> tuple[str, Response]:
    """The response, and the name it is counted under: a code, `status 503`, or the kind of misbehaviour.

    Args:
        stopping: set when the sandbox stops, which ends a silence.
    """
    name, response = _respond(act, request_id, stopping)
    if act.retry_after is not None:
        response.headers["Retry-After"] = str(act.retry_after)
    return name, response


def _respond(act: Act, request_id: str, stopping: asyncio.Event) -> tuple[str, Response]:
    status = act.status or 200
    if act.end == "hang":
        return "hang", Silence(stopping)
    if act.end is not None:
        return act.end, NoAnswer(reset=act.end == "reset")
    if act.body is not None or act.text is not None:
        return act.body or "text", _odd_body(act, request_id, status)
    if act.code is not None:
        return str(act.code), _told_envelope(act, request_id, status)
    return f"status {status}", plain(status, f"status {status}")


def _odd_body(act: Act, request_id: str, status: int) -> Response:
    if act.body == "half":
        whole = _told_envelope(act, request_id, status)
        return HalfAnswer(whole.body, status, media_type="application/json")
    if act.body == "garbage":
        return garbage(status)
    if act.body == "html":
        return html(status)
    return Response(act.text or "", status, media_type="application/json")


def _told_envelope(act: Act, request_id: str, status: int) -> Response:
    return envelope(AnswerEnvelope(act.code or 0, act.message or "set to answer so", request_id), status)


class AnswerEnvelope(msgspec.Struct):
    """TikTok's answer."""

    code: int
    message: str
    request_id: str
    data: dict[str, str] = {}


def envelope(answer: AnswerEnvelope, status: int = 200) -> Response:
    """Errors, too, come with HTTP 200 (docs/tiktok.md §3)."""
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


def plain(status: int, text: str) -> Response:
    """An answer that is not TikTok's envelope."""
    return Response(text, status, media_type="text/plain")


def garbage(status: int) -> Response:
    return Response(_GARBAGE, status, media_type="application/json")


def html(status: int) -> Response:
    return Response(_HTML, status, media_type="text/html")


class HalfAnswer(Response):
    """The headers promise the whole body; half of it comes, then the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        _transport(scope).close()
        await _gone(receive)


class NoAnswer(Response):
    """The connection ends without a byte, by RST (`reset`) or FIN."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        if self._reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            transport.abort()
        else:
            transport.close()
        await _gone(receive)


class Silence(Response):
    """Nothing, until the client hangs up or the sandbox stops."""

    def __init__(self, stopping: asyncio.Event) -> None:
        super().__init__()
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        waits = [asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self._stopping.wait())]
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        _transport(scope).abort()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope["state"]["transport"]
    assert isinstance(transport, asyncio.Transport)  # noqa: S101  # set by SandboxConnection, the only one in use
    return transport
