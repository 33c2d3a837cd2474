"""Which request goes next, and what its answer does to the events in it."""

import json

import pytest

from consumer.core.deliver.pixel_state import PixelState
from consumer.core.deliver.request import PixelSettings, Request, access_token_in, is_access_token
from consumer.core.model import Answer, Item
from tests.support.delivering import Bench
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, FORBIDDEN, REFUSED, THROTTLED, TIMEOUT, envelope, item

PARTIAL = envelope(20001)
SHOP, BLOG, NEWS = (PixelSettings(name, f"C-{name}") for name in ("shop", "blog", "news"))


def numbers(request: Request) -> list[int]:
    return [int(each.event.event_id or "") for each in request.items]


# The request.


def test_the_body_is_the_envelope_around_the_events_unchanged_bytes() -> None:
    bench = Bench(PixelSettings("shop", 'C"1', test_event_code="TEST1"))
    bench.add(2)

    request = bench.begin()

    assert request.body == (
        b'{"event_source":"web","event_source_id":"C\\"1","test_event_code":"TEST1","data":[{"n":0},{"n":1}]}'
    )
    assert len(request.body) == bench.delivery.overhead_bytes()["shop"] + len(b'{"n":0},{"n":1}')


def test_there_is_no_test_event_code_unless_configured() -> None:
    bench = Bench()
    bench.add(1)

    assert json.loads(bench.begin().body) == {"event_source": "web", "event_source_id": "CODE", "data": [{"n": 0}]}


def test_an_event_is_handed_over_with_its_request_and_not_before() -> None:
    bench = Bench()
    (first,) = bench.add(1)
    assert not first.is_submitted

    bench.begin()

    assert first.is_submitted


def test_waits_for_company_unless_everything_must_go() -> None:
    bench = Bench(max_wait_s=5.0)
    bench.add(1)
    assert bench.next() is None

    assert bench.next(is_flushing=True) is not None


def test_accepted_events_are_reported_once() -> None:
    bench = Bench()
    items = bench.add(3)
    request = bench.begin()

    assert bench.answer(request).accepted == items
    assert bench.delivery.take_answer(request.number, ACCEPTED, 0.0, 0.0) is None
    assert bench.unfinished() == 0


def test_a_partial_success_is_accepted() -> None:
    bench = Bench()
    items = bench.add(2)

    outcome = bench.exchange(PARTIAL)

    assert outcome.accepted == items
    assert outcome.verdict.is_partial


# Trying again.


@pytest.mark.parametrize("answer", [THROTTLED, envelope(40132), TIMEOUT, BAD_GATEWAY, FORBIDDEN, envelope(50000)])
def test_what_was_not_the_events_fault_is_tried_again_with_the_same_bytes(answer: Answer) -> None:
    bench = Bench()
    items = bench.add(1)
    body = bench.begin().body
    bench.answer(Request(0, "shop", (), b"", False), answer)
    assert bench.next() is None

    bench.now_s += 60.0
    again = bench.begin()

    assert again.body == body
    assert again.is_probe
    assert bench.answer(again).accepted == items
    assert bench.rejected == []
    assert bench.state() is PixelState.OPEN


@pytest.mark.parametrize(("answer", "wait_s"), [(TIMEOUT, 1.0), (THROTTLED, 1.0), (FORBIDDEN, 60.0)])
def test_waits_before_the_next_try_no_longer_than_it_must(answer: Answer, wait_s: float) -> None:
    bench = Bench()
    bench.add(1)
    bench.exchange(answer)

    bench.now_s = wait_s - 0.001
    assert bench.next() is None
    bench.now_s = wait_s
    assert bench.next() is not None


