"""Back-off, the concurrency limit and the rate."""

import pytest

from consumer.core.pace import Backoff, ConcurrencyLimit, Rate

# Back-off.


@pytest.mark.parametrize(
    ("failures", "most_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (100, 60.0), (5000, 60.0)]
)
def test_backoff_doubles_up_to_its_maximum(failures: int, most_s: float) -> None:
    assert Backoff(0.5, 60.0).wait_s(failures, lambda: 1.0) == most_s


def test_backoff_has_full_jitter() -> None:
    backoff = Backoff(0.5, 60.0)

    assert backoff.wait_s(3, lambda: 0.0) == 0.0
    assert backoff.wait_s(3, lambda: 0.25) == 0.5


# The concurrency limit.


def test_the_limit_starts_at_its_maximum_and_stays_below_it() -> None:
    limit = ConcurrencyLimit(8)
    for _ in range(100):
        limit.accepted()

    assert limit.value == 8


def test_the_limit_halves_once_a_round_trip() -> None:
    limit = ConcurrencyLimit(8)

    for request in range(8):  # all of them were on their way when the first failed
        limit.failed(request, next_request=8)
    assert limit.value == 4

    limit.failed(8, next_request=9)
    assert limit.value == 2


def test_the_limit_never_falls_below_one() -> None:
    limit = ConcurrencyLimit(8)
    for request in range(20):
        limit.failed(request, request + 1)

    assert limit.value == 1


def test_the_limit_grows_by_one_a_round() -> None:
    limit = ConcurrencyLimit(8)
    limit.failed(0, 1)
    limit.failed(1, 2)
    limit.failed(2, 3)
    assert limit.value == 1

    limit.accepted()
    assert limit.value == 2
    limit.accepted()
    limit.accepted()
    assert limit.value == 2  # 2 + 1/2 + 1/2.5 is a little short of 3
    limit.accepted()
    assert limit.value == 3


# The rate.


def sent_within(rate: Rate, seconds: float, start_s: float = 0.0, step_s: float = 0.01) -> int:
    """Send as fast as the rate lets us, looking every `step_s`."""
    sent = 0
    for step in range(round(seconds / step_s)):
        now_s = start_s + step * step_s
        while rate.is_ready(now_s):
            rate.take(now_s)
            sent += 1
    return sent


@pytest.mark.parametrize(
    ("per_s", "step_s"), [(100, 0.01), (100, 0.1), (20, 0.003), (3, 0.05), (0.5, 0.1), (1000, 0.05)]
)
def test_keeps_the_rate_however_often_it_is_asked(per_s: float, step_s: float) -> None:
    sent = sent_within(Rate(per_s), 20.0, step_s=step_s)

    assert 0.9 * per_s * 20 <= sent <= per_s * 20 + max(1.0, per_s * 0.1)


def test_does_not_save_up_for_a_burst_longer_than_a_tenth_of_a_second() -> None:
    rate = Rate(100)
    rate.is_ready(0.0)

    burst = sent_within(rate, 0.01, start_s=3600.0, step_s=0.01)

    assert burst == 10


def test_says_when_it_will_be_ready() -> None:
    rate = Rate(4)
    assert rate.ready_s(10.0) == 10.0
    rate.take(10.0)

    assert not rate.is_ready(10.2)
    assert rate.ready_s(10.2) == pytest.approx(10.25)
    assert rate.is_ready(rate.ready_s(10.2))


def test_is_ready_at_the_time_it_named_whatever_the_rounding() -> None:
    for per_s in (0.1, 0.3, 0.7, 3, 7, 33, 99.9):
        rate = Rate(per_s)
        now_s = 1_000_000.1
        for _ in range(200):
            assert rate.is_ready(now_s)
            rate.take(now_s)
            now_s = rate.ready_s(now_s)


def throttle(rate: Rate, sent: int, now_s: float = 0.0) -> None:
    """Throttle after `sent` requests within the last second, the highest of them being number 99."""
    for _ in range(sent):
        rate.take(now_s)
    rate.throttled(99, 100)


def test_sinks_below_what_was_really_sent() -> None:
    rate = Rate(100)
    throttle(rate, sent=50)

    assert rate.per_s == pytest.approx(40)


def test_never_rises_by_being_throttled() -> None:
    rate = Rate(10)
    throttle(rate, sent=50)

    assert rate.per_s == pytest.approx(8)


def test_sinks_once_a_round_trip() -> None:
    rate = Rate(100)
    throttle(rate, sent=50)
    rate.throttled(99, 101)
    assert rate.per_s == pytest.approx(40)

    rate.throttled(100, 102)
    assert rate.per_s == pytest.approx(32)


def test_whoever_sends_little_learns_no_tiny_rate_from_it() -> None:
    rate = Rate(100)
    throttle(rate, sent=1)

    assert rate.per_s == pytest.approx(4)


def test_never_sinks_below_one_a_second() -> None:
    rate = Rate(100)
    for request in range(100):
        rate.throttled(request, request + 1)

    assert rate.per_s == 1.0


def test_a_configured_rate_below_one_a_second_is_its_own_floor() -> None:
    rate = Rate(0.2)
    rate.throttled(0, 1)

    assert rate.per_s == 0.2


def test_counts_only_the_last_second_as_sent() -> None:
    rate = Rate(100)
    for n in range(30):
        rate.take(n * 0.1)
    rate.throttled(99, 100)

    assert rate.per_s == pytest.approx(8)


def test_empties_the_bucket_when_throttled() -> None:
    rate = Rate(100)
    rate.is_ready(0.0)
    assert rate.is_ready(1.0)

    rate.throttled(0, 1)

    assert not rate.is_ready(1.0)


def test_grows_slowly_near_the_throttled_rate_and_quickly_elsewhere() -> None:
    rate = Rate(100)
    throttle(rate, sent=50)
    steps = {"below": 0, "near": 0, "beyond": 0}
    while rate.per_s < 100:
        steps["below" if rate.per_s < 45 else "near" if rate.per_s <= 55 else "beyond"] += 1
        rate.accepted()

    assert steps["below"] <= 7
    assert 90 <= steps["near"] <= 110
    assert steps["beyond"] <= 32
    assert rate.per_s == 100


def test_comes_back_from_the_floor_within_a_minute() -> None:
    rate = Rate(100)
    for request in range(100):
        rate.throttled(request, request + 1)
    now_s = 0.0
    while rate.per_s < 100:
        now_s = rate.ready_s(now_s)
        rate.take(now_s)
        rate.accepted()

    assert now_s < 60


@pytest.mark.parametrize("allowed_per_s", [3, 10, 50, 90])
def test_settles_under_a_servers_limit_with_few_throttled_answers(allowed_per_s: int) -> None:
    rate, now_s, window, used, answers = Rate(100), 0.0, -1, 0, []
    for request in range(5000):
        now_s = max(now_s, rate.ready_s(now_s))
        rate.take(now_s)
        if int(now_s) != window:
            window, used = int(now_s), 0
        used += 1
        if used > allowed_per_s:
            rate.throttled(request, request + 1)
            answers.append((now_s, True))
            now_s += 0.25  # the back-off
        else:
            rate.accepted()
            answers.append((now_s, False))
    later = [is_throttled for at_s, is_throttled in answers if at_s > 60 or allowed_per_s > 50]

    assert sum(later) / len(later) < 0.05
