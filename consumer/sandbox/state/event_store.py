"""What was accepted and what was refused. The newest events are kept whole, the others as counts."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from msgspec import Raw, Struct

from consumer.sandbox.rules.judge import ValidEvent

KEPT_REFUSALS: Final = 500
KEPT_BODY_BYTES: Final = 16_384
KEPT_TEXT: Final = 1000
"""Characters of a refused request's message, and of the pixel that it names."""
MOST_KEPT_BYTES: Final = 256 << 20
"""Of events that are kept whole, however few they are."""
MOST_KEY_CHARACTERS: Final = 256 << 20
"""Of the keys that are counted: some millions."""
MOST_NAMES: Final = 10_000
"""Pixels, and names of events, that are counted one by one."""
OTHERS: Final = "(others)"


class Accepted(Struct, frozen=True, gc=False):
    """An accepted event, as TikTok would have it."""

    seq: int
    """Counts from 1 over all pixels."""
    received_at: float
    """Unix seconds."""
    request_id: str
    pixel: str
    event: str
    event_id: str | None
    test_event_code: str | None
    answered: bool
    """False where the sandbox was set to withhold the acceptance from the sender."""
    body: Raw
    """The event's JSON exactly as sent."""


class RefusedRequest(Struct, frozen=True, gc=False):
    """A request that was answered with anything but acceptance."""

    seq: int
    """Counts from 1 over all refused requests."""
    received_at: float
    request_id: str
    pixel: str | None
    code: int | None
    """None where the answer had none: a status, garbage, silence."""
    status: int | None
    message: str
    is_told: bool
    """True where the sandbox was set to misbehave, and it was not the request's fault."""
    event: str | None
    """The JSON text of the event at fault, cut to `KEPT_BODY_BYTES`."""


class ReceivedRequest(Struct, frozen=True):
    """The request that brought some events."""

    received_at: float
    request_id: str
    pixel: str
    test_event_code: str | None
    answered: bool = True


class Summary(Struct):
    """Everything counted since the start or the last clearing."""

    requests: int
    by_answer: dict[str, int]
    """Requests by the code answered; `status 503`, `hang` and the like where the answer had none."""
    events: int
    """Accepted, each copy counted."""
    by_pixel: dict[str, int]
    by_event: dict[str, int]
    duplicates: int
    """Events accepted beyond the first of their key: pixel code, event, event_id."""
    unanswered: int
    """Events accepted without an answer to the sender."""
    kept: int


class Mark(Struct, frozen=True):
    """How far a store has come: what is new since then is what differs."""

    clearings: int
    seq: int
    """Of the newest accepted event."""
    refused: int
    """Of the newest refused request."""