@pytest.mark.parametrize("answer", [TIMEOUT, BAD_GATEWAY, THROTTLED])
def test_never_gives_up_however_long_tiktok_is_away(answer: Answer) -> None:
    bench = Bench(max_events=100)
    items = bench.add(1000)

    bench.run(lambda request: answer, until_s=86_400.0, idle_s=1.0)
    assert (bench.accepted, bench.rejected) == ([], [])
    assert bench.requests < 86_400 / 60 * 3 + 20

    bench.run(lambda request: ACCEPTED, until_s=2 * 86_400.0, idle_s=1.0)
    assert sorted(map(id, bench.accepted)) == sorted(map(id, items))


def test_goes_on_at_full_speed_within_the_longest_back_off_once_tiktok_is_back() -> None:
    bench = Bench(max_events=10)
    bench.add(400)
    bench.run(lambda request: BAD_GATEWAY, until_s=1200.0)
    back_s = bench.now_s

    bench.run(lambda request: ACCEPTED)

    assert len(bench.accepted) == 400
    assert bench.now_s <= back_s + 61.0
    assert bench.delivery.limit() == 8


def test_a_timed_out_batch_waits_by_itself_while_others_are_accepted() -> None:
    bench = Bench(max_events=1)
    bench.add(3)
    slow, quick = bench.begin(), bench.begin()
    bench.answer(quick)

    bench.answer(slow, TIMEOUT)

    assert bench.state() is PixelState.OPEN
    assert numbers(bench.begin()) == [2]
    assert bench.next() is None
    bench.now_s = 1.0
    assert numbers(bench.begin()) == [0]


def test_one_poisonous_batch_does_not_keep_its_pixel_closed() -> None:
    bench = Bench(max_events=1, max_in_flight=1)
    poison = item(999)
    bench.batcher.add(poison, 0.0)
    bench.add(200)

    bench.run(lambda request: BAD_GATEWAY if poison in request.items else ACCEPTED, until_s=60.0)

    assert len(bench.accepted) == 200
    assert bench.rejected == []


def test_what_must_be_tried_again_goes_before_new_work() -> None:
    bench = Bench(max_events=1, max_in_flight=1)
    bench.add(2)
    bench.exchange(TIMEOUT)
    bench.now_s = 60.0

    assert numbers(bench.begin()) == [0]


# Refusals.


def guilty(*bad: int) -> "Bench":
    """A thousand events, of which these are refused; all of them sent as it must be."""
    bench = Bench()
    bench.add(1000)
    bench.run(lambda request: REFUSED if set(bad) & set(numbers(request)) else ACCEPTED)
    return bench


@pytest.mark.parametrize("bad", [0, 1, 499, 500, 777, 998, 999])
def test_one_bad_event_among_a_thousand_is_found_within_22_requests(bad: int) -> None:
    bench = guilty(bad)

    assert len(bench.accepted) == 999
    assert [int(each.event.event_id or "") for each, _ in bench.rejected] == [bad]
    assert bench.requests <= 22


def test_several_bad_events_are_each_found() -> None:
    bench = guilty(3, 4, 500, 999)

    assert sorted(int(each.event.event_id or "") for each, _ in bench.rejected) == [3, 4, 500, 999]
    assert len(bench.accepted) == 996


def test_halves_go_ahead_of_new_work_the_first_half_first() -> None:
    bench = Bench(max_events=4, max_in_flight=1)
    bench.add(8)
    bench.exchange(REFUSED)

    assert numbers(bench.begin()) == [0, 1]
    bench.answer(Request(1, "shop", (), b"", False))
    assert numbers(bench.begin()) == [2, 3]


def test_a_413_without_envelope_is_halved_and_the_event_alone_rejected() -> None:
    bench = Bench()
    items = bench.add(2)
    too_large = Answer(413, b"<html>", 0.1)

    bench.run(lambda request: too_large if items[1] in request.items else ACCEPTED)

    assert bench.accepted == items[:1]
    ((culprit, rejection),) = bench.rejected
    assert culprit is items[1]
    assert rejection.reason == "deliver.refused"
    assert (rejection.code, rejection.detail) == (None, "TikTok refused it: HTTP 413 without TikTok's envelope")


