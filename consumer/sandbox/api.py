"""What the sandbox answers to one request of a sender, and the state it keeps for that."""

import asyncio
import random
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from consumer.sandbox import answers
from consumer.sandbox.bodies import Body, BodyRoom
from consumer.sandbox.rules.event_model import REFUSED
from consumer.sandbox.rules.judge import OpenedRequest, ValidEvent, judge, open_request, open_unchecked, pixel_of
from consumer.sandbox.rules.request_fault import RequestFault
from consumer.sandbox.state.access import RateLimit, Refuse, Tokens
from consumer.sandbox.state.event_store import KEPT_BODY_BYTES, KEPT_TEXT, ReceivedRequest, RefusedRequest, Store
from consumer.sandbox.state.misbehaviour import Act, Faults

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""Not documented by TikTok; far above the 1 MiB that a cautious sender keeps to."""


class SandboxSettings(Struct, frozen=True):
    """How a sandbox starts out; most of it can be changed over HTTP."""

    keep: int = 100_000
    """Events kept whole, the newest; about 1 KB each."""
    forgets_keys: bool = False
    """Do not count by key: for runs of many millions of events."""
    has_checks: bool = True
    """False: read a request and count its events, nothing else. For measuring the sender."""
    latency_ms: float = 0
    """Every answer takes this much longer."""
    tokens: Mapping[str, tuple[str, ...]] | None = None
    """Which token may write to which pixels, `*` for any; None: any token that is not empty."""
    seed: int = 0
    """Of the chance with which a fault's `share` strikes."""


class Arrival(Struct, frozen=True):
    """A request as it came in, read to its end."""

    at_s: float
    request_id: str
    token: str
    content_type: str
    body: bytes
    pixel: str | None
    """As named by the request, only looked for where it makes a difference; None: not looked for, or none."""


