"""Which request goes next, and what its answer does. Nothing given to it is ever lost.

Every item is in one place: waiting in the batcher, to be tried again (`Lane.again`), or on its way
(`Delivery._flights`); or it was reported, once, as accepted, rejected or released. The parts: `verdict` reads an
answer, `pixel` says what it does to a pixel's state, `pace` how fast and how many at once, `lane` keeps one pixel's
share.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from consumer.core.deliver.pixel_gates import Evidence, Gates
from consumer.core.deliver.pixel_queue import Lane, Load, unanswerable
from consumer.core.deliver.pixel_state import PROBE_EVERY_S, Gate, PixelState
from consumer.core.deliver.rate_limit import ConcurrencyLimit, Rate
from consumer.core.deliver.request import DeliverySettings, Outcome, PixelSettings, Request, StateChange, Waiting
from consumer.core.deliver.response import Scope, Treatment, Verdict, classify, refusal
from consumer.core.model import Answer, Item


class _Flight(Struct, eq=False):
    """A request on its way."""

    request: Request
    load: Load
    """Without what was released meanwhile."""
    begun_s: float
    acceptances: int
    """The lane's, when it began."""


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
        self._lanes = {pixel.name: Lane(pixel, settings.max_requests_per_second) for pixel in pixels}
        self._gates = Gates(pixels, settings.backoff, random)
        self._order = list(self._lanes.values())
        self._sending = sum(not pixel.is_held for pixel in pixels)
        self._turn = 0
        self._flights: dict[int, _Flight] = {}
        self._leaving: set[Item] = set()
        self._rate = Rate(settings.max_requests_per_second)
        self._limit = ConcurrencyLimit(settings.max_in_flight)
        self._probes = 0
        self._next_number = 0

    # What goes next.

    def next(self, now_s: float, waiting: Waiting, is_flushing: bool = False) -> Request | None:
        """Begin the next request, if one may begin now; call until there is none.

        Its items count as handed over from here on. Pixels take turns; what must be tried again comes before new work.

        Args:
            is_flushing: send what waits without waiting for company (draining, stopping).
        """
        if len(self._flights) >= self._settings.max_in_flight or not self._rate.is_ready(now_s):
            return None
        share = self._share(waiting)
        for step in range(len(self._order)):
            lane = self._order[(self._turn + step) % len(self._order)]
            load = self._pick(lane, now_s, waiting, is_flushing, share)
            if load is not None:
                self._turn = (self._turn + step + 1) % len(self._order)
                return self._begin(lane, load, now_s)
        return None

    def _share(self, waiting: Waiting) -> int:
        """How many requests one pixel may have on its way: a slow one must not take every slot."""
        limit = self._limit.value
        if self._sending < 2 or limit == 1:
            return limit
        active = sum(1 for lane in self._order if lane.requests or lane.again or waiting.waiting(lane.pixel))
        return min(-(-limit // max(active, 1)), limit - 1)

    def _pick(self, lane: Lane, now_s: float, waiting: Waiting, is_flushing: bool, share: int) -> Load | None:
        if not lane.rate.is_ready(now_s):
            return None
        gate = self._gates.gate(lane.pixel)
        if gate.is_open:
            is_free = lane.requests < share and len(self._flights) - self._probes < self._limit.value
            return (lane.pop(now_s) or self._fresh(lane, now_s, waiting, is_flushing)) if is_free else None
        if not self._may_probe(lane, now_s):
            return None
        most = 1 if gate.state is PixelState.HELD else None
        load = None if lane.is_new_works_turn and not most else lane.pop(now_s)
        load = load or self._fresh(lane, now_s, waiting, is_flushing, most) or lane.pop(now_s) or lane.pop_any()
        return self._one(lane, load) if most else load

    def _one(self, lane: Lane, load: Load | None) -> Load | None:
        """Split off a single event for a held pixel's try."""
        if load is None or len(load.items) == 1:
            return load
        one, rest = load.first(1)
        lane.again.append(rest)
        return one

    def _may_probe(self, lane: Lane, now_s: float) -> bool:
        """A closed pixel has one request at a time, and closed ones together at most half of all that may be."""
        try_s = self._gates.next_try_s(lane.pixel)
        most = 1 if self._gates.are_all_throttled else max(self._settings.max_in_flight // 2, 1)
        return try_s is not None and try_s <= now_s and not lane.probes and self._probes < most

    def _fresh(
        self, lane: Lane, now_s: float, waiting: Waiting, is_flushing: bool, most: int | None = None
    ) -> Load | None:
        if not waiting.is_due(lane.pixel, now_s, is_flushing):
            return None
        return Load(waiting.cut(lane.pixel, most).items)

    def _begin(self, lane: Lane, load: Load, now_s: float) -> Request:
        for item in load.items:
            item.is_handed_over = True
        is_probe = not self._gates.gate(lane.pixel).is_open
        request = Request(self._next_number, lane.pixel, tuple(load.items), lane.body(load.items), is_probe)
        self._flights[request.number] = _Flight(request, load, now_s, lane.acceptances)
        self._next_number += 1
        self._rate.take(now_s)
        lane.rate.take(now_s)
        lane.requests += 1
        lane.probes += is_probe
        lane.is_new_works_turn = load.tries > 0
        self._probes += is_probe
        return request

    # What an answer does.

    def answered(self, number: int, answer: Answer, now_s: float, wall_s: float) -> Outcome | None:
        """Take in an answer. None if the request is unknown: it was answered before, or abandoned."""
        flight = self._flights.pop(number, None)
        if flight is None:
            return None
        lane = self._land(flight)
        outcome = Outcome(flight.request, classify(answer, wall_s), [], [], [], [])
        self._treat(lane, flight, outcome, now_s)
        self._leave(lane, flight, outcome)
        outcome.changes.extend(self._judge(lane, flight, outcome.verdict, now_s))
        return outcome

    def _land(self, flight: _Flight) -> Lane:
        """Free the slot that a request took."""
        lane = self._lanes[flight.request.pixel]
        lane.requests -= 1
        lane.probes -= flight.request.is_probe
        self._probes -= flight.request.is_probe
        return lane

    def _judge(self, lane: Lane, flight: _Flight, verdict: Verdict, now_s: float) -> list[StateChange]:
        are_others_accepted = lane.acceptances > flight.acceptances
        evidence = Evidence(
            verdict, flight.request.number, self._next_number, are_others_accepted, lane.single_refusals
        )
        return self._gates.answered(lane.pixel, evidence, now_s)

    def _treat(self, lane: Lane, flight: _Flight, outcome: Outcome, now_s: float) -> None:
        match outcome.verdict.treatment:
            case Treatment.ACCEPTED:
                self._accepted(lane, flight, outcome)
            case Treatment.REFUSED:
                self._refused(lane, flight, outcome, now_s)
            case Treatment.UNAVAILABLE:
                self._unavailable(lane, flight, outcome, now_s)
            case Treatment.THROTTLED:
                self._throttled(lane, flight, outcome)
            case _:  # forbidden
                self._give_back(lane, flight)

    def _accepted(self, lane: Lane, flight: _Flight, outcome: Outcome) -> None:
        outcome.accepted.extend(flight.load.items)
        lane.acceptances += 1
        lane.single_refusals = 0
        lane.rate.accepted()
        self._rate.accepted()
        self._limit.accepted()

    def _refused(self, lane: Lane, flight: _Flight, outcome: Outcome, now_s: float) -> None:
        """Halve what was refused, ahead of new work, until the guilty event is alone."""
        load = flight.load
        if len(flight.request.items) > 1:
            self._halve(lane, load)
        elif self._is_held(lane):
            # Perhaps it is not the event: let another one try first.
            load.not_before_s = now_s + 2 * PROBE_EVERY_S
            self._give_back(lane, flight)
        elif load.items:
            lane.single_refusals += 1
            outcome.rejected.append((load.items[0], refusal(load.items[0], outcome.verdict)))

    def _unavailable(self, lane: Lane, flight: _Flight, outcome: Outcome, now_s: float) -> None:
        load, request = flight.load, flight.request
        load.tries += 1
        load.not_before_s = now_s + self._gates.wait_s(outcome.verdict, load.tries)
        if not request.is_probe:
            self._limit.failed(request.number, self._next_number)
        if not load.count_unanswered(lane.acceptances, now_s):
            self._give_back(lane, flight)
        elif len(load.items) > 1:
            self._halve(lane, load)
        else:
            outcome.rejected.extend((item, unanswerable(item)) for item in load.items)

    def _throttled(self, lane: Lane, flight: _Flight, outcome: Outcome) -> None:
        request = flight.request
        self._give_back(lane, flight)
        if request.is_probe:
            return  # a closed pixel's tries are slow already: they say nothing of the rate
        if outcome.verdict.scope is Scope.PIXEL:
            lane.rate.throttled(request.number, self._next_number)
        else:
            self._rate.throttled(request.number, self._next_number)
            self._limit.failed(request.number, self._next_number)

    def _halve(self, lane: Lane, load: Load) -> None:
        halves = load.halves() if len(load.items) > 1 else (load,)
        lane.again.extendleft(half for half in reversed(halves) if half.items)

    def _give_back(self, lane: Lane, flight: _Flight) -> None:
        if not flight.load.items:
            return
        if self._is_held(lane):
            lane.again.appendleft(flight.load)  # so that the next probe is the same event, not one more apart
        else:
            lane.again.append(flight.load)

    def _is_held(self, lane: Lane) -> bool:
        return self._gates.gate(lane.pixel).state is PixelState.HELD

    def _leave(self, lane: Lane, flight: _Flight, outcome: Outcome) -> None:
        """Give up those of the answered items that would be tried again although their partition leaves."""
        leaving = self._leaving.intersection(flight.load.items)
        if leaving:
            outcome.released.extend(lane.remove(leaving.__contains__))
            self._leaving -= leaving

    def token_changed(self, pixel: str, now_s: float) -> StateChange | None:
        """Open a held pixel, since its token is another one now. None if it was not held, or by the operator."""
        self._lanes[pixel].single_refusals = 0
        return self._gates.token_changed(pixel, now_s, self._next_number)

    # What is given up.

    def take(self, is_wanted: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, items that wait for another try, to be parked. Those on their way are left alone."""
        return [item for lane in self._order for item in lane.remove(is_wanted)]

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

    def states(self) -> Mapping[str, Gate]:
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
            for lane in self._order
            if self._gates.gate(lane.pixel).is_open
            for load in lane.again
            for item in load.items
        )
        return self.is_on_its_way(is_wanted) or any(map(is_wanted, waits))

    def items(self, pixel: str) -> int:
        """Count a pixel's items that were handed over and are not finished."""
        on_their_way = sum(len(f.load.items) for f in self._flights.values() if f.request.pixel == pixel)
        return on_their_way + sum(len(load.items) for load in self._lanes[pixel].again)

    def overhead_bytes(self) -> Mapping[str, int]:
        """Per pixel, the bytes of a request body without any event."""
        return {lane.pixel: lane.overhead_bytes for lane in self._order}

    def next_wake_s(self, now_s: float, waiting: Waiting) -> float | None:
        """Monotonic seconds when there may be something to do that no answer brings about; None if nothing waits."""
        times_s = [waiting.next_due_s()]
        for lane in self._order:
            try_s = self._gates.next_try_s(lane.pixel)
            if try_s is not None and (lane.again or waiting.waiting(lane.pixel)):
                may_s = max(try_s, lane.rate.ready_s(now_s), self._rate.ready_s(now_s))
                times_s.append(may_s)
                times_s.extend(max(may_s, load.not_before_s) for load in lane.again)
        return min((time_s for time_s in times_s if time_s is not None and time_s > now_s), default=None)

    def _items_in_flight(self) -> Iterator[Item]:
        return (item for flight in self._flights.values() for item in flight.load.items)