def test_a_rejection_carries_what_the_dead_letter_needs() -> None:
    bench = Bench()
    bench.add(1)

    ((_, rejection),) = bench.exchange(REFUSED).rejected

    assert (rejection.code, rejection.request_id) == (40002, "20261122-1")
    assert (rejection.rule, rejection.pixel) == ("purchases", "shop")


def test_a_bisected_batch_does_not_slow_anything() -> None:
    bench = guilty(7)

    assert bench.delivery.limit() == 8
    assert bench.state() is PixelState.OPEN


# Holds.


def test_twenty_single_refusals_in_a_row_hold_the_pixel_and_nothing_more_is_rejected() -> None:
    bench = Bench()
    bench.add(1000)

    bench.run(lambda request: REFUSED, until_s=3600.0)

    assert len(bench.rejected) == 20
    assert bench.state() is PixelState.HELD
    assert bench.unfinished() == 980


def test_an_acceptance_in_between_starts_the_count_anew() -> None:
    bench = Bench(max_events=1, max_in_flight=1)
    bench.add(39)
    for n in range(39):
        bench.exchange(ACCEPTED if n == 19 else REFUSED)

    assert len(bench.rejected) == 38
    assert bench.state() is PixelState.OPEN


def test_a_held_pixel_tries_one_event_a_minute() -> None:
    bench = Bench()
    bench.add(1000)
    bench.exchange(FORBIDDEN)
    tried = []
    for minute in range(1, 6):
        bench.now_s = 60.0 * minute - 0.001
        assert bench.next() is None
        bench.now_s = 60.0 * minute
        request = bench.begin()
        tried.append(numbers(request))
        assert bench.next() is None
        bench.answer(request, FORBIDDEN)

    assert tried == [[0]] * 5
    assert bench.rejected == []
    assert bench.unfinished() == 1000


def test_a_held_pixel_tries_with_new_work_if_it_has_nothing_else() -> None:
    bench = Bench(SHOP, BLOG)
    bench.add(1)
    bench.exchange(FORBIDDEN)
    bench.delivery.take(lambda each: True)
    bench.add(5)
    bench.now_s = 60.0

    assert len(bench.begin().items) == 1
    assert bench.batcher.waiting("shop") == 4


def test_an_accepted_probe_opens_a_held_pixel_and_everything_flows() -> None:
    bench = Bench()
    items = bench.add(1000)
    bench.exchange(FORBIDDEN)
    bench.now_s = 60.0

    outcome = bench.exchange(ACCEPTED)

    assert outcome.accepted == items[:1]
    assert [(change.before, change.after) for change in outcome.changes] == [(PixelState.HELD, PixelState.OPEN)]
    assert numbers(bench.begin()) == list(range(1, 1000))


def test_a_refused_probe_rejects_nothing_and_lets_another_event_try() -> None:
    bench = Bench()
    items = bench.add(3)
    bench.exchange(FORBIDDEN)
    bad = items[0]
    judge = {True: REFUSED, False: ACCEPTED}

    bench.now_s = 60.0
    bench.exchange(REFUSED)
    assert (bench.rejected, bench.state()) == ([], PixelState.HELD)

    bench.run(lambda request: judge[bad in request.items])

    assert [each for each, _ in bench.rejected] == [bad]
    assert bench.accepted == items[1:]


def test_a_refused_probe_is_the_probe_again_if_there_is_nothing_else() -> None:
    bench = Bench()
    items = bench.add(1)
    bench.exchange(FORBIDDEN)
    bench.now_s = 60.0
    bench.exchange(REFUSED)
    bench.now_s = 120.0

    assert bench.exchange(ACCEPTED).accepted == items


def test_a_held_pixel_opens_by_itself_once_the_producer_sends_good_events() -> None:
    bench = Bench(max_wait_s=1.0)
    bench.add(40)
    bench.run(lambda request: REFUSED, until_s=300.0)
    assert (bench.state(), len(bench.rejected)) == (PixelState.HELD, 20)

    good = []
    for number in range(1000, 1200):  # the producer is corrected: an event every five seconds
        good += bench.add(1, first=number)
        bench.run(lambda request: REFUSED if min(numbers(request)) < 1000 else ACCEPTED, until_s=bench.now_s + 5.0)

    assert sorted(map(id, bench.accepted)) == sorted(map(id, good))
    assert len(bench.rejected) == 40
    assert bench.state() is PixelState.OPEN


