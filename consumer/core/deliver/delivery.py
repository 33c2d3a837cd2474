"""Which request goes next, and what its answer does. Nothing given to it is ever lost.

Every item is in one place: waiting in the batcher, to be tried again (`PixelQueue.retries`), or in a request
(`Delivery._flights`); or it was reported, once, as accepted or rejected, or was taken out to be parked or released.
The parts: `response` reads an answer, `pixel_state` says what it does to a pixel, `rate_limit` how fast and how many at
once, `pixel_queue` keeps one pixel's share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from consumer.core.deliver.pixel_queue import PixelQueue, RetryBatch, unanswerable
from consumer.core.deliver.pixel_state import AnswerContext, PixelAvailability, PixelState, PixelStates, StateChange
from consumer.core.deliver.rate_limit import ConcurrencyLimit, TokenBucket
from consumer.core.deliver.request import DeliverySettings, PixelSettings, Request, RequestResult, UnsentEvents
from consumer.core.deliver.response import ResponseVerdict, Scope, Treatment, classify, refusal
from consumer.core.model import Answer, Item


class _Flight(Struct, eq=False):
    """A request without an answer yet."""

    request: Request
    batch: RetryBatch
    """Without what was released meanwhile."""
    begun_s: float
    acceptances: int
    """The queue's, when it began."""
    is_new: bool
    """True if none of its events was in a request before."""


