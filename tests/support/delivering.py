"""A delivery with its batcher and a clock of its own, for tests."""

from collections.abc import Callable

from consumer.core.backoff import Backoff
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.pixel_state import PixelState
from consumer.core.deliver.request import DeliverySettings, PixelSettings, Request, RequestResult
from consumer.core.model import Answer, Item, Rejection
from tests.support.fakes import ACCEPTED, item

BACKOFF = Backoff(first_s=1.0, max_s=60.0)


class Bench:
    """Delivery to `pixels`, batches due at once, the back-off without jitter."""

    def __init__(
        self,
        *pixels: PixelSettings,
        max_in_flight: int = 8,
        per_s: float = 1_000_000.0,
        max_events: int = 1000,
        max_wait_s: float = 0.0,
        random: Callable[[], float] = lambda: 1.0,
    ) -> None:
        settings = DeliverySettings(max_in_flight, per_s, BACKOFF)
        self.delivery = Delivery(settings, pixels or (PixelSettings("shop", "CODE"),), random)
        self.batcher = Batcher(BatchLimits(max_events, 1 << 20, max_wait_s), self.delivery.overhead_bytes())
        self.now_s = 0.0
        self.accepted: list[Item] = []
        self.rejected: list[tuple[Item, Rejection]] = []
        self.requests = 0

    def add(self, count: int = 1, pixel: str = "shop", first: int = 0) -> list[Item]:
        items = [item(number, pixel) for number in range(first, first + count)]
        for each in items:
            self.batcher.add(each, self.now_s)
        return items

    def next(self, is_flushing: bool = False) -> Request | None:
        request = self.delivery.next(self.now_s, self.batcher, is_flushing)
        self.requests += request is not None
        return request

    def begin(self) -> Request:
        """Begin a request; there must be one."""
        request = self.next()
        assert request is not None
        return request

    def begin_all(self) -> list[Request]:
        begun = []
        while (request := self.next()) is not None:
            begun.append(request)
        return begun

    def answer(self, request: Request, answer: Answer = ACCEPTED, wait_s: float = 0.0) -> RequestResult:
        """Let `wait_s` pass, and then the answer come."""
        self.now_s += wait_s
        outcome = self.delivery.take_answer(request.number, answer, self.now_s, wall_s=1_700_000_000.0)
        assert outcome is not None
        self.accepted += outcome.accepted
        self.rejected += outcome.rejected
        return outcome

    def exchange(self, answer: Answer = ACCEPTED) -> RequestResult:
        """Begin a request, and answer it at once."""
        return self.answer(self.begin(), answer)

    def run(
        self,
        judge: Callable[[Request], Answer],
        until_s: float = 10_000.0,
        answer_s: float = 0.1,
        idle_s: float = 0.25,
    ) -> None:
        """Go on until nothing is left to deliver, or the clock says `until_s`; look now and then, as the service does.

        Args:
            answer_s: how long each round of answers takes.
            idle_s: how long until it looks again where there was nothing to send.
        """
        while self.now_s < until_s and any(map(self.unfinished, self.delivery.states())):
            begun = self.begin_all()
            for request in begun:
                self.answer(request, judge(request))
            self.now_s += answer_s if begun else idle_s

    def state(self, pixel: str = "shop") -> PixelState:
        return self.delivery.states()[pixel].state

    def unfinished(self, pixel: str = "shop") -> int:
        return self.delivery.items(pixel) + self.batcher.waiting(pixel)