def test_a_held_pixel_tries_each_refused_event_before_it_tries_one_again_in_turns_with_new_work() -> None:
    bench = Bench(max_events=1, max_in_flight=1)
    bench.add(4)
    bench.exchange(FORBIDDEN)
    tried = []
    for minute in range(1, 9):
        bench.now_s = 60.0 * minute
        request = bench.begin()
        tried += numbers(request)
        bench.answer(request, REFUSED)

    assert tried == [0, 3, 0, 2, 3, 1, 0, 2]
    assert bench.rejected == []


def test_another_token_opens_a_held_pixel_at_once() -> None:
    bench = Bench()
    items = bench.add(1000)
    bench.exchange(FORBIDDEN)

    change = bench.delivery.token_changed("shop", bench.now_s)

    assert change is not None
    assert bench.exchange(ACCEPTED).accepted == items


def test_a_closed_pixel_does_not_open_before_it_was_tried_with_what_is_left_of_it() -> None:
    bench = Bench()
    [item] = bench.add(1)
    bench.exchange(BAD_GATEWAY)

    assert bench.delivery.open_idle(bench.batcher, 10_000.0) == []
    bench.delivery.take(lambda each: each is item)
    bench.add(1)
    assert bench.delivery.open_idle(bench.batcher, 10_000.0) == []
    bench.batcher.remove(lambda each: True)
    [change] = bench.delivery.open_idle(bench.batcher, 10_000.0)
    assert (change.pixel, change.after) == ("shop", PixelState.OPEN)


def test_another_token_forgives_the_refusals_in_a_row() -> None:
    bench = Bench()
    bench.add(1000)
    bench.run(lambda request: REFUSED, until_s=50.0)
    bench.delivery.token_changed("shop", bench.now_s)

    bench.run(lambda request: REFUSED, until_s=100.0)

    assert len(bench.rejected) == 40


def test_the_operators_hold_sends_nothing_and_wakes_nobody() -> None:
    bench = Bench(PixelSettings("shop", "CODE", is_held=True), BLOG)
    bench.add(1)
    bench.add(1, "blog")

    assert bench.begin().pixel == "blog"
    bench.now_s = 1_000_000.0
    assert bench.next(is_flushing=True) is None
    assert bench.delivery.token_changed("shop", 0.0) is None


def test_a_batch_refused_while_its_pixel_is_held_loses_nothing() -> None:
    bench = Bench(max_events=2)
    bench.add(4)
    first, second = bench.begin(), bench.begin()
    bench.answer(first, FORBIDDEN)
    bench.answer(second, REFUSED)

    assert bench.rejected == []
    assert bench.unfinished() == 4


# The unanswerable event.


def poisoned(minutes: float) -> tuple[Bench, Item, list[Item]]:
    """One of a hundred events is never answered; the others of its pixel flow on, a new one every second."""
    bench = Bench(max_events=100, random=lambda: 0.5)
    items = bench.add(100)
    poison = items[42]
    others = items[:42] + items[43:]
    for second in range(int(minutes * 60)):
        bench.now_s = max(bench.now_s, float(second))
        others += bench.add(1, first=1000 + second)
        for request in bench.begin_all():
            bench.answer(request, TIMEOUT if poison in request.items else ACCEPTED)
    return bench, poison, others


def test_an_event_that_is_never_answered_while_others_are_is_given_up_alone() -> None:
    bench, poison, others = poisoned(minutes=30)

    ((culprit, rejection),) = bench.rejected
    assert culprit is poison
    assert rejection.reason == "deliver.unanswerable"
    assert (rejection.rule, rejection.pixel, rejection.code) == ("purchases", "shop", None)
    assert "10 tries and 10 minutes" in rejection.detail
    assert sorted(map(id, bench.accepted)) == sorted(map(id, others))


