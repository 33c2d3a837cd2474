"""Several workers' statuses become one."""

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from consumer.status.merging import KEPT_SAMPLES, SHOWN_REJECTED, merged
from consumer.status.model import (
    ConfigurationStatus,
    ConnectionStatus,
    DroppedField,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    Rejected,
    RejectedReason,
    RequestsStatus,
    RequestTimes,
    RuleStatus,
    Sample,
    Stage,
    Status,
    WindowStatus,
)

NOW: Final = 1_790_000_000.0


def partition(number: int, *, committed: int = 10, lag: int | None = 5) -> PartitionStatus:
    return PartitionStatus("web-events", number, "reading", committed, committed, lag, 1.5)


def pixel(state: str = "open", since: float = NOW, next_try: float | None = None, waiting: int = 0) -> PixelStatus:
    why = "" if state == "open" else f"{state} since {since}"
    return PixelStatus(state, since, why, f"remedy of {state}", next_try, waiting, {"accepted": 3})


def rejected(at: float, offset: int = 0) -> Rejected:
    return Rejected(at, "web-events", 0, offset, "all", "shop", "decode.truncated", "cut", None, None, "explain")


def sample(at: int, amount: float = 1.0) -> Sample:
    return Sample(at, amount, amount, amount, int(amount), int(amount))


def worker(**differs: object) -> Status:
    whole = Status(
        at=NOW,
        started_at=NOW - 60,
        version="1.0.0",
        group="tiktok-events",
        ready=True,
        stages=(Stage("read", 10, 1, 0, {}), Stage("batch", None, 2, 0, {"no rule": 1})),
        ledger=LedgerStatus(10, {"sent": 7, "rejected": 1}, 1, 1, 100, 50, 1000, 2.0),
        partitions=(partition(0),),
        pixels={"shop": pixel()},
        requests=RequestsStatus(1, 4, 8, {"accepted": 7}),
        window=WindowStatus(7, 120.0, True),
    )
    return structs.replace(whole, **differs)


def one_pixel(*pixels: PixelStatus) -> PixelStatus:
    return merged([worker(pixels={"shop": each}) for each in pixels]).pixels["shop"]


