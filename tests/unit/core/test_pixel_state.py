"""A pixel's state: every answer in every state, and what opens and closes it."""

import pytest

from consumer.core.backoff import Backoff
from consumer.core.deliver.pixel_state import (
    IDLE_S,
    AnswerContext,
    PixelAvailability,
    PixelState,
    PixelStates,
    StateChange,
    held_by_operator,
)
from consumer.core.deliver.response import classify
from consumer.core.model import Answer
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, FORBIDDEN, REFUSED, THROTTLED, TIMEOUT, envelope
from tests.support.tiktok_codes import EVERY_CODE

OPEN, THROTTLED_STATE, UNAVAILABLE, HELD = PixelState
PIXEL_THROTTLED = envelope(40132)


class Bench:
    """Two pixels; each answer belongs to a request begun after everything that was answered before it."""

    def __init__(self, backoff: Backoff | None = None, is_shop_held: bool = False) -> None:
        pixels = {"shop": is_shop_held, "blog": False}
        self.states = PixelStates(pixels, backoff or Backoff(1.0, 60.0), lambda: 1.0)
        self.number = 0

    def answer(
        self,
        answer: Answer,
        now_s: float = 0.0,
        *,
        pixel: str = "shop",
        request: int | None = None,
        are_others_accepted: bool = False,
        single_refusals: int = 0,
    ) -> list[StateChange]:
        number = self.number if request is None else request
        self.number += 1
        context = AnswerContext(classify(answer, 0.0), number, self.number, are_others_accepted, single_refusals)
        return self.states.take_answer(pixel, context, now_s)

    def state(self, pixel: str = "shop") -> PixelState:
        return self.states.availability(pixel).state

    def bring(self, state: PixelState) -> "Bench":
        first = {THROTTLED_STATE: PIXEL_THROTTLED, UNAVAILABLE: TIMEOUT, HELD: FORBIDDEN}
        if state in first:
            self.answer(first[state])
        assert self.state() is state
        return self


def after(state: PixelState, treatment: str) -> PixelState:
    """The table, written out by hand."""
    table = {
        #              accepted refused throttled        unavailable  forbidden
        OPEN:            (OPEN, OPEN, THROTTLED_STATE, UNAVAILABLE, HELD),
        THROTTLED_STATE: (OPEN, OPEN, THROTTLED_STATE, UNAVAILABLE, HELD),
        UNAVAILABLE:     (OPEN, OPEN, THROTTLED_STATE, UNAVAILABLE, HELD),
        HELD:            (OPEN, HELD, HELD, HELD, HELD),
    }  # fmt: skip
    return table[state][["accepted", "refused", "throttled", "unavailable", "forbidden"].index(treatment)]


@pytest.mark.parametrize("state", PixelState)
@pytest.mark.parametrize(("code", "treatment"), EVERY_CODE)
def test_every_code_in_every_state(state: PixelState, code: int, treatment: str) -> None:
    bench = Bench().bring(state)

    bench.answer(envelope(code))

    assert bench.state() is after(state, treatment)


@pytest.mark.parametrize("state", PixelState)
@pytest.mark.parametrize(
    ("answer", "treatment"),
    [
        (Answer(None, b"", 1.0, failure="tls"), "unavailable"),
        (BAD_GATEWAY, "unavailable"),
        (Answer(200, b"", 1.0), "unavailable"),
        (Answer(413, b"", 1.0), "refused"),
        (Answer(429, b"", 1.0), "throttled"),
    ],
)
def test_every_answer_without_envelope_in_every_state(state: PixelState, answer: Answer, treatment: str) -> None:
    bench = Bench().bring(state)

    bench.answer(answer)

    assert bench.state() is after(state, treatment)


@pytest.mark.parametrize("answer", [THROTTLED, envelope(40133), envelope(40016), Answer(429, b"", 1.0)])
def test_an_app_wide_throttling_closes_every_open_pixel(answer: Answer) -> None:
    bench = Bench()

    changes = bench.answer(answer, now_s=5.0)

    assert {change.pixel for change in changes} == {"shop", "blog"}
    assert bench.state("blog") is THROTTLED_STATE
    assert bench.states.are_all_throttled
    assert bench.states.next_try_s("blog") == 6.0


def test_an_acceptance_of_any_pixel_ends_an_app_wide_throttling() -> None:
    bench = Bench()
    bench.answer(THROTTLED)

    changes = bench.answer(ACCEPTED, pixel="blog")

    assert {(change.pixel, change.after) for change in changes} == {("shop", OPEN), ("blog", OPEN)}
    assert not bench.states.are_all_throttled


def test_40132_leaves_the_other_pixels_open() -> None:
    bench = Bench()

    changes = bench.answer(PIXEL_THROTTLED)

    assert changes == [StateChange("shop", OPEN, THROTTLED_STATE, "code 40132")]
    assert bench.state("blog") is OPEN


def test_an_app_wide_throttling_leaves_a_held_pixel_held() -> None:
    bench = Bench().bring(HELD)

    bench.answer(THROTTLED, pixel="blog")

    assert bench.state() is HELD
    bench.answer(ACCEPTED, pixel="blog")
    assert bench.state() is HELD