def test_it_is_not_even_suspected_within_ten_minutes() -> None:
    bench, _, _ = poisoned(minutes=10)

    assert bench.rejected == []
    assert bench.delivery.items("shop") == 100


def test_an_event_alone_is_given_up_only_after_ten_tries_alone() -> None:
    bench, poison, _ = poisoned(minutes=10)
    alone = 0
    while not bench.rejected:
        bench.now_s += 1.0
        bench.add(1, first=5000)
        for request in bench.begin_all():
            alone += request.items == (poison,)
            bench.answer(request, TIMEOUT if poison in request.items else ACCEPTED)

    assert alone == 10


def test_unavailable_without_others_being_accepted_proves_nothing() -> None:
    bench = Bench(max_events=1)
    bench.add(1)

    bench.run(lambda request: TIMEOUT, until_s=100_000.0, idle_s=1.0)

    assert bench.rejected == []
    assert bench.requests > 1000


def test_an_outage_adds_nothing_to_the_proof_and_one_more_acceptance_does() -> None:
    bench = Bench(max_events=1)
    (poison,) = bench.add(1)

    def until_accepted(count: int) -> None:
        bench.add(1)
        while len(bench.accepted) < count:
            bench.now_s += 100.0
            for request in bench.begin_all():
                bench.answer(request, TIMEOUT if poison in request.items else ACCEPTED)

    for count in range(1, 9):  # with the first failure, nine proofs
        until_accepted(count)
    bench.run(lambda request: TIMEOUT, until_s=bench.now_s + 10_000.0, idle_s=1.0)
    assert bench.rejected == []

    until_accepted(9)
    bench.run(lambda request: TIMEOUT, until_s=bench.now_s + 10_000.0, idle_s=1.0)

    assert [each for each, _ in bench.rejected] == [poison]


# Slots and turns.


def test_has_no_more_on_its_way_than_configured() -> None:
    bench = Bench(max_in_flight=3, max_events=1)
    bench.add(10)

    assert len(bench.begin_all()) == 3
    assert bench.delivery.in_flight() == 3


def test_has_fewer_on_its_way_after_failures_and_all_again_after_acceptances() -> None:
    bench = Bench(max_in_flight=8, max_events=1)
    bench.add(200)
    flock = bench.begin_all()
    for request in flock:
        bench.answer(request, BAD_GATEWAY)
    assert bench.delivery.limit() == 4

    bench.now_s = 100.0
    bench.exchange(ACCEPTED)
    assert len(bench.begin_all()) == 4


def test_the_limit_is_of_all_pixels_together() -> None:
    bench = Bench(SHOP, BLOG, NEWS, max_events=1, max_in_flight=8)
    for pixel in ("shop", "blog", "news"):
        bench.add(20, pixel)
    flock = bench.begin_all()
    for request in flock[:-1]:
        bench.answer(request)
    bench.answer(flock[-1], TIMEOUT)
    assert (len(flock), bench.delivery.limit()) == (8, 4)
    assert {bench.state(pixel) for pixel in ("shop", "blog", "news")} == {PixelState.OPEN}

    assert len(bench.begin_all()) == 4


@pytest.mark.parametrize("answer", [THROTTLED, TIMEOUT])
def test_the_tries_of_a_closed_pixel_do_not_lower_the_limit_again(answer: Answer) -> None:
    bench = Bench()
    bench.add(1)
    bench.run(lambda request: answer, until_s=1000.0)

    assert bench.delivery.limit() == 4


def test_40132_does_not_lower_the_limit_of_all() -> None:
    bench = Bench()
    bench.add(1)
    bench.exchange(envelope(40132))

    assert bench.delivery.limit() == 8