def histories(*lists: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return merged([worker(history=samples) for samples in lists]).history


def test_one_alone_stays_as_it_is() -> None:
    alone = worker(rejected=(rejected(NOW),), history=(sample(1_790_000_000),))

    assert merged([alone]) == alone


def test_workers_have_the_configuration_of_their_parent() -> None:
    configuration = ConfigurationStatus("/etc/consumer.yaml", "0123456789ab", NOW - 60)

    assert merged([worker(configuration=configuration)] * 2).configuration == configuration


def test_none_at_all_are_not_ready() -> None:
    nothing = merged([])

    assert (nothing.ready, nothing.workers) == (False, 0)
    assert nothing.reasons


def test_counts_are_added() -> None:
    both = merged([worker(), worker(ledger=LedgerStatus(5, {"sent": 4, "merged": 1}, max_in_flight=50))])

    assert both.ledger.read == 15
    assert both.ledger.settled == {"sent": 11, "rejected": 1, "merged": 1}
    assert (both.ledger.released, both.ledger.in_flight, both.ledger.max_in_flight) == (1, 1, 100)
    assert both.requests == RequestsStatus(2, 8, 16, {"accepted": 14})
    assert both.workers == 2


def test_the_ledger_of_even_ones_is_even() -> None:
    ledger = merged([worker(), worker()]).ledger

    assert ledger.read == sum(ledger.settled.values()) + ledger.released + ledger.in_flight


def test_stages_are_added_and_keep_their_order_and_what_is_not_counted() -> None:
    both = merged([worker(), worker(stages=(Stage("read", 1), Stage("batch", None, 1, 3, {"no rule": 2, "x": 1})))])

    assert both.stages == (Stage("read", 11, 1, 0, {}), Stage("batch", None, 3, 3, {"no rule": 3, "x": 1}))


def test_the_oldest_record_is_the_oldest_of_all() -> None:
    young, idle = LedgerStatus(oldest_s=1.0), LedgerStatus()

    assert merged([worker(ledger=young), worker()]).ledger.oldest_s == 2.0
    assert merged([worker(ledger=young), worker(ledger=idle)]).ledger.oldest_s == 1.0
    assert merged([worker(ledger=idle), worker(ledger=idle)]).ledger.oldest_s is None


def test_ready_when_every_one_is_and_each_reason_is_said_once() -> None:
    cold, blocked = "the dedupe window is being filled in", "dead letters cannot be written"
    unready = [worker(ready=False, reasons=(cold, blocked)), worker(ready=False, reasons=(blocked,)), worker()]

    assert merged([worker(), worker()]).ready
    assert not merged(unready).ready
    assert merged(unready).reasons == (cold, blocked)


def test_began_with_the_first_and_is_as_new_as_the_newest() -> None:
    both = merged([worker(), worker(at=NOW + 1, started_at=NOW - 10)])

    assert (both.at, both.started_at) == (NOW + 1, NOW - 60)


def test_partitions_stand_in_order() -> None:
    both = merged([worker(partitions=(partition(3), partition(1))), worker(partitions=(partition(10), partition(2)))])

    assert [each.partition for each in both.partitions] == [1, 2, 3, 10]


def test_a_partition_that_two_name_counts_once_as_its_newer_owner_has_it() -> None:
    old, new = worker(partitions=(partition(0, committed=10),)), worker(partitions=(partition(0, committed=12),))

    for order in ([old, new], [new, old]):
        assert [each.committed for each in merged(order).partitions] == [12]


def test_a_partition_that_one_has_and_another_still_looks_for_is_shown_as_it_is_had() -> None:
    sought = worker(partitions=(PartitionStatus("web-events", 0, "unknown", None, None, None, 0.0),))
    had = worker(partitions=(partition(0, committed=0),))

    for order in ([sought, had], [had, sought]):
        assert [each.state for each in merged(order).partitions] == ["reading"]
    assert [each.state for each in merged([sought, sought]).partitions] == ["unknown"]


def test_a_pixel_is_as_bad_as_for_the_worst_and_for_as_long() -> None:
    shop = one_pixel(pixel(), pixel("held", NOW - 5), pixel("throttled", NOW - 50), pixel("held", NOW - 9))

    assert (shop.state, shop.since, shop.why, shop.remedy) == (
        "held", NOW - 9, f"held since {NOW - 9}", "remedy of held",
    )  # fmt: skip
    assert one_pixel(pixel("throttled"), pixel("unavailable")).state == "unavailable"
    assert one_pixel(pixel("throttled"), pixel()).state == "throttled"


def test_a_pixels_events_are_added_whatever_its_state() -> None:
    shop = one_pixel(pixel("held", waiting=2), pixel(waiting=3))

    assert (shop.waiting_events, shop.events) == (5, {"accepted": 6})


def test_the_next_try_is_the_soonest_of_those_that_are_as_bad() -> None:
    assert one_pixel(pixel("held", next_try=30.0), pixel("held", next_try=20.0), pixel()).next_try == 20.0
    assert one_pixel(pixel("held", next_try=None), pixel("throttled", next_try=20.0)).next_try is None


def test_pixels_that_only_one_has_are_kept() -> None:
    pixels: list[Mapping[str, PixelStatus]] = [{"shop": pixel()}, {"blog": pixel()}]

    assert set(merged([worker(pixels=each) for each in pixels]).pixels) == {"shop", "blog"}


def test_the_window_is_as_short_as_the_shortest_that_holds_anything() -> None:
    windows = [WindowStatus(7, 120.0), WindowStatus(5, 90.0, is_warm=False), WindowStatus(0, 0.0)]

    assert merged([worker(window=window) for window in windows]).window == WindowStatus(12, 90.0, is_warm=False)
    assert merged([worker(window=WindowStatus(0, 0.0))]).window.reaches_back_s == 0.0


def test_the_last_rejections_of_all_newest_first() -> None:
    one = tuple(rejected(NOW - age) for age in range(0, 40, 2))
    other = tuple(rejected(NOW - age) for age in range(1, 41, 2))

    both = merged([worker(rejected=one), worker(rejected=other)]).rejected

    assert [each.at for each in both] == [NOW - age for age in range(SHOWN_REJECTED)]


def test_samples_of_the_same_ten_seconds_are_added() -> None:
    assert histories((sample(10), sample(20)), (sample(10, 2.0), sample(20, 3.0))) == (sample(10, 3.0), sample(20, 4.0))


def test_samples_that_not_all_have_yet_are_left_out() -> None:
    assert histories((sample(10), sample(20)), (sample(10),)) == (sample(10, 2.0),)


def test_a_worker_that_came_later_or_has_no_past_leaves_the_past_as_it_was() -> None:
    assert histories((sample(10), sample(20)), (sample(20),), ()) == (sample(10), sample(20, 2.0))


def test_history_ends_after_fifteen_minutes() -> None:
    long_one = tuple(sample(10 * place) for place in range(KEPT_SAMPLES))
    later = tuple(sample(10 * (place + 5)) for place in range(KEPT_SAMPLES))

    both = histories(long_one, later)

    assert len(both) == KEPT_SAMPLES
    assert both[-1].at == 10 * (KEPT_SAMPLES + 3)


def test_one_that_is_gone_adds_to_the_past_and_the_newest_sample_does_not_wait_for_it() -> None:
    gone = worker(workers=0, history=(sample(10), sample(20)))
    also_gone = worker(workers=0, history=(sample(10), sample(20), sample(30)))
    living = worker(history=(sample(10), sample(20), sample(30), sample(40)))

    assert merged([living, gone]).history == (sample(10, 2.0), sample(20, 2.0), sample(30), sample(40))
    assert merged([gone, also_gone]).history == (sample(10, 2.0), sample(20, 2.0), sample(30))


def test_a_pixel_is_as_it_is_for_those_that_live_and_else_as_it_was_last() -> None:
    gone = worker(workers=0, pixels={"shop": pixel("held", NOW - 50)})

    both = merged([worker(), gone]).pixels["shop"]
    assert (both.state, both.since, both.events) == ("open", NOW, {"accepted": 6})
    assert merged([gone]).pixels["shop"].state == "held"


def test_a_system_is_away_if_it_is_for_one_worker() -> None:
    up = ConnectionStatus("kafka", "b:1", True, NOW - 50, "old", NOW - 60)
    away = ConnectionStatus("kafka", "b:1", False, NOW - 20, "timed out", NOW - 1)
    unknown = ConnectionStatus("kafka", "b:1")

    assert merged([worker(connections=(each,)) for each in (up, away, unknown)]).connections == (away,)
    assert merged([worker(connections=(each,)) for each in (unknown, up)]).connections == (up,)
    assert merged([worker(connections=(unknown,))]).connections == (unknown,)


def test_rules_are_added_and_of_a_reason_the_first_and_the_last_time_count() -> None:
    one = Status(
        rules={"paid": RuleStatus({"accepted": 2}, {"map.call": 1}, {"when[0]": 3}, {"email": 2}, 5)},
        rejected_reasons=(RejectedReason("map.call", 1, 10.0, 10.0, "old", "explain 1"),),
        breaker_open=True,
    )
    other = Status(
        rules={"paid": RuleStatus({"accepted": 1, "merged": 1}, {}, {"when[0]": 1}, {"none": 1}, 2)},
        rejected_reasons=(
            RejectedReason("map.call", 2, 20.0, 30.0, "new", "explain 2"),
            RejectedReason("decode.utf8", 9, 5.0, 6.0, "bytes", "explain 3"),
        ),
    )

    both = merged([one, other])

    events = {"accepted": 3, "merged": 1}
    keys = {"email": 2, "none": 1}
    assert both.rules == {"paid": RuleStatus(events, {"map.call": 1}, {"when[0]": 4}, keys, 7)}
    assert both.rejected_reasons == (
        RejectedReason("decode.utf8", 9, 5.0, 6.0, "bytes", "explain 3"),
        RejectedReason("map.call", 3, 10.0, 30.0, "new", "explain 2"),
    )
    assert both.breaker_open


def test_the_delay_of_several_is_weighted_by_what_each_accepted() -> None:
    few, many = (Sample(10, 0, accepted, 0, 0, 0, delay_s) for accepted, delay_s in ((1.0, 9.0), (3.0, 1.0)))
    nothing = Sample(10, 0, 0, 0, 0, 0, None)

    assert histories((few,), (many,), (nothing,))[0].delay_s == 3.0


def test_match_keys_are_added_by_pixel() -> None:
    one, other = (
        structs.replace(pixel(), match_keys=keys)
        for keys in ({"email": 3, "none": 1}, {"email": 2, "ttp": 4, "none": 0})
    )

    assert one_pixel(one, other).match_keys == {"email": 5, "none": 1, "ttp": 4}


def test_fields_left_out_are_added_by_field_and_problem_the_most_frequent_first() -> None:
    phone, email = DroppedField("user.phone", "no_region", 3, "a", "b"), DroppedField("user.email", "not_an_email", 4)
    other = DroppedField("user.phone", "not_e164", 1)
    workers = [worker(dropped_fields=(email, phone, other)), worker(dropped_fields=(structs.replace(phone, count=2),))]

    assert merged(workers).dropped_fields == (structs.replace(phone, count=5), email, other)


def test_request_times_are_those_of_all_requests_not_the_mean_of_workers() -> None:
    few = RequestTimes(300.0, 1, 9.0, 10.0, {"0.1": 0, "10.0": 1, "+Inf": 0})
    many = RequestTimes(120.0, 99, 0.05, 0.1, {"0.1": 99, "10.0": 0, "+Inf": 0})
    idle = RequestTimes(300.0, by_edge={"0.1": 0, "10.0": 0, "+Inf": 0})

    times = merged([worker(requests=RequestsStatus(recent=each)) for each in (few, many, idle)]).requests.recent

    assert times == RequestTimes(300.0, 100, 0.1395, 0.1, {"0.1": 99, "10.0": 1, "+Inf": 0})