def test_an_unavailable_pixel_waits_for_its_own_and_for_the_app_wide_back_off() -> None:
    bench = Bench().bring(UNAVAILABLE)
    bench.answer(THROTTLED, now_s=10.0, pixel="blog")

    assert bench.states.next_try_s("shop") == 11.0
    assert bench.state() is UNAVAILABLE


@pytest.mark.parametrize("state", [THROTTLED_STATE, UNAVAILABLE])
def test_the_back_off_doubles_while_it_stays_closed_and_starts_anew_once_it_was_open(state: PixelState) -> None:
    again = PIXEL_THROTTLED if state is THROTTLED_STATE else TIMEOUT
    bench = Bench().bring(state)
    waits = []
    for _ in range(7):
        bench.answer(again, now_s=100.0)
        waits.append((bench.states.next_try_s("shop") or 0.0) - 100.0)
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]

    bench.answer(ACCEPTED)
    bench.answer(again, now_s=200.0)

    assert bench.states.next_try_s("shop") == 201.0


def test_waits_as_long_as_retry_after_asks_if_that_is_longer() -> None:
    bench = Bench()

    bench.answer(envelope(40132, retry_after="90"), now_s=10.0)
    assert bench.states.next_try_s("shop") == 100.0

    bench.answer(envelope(40132, retry_after="0"), now_s=10.0)
    assert bench.states.next_try_s("shop") == 12.0


def test_a_held_pixel_tries_once_a_minute_for_ever() -> None:
    bench = Bench()
    for minute in range(5):
        bench.answer(FORBIDDEN, now_s=60.0 * minute)
        assert bench.states.next_try_s("shop") == 60.0 * (minute + 1)

    bench.answer(envelope(40100, retry_after="7"), now_s=600.0)
    assert bench.state() is HELD


def test_a_held_pixel_remembers_what_held_it() -> None:
    bench = Bench()
    bench.answer(envelope(40105), now_s=3.0)
    bench.answer(TIMEOUT, now_s=70.0)

    pixel = bench.states.availability("shop")

    assert (pixel.why, pixel.since_s, pixel.failures) == ("code 40105", 3.0, 2)


def test_a_pixel_that_is_not_held_says_the_latest_reason() -> None:
    bench = Bench()
    bench.answer(BAD_GATEWAY)
    bench.answer(TIMEOUT)

    assert bench.states.availability("shop").why == "timeout"


def test_since_is_of_the_state_and_closed_since_of_the_first_closed_one() -> None:
    bench = Bench()
    bench.answer(TIMEOUT, now_s=10.0)
    bench.answer(PIXEL_THROTTLED, now_s=20.0)
    bench.answer(PIXEL_THROTTLED, now_s=30.0)

    pixel = bench.states.availability("shop")
    assert (pixel.since_s, pixel.closed_since_s) == (20.0, 10.0)

    bench.answer(ACCEPTED, now_s=40.0)
    pixel = bench.states.availability("shop")
    assert (pixel.since_s, pixel.closed_since_s, pixel.next_try_s) == (40.0, None, 0.0)


# Answers to requests that began under other circumstances.


@pytest.mark.parametrize("late", [ACCEPTED, REFUSED, PIXEL_THROTTLED, FORBIDDEN])
def test_an_answer_asked_for_before_the_state_was_entered_does_not_change_it(late: Answer) -> None:
    bench = Bench()
    bench.number = 5
    bench.answer(TIMEOUT, request=3)
    before = bench.states.availability("shop")

    bench.answer(late, request=4)

    assert bench.states.availability("shop") == before


def test_a_whole_flock_of_failures_counts_once() -> None:
    bench = Bench()
    bench.number = 8
    for request in range(8):
        bench.answer(TIMEOUT, request=request)

    assert bench.states.availability("shop").failures == 1


def test_a_whole_flock_of_throttled_answers_counts_once() -> None:
    bench = Bench()
    bench.number = 8
    for request in range(8):
        bench.answer(THROTTLED, request=request)

    assert bench.states.availability("shop").failures == 1


def test_a_late_forbidden_does_not_hold_a_pixel_that_has_another_token_now() -> None:
    bench = Bench().bring(HELD)
    bench.states.token_changed("shop", 9.0, next_request=bench.number)

    bench.answer(FORBIDDEN, request=bench.number - 1)

    assert bench.state() is OPEN


def test_one_timeout_among_acceptances_does_not_close_a_pixel() -> None:
    bench = Bench()

    assert bench.answer(TIMEOUT, are_others_accepted=True) == []
    assert bench.state() is OPEN


@pytest.mark.parametrize(("answer", "state"), [(FORBIDDEN, HELD), (PIXEL_THROTTLED, THROTTLED_STATE)])
def test_acceptances_meanwhile_excuse_nothing_else(answer: Answer, state: PixelState) -> None:
    bench = Bench()

    bench.answer(answer, are_others_accepted=True)

    assert bench.state() is state


def test_acceptances_meanwhile_do_not_open_an_unavailable_pixel() -> None:
    bench = Bench().bring(UNAVAILABLE)

    bench.answer(TIMEOUT, are_others_accepted=True)

    assert bench.state() is UNAVAILABLE