def test_pixels_take_turns() -> None:
    bench = Bench(SHOP, BLOG, NEWS, max_events=1, max_in_flight=1)
    for pixel in ("shop", "blog", "news"):
        bench.add(3, pixel)

    order = [bench.exchange().request.pixel for _ in range(9)]

    assert order == ["shop", "blog", "news"] * 3


def test_a_slow_pixel_leaves_a_slot_for_the_others() -> None:
    bench = Bench(SHOP, BLOG, max_events=1, max_in_flight=4)
    bench.add(10, "shop")
    assert len(bench.begin_all()) == 3

    bench.add(1, "blog")

    assert bench.begin().pixel == "blog"


def test_slots_are_shared_evenly_among_those_that_have_work() -> None:
    bench = Bench(SHOP, BLOG, NEWS, max_events=1, max_in_flight=8)
    bench.add(20, "shop")
    bench.add(20, "blog")

    begun = [request.pixel for request in bench.begin_all()]

    assert (begun.count("shop"), begun.count("blog")) == (4, 4)


def test_a_slot_is_kept_free_only_for_pixels_that_may_send() -> None:
    bench = Bench(SHOP, PixelSettings("blog", "C", is_held=True), max_events=1, max_in_flight=4)
    bench.add(10)

    assert len(bench.begin_all()) == 4


def test_a_closed_pixel_has_one_request_at_a_time() -> None:
    bench = Bench(max_events=1)
    bench.add(10)
    bench.exchange(TIMEOUT)
    bench.now_s = 100.0

    assert bench.begin().is_probe
    assert bench.next() is None


def test_closed_pixels_together_have_at_most_half_of_the_slots() -> None:
    names = [f"p{n}" for n in range(6)]
    bench = Bench(*(PixelSettings(name, name) for name in names), max_events=1, max_in_flight=4)
    for name in names:
        bench.add(1, name)
    for _ in names:
        bench.exchange(TIMEOUT)
    bench.now_s = 1000.0

    assert len(bench.begin_all()) == 2


def test_a_single_slot_serves_closed_pixels_too() -> None:
    bench = Bench(max_in_flight=1)
    bench.add(1)
    bench.exchange(TIMEOUT)
    bench.now_s = 1000.0

    assert bench.begin().is_probe


def test_a_probe_takes_no_slot_of_the_open_ones() -> None:
    bench = Bench(SHOP, BLOG, max_events=1, max_in_flight=2)
    bench.add(2, "shop")
    bench.exchange(TIMEOUT)
    assert bench.delivery.limit() == 1
    bench.now_s = 100.0
    bench.add(2, "blog")

    assert {request.pixel for request in bench.begin_all()} == {"shop", "blog"}


def test_while_all_are_throttled_one_request_at_a_time_tries() -> None:
    bench = Bench(SHOP, BLOG, NEWS, max_events=1)
    for pixel in ("shop", "blog", "news"):
        bench.add(2, pixel)
    bench.exchange(THROTTLED)
    assert bench.next() is None
    bench.now_s = 1.0

    assert len(bench.begin_all()) == 1


def test_one_revoked_pixel_of_five_does_not_slow_the_others() -> None:
    names = [f"p{n}" for n in range(5)]
    bench = Bench(*(PixelSettings(name, name) for name in names), max_events=10)
    for name in names:
        bench.add(1000, name)

    bench.run(lambda request: FORBIDDEN if request.pixel == "p0" else ACCEPTED, until_s=50.0)

    assert len(bench.accepted) == 4000
    assert bench.rejected == []
    assert bench.now_s < 50.0 or bench.delivery.items("p0") + bench.batcher.waiting("p0") == 1000


def test_keeps_the_run_wide_rate() -> None:
    bench = Bench(per_s=10.0, max_events=1)
    bench.add(1000)
    for _ in range(100):
        for request in bench.begin_all():
            bench.answer(request)
        bench.now_s += 0.1

    assert 98 <= bench.requests <= 101