class Api:
    """The state of a sandbox and what it answers. Mutable; belongs to the event loop's thread."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.run_id = f"{time.time_ns():x}"
        """Tells this run from an earlier one at the same address, whose numbers mean nothing here."""
        self.store = Store(settings.keep, forgets_keys=settings.forgets_keys)
        self.faults = Faults(random.Random(settings.seed).random)  # noqa: S311  # reproducible faults, no secrets
        self.tokens = Tokens(settings.tokens)
        self.limit = RateLimit()
        self.refuse = Refuse()
        self.stopping = asyncio.Event()
        self._requests = 0
        self._room = BodyRoom()

    async def track(self, request: Request) -> Response:
        """One request of a sender."""
        with Body(self._room, MAX_BODY_BYTES) as body:
            try:
                content = await body.read(request)
            except ClientDisconnect:
                return Response()
            return await self._respond(request, content)

    async def _respond(self, request: Request, content: bytes | int) -> Response:
        arrival = self._arrival(request, b"" if isinstance(content, int) else content)
        act = self.faults.strike(arrival.pixel)
        await self._delay(act)
        if isinstance(content, int):
            return self._unread(arrival, content)
        if act is None or act.is_only_late:
            return self._answer(arrival)
        return self._misbehave(arrival, act)

    def _arrival(self, request: Request, body: bytes) -> Arrival:
        self._requests += 1
        now_s = time.time()
        needs_pixel = self.faults or self.limit.rate
        return Arrival(
            at_s=now_s,
            request_id=f"{time.strftime('%Y%m%d%H%M%S', time.gmtime(now_s))}{self._requests:012X}",
            token=request.headers.get("access-token", ""),
            content_type=request.headers.get("content-type", ""),
            body=body,
            pixel=pixel_of(body) if needs_pixel else None,
        )

    async def _delay(self, act: Act | None) -> None:
        latency_ms = self.settings.latency_ms + (act.latency_ms if act else 0)
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)

    def _answer(self, arrival: Arrival) -> Response:
        rate = self.limit.exceeded(arrival.pixel, time.monotonic())
        if rate is not None:
            act = Act(code=rate.code, status=rate.status, retry_after=rate.retry_after, message="Too many requests")
            return self._misbehave(arrival, act)
        fault = self._take(arrival, answered=True)
        if fault is not None:
            return self._refuse(arrival, fault)
        self.store.count_answer("0")
        return answers.envelope(answers.AnswerEnvelope(0, "OK", arrival.request_id))

    def _take(self, arrival: Arrival, *, answered: bool) -> RequestFault | None:
        """Record the events if there is nothing wrong with the request."""
        if not self.settings.has_checks:
            return self._count(arrival)
        envelope = self._open(arrival)
        if isinstance(envelope, RequestFault):
            return envelope
        judged = judge(envelope.events, arrival.at_s)
        if isinstance(judged, RequestFault):
            return judged
        if fault := self.refuse.fault_of(envelope.pixel, judged):
            return fault
        self._record(arrival, envelope, judged, answered=answered)
        return None

    def _count(self, arrival: Arrival) -> RequestFault | None:
        envelope = open_unchecked(arrival.body)
        if isinstance(envelope, RequestFault):
            return envelope
        self.store.count_only(envelope.pixel, len(envelope.events))
        return None

    def _open(self, arrival: Arrival) -> OpenedRequest | RequestFault:
        if fault := self.tokens.fault_of_token(arrival.token):
            return fault
        if arrival.content_type.partition(";")[0].strip().lower() != "application/json":
            return RequestFault(REFUSED, "Must be application/json", "Content-Type")
        envelope = open_request(arrival.body)
        if isinstance(envelope, RequestFault):
            return envelope
        return self.tokens.fault_of_pixel(arrival.token, envelope.pixel) or envelope

    def _record(self, arrival: Arrival, envelope: OpenedRequest, judged: list[ValidEvent], *, answered: bool) -> None:
        delivery = ReceivedRequest(
            arrival.at_s, arrival.request_id, envelope.pixel, envelope.test_event_code, answered=answered
        )
        self.store.accept(delivery, judged)

    def _refuse(self, arrival: Arrival, fault: RequestFault) -> Response:
        self.store.count_answer(str(fault.code))
        self._note(arrival, code=fault.code, status=200, message=fault.message, event=_event_at_fault(arrival, fault))
        return answers.envelope(answers.AnswerEnvelope(fault.code, fault.message, arrival.request_id))

    def _unread(self, arrival: Arrival, status: int) -> Response:
        why = f"Body: longer than {MAX_BODY_BYTES} bytes" if status == 413 else "Body: there are too many at once"
        self.store.count_answer(f"status {status}")
        self._note(arrival, code=None, status=status, message=why)
        return answers.plain(status, HTTPStatus(status).phrase)

    def _misbehave(self, arrival: Arrival, act: Act) -> Response:
        if act.accept:
            self._take(arrival, answered=False)
        name, response = answers.respond(act, arrival.request_id, self.stopping)
        self.store.count_answer(name)
        self._note(arrival, code=act.code, status=act.status, message=act.message or f"set to: {name}", is_told=True)
        return response

    def _note(
        self,
        arrival: Arrival,
        *,
        code: int | None,
        status: int | None,
        message: str,
        is_told: bool = False,
        event: str | None = None,
    ) -> None:
        self.store.refuse(
            lambda seq: RefusedRequest(
                seq=seq,
                received_at=arrival.at_s,
                request_id=arrival.request_id,
                pixel=(arrival.pixel or pixel_of(arrival.body) or "")[:KEPT_TEXT] or None,
                code=code,
                status=status,
                message=message[:KEPT_TEXT],
                is_told=is_told,
                event=event,
            )
        )


def _event_at_fault(arrival: Arrival, fault: RequestFault) -> str | None:
    parts = fault.path.split(".")
    if parts[0] != "Batch":
        return None
    envelope = open_unchecked(arrival.body)
    if isinstance(envelope, RequestFault):
        return None
    return bytes(envelope.events[int(parts[1])]).decode(errors="replace")[:KEPT_BODY_BYTES]
