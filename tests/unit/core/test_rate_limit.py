"""The concurrency limit and the rate."""

import math
from collections import deque

import pytest

from consumer.core.deliver.rate_limit import ConcurrencyLimit, TokenBucket

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


def sent_within(rate: TokenBucket, seconds: float, start_s: float = 0.0, step_s: float = 0.01) -> int:
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
    sent = sent_within(TokenBucket(per_s), 20.0, step_s=step_s)

    assert 0.9 * per_s * 20 <= sent <= per_s * 20 + max(1.0, per_s * 0.1)


def test_does_not_save_up_for_a_burst_longer_than_a_tenth_of_a_second() -> None:
    rate = TokenBucket(100)
    rate.is_ready(0.0)

    burst = sent_within(rate, 0.01, start_s=3600.0, step_s=0.01)

    assert burst == 10


def test_is_ready_as_soon_as_a_token_is_there() -> None:
    rate = TokenBucket(4)
    assert rate.is_ready(10.0)
    rate.take(10.0)

    assert not rate.is_ready(10.2)
    assert rate.is_ready(10.25)


def throttle(rate: TokenBucket, sent: int, now_s: float = 0.0) -> None:
    """Throttle after `sent` requests within the last second, the highest of them being number 99."""
    for _ in range(sent):
        rate.take(now_s)
    rate.throttled(99, 100)


def test_sinks_below_what_was_really_sent() -> None:
    rate = TokenBucket(100)
    throttle(rate, sent=50)

    assert rate.per_s == pytest.approx(40)


def test_never_rises_by_being_throttled() -> None:
    rate = TokenBucket(10)
    throttle(rate, sent=50)

    assert rate.per_s == pytest.approx(8)


def test_sinks_once_a_round_trip() -> None:
    rate = TokenBucket(100)
    throttle(rate, sent=50)
    rate.throttled(99, 101)
    assert rate.per_s == pytest.approx(40)

    rate.throttled(100, 102)
    assert rate.per_s == pytest.approx(32)


def test_whoever_sends_little_learns_no_tiny_rate_from_it() -> None:
    rate = TokenBucket(100)
    throttle(rate, sent=1)

    assert rate.per_s == pytest.approx(16)


def test_never_sinks_below_one_in_two_seconds() -> None:
    rate = TokenBucket(100)
    for request in range(100):
        rate.throttled(request, request + 1)

    assert rate.per_s == 0.5


def test_a_configured_rate_below_one_a_second_is_its_own_floor() -> None:
    rate = TokenBucket(0.2)
    rate.throttled(0, 1)

    assert rate.per_s == 0.2


def test_counts_only_the_last_second_as_sent() -> None:
    rate = TokenBucket(100)
    for n in range(90):
        rate.take(n / 30)
    rate.throttled(99, 100)

    assert rate.per_s == pytest.approx(24)


def test_empties_the_bucket_when_throttled() -> None:
    rate = TokenBucket(100)
    rate.is_ready(0.0)
    assert rate.is_ready(1.0)

    rate.throttled(0, 1)

    assert not rate.is_ready(1.0)


@pytest.mark.parametrize(("sent", "seconds"), [(5, 20), (20, 10), (50, 10), (90, 10)])
def test_grows_slowly_up_to_the_throttled_rate_and_quickly_elsewhere(sent: int, seconds: float) -> None:
    rate = TokenBucket(200)
    rate.throttled(0, 1)
    rate.per_s = sent  # as if followed down
    throttle(rate, sent)
    spent_s = {"below": 0.0, "near": 0.0, "beyond": 0.0}
    while rate.per_s < 200:
        place = "below" if rate.per_s < 0.9 * sent else "near" if rate.per_s <= 1.03 * sent else "beyond"
        spent_s[place] += 1 / rate.per_s
        rate.accepted()

    assert spent_s["below"] <= 2
    assert 0.5 * seconds <= spent_s["near"] <= 1.5 * seconds
    assert spent_s["beyond"] <= 12


def test_comes_back_from_the_floor_within_a_minute() -> None:
    rate = TokenBucket(100)
    for request in range(100):
        rate.throttled(request, request + 1)
    now_s = 0.0
    while rate.per_s < 100:
        while not rate.is_ready(now_s):
            now_s += 0.01
        rate.take(now_s)
        rate.accepted()

    assert now_s < 60


class Limited:
    """A server that takes so many requests in each second, and the answers that are on their way back from it."""

    def __init__(self, answers_after_s: float) -> None:
        self.allowed_per_s: float = math.inf
        self.answers_after_s = answers_after_s
        self.on_their_way: deque[tuple[float, int, bool]] = deque()
        self._second_s = 0.0
        self._used = 0

    def take(self, request: int, now_s: float) -> bool:
        """Whether the request is throttled."""
        if now_s - self._second_s >= 1.0:
            self._second_s, self._used = now_s, 0
        self._used += 1
        is_throttled = self._used > self.allowed_per_s
        self.on_their_way.append((now_s + self.answers_after_s, request, is_throttled))
        return is_throttled


def send(rate: TokenBucket, server: Limited, begin_s: float, end_s: float, *, most: int = 8) -> list[bool]:
    """Send as fast as the rate lets us, at most so many at once, and wait a little after a throttled answer.

    Returns:
        Of each request, whether it was throttled.
    """
    throttled: list[bool] = []
    wait_until_s = begin_s
    for step in range(round(begin_s * 100), round(end_s * 100)):
        now_s = step / 100
        while server.on_their_way and server.on_their_way[0][0] <= now_s:
            _, number, was_throttled = server.on_their_way.popleft()
            if was_throttled:
                rate.throttled(number, step * 100 + 1)
                wait_until_s = now_s + 0.25
            else:
                rate.accepted()
        while now_s >= wait_until_s and len(server.on_their_way) < most and rate.is_ready(now_s):
            rate.take(now_s)
            throttled.append(server.take(step * 100, now_s))
    return throttled


@pytest.mark.parametrize("answers_after_s", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("allowed_per_s", [3, 10, 50, 90])
def test_settles_under_a_servers_limit_with_few_throttled_answers(allowed_per_s: int, answers_after_s: float) -> None:
    rate, server = TokenBucket(100), Limited(answers_after_s)
    server.allowed_per_s = allowed_per_s
    send(rate, server, 0, 60)
    later = send(rate, server, 60, 120)

    assert sum(later) / len(later) < 0.05
    assert len(later) / 60 > 0.75 * min(allowed_per_s, 8 / (answers_after_s + 0.01))

    server.allowed_per_s = math.inf
    send(rate, server, 120, 180)
    assert len(send(rate, server, 180, 190)) / 10 > 0.9 * min(100, 8 / (answers_after_s + 0.01))


def test_settles_under_higher_limits_too_with_many_requests_on_their_way() -> None:
    rate, server = TokenBucket(1000), Limited(0.1)
    server.allowed_per_s = 200
    send(rate, server, 0, 30, most=64)
    later = send(rate, server, 30, 90, most=64)

    assert sum(later) / len(later) < 0.02
    assert len(later) / 60 > 150


@pytest.mark.parametrize("sent", [1, 2, 15])
def test_one_stray_throttling_of_little_leaves_room_for_much(sent: int) -> None:
    rate = TokenBucket(100)
    throttle(rate, sent)

    assert len(send(rate, Limited(0.05), 1, 11)) / 10 >= 15
    assert len(send(rate, Limited(0.05), 11, 21)) / 10 >= 80
