"""Stages `batch` and `deliver`: what waits, what is under way, what each answer did. The deciding thread's alone."""

from collections.abc import Callable, Iterable
from itertools import chain

import structlog

from consumer.core.batch import Batcher
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.parking import WaitingSize
from consumer.core.deliver.pixel_state import PixelAvailability, PixelState, StateChange
from consumer.core.deliver.request import Request, RequestResult
from consumer.core.deliver.response import code_label
from consumer.core.model import Answer, Item
from consumer.core.settle.held_bytes import held_by_events, held_by_record
from consumer.metrics import Metrics
from consumer.service.ports import Sender
from consumer.status.connections import Connections, OutsideSystem

log = structlog.get_logger("consumer.deliver")


class DeliverStage:
    """The way of an event from its window to TikTok's answer."""

    def __init__(
        self, batcher: Batcher, delivery: Delivery, sender: Sender, metrics: Metrics, connections: Connections
    ) -> None:
        self._batcher, self._delivery = batcher, delivery
        self._sender, self._metrics, self._connections = sender, metrics, connections

    def add(self, item: Item, now_s: float) -> None:
        """Let an event wait for its batch."""
        self._batcher.add(item, now_s)

    def grew(self, item: Item, old_bytes: int) -> None:
        """A waiting event was merged with a copy: its body had so many bytes before."""
        self._batcher.grew(item, old_bytes)

    def step(self, now_s: float, wall_s: float, *, is_flushing: bool, is_waiting: bool) -> list[RequestResult]:
        """Take in the answers that have come, and begin what may begin now.

        Args:
            is_waiting: nothing new is begun.
        """
        results = [self._take_answer(number, answer, now_s, wall_s) for number, answer in self._sender.answers()]
        for pixel in self._sender.changed_tokens():
            is_opened = self._delivery.token_changed(pixel, now_s) is not None
            log.info("token.changed", pixel=pixel, opens=is_opened)
        for change in self._delivery.open_idle(self._batcher, now_s):
            _tell(change)
        while not is_waiting and (request := self._delivery.next(now_s, self._batcher, is_flushing)) is not None:
            self._send(request)
        return [result for result in results if result is not None]

    def _take_answer(self, number: int, answer: Answer, now_s: float, wall_s: float) -> RequestResult | None:
        if answer.status is None:
            self._connections.failed(OutsideSystem.TIKTOK, answer.failure or "no answer")
        else:
            self._connections.got_through(OutsideSystem.TIKTOK)
        result = self._delivery.take_answer(number, answer, now_s, wall_s)
        if result is None:
            return None
        pixel, verdict = result.request.pixel, result.verdict
        self._metrics.inc("requests", (pixel, str(verdict.treatment), code_label(verdict.code)))
        self._metrics.observe("request_seconds", answer.elapsed_s)
        log.debug(
            "request.answered",
            pixel=pixel,
            request=number,
            events=len(result.request.items),
            result=str(verdict.treatment),
            why=verdict.why,
            request_id=verdict.request_id,
            seconds=round(answer.elapsed_s, 3),
        )
        for change in result.changes:
            _tell(change)
        if verdict.is_partial:
            log.warning("request.partial", pixel=pixel, code=verdict.code, request_id=verdict.request_id)
        return result

    def _send(self, request: Request) -> None:
        self._metrics.observe("batch_events", len(request.items))
        self._metrics.observe("batch_bytes", len(request.body))
        self._sender.send(request)

    def release(self, is_gone: Callable[[Item], bool]) -> None:
        """Forget these: their partition is no longer assigned."""
        self._batcher.remove(is_gone)
        self._delivery.release(is_gone)

    def take_waiting(self, is_wanted: Callable[[Item], bool]) -> list[Item]:
        """Take out what waits and is in no request."""
        return self._batcher.remove(is_wanted) + self._delivery.take(is_wanted)

    def is_busy(self, is_wanted: Callable[[Item], bool]) -> bool:
        """True while such items are in a request, or wait for a pixel that is open, also for another try."""
        states = self._delivery.states()
        waits = any(states[item.event.pixel].can_send and is_wanted(item) for item in self._batcher)
        return waits or self._delivery.is_trying(is_wanted)

    def unusable_token(self, pixel: str) -> str | None:
        """Why a pixel's token file cannot be used, after its path; None if it can."""
        return self._sender.unusable_tokens().get(pixel)

    def waiting(self, pixel: str) -> int:
        """A pixel's events that wait or are under way."""
        return self._batcher.waiting(pixel) + self._delivery.items(pixel)

    def size_waiting(self, pixels: Iterable[str]) -> WaitingSize:
        """How much of these pixels waits and is in no request."""
        items = list(chain.from_iterable((*self._batcher.items(p), *self._delivery.retries(p)) for p in pixels))
        records = [record for item in items for record in item.records]
        return WaitingSize(len(records), sum(map(held_by_record, records)) + held_by_events([i.event for i in items]))

    def states(self) -> dict[str, PixelAvailability]:
        return dict(self._delivery.states())

    def oldest_begun_s(self) -> float | None:
        """When the oldest request under way began."""
        return self._delivery.oldest_begun_s()

    def in_flight(self) -> int:
        """Requests under way."""
        return self._delivery.in_flight()

    def limit(self) -> int:
        """How many requests may be under way now."""
        return self._delivery.limit()

    @property
    def batching(self) -> int:
        """Events that wait for their batch."""
        return len(self._batcher)

    @property
    def handed_over(self) -> int:
        """Events that were handed to a request and are not finished."""
        return sum(self._delivery.items(pixel) for pixel in self._delivery.states())

    def publish(self) -> None:
        """Set the gauges."""
        self._metrics.set("requests_in_flight", self._delivery.in_flight())
        self._metrics.set("requests_in_flight_limit", self._delivery.limit())
        for pixel, availability in self._delivery.states().items():
            for state in PixelState:
                self._metrics.set("pixel_state", float(availability.state is state), (pixel, str(state)))


def _tell(change: StateChange) -> None:
    say = log.info if change.after is PixelState.OPEN else log.warning
    say("pixel.state", pixel=change.pixel, before=str(change.before), after=str(change.after), why=change.why)