# Twenty single refusals.


def test_the_twentieth_single_refusal_in_a_row_holds_the_pixel() -> None:
    bench = Bench()
    assert bench.answer(REFUSED, single_refusals=19) == []

    changes = bench.answer(REFUSED, now_s=7.0, single_refusals=20)

    why = "20 events in a row were refused and none accepted"
    assert changes == [StateChange("shop", OPEN, HELD, why)]
    assert bench.states.next_try_s("shop") == 67.0


@pytest.mark.parametrize("state", [THROTTLED_STATE, UNAVAILABLE])
def test_the_twentieth_single_refusal_holds_a_closed_pixel_too(state: PixelState) -> None:
    bench = Bench().bring(state)

    bench.answer(REFUSED, single_refusals=20)

    assert bench.state() is HELD


def test_old_refusals_make_no_hold_of_a_timeout() -> None:
    bench = Bench()

    bench.answer(TIMEOUT, single_refusals=20)

    assert bench.state() is UNAVAILABLE


# What time does.

TRY_S = 1.0
"""After one failure, without jitter."""


@pytest.mark.parametrize("state", [THROTTLED_STATE, UNAVAILABLE])
def test_a_closed_pixel_opens_when_its_try_has_been_due_for_five_minutes_and_nothing_is_left_of_it(
    state: PixelState,
) -> None:
    bench = Bench().bring(state)
    due_s = TRY_S + IDLE_S

    assert bench.states.open_idle([], due_s, next_request=bench.number) == []
    assert bench.states.open_idle(["shop"], due_s - 0.1, next_request=bench.number) == []
    assert bench.states.open_idle(["shop"], due_s, next_request=bench.number) == [
        StateChange("shop", state, OPEN, "nothing is left to try it with")
    ]
    assert bench.states.availability("shop") == PixelAvailability(since_s=due_s, first_request=1)


def test_a_pixel_that_is_held_or_open_stays_as_it_is_however_little_is_left_of_it() -> None:
    bench = Bench(is_shop_held=True)
    bench.answer(FORBIDDEN, pixel="blog")

    assert bench.states.open_idle(["shop", "blog"], 10_000.0, next_request=bench.number) == []
    assert (bench.state(), bench.state("blog")) == (HELD, HELD)


def test_an_app_wide_throttling_ends_where_nothing_is_left_of_any_pixel() -> None:
    bench = Bench()
    bench.answer(THROTTLED)

    assert bench.states.closed() == ["shop", "blog"]
    assert bench.states.open_idle(["shop"], 10_000.0, next_request=bench.number) == []
    changes = bench.states.open_idle(["shop", "blog"], 10_000.0, next_request=bench.number)

    assert [(change.pixel, change.after) for change in changes] == [("shop", OPEN), ("blog", OPEN)]
    assert bench.states.closed() == []
    bench.answer(THROTTLED, 10_001.0, request=0)  # of before: it counts no more
    assert bench.states.closed() == []


@pytest.mark.parametrize("is_shop_held", [True, False])
def test_an_app_wide_throttling_does_not_wait_for_what_a_held_pixel_keeps(is_shop_held: bool) -> None:
    bench = Bench(is_shop_held=is_shop_held)
    if not is_shop_held:
        bench.answer(FORBIDDEN)
    bench.answer(THROTTLED, pixel="blog")

    [change] = bench.states.open_idle(["blog"], 10_000.0, next_request=bench.number)

    assert (change.pixel, change.after) == ("blog", OPEN)
    assert bench.state() is HELD


# What a person does.


def test_another_token_opens_a_held_pixel() -> None:
    bench = Bench().bring(HELD)

    change = bench.states.token_changed("shop", 9.0, next_request=bench.number)

    assert change == StateChange("shop", HELD, OPEN, "its token has changed")
    assert bench.states.availability("shop") == PixelAvailability(since_s=9.0, first_request=1)


@pytest.mark.parametrize("state", [OPEN, THROTTLED_STATE, UNAVAILABLE])
def test_another_token_changes_nothing_of_a_pixel_that_is_not_held(state: PixelState) -> None:
    bench = Bench().bring(state)
    before = bench.states.availability("shop")

    assert bench.states.token_changed("shop", 9.0, next_request=5) is None
    assert bench.states.availability("shop") == before


def test_a_pixel_that_the_operator_holds_never_tries_and_no_token_opens_it() -> None:
    bench = Bench(is_shop_held=True)

    assert bench.states.availability("shop") == held_by_operator(0.0)
    assert bench.states.next_try_s("shop") is None
    assert bench.states.token_changed("shop", 9.0, next_request=5) is None
    assert bench.state() is HELD


def test_the_operators_hold_outlasts_an_app_wide_throttling() -> None:
    bench = Bench(is_shop_held=True)
    bench.answer(THROTTLED, pixel="blog")
    assert bench.states.next_try_s("shop") is None

    bench.answer(ACCEPTED, pixel="blog")

    assert bench.state() is HELD
    assert bench.states.all()["blog"].can_send
