"""A fault that struck → the answer, or the way not to give one."""

import asyncio

from starlette.responses import Response

from consumer.sandbox import wire
from consumer.sandbox.faults import Act


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
        return "hang", wire.Silence(stopping)
    if act.end is not None:
        return act.end, wire.NoAnswer(reset=act.end == "reset")
    if act.body is not None or act.text is not None:
        return act.body or "text", _odd_body(act, request_id, status)
    if act.code is not None:
        return str(act.code), _envelope(act, request_id, status)
    return f"status {status}", wire.plain(status, f"status {status}")


def _odd_body(act: Act, request_id: str, status: int) -> Response:
    if act.body == "half":
        whole = _envelope(act, request_id, status)
        return wire.HalfAnswer(whole.body, status, media_type="application/json")
    if act.body == "garbage":
        return wire.garbage(status)
    if act.body == "html":
        return wire.html(status)
    return Response(act.text or "", status, media_type="application/json")


def _envelope(act: Act, request_id: str, status: int) -> Response:
    return wire.envelope(wire.AnswerEnvelope(act.code or 0, act.message or "told to answer so", request_id), status)