class Store:
    """Mutable; belongs to the event loop's thread."""

    def __init__(self, keep: int, *, forgets_keys: bool = False) -> None:
        """`keep`: events kept whole. `forgets_keys`: do not count by key, which grows with every new event."""
        self._forgets_keys = forgets_keys
        self._keep = keep
        self._events: deque[Accepted] = deque()
        self._refusals: deque[RefusedRequest] = deque(maxlen=KEPT_REFUSALS)
        self._seq = 0
        self._refused = 0
        self._clearings = 0
        self.clear()

    def clear(self) -> None:
        """Forget all events and counts; sequence numbers continue."""
        self._events.clear()
        self._kept_bytes = 0
        self._refusals.clear()
        self._key_characters = 0
        self._times_by_key: dict[str, int] = {}
        self._unanswered_by_key: dict[str, int] = {}
        self._by_answer: Counter[str] = Counter()
        self._by_pixel: Counter[str] = Counter()
        self._by_event: Counter[str] = Counter()
        self._duplicates = 0
        self._unanswered = 0
        self._requests = 0
        self._clearings += 1

    def count_answer(self, answer: str) -> None:
        self._requests += 1
        _count(self._by_answer, answer)

    def accept(self, delivery: ReceivedRequest, judged: list[ValidEvent]) -> None:
        for one in judged:
            self._seq += 1
            self._events.append(_accepted(self._seq, delivery, one))
            self._kept_bytes += _size(self._events[-1])
            self._drop_oldest()
        _count(self._by_pixel, delivery.pixel, len(judged))
        for name, times in Counter([one.event for one in judged]).items():
            _count(self._by_event, name, times)
        if not delivery.answered:
            self._unanswered += len(judged)
        if not self._forgets_keys:
            self._count_keys(delivery, judged)

    def count_only(self, pixel: str, events: int) -> None:
        """Count events that were not looked at."""
        _count(self._by_pixel, pixel, events)

    def refuse(self, make: Callable[[int], RefusedRequest]) -> None:
        """Keep what `make` builds of the sequence number it is given."""
        self._refused += 1
        self._refusals.append(make(self._refused))

    def events(
        self, after: int = 0, *, pixel: str | None = None, event_id: str | None = None, limit: int = 1000
    ) -> list[Accepted]:
        """Kept events whose sequence number is above `after`, in order."""
        wanted = (
            event
            for event in self._events_after(after)
            if (pixel is None or event.pixel == pixel) and (event_id is None or event.event_id == event_id)
        )
        return list(islice(wanted, min(limit, len(self._events))))

    def refusals(self, after: int = 0) -> list[RefusedRequest]:
        return [refused for refused in self._refusals if refused.seq > after]

    @property
    def counts_keys(self) -> bool:
        """False once there were too many keys to count each: then some are missing."""
        return self._key_characters <= MOST_KEY_CHARACTERS

    def keys(self, *, only_unanswered: bool = False) -> dict[str, int]:
        """Times accepted by `pixel|event|event_id`; the last part is empty for events without an event_id."""
        return self._unanswered_by_key if only_unanswered else self._times_by_key

    def summary(self) -> Summary:
        return Summary(
            requests=self._requests,
            by_answer=dict(self._by_answer),
            events=self._by_pixel.total(),
            by_pixel=dict(self._by_pixel),
            by_event=dict(self._by_event),
            duplicates=self._duplicates,
            unanswered=self._unanswered,
            kept=len(self._events),
        )

    def event(self, seq: int) -> Accepted | None:
        """The event with this sequence number; None if it never was, or is no longer kept."""
        found = next(self._events_after(seq - 1), None)
        return found if found is not None and found.seq == seq else None

    @property
    def oldest(self) -> int:
        """The sequence number of the oldest event that is kept; of the next one, if there is none."""
        return self._seq - len(self._events) + 1

    def mark(self) -> Mark:
        return Mark(self._clearings, self._seq, self._refused)

    def _drop_oldest(self) -> None:
        while self._events and (len(self._events) > self._keep or self._kept_bytes > MOST_KEPT_BYTES):
            self._kept_bytes -= _size(self._events.popleft())

    def _events_after(self, after: int) -> Iterator[Accepted]:
        return islice(self._events, min(max(0, after + 1 - self.oldest), len(self._events)), None)

    def _count_keys(self, delivery: ReceivedRequest, judged: list[ValidEvent]) -> None:
        times = self._times_by_key
        for one in judged:
            key = f"{delivery.pixel}|{one.event}|{one.event_id or ''}"
            before = times.get(key, 0)
            if not before:
                self._key_characters += len(key)
                if not self.counts_keys:
                    continue
            times[key] = before + 1
            if before and one.event_id:
                self._duplicates += 1
            if not delivery.answered:
                self._unanswered_by_key[key] = self._unanswered_by_key.get(key, 0) + 1


def _count(counts: Counter[str], name: str, times: int = 1) -> None:
    """Names come from whoever sends: of very many, or very long ones, the sum is enough."""
    is_new = name not in counts
    counts[OTHERS if is_new and (len(counts) >= MOST_NAMES or len(name) > KEPT_TEXT) else name] += times


def _size(event: Accepted) -> int:
    """Its JSON, and what was taken out of it once more."""
    named = (event.pixel, event.event, event.event_id, event.test_event_code)
    return len(memoryview(event.body)) + sum(len(text) for text in named if text)


def _accepted(seq: int, delivery: ReceivedRequest, judged: ValidEvent) -> Accepted:
    return Accepted(
        seq=seq,
        received_at=delivery.received_at,
        request_id=delivery.request_id,
        pixel=delivery.pixel,
        event=judged.event,
        event_id=judged.event_id,
        test_event_code=delivery.test_event_code,
        answered=delivery.answered,
        body=Raw(judged.body),
    )