def test_keeps_a_pixels_own_rate() -> None:
    bench = Bench(PixelSettings("shop", "C", max_requests_per_second=2.0), BLOG, max_events=1, per_s=1000.0)
    bench.add(1000)
    bench.add(300, "blog")
    for _ in range(100):
        for request in bench.begin_all():
            bench.answer(request)
        bench.now_s += 0.1

    sent = [each.event.pixel for each in bench.accepted]
    assert 19 <= sent.count("shop") <= 21
    assert sent.count("blog") == 300


def test_40132_slows_the_rate_of_its_pixel_alone() -> None:
    bench = Bench(SHOP, BLOG, max_events=1, per_s=100.0)
    bench.add(1000)
    bench.add(1000, "blog")
    bench.exchange(envelope(40132))
    bench.answer(bench.begin())
    bench.now_s = 10.0
    bench.exchange()
    bench.exchange()
    start_s, bench.accepted = bench.now_s, []
    while bench.now_s < start_s + 3.0:
        for request in bench.begin_all():
            bench.answer(request)
        bench.now_s += 0.01

    sent = [each.event.pixel for each in bench.accepted]
    assert sent.count("shop") < 60
    assert sent.count("blog") > 200


def test_a_storm_of_throttling_calms_the_rate_of_all() -> None:
    bench = Bench(per_s=100.0, max_events=1)
    bench.add(10_000)
    allowed, window, used, answers = 20, -1, 0, []

    def judge(request: Request) -> Answer:
        nonlocal window, used
        if int(bench.now_s) != window:
            window, used = int(bench.now_s), 0
        used += 1
        answers.append((bench.now_s, used > allowed))
        return THROTTLED if used > allowed else ACCEPTED

    bench.run(judge, until_s=180.0, answer_s=0.01, idle_s=0.01)

    late = [is_throttled for at_s, is_throttled in answers if at_s > 60.0]
    assert sum(late) / len(late) < 0.05
    assert len(late) > 0.7 * allowed * 120

    allowed = 1000
    bench.run(judge, until_s=210.0, answer_s=0.01, idle_s=0.01)
    bench.requests, start_s = 0, bench.now_s
    bench.run(judge, until_s=start_s + 5.0, answer_s=0.01, idle_s=0.01)
    assert bench.requests > 450


# What is given up.


def test_takes_out_only_what_is_not_on_its_way() -> None:
    bench = Bench(SHOP, BLOG, max_events=1)
    waiting, flying = bench.add(2)
    bench.add(1, "blog")
    first, second = bench.begin(), bench.begin()
    while second.pixel != "shop":
        second = bench.begin()
    bench.answer(first, TIMEOUT)

    assert bench.delivery.take(lambda each: each.event.pixel == "shop") == [waiting]
    assert bench.answer(second).accepted == [flying]
    assert bench.delivery.items("shop") == 0


def test_what_stays_is_tried_again_without_what_was_released() -> None:
    bench = Bench()
    items = bench.add(3)
    request = bench.begin()
    bench.delivery.release(lambda each: each is items[1])

    bench.answer(request, TIMEOUT)
    bench.now_s = 100.0
    again = bench.begin()

    assert json.loads(again.body)["data"] == [{"n": 0}, {"n": 2}]


def test_an_answer_settles_nothing_of_what_was_released() -> None:
    bench = Bench()
    items = bench.add(3)
    request = bench.begin()

    assert bench.delivery.release(lambda each: each is items[0]) == [items[0]]

    assert bench.answer(request).accepted == items[1:]


@pytest.mark.parametrize("answer", [REFUSED, TIMEOUT, THROTTLED, FORBIDDEN])
def test_an_answer_to_what_was_released_altogether_brings_nothing_back(answer: Answer) -> None:
    bench = Bench()
    bench.add(2)
    request = bench.begin()
    bench.delivery.release(lambda each: True)

    outcome = bench.answer(request, answer)

    assert (outcome.accepted, outcome.rejected) == ([], [])
    assert bench.unfinished() == 0
    bench.now_s = 1000.0
    assert bench.next() is None