class Delivery:
    """All pixels' requests. One thread's; it neither waits nor sends.

    Args:
        random: 0 ≤ x < 1, for the back-off's jitter.
    """

    def __init__(
        self, settings: DeliverySettings, pixels: Iterable[PixelSettings], random: Callable[[], float]
    ) -> None:
        self._settings = settings
        pixels = tuple(pixels)
        self._queues = {pixel.name: PixelQueue(pixel, settings.max_requests_per_second) for pixel in pixels}
        self._states = PixelStates({pixel.name: pixel.is_held for pixel in pixels}, settings.backoff, random)
        self._order = list(self._queues.values())
        self._sending = sum(not pixel.is_held for pixel in pixels)
        self._turn = 0
        self._flights: dict[int, _Flight] = {}
        self._rate = TokenBucket(settings.max_requests_per_second)
        self._limit = ConcurrencyLimit(settings.max_in_flight)
        self._probes = 0
        self._next_number = 0

    def next(self, now_s: float, waiting: UnsentEvents, is_flushing: bool = False) -> Request | None:
        """Begin the next request, if one may begin now; call until there is none.

        Its items count as submitted from here on. Pixels take turns; what must be tried again comes before new work.

        Args:
            is_flushing: send what waits without waiting for its batch to fill (draining, stopping).
        """
        if len(self._flights) >= self._settings.max_in_flight or not self._rate.is_ready(now_s):
            return None
        share = self._share(waiting)
        for step in range(len(self._order)):
            queue = self._order[(self._turn + step) % len(self._order)]
            batch = self._pick(queue, now_s, waiting, is_flushing, share)
            if batch is not None:
                self._turn = (self._turn + step + 1) % len(self._order)
                return self._begin(queue, batch, now_s)
        return None

    def _share(self, waiting: UnsentEvents) -> int:
        """How many requests one pixel may have under way: a slow one must not take every slot."""
        limit = self._limit.value
        if self._sending < 2 or limit == 1:
            return limit
        active = sum(1 for queue in self._order if queue.requests or queue.retries or waiting.waiting(queue.pixel))
        return min(-(-limit // max(active, 1)), limit - 1)

    def _pick(
        self, queue: PixelQueue, now_s: float, waiting: UnsentEvents, is_flushing: bool, share: int
    ) -> RetryBatch | None:
        if not queue.rate.is_ready(now_s):
            return None
        is_due = waiting.is_due(queue.pixel, now_s, is_flushing)
        state = self._states.availability(queue.pixel).state
        if state is PixelState.OPEN:
            is_free = queue.requests < share and len(self._flights) - self._probes < self._limit.value
            return (queue.pop(now_s) or _new(queue, waiting, is_due)) if is_free else None
        if not self._may_probe(queue, now_s):
            return None
        if state is PixelState.HELD:
            return self._single(queue, now_s, waiting, is_due)
        batch = None if queue.probe_new_next else queue.pop(now_s)
        return batch or _new(queue, waiting, is_due) or queue.pop(now_s) or queue.pop_any()

    def _single(self, queue: PixelQueue, now_s: float, waiting: UnsentEvents, is_due: bool) -> RetryBatch | None:
        """One event for a held pixel's try: of those tried before the one whose turn it is, or else the newest.

        The newest, since it alone shows that the sender of refused events has corrected them.
        """
        batch = None if queue.probe_new_next else queue.pop(now_s)
        if batch is None and is_due:
            batch = RetryBatch(waiting.cut_newest(queue.pixel).items)
        batch = batch or queue.pop(now_s) or queue.pop_any()
        if batch is None or len(batch.items) == 1:
            return batch
        one, rest = batch.first(1)
        queue.retries.append(rest)
        return one

    def _may_probe(self, queue: PixelQueue, now_s: float) -> bool:
        """A closed pixel has one request at a time, and closed ones together at most half of all that may be."""
        try_s = self._states.next_try_s(queue.pixel)
        most = 1 if self._states.are_all_throttled else max(self._settings.max_in_flight // 2, 1)
        return try_s is not None and try_s <= now_s and not queue.probes and self._probes < most

    def _begin(self, queue: PixelQueue, batch: RetryBatch, now_s: float) -> Request:
        is_new = not batch.items[0].is_submitted
        for item in batch.items:
            item.is_submitted = True
        is_probe = not self._states.availability(queue.pixel).can_send
        request = Request(self._next_number, queue.pixel, tuple(batch.items), queue.body(batch.items), is_probe)
        self._flights[request.number] = _Flight(request, batch, now_s, queue.acceptances, is_new)
        self._next_number += 1
        self._rate.take(now_s)
        queue.rate.take(now_s)
        queue.requests += 1
        queue.probes += is_probe
        queue.probe_new_next = batch.tries > 0
        self._probes += is_probe
        return request

    def take_answer(self, number: int, answer: Answer, now_s: float, wall_s: float) -> RequestResult | None:
        """Take in an answer. None if the request is unknown: it was answered before."""
        flight = self._flights.pop(number, None)
        if flight is None:
            return None
        queue = self._free_slot(flight)
        result = RequestResult(flight.request, classify(answer, wall_s), [], [], [])
        self._treat(queue, flight, result, now_s)
        result.changes.extend(self._change_state(queue, flight, result.verdict, now_s))
        return result

    def _free_slot(self, flight: _Flight) -> PixelQueue:
        queue = self._queues[flight.request.pixel]
        queue.requests -= 1
        queue.probes -= flight.request.is_probe
        self._probes -= flight.request.is_probe
        return queue

    def _change_state(
        self, queue: PixelQueue, flight: _Flight, verdict: ResponseVerdict, now_s: float
    ) -> list[StateChange]:
        are_others_accepted = queue.acceptances > flight.acceptances
        context = AnswerContext(
            verdict, flight.request.number, self._next_number, are_others_accepted, queue.single_refusals
        )
        return self._states.take_answer(queue.pixel, context, now_s)

    def _treat(self, queue: PixelQueue, flight: _Flight, result: RequestResult, now_s: float) -> None:
        match result.verdict.treatment:
            case Treatment.ACCEPTED:
                self._accepted(queue, flight, result)
            case Treatment.REFUSED:
                self._refused(queue, flight, result)
            case Treatment.UNAVAILABLE:
                self._unavailable(queue, flight, result, now_s)
            case Treatment.THROTTLED:
                self._throttled(queue, flight, result)
            case _:  # forbidden
                self._give_back(queue, flight)

    def _accepted(self, queue: PixelQueue, flight: _Flight, result: RequestResult) -> None:
        result.accepted.extend(flight.batch.items)
        queue.acceptances += 1
        queue.single_refusals = 0
        queue.rate.accepted()
        self._rate.accepted()
        self._limit.accepted()

    def _refused(self, queue: PixelQueue, flight: _Flight, result: RequestResult) -> None:
        """Halve what was refused, ahead of new work, until the guilty event is alone."""
        batch = flight.batch
        if len(flight.request.items) > 1:
            self._halve(queue, batch)
        elif not batch.items:
            return
        elif self._is_held(queue):
            # Perhaps it is not the event: all others are tried before it, in turns with new ones.
            queue.retries.append(batch)
            queue.probe_new_next = not flight.is_new
        else:
            queue.single_refusals += 1
            result.rejected.append((batch.items[0], refusal(batch.items[0], result.verdict)))

    def _unavailable(self, queue: PixelQueue, flight: _Flight, result: RequestResult, now_s: float) -> None:
        batch, request = flight.batch, flight.request
        batch.tries += 1
        batch.not_before_s = now_s + self._states.wait_s(result.verdict, batch.tries)
        if not request.is_probe:
            self._limit.failed(request.number, self._next_number)
        if not batch.count_unanswered(queue.acceptances, now_s):
            self._give_back(queue, flight)
        elif len(batch.items) > 1:
            self._halve(queue, batch)
        else:
            result.rejected.extend((item, unanswerable(item)) for item in batch.items)

    def _throttled(self, queue: PixelQueue, flight: _Flight, result: RequestResult) -> None:
        request = flight.request
        self._give_back(queue, flight)
        if request.is_probe:
            return  # a closed pixel's tries are slow already: they say nothing of the rate
        if result.verdict.scope is Scope.PIXEL:
            queue.rate.throttled(request.number, self._next_number)
        else:
            self._rate.throttled(request.number, self._next_number)
            self._limit.failed(request.number, self._next_number)

    def _halve(self, queue: PixelQueue, batch: RetryBatch) -> None:
        halves = batch.halves() if len(batch.items) > 1 else (batch,)
        queue.retries.extendleft(half for half in reversed(halves) if half.items)

    def _give_back(self, queue: PixelQueue, flight: _Flight) -> None:
        if not flight.batch.items:
            return
        if self._is_held(queue):
            queue.retries.appendleft(flight.batch)  # so that the next probe is the same event, not one more apart
        else:
            queue.retries.append(flight.batch)

    def _is_held(self, queue: PixelQueue) -> bool:
        return self._states.availability(queue.pixel).state is PixelState.HELD

    def token_changed(self, pixel: str, now_s: float) -> StateChange | None:
        """Open a held pixel, since its token is another one now. None if it was not held, or by the operator."""
        self._queues[pixel].single_refusals = 0
        return self._states.token_changed(pixel, now_s, self._next_number)

    def open_idle(self, waiting: UnsentEvents, now_s: float) -> list[StateChange]:
        """Open pixels that are closed and have nothing left to be tried with (`PixelStates.open_idle`)."""
        idle = [pixel for pixel in self._states.closed() if not waiting.waiting(pixel) and not self.items(pixel)]
        return self._states.open_idle(idle, now_s, self._next_number)

    def take(self, is_wanted: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, items that wait for another try, to be parked. Those in a request are left alone."""
        return [item for queue in self._order for item in queue.remove(is_wanted)]

    def release(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        """Give up, and return, every one of these items: a late answer settles nothing of them any more."""
        released = self.take(is_gone)
        for flight in self._flights.values():
            released += flight.batch.remove(is_gone)
        return released

    def states(self) -> Mapping[str, PixelAvailability]:
        """Per pixel whether, since when and why it is closed, an app-wide throttling included."""
        return self._states.all()

    def in_flight(self) -> int:
        """Count the requests under way."""
        return len(self._flights)

    def limit(self) -> int:
        """How many requests may be under way now: 1 … `max_in_flight`."""
        return self._limit.value

    def oldest_begun_s(self) -> float | None:
        """Monotonic seconds when the oldest request under way began; None without any."""
        return min((flight.begun_s for flight in self._flights.values()), default=None)

    def is_trying(self, is_wanted: Callable[[Item], bool]) -> bool:
        """Say whether any such item is in a request, or waits for another try of a pixel that is open."""
        open_pixels = (pixel for pixel in self._queues if self._states.availability(pixel).can_send)
        waits = (item for pixel in open_pixels for item in self.retries(pixel))
        in_requests = (item for flight in self._flights.values() for item in flight.batch.items)
        return any(map(is_wanted, in_requests)) or any(map(is_wanted, waits))

    def retries(self, pixel: str) -> Iterator[Item]:
        """A pixel's items that wait for another try."""
        return (item for batch in self._queues[pixel].retries for item in batch.items)

    def items(self, pixel: str) -> int:
        """Count a pixel's items that were submitted and are not finished."""
        under_way = sum(len(f.batch.items) for f in self._flights.values() if f.request.pixel == pixel)
        return under_way + sum(len(batch.items) for batch in self._queues[pixel].retries)

    def overhead_bytes(self) -> Mapping[str, int]:
        """Per pixel, the bytes of a request body without any event."""
        return {queue.pixel: queue.overhead_bytes for queue in self._order}


def _new(queue: PixelQueue, waiting: UnsentEvents, is_due: bool) -> RetryBatch | None:
    return RetryBatch(waiting.cut(queue.pixel).items) if is_due else None
