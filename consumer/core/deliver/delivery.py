"""Which request goes next, and what its answer does. Nothing given to it is ever lost.

Every item is in one place: waiting in the batcher, to be tried again (`PixelQueue.again`), or on its way
(`Delivery._flights`); or it was reported, once, as accepted, rejected or released. The parts: `response` reads
an answer, `pixel_state` and `pixel_gates` say what it does to a pixel's state, `rate_limit` how fast and how many at
once, `pixel_queue` keeps one pixel's share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from consumer.core.deliver.pixel_gates import AnswerContext, PixelStates
from consumer.core.deliver.pixel_queue import PixelQueue, RetryBatch, unanswerable
from consumer.core.deliver.pixel_state import PROBE_EVERY_S, PixelAvailability, PixelState
from consumer.core.deliver.rate_limit import ConcurrencyLimit, TokenBucket
from consumer.core.deliver.request import (
    DeliverySettings,
    PixelSettings,
    Request,
    RequestResult,
    StateChange,
    UnsentEvents,
)
from consumer.core.deliver.response import ResponseVerdict, Scope, Treatment, classify, refusal
from consumer.core.model import Answer, Item


class _Flight(Struct, eq=False):
    """A request on its way."""

    request: Request
    load: RetryBatch
    """Without what was released meanwhile."""
    begun_s: float
    acceptances: int
    """The queue's, when it began."""


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
        self._gates = PixelStates(pixels, settings.backoff, random)
        self._order = list(self._queues.values())
        self._sending = sum(not pixel.is_held for pixel in pixels)
        self._turn = 0
        self._flights: dict[int, _Flight] = {}
        self._leaving: set[Item] = set()
        self._rate = TokenBucket(settings.max_requests_per_second)
        self._limit = ConcurrencyLimit(settings.max_in_flight)
        self._probes = 0
        self._next_number = 0

    # What goes next.

    def next(self, now_s: float, waiting: UnsentEvents, is_flushing: bool = False) -> Request | None:
        """Begin the next request, if one may begin now; call until there is none.

        Its items count as handed over from here on. Pixels take turns; what must be tried again comes before new work.

        Args:
            is_flushing: send what waits without waiting for company (draining, stopping).
        """
        if len(self._flights) >= self._settings.max_in_flight or not self._rate.is_ready(now_s):
            return None
        share = self._share(waiting)
        for step in range(len(self._order)):
            queue = self._order[(self._turn + step) % len(self._order)]
            load = self._pick(queue, now_s, waiting, is_flushing, share)
            if load is not None:
                self._turn = (self._turn + step + 1) % len(self._order)
                return self._begin(queue, load, now_s)
        return None

    def _share(self, waiting: UnsentEvents) -> int:
        """How many requests one pixel may have on its way: a slow one must not take every slot."""
        limit = self._limit.value
        if self._sending < 2 or limit == 1:
            return limit
        active = sum(1 for queue in self._order if queue.requests or queue.again or waiting.waiting(queue.pixel))
        return min(-(-limit // max(active, 1)), limit - 1)

    def _pick(
        self, queue: PixelQueue, now_s: float, waiting: UnsentEvents, is_flushing: bool, share: int
    ) -> RetryBatch | None:
        if not queue.rate.is_ready(now_s):
            return None
        gate = self._gates.gate(queue.pixel)
        if gate.can_send:
            is_free = queue.requests < share and len(self._flights) - self._probes < self._limit.value
            return (queue.pop(now_s) or self._fresh(queue, now_s, waiting, is_flushing)) if is_free else None
        if not self._may_probe(queue, now_s):
            return None
        most = 1 if gate.state is PixelState.HELD else None
        load = None if queue.probe_new_next and not most else queue.pop(now_s)
        load = load or self._fresh(queue, now_s, waiting, is_flushing, most) or queue.pop(now_s) or queue.pop_any()
        return self._one(queue, load) if most else load

    def _one(self, queue: PixelQueue, load: RetryBatch | None) -> RetryBatch | None:
        """Split off a single event for a held pixel's try."""
        if load is None or len(load.items) == 1:
            return load
        one, rest = load.first(1)
        queue.again.append(rest)
        return one

    def _may_probe(self, queue: PixelQueue, now_s: float) -> bool:
        """A closed pixel has one request at a time, and closed ones together at most half of all that may be."""
        try_s = self._gates.next_try_s(queue.pixel)
        most = 1 if self._gates.are_all_throttled else max(self._settings.max_in_flight // 2, 1)
        return try_s is not None and try_s <= now_s and not queue.probes and self._probes < most

    def _fresh(
        self, queue: PixelQueue, now_s: float, waiting: UnsentEvents, is_flushing: bool, most: int | None = None
    ) -> RetryBatch | None:
        if not waiting.is_due(queue.pixel, now_s, is_flushing):
            return None
        return RetryBatch(waiting.cut(queue.pixel, most).items)

    def _begin(self, queue: PixelQueue, load: RetryBatch, now_s: float) -> Request:
        for item in load.items:
            item.is_submitted = True
        is_probe = not self._gates.gate(queue.pixel).can_send
        request = Request(self._next_number, queue.pixel, tuple(load.items), queue.body(load.items), is_probe)
        self._flights[request.number] = _Flight(request, load, now_s, queue.acceptances)
        self._next_number += 1
        self._rate.take(now_s)
        queue.rate.take(now_s)
        queue.requests += 1
        queue.probes += is_probe
        queue.probe_new_next = load.tries > 0
        self._probes += is_probe
        return request

    # What an answer does.

    def answered(self, number: int, answer: Answer, now_s: float, wall_s: float) -> RequestResult | None:
        """Take in an answer. None if the request is unknown: it was answered before, or abandoned."""
        flight = self._flights.pop(number, None)
        if flight is None:
            return None
        queue = self._land(flight)
        outcome = RequestResult(flight.request, classify(answer, wall_s), [], [], [], [])
        self._treat(queue, flight, outcome, now_s)
        self._leave(queue, flight, outcome)
        outcome.changes.extend(self._judge(queue, flight, outcome.verdict, now_s))
        return outcome

    def _land(self, flight: _Flight) -> PixelQueue:
        """Free the slot that a request took."""
        queue = self._queues[flight.request.pixel]
        queue.requests -= 1
        queue.probes -= flight.request.is_probe
        self._probes -= flight.request.is_probe
        return queue

    def _judge(self, queue: PixelQueue, flight: _Flight, verdict: ResponseVerdict, now_s: float) -> list[StateChange]:
        are_others_accepted = queue.acceptances > flight.acceptances
        evidence = AnswerContext(
            verdict, flight.request.number, self._next_number, are_others_accepted, queue.single_refusals
        )
        return self._gates.answered(queue.pixel, evidence, now_s)

    def _treat(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult, now_s: float) -> None:
        match outcome.verdict.treatment:
            case Treatment.ACCEPTED:
                self._accepted(queue, flight, outcome)
            case Treatment.REFUSED:
                self._refused(queue, flight, outcome, now_s)
            case Treatment.UNAVAILABLE:
                self._unavailable(queue, flight, outcome, now_s)
            case Treatment.THROTTLED:
                self._throttled(queue, flight, outcome)
            case _:  # forbidden
                self._give_back(queue, flight)

    def _accepted(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult) -> None:
        outcome.accepted.extend(flight.load.items)
        queue.acceptances += 1
        queue.single_refusals = 0
        queue.rate.accepted()
        self._rate.accepted()
        self._limit.accepted()

    def _refused(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult, now_s: float) -> None:
        """Halve what was refused, ahead of new work, until the guilty event is alone."""
        load = flight.load
        if len(flight.request.items) > 1:
            self._halve(queue, load)
        elif self._is_held(queue):
            # Perhaps it is not the event: let another one try first.
            load.not_before_s = now_s + 2 * PROBE_EVERY_S
            self._give_back(queue, flight)
        elif load.items:
            queue.single_refusals += 1
            outcome.rejected.append((load.items[0], refusal(load.items[0], outcome.verdict)))

    def _unavailable(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult, now_s: float) -> None:
        load, request = flight.load, flight.request
        load.tries += 1
        load.not_before_s = now_s + self._gates.wait_s(outcome.verdict, load.tries)
        if not request.is_probe:
            self._limit.failed(request.number, self._next_number)
        if not load.count_unanswered(queue.acceptances, now_s):
            self._give_back(queue, flight)
        elif len(load.items) > 1:
            self._halve(queue, load)
        else:
            outcome.rejected.extend((item, unanswerable(item)) for item in load.items)

    def _throttled(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult) -> None:
        request = flight.request
        self._give_back(queue, flight)
        if request.is_probe:
            return  # a closed pixel's tries are slow already: they say nothing of the rate
        if outcome.verdict.scope is Scope.PIXEL:
            queue.rate.throttled(request.number, self._next_number)
        else:
            self._rate.throttled(request.number, self._next_number)
            self._limit.failed(request.number, self._next_number)

    def _halve(self, queue: PixelQueue, load: RetryBatch) -> None:
        halves = load.halves() if len(load.items) > 1 else (load,)
        queue.again.extendleft(half for half in reversed(halves) if half.items)

    def _give_back(self, queue: PixelQueue, flight: _Flight) -> None:
        if not flight.load.items:
            return
        if self._is_held(queue):
            queue.again.appendleft(flight.load)  # so that the next probe is the same event, not one more apart
        else:
            queue.again.append(flight.load)

    def _is_held(self, queue: PixelQueue) -> bool:
        return self._gates.gate(queue.pixel).state is PixelState.HELD

    def _leave(self, queue: PixelQueue, flight: _Flight, outcome: RequestResult) -> None:
        """Give up those of the answered items that would be tried again although their partition leaves."""
        leaving = self._leaving.intersection(flight.load.items)
        if leaving:
            outcome.released.extend(queue.remove(leaving.__contains__))
            self._leaving -= leaving

    def token_changed(self, pixel: str, now_s: float) -> StateChange | None:
        """Open a held pixel, since its token is another one now. None if it was not held, or by the operator."""
        self._queues[pixel].single_refusals = 0
        return self._gates.token_changed(pixel, now_s, self._next_number)

    # What is given up.

    def take(self, is_wanted: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, items that wait for another try, to be parked. Those on their way are left alone."""
        return [item for queue in self._order for item in queue.remove(is_wanted)]

    def drain(self, is_leaving: Callable[[Item], bool]) -> list[Item]:
        """Try these items no more, since their partition is being revoked.

        Returns:
            Those that waited for another try. The others are on their way: their answer comes as `accepted`,
            `rejected`, or, where there would have been another try, `released`.
        """
        self._leaving.update(filter(is_leaving, self._items_in_flight()))
        return self.take(is_leaving)

    def release(self, is_gone: Callable[[Item], bool]) -> list[Item]:
        """Give up, and return, every one of these items: an answer on its way settles nothing of them any more."""
        released = self.take(is_gone)
        for flight in self._flights.values():
            released += flight.load.remove(is_gone)
        self._leaving.difference_update(released)
        return released

    def abandon(self) -> list[Item]:
        """Give up everything; answers still on their way are unknown from here on."""
        released = self.release(lambda item: True)
        for flight in self._flights.values():
            self._land(flight)
        self._flights.clear()
        return released

    # What people and the service may know.

    def states(self) -> Mapping[str, PixelAvailability]:
        """Per pixel whether, since when and why it is closed, an app-wide throttling included."""
        return self._gates.states()

    def in_flight(self) -> int:
        """Count the requests on their way."""
        return len(self._flights)

    def limit(self) -> int:
        """How many requests may be on their way now: 1 … `max_in_flight`."""
        return self._limit.value

    def oldest_begun_s(self) -> float | None:
        """Monotonic seconds when the oldest request on its way began; None without any."""
        return min((flight.begun_s for flight in self._flights.values()), default=None)

    def is_on_its_way(self, is_wanted: Callable[[Item], bool]) -> bool:
        """Say whether any such item is in a request without an answer yet."""
        return any(map(is_wanted, self._items_in_flight()))

    def is_trying(self, is_wanted: Callable[[Item], bool]) -> bool:
        """Say whether any such item is on its way, or waits for another try of a pixel that is open."""
        waits = (
            item
            for queue in self._order
            if self._gates.gate(queue.pixel).can_send
            for load in queue.again
            for item in load.items
        )
        return self.is_on_its_way(is_wanted) or any(map(is_wanted, waits))

    def items(self, pixel: str) -> int:
        """Count a pixel's items that were handed over and are not finished."""
        on_their_way = sum(len(f.load.items) for f in self._flights.values() if f.request.pixel == pixel)
        return on_their_way + sum(len(load.items) for load in self._queues[pixel].again)

    def overhead_bytes(self) -> Mapping[str, int]:
        """Per pixel, the bytes of a request body without any event."""
        return {queue.pixel: queue.overhead_bytes for queue in self._order}

    def next_wake_s(self, now_s: float, waiting: UnsentEvents) -> float | None:
        """Monotonic seconds when there may be something to do that no answer brings about; None if nothing waits."""
        times_s = [waiting.next_due_s()]
        for queue in self._order:
            try_s = self._gates.next_try_s(queue.pixel)
            if try_s is not None and (queue.again or waiting.waiting(queue.pixel)):
                may_s = max(try_s, queue.rate.ready_s(now_s), self._rate.ready_s(now_s))
                times_s.append(may_s)
                times_s.extend(max(may_s, load.not_before_s) for load in queue.again)
        return min((time_s for time_s in times_s if time_s is not None and time_s > now_s), default=None)

    def _items_in_flight(self) -> Iterator[Item]:
        return (item for flight in self._flights.values() for item in flight.load.items)
