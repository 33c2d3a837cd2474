"""Nothing given to delivery is lost, doubled or changed, whatever TikTok answers and whatever is given up."""

import json
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consumer.core.backoff import Backoff
from consumer.core.batch import Batcher, BatchLimits
from consumer.core.deliver.delivery import Delivery
from consumer.core.deliver.pixel_state import PixelState
from consumer.core.deliver.request import DeliverySettings, PixelSettings, Request
from consumer.core.model import Answer, Item
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, FORBIDDEN, REFUSED, THROTTLED, TIMEOUT, envelope, item

PIXELS = ("shop", "blog", "news")
ANSWERS = st.sampled_from(
    [
        *[ACCEPTED] * 4,
        *[REFUSED] * 3,
        *[TIMEOUT] * 2,
        *(THROTTLED, envelope(40132), envelope(20001), FORBIDDEN, BAD_GATEWAY, Answer(413, b"", 0.1)),
        envelope(40100, retry_after="7"),
    ]
)
WAITS_S = st.sampled_from([0.0, 0.1, 1.0, 30.0, 61.0, 700.0])
PARTITIONS = st.integers(0, 2)


class ConservationOfEvents(RuleBasedStateMachine):
    """Each event is in one place: it waits, is tried again, is on its way, or was reported once."""

    def __init__(self) -> None:
        super().__init__()
        pixels = [PixelSettings(pixel, f"C-{pixel}", is_held=pixel == "news") for pixel in PIXELS]
        self.delivery = Delivery(DeliverySettings(3, 50.0, Backoff(0.5, 60.0)), pixels, lambda: 0.5)
        self.batcher = Batcher(BatchLimits(8, 200, 1.0), self.delivery.overhead_bytes())
        self.now_s = 0.0
        self.on_their_way: dict[int, Request] = {}
        self.given: list[Item] = []
        self.bodies: dict[int, bytes] = {}
        self.reported: Counter[int] = Counter()

    def report(self, items: list[Item]) -> None:
        self.reported.update(map(id, items))

    @rule(pixel=st.sampled_from(PIXELS), partition=PARTITIONS, count=st.integers(1, 12), size=st.integers(1, 40))
    def add(self, pixel: str, partition: int, count: int, size: int) -> None:
        for _ in range(count):
            number = len(self.given)
            new = item(number, pixel, body=b'{"n":%d,"x":"%s"}' % (number, b"x" * size), partition=partition)
            self.given.append(new)
            self.batcher.add(new, self.now_s)

    @rule(is_flushing=st.booleans())
    def begin(self, is_flushing: bool) -> None:
        while (request := self.delivery.next(self.now_s, self.batcher, is_flushing)) is not None:
            assert request.number not in self.on_their_way
            assert request.items
            assert request.pixel != "news"
            assert {each.event.pixel for each in request.items} == {request.pixel}
            assert all(each.is_submitted for each in request.items)
            assert len(json.loads(request.body)["data"]) == len(request.items) <= 8
            for each in request.items:
                body = self.bodies.setdefault(id(each), each.event.body)
                assert body in request.body
            self.on_their_way[request.number] = request

    @precondition(lambda self: self.on_their_way)
    @rule(data=st.data(), answer=ANSWERS)
    def answer(self, data: st.DataObject, answer: Answer) -> None:
        number = data.draw(st.sampled_from(sorted(self.on_their_way)))
        request = self.on_their_way.pop(number)
        outcome = self.delivery.take_answer(number, answer, self.now_s, 0.0)
        assert outcome is not None
        self.report(outcome.accepted)
        self.report([each for each, _ in outcome.rejected])
        of_request = {id(each) for each in request.items}
        assert {id(each) for each in outcome.accepted} <= of_request
        assert {id(each) for each, _ in outcome.rejected} <= of_request
        if outcome.rejected:
            assert len(request.items) == 1
        assert self.delivery.take_answer(number, answer, self.now_s, 0.0) is None

    @rule(wait_s=WAITS_S)
    def wait(self, wait_s: float) -> None:
        self.now_s += wait_s

    @rule(pixel=st.sampled_from(PIXELS))
    def change_token(self, pixel: str) -> None:
        self.delivery.token_changed(pixel, self.now_s)

    @rule(partition=PARTITIONS)
    def release(self, partition: int) -> None:
        def is_gone(each: Item) -> bool:
            return each.records[0].position.partition == partition

        self.report(self.batcher.remove(is_gone))
        self.report(self.delivery.release(is_gone))
        assert not self.delivery.is_trying(is_gone)

    @rule(pixel=st.sampled_from(PIXELS))
    def park(self, pixel: str) -> None:
        def is_wanted(each: Item) -> bool:
            return each.event.pixel == pixel

        self.report(self.batcher.remove(is_wanted))
        self.report(self.delivery.take(is_wanted))

    @invariant()
    def every_event_is_in_one_place(self) -> None:
        handed_over = sum(self.delivery.items(pixel) for pixel in PIXELS)
        assert set(self.reported.values()) <= {1}
        assert len(self.batcher) + handed_over + len(self.reported) == len(self.given)

    @invariant()
    def requests_stay_within_their_bounds(self) -> None:
        assert self.delivery.in_flight() == len(self.on_their_way) <= 3
        assert 1 <= self.delivery.limit() <= 3

    @invariant()
    def the_operators_hold_stays(self) -> None:
        assert self.delivery.states()["news"].state is PixelState.HELD

    def teardown(self) -> None:
        """Everything is still reported once, if only TikTok accepts: nothing is stuck."""
        for number in list(self.on_their_way):
            self.answer_all(number)
        for _ in range(10_000):
            self.now_s += 61.0
            request = self.delivery.next(self.now_s, self.batcher, is_flushing=True)
            if request is None:
                break
            outcome = self.delivery.take_answer(request.number, ACCEPTED, self.now_s, 0.0)
            assert outcome is not None
            self.report(outcome.accepted)
        waiting = {each.event.pixel for each in self.batcher}
        assert waiting <= {"news"}
        assert len(self.reported) + len(self.batcher) == len(self.given)
        assert set(self.reported.values()) <= {1}

    def answer_all(self, number: int) -> None:
        outcome = self.delivery.take_answer(number, ACCEPTED, self.now_s, 0.0)
        assert outcome is not None
        self.report(outcome.accepted)


TestConservationOfEvents = ConservationOfEvents.TestCase
TestConservationOfEvents.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
