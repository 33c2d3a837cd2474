"""The last 15 minutes in samples of ten seconds, and how fast partitions are read."""

from typing import Final

from consumer.status.history import LONG_SAMPLE_S, SAMPLE_S, History, Levels, ReadRates
from consumer.status.merging import KEPT_LONG_SAMPLES, KEPT_SAMPLES

NOON: Final = 1_790_000_000
"""A whole ten."""
ONE: Final = ("web-events", 1)
TWO: Final = ("web-events", 2)


def history_of(*notes: tuple[float, Levels]) -> History:
    history = History()
    for at_s, levels in notes:
        history.note(NOON + at_s, at_s, levels)
    return history


def test_there_is_no_sample_before_ten_seconds_have_ended() -> None:
    assert history_of((1.0, Levels()), (9.9, Levels(read=5))).samples == ()


def test_a_sample_ends_at_a_whole_ten_and_has_rates_and_levels() -> None:
    before, after = Levels(100, 50, 5), Levels(300, 150, 6, lag=7, in_flight=8)
    sample = history_of((0.0, before), (10.0, after)).samples[-1]

    assert sample.at == NOON + SAMPLE_S
    assert (sample.read_per_s, sample.accepted_per_s, sample.rejected_per_s) == (20.0, 10.0, 0.1)
    assert (sample.lag, sample.in_flight) == (7, 8)


def test_rates_are_over_the_time_that_passed_not_over_ten_seconds() -> None:
    samples = history_of((5.0, Levels()), (25.0, Levels(read=100))).samples

    assert [sample.read_per_s for sample in samples] == [5.0]


def test_nothing_happens_between_two_samples() -> None:
    history = history_of((0.0, Levels()), (10.0, Levels(read=10)))
    before = history.samples

    assert not history.note(NOON + 15, 15.0, Levels(read=99))
    assert history.samples is before


def test_fifteen_minutes_are_kept() -> None:
    history = history_of(*((10.0 * place, Levels(read=10 * place)) for place in range(KEPT_SAMPLES + 5)))

    assert len(history.samples) == KEPT_SAMPLES
    assert history.samples[-1].at - history.samples[0].at == SAMPLE_S * (KEPT_SAMPLES - 1)


def test_a_clock_that_is_set_back_begins_a_new_history() -> None:
    history = history_of((0.0, Levels()), (10.0, Levels(read=10)))

    history.note(NOON - 3600, 11.0, Levels(read=11))
    assert list(history.samples) == []
    history.note(NOON - 3590, 21.0, Levels(read=31))
    assert [(sample.at, sample.read_per_s) for sample in history.samples] == [(NOON - 3590, 2.0)]


def test_a_partitions_rate_is_the_mean_since_it_was_first_seen() -> None:
    rates = ReadRates()

    assert rates.rate(ONE, 100, 0.0) == 0.0
    assert rates.rate(ONE, 150, 5.0) == 10.0


def test_a_partitions_rate_forgets_what_is_more_than_twenty_seconds_ago() -> None:
    rates = ReadRates()
    for at_s, offset in ((0.0, 0), (10.0, 1000), (20.0, 1000)):
        rates.mark(at_s, {ONE: offset})

    assert rates.rate(ONE, 1030, 25.0) == 2.0


def test_a_rate_over_less_than_a_second_says_nothing() -> None:
    rates = ReadRates()
    rates.mark(0.0, {ONE: 0})

    assert rates.rate(ONE, 500, 0.5) == 0.0


def test_a_partition_read_anew_from_an_earlier_offset_begins_anew() -> None:
    rates = ReadRates()
    rates.mark(0.0, {ONE: 1000})
    rates.mark(10.0, {ONE: 1000})

    assert rates.rate(ONE, 10, 12.0) == 0.0
    assert rates.rate(ONE, 50, 16.0) == 10.0


def test_a_partition_that_went_and_came_back_begins_anew() -> None:
    rates = ReadRates()
    rates.mark(0.0, {ONE: 0, TWO: 0})
    rates.mark(10.0, {TWO: 0})

    assert rates.rate(ONE, 5000, 11.0) == 0.0
    assert rates.rate(ONE, 5020, 21.0) == 2.0


def test_the_delay_is_the_mean_of_what_was_accepted_in_the_sample() -> None:
    begun, ended = Levels(delays_s=10.0, delays=5), Levels(delays_s=16.0, delays=8)
    samples = history_of((0.0, begun), (10.0, ended), (20.0, ended)).samples

    assert [sample.delay_s for sample in samples] == [2.0, None]


def test_six_hours_are_kept_in_samples_of_two_minutes() -> None:
    history = History(LONG_SAMPLE_S, KEPT_LONG_SAMPLES)
    for place in range(KEPT_LONG_SAMPLES + 2):
        history.note(NOON + 120.0 * place, 120.0 * place, Levels(read=240 * place))

    assert len(history.samples) == KEPT_LONG_SAMPLES
    assert history.samples[-1].at - history.samples[0].at == 6 * 3600 - 120
    assert history.samples[-1].read_per_s == 2.0
