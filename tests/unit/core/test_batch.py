"""Batches are cut by count, bytes and age, and only when they are about to be sent."""

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from consumer.core.batch import Batcher, BatchLimits
from consumer.core.model import Item
from tests.support.fakes import item

OVERHEAD_BYTES = 100


@dataclass
class Bench:
    """A batcher of two pixels with room for `room` bytes of events, commas included."""

    max_events: int = 1000
    room: int = 10_000
    max_wait_s: float = 1.0
    batcher: Batcher = field(init=False)

    def __post_init__(self) -> None:
        limits = BatchLimits(self.max_events, OVERHEAD_BYTES + self.room, self.max_wait_s)
        self.batcher = Batcher(limits, {"shop": OVERHEAD_BYTES, "blog": OVERHEAD_BYTES})

    def add(self, *items: Item, now_s: float = 0.0) -> None:
        for each in items:
            self.batcher.add(each, now_s)


def of_size(size: int, number: int = 0) -> Item:
    return item(number, body=b"x" * size)


def test_nothing_is_due_while_nothing_waits_even_when_flushing() -> None:
    bench = Bench()

    assert not bench.batcher.is_due("shop", 1000.0, is_flushing=True)
    assert bench.batcher.cut("shop").items == []


def test_a_batch_is_due_by_count() -> None:
    bench = Bench(max_events=2)
    bench.add(item(1))
    assert not bench.batcher.is_due("shop", 0.0)

    bench.add(item(2))

    assert bench.batcher.is_due("shop", 0.0)


def test_a_batch_is_due_when_its_oldest_event_has_waited_long_enough() -> None:
    bench = Bench(max_wait_s=1.0)
    bench.add(item(1), now_s=5.0)
    bench.add(item(2), now_s=5.9)

    assert not bench.batcher.is_due("shop", 5.99)
    assert bench.batcher.is_due("shop", 6.0)


def test_the_next_batch_waits_from_its_own_oldest_event() -> None:
    bench = Bench(max_events=2, max_wait_s=1.0)
    bench.add(item(1), item(2), now_s=5.0)
    bench.add(item(3), now_s=5.5)

    bench.batcher.cut("shop")

    assert not bench.batcher.is_due("shop", 6.49)
    assert bench.batcher.is_due("shop", 6.5)


def test_flushing_makes_whatever_waits_due() -> None:
    bench = Bench()
    bench.add(item(1))

    assert bench.batcher.is_due("shop", 0.0, is_flushing=True)
    assert not bench.batcher.is_due("blog", 0.0, is_flushing=True)


@pytest.mark.parametrize(
    ("sizes", "is_due"),
    [
        ([49, 50], False),  # with the comma, one byte of 101 is left
        ([50, 50], True),
        ([50, 51], True),
        ([100], False),
        ([101], True),
    ],
)
def test_a_batch_is_due_by_bytes_with_commas_counted(sizes: list[int], is_due: bool) -> None:
    bench = Bench(room=101)
    bench.add(*(of_size(size) for size in sizes))

    assert bench.batcher.is_due("shop", 0.0) is is_due


def test_cuts_as_many_as_fit_into_the_bytes_to_the_last_one() -> None:
    bench = Bench(room=101)  # two events of 50 and their comma
    bench.add(of_size(50, 1), of_size(50, 2), of_size(50, 3))

    first, second = bench.batcher.cut("shop"), bench.batcher.cut("shop")

    assert [len(first.items), len(second.items)] == [2, 1]


def test_leaves_an_event_that_is_a_byte_too_big() -> None:
    bench = Bench(room=100)
    bench.add(of_size(50, 1), of_size(50, 2))

    assert len(bench.batcher.cut("shop").items) == 1


def test_cuts_in_the_order_of_arrival_up_to_the_count() -> None:
    bench = Bench(max_events=2)
    items = [item(n) for n in range(3)]
    bench.add(*items)

    batch = bench.batcher.cut("shop")

    assert batch.pixel == "shop"
    assert batch.items == items[:2]
    assert bench.batcher.waiting("shop") == 1


def test_cuts_the_newest_event_alone_and_forgets_its_bytes() -> None:
    bench = Bench(room=101)
    old, new = of_size(40, 1), of_size(60, 2)
    bench.add(old, new)
    assert bench.batcher.is_due("shop", 0.0)

    assert bench.batcher.cut_newest("shop").items == [new]

    assert not bench.batcher.is_due("shop", 0.0)
    assert list(bench.batcher) == [old]
    assert [bench.batcher.cut_newest("shop").items for _ in range(2)] == [[old], []]


def test_an_event_that_grew_counts_with_its_new_bytes() -> None:
    bench = Bench(room=101)
    merged = of_size(40)
    bench.add(merged, of_size(40, 2))
    assert not bench.batcher.is_due("shop", 0.0)

    merged.event = replace(merged.event, body=b"x" * 61)
    bench.batcher.grew(merged, 40)

    assert bench.batcher.is_due("shop", 0.0)
    assert bench.batcher.cut("shop").items == [merged]
    assert not bench.batcher.is_due("shop", 0.0)


def test_pixels_do_not_share_a_batch() -> None:
    bench = Bench(max_events=2)
    bench.add(item(1), item(2, pixel="blog"))

    assert not bench.batcher.is_due("shop", 0.0)
    assert len(bench.batcher.cut("blog").items) == 1
    assert bench.batcher.waiting("shop") == 1


def test_takes_out_what_is_fenced_and_forgets_its_bytes() -> None:
    bench = Bench(room=101, max_wait_s=1.0)
    staying = item(3, body=b"x" * 50)
    bench.add(item(1, body=b"x" * 90), now_s=0.0)
    bench.add(staying, now_s=2.0)

    gone = bench.batcher.remove(lambda each: each is not staying)

    assert [each.event.event_id for each in gone] == ["1"]
    assert list(bench.batcher) == [staying]
    assert len(bench.batcher) == 1
    assert not bench.batcher.is_due("shop", 2.99)
    assert bench.batcher.is_due("shop", 3.0)


def test_taking_out_nothing_changes_nothing() -> None:
    bench = Bench()
    bench.add(item(1))

    assert bench.batcher.remove(lambda each: False) == []
    assert len(bench.batcher) == 1


def test_the_bytes_stay_right_over_many_additions_and_cuts() -> None:
    bench = Bench(room=100)
    for n in range(50):
        bench.add(of_size(24, n))
        bench.batcher.cut("shop")

    bench.add(of_size(90))
    assert not bench.batcher.is_due("shop", 0.0)


def test_what_waits_for_a_pixel_can_be_looked_at() -> None:
    bench = Bench()
    bench.add(item(1), item(2, "blog"), item(3))

    assert [each.event.event_id for each in bench.batcher.items("shop")] == ["1", "3"]


def test_an_item_names_the_rule_of_each_of_its_records() -> None:
    merged = item(1)
    merged.copy_rules = ["a copy's rule"]

    assert merged.rules == ("purchases", "a copy's rule")