def test_a_refused_event_that_was_released_is_not_rejected() -> None:
    bench = Bench()
    bench.add(1)
    request = bench.begin()
    bench.delivery.release(lambda each: True)

    assert bench.answer(request, REFUSED).rejected == []


def test_one_that_is_left_of_a_refused_batch_is_tried_alone_before_it_is_rejected() -> None:
    bench = Bench()
    items = bench.add(2)
    request = bench.begin()
    bench.delivery.release(lambda each: each is items[0])

    assert bench.answer(request, REFUSED).rejected == []
    assert bench.exchange(ACCEPTED).accepted == [items[1]]


def test_one_that_is_left_of_an_unanswered_batch_is_not_given_up_for_it() -> None:
    bench, poison, _ = poisoned(minutes=10)
    bench.delivery.release(lambda each: bench.delivery.items("shop") > 0 and each is not poison)
    bench.now_s += 100.0
    bench.add(1, first=5000)
    for request in bench.begin_all():
        bench.answer(request, TIMEOUT if poison in request.items else ACCEPTED)

    assert bench.rejected == []
    assert bench.delivery.items("shop") == 1


# What the service asks.


def test_says_what_is_under_way_and_since_when() -> None:
    bench = Bench(max_events=1)
    assert bench.delivery.oldest_begun_s() is None
    bench.now_s = 3.0
    flying, _ = bench.add(2)
    bench.begin()
    bench.now_s = 4.0
    bench.begin()

    assert bench.delivery.oldest_begun_s() == 3.0
    assert bench.delivery.is_trying(lambda each: each is flying)
    assert not bench.delivery.is_trying(lambda each: False)


def test_tries_are_waited_for_only_where_the_pixel_is_open() -> None:
    bench = Bench(max_events=1)
    slow, _ = bench.add(2)
    first, second = bench.begin(), bench.begin()
    assert bench.delivery.is_trying(lambda each: each is slow)
    bench.answer(second)
    bench.answer(first, TIMEOUT)
    assert bench.state() is PixelState.OPEN
    assert bench.delivery.is_trying(lambda each: each is slow)
    assert not bench.delivery.is_trying(lambda each: each is not slow)

    bench.now_s = 100.0
    bench.exchange(FORBIDDEN)

    assert not bench.delivery.is_trying(lambda each: True)


def test_reports_a_pixel_that_closes_and_opens_once_each() -> None:
    bench = Bench()
    bench.add(1)

    changes = bench.exchange(TIMEOUT).changes
    assert [(change.pixel, change.before, change.after, change.why) for change in changes] == [
        ("shop", PixelState.OPEN, PixelState.UNAVAILABLE, "timeout")
    ]
    bench.now_s = 100.0
    assert bench.exchange(TIMEOUT).changes == []
    bench.now_s = 200.0
    assert [change.after for change in bench.exchange().changes] == [PixelState.OPEN]


def test_what_waits_for_another_try_can_be_looked_at() -> None:
    bench = Bench()
    items = bench.add(2)

    bench.exchange(BAD_GATEWAY)

    assert list(bench.delivery.retries("shop")) == items


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a1B2-_", True),
        ("", False),
        ("a b", False),
        ("caf\u00e9", False),
        ("a\n", False),
        ('"a"', False),
        ("'a'", False),
    ],
)
def test_an_access_token_is_what_a_header_can_carry(text: str, is_one: bool) -> None:
    assert is_access_token(text) is is_one


@pytest.mark.parametrize(
    ("content", "token"),
    [
        (b"a1", "a1"),
        (b" a1\r\n", "a1"),
        (b"\xef\xbb\xbfa1\n", "a1"),
        *((content, None) for content in (b"", b"\n", b"a b", b'"a1"', b"\xff\xfea\x001\x00", b"a1\xff", b"a\x00b")),
    ],
)
def test_a_token_file_may_begin_with_a_byte_order_mark_and_end_with_a_line_end(
    content: bytes, token: str | None
) -> None:
    assert access_token_in(content) == token
