"""What the sandbox remembers, and what it forgets."""

import sys

import pytest

from consumer.sandbox.numbers import whole_number
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state.event_store import KEPT_REFUSALS, ReceivedRequest, RefusedRequest, Store


def delivery(pixel: str = "P", *, answered: bool = True) -> ReceivedRequest:
    return ReceivedRequest(1000.5, "request-1", pixel, None, answered=answered)


def event(event_id: str | None, name: str = "Purchase") -> ValidEvent:
    return ValidEvent(name, event_id, b'{"event":"' + name.encode() + b'"}')


def refused(seq: int) -> RefusedRequest:
    return RefusedRequest(seq, 1000.5, "request-1", "P", 40002, 200, "Batch.0.event: …", is_told=False, event=None)


def ids(store: Store, after: int = 0) -> list[str | None]:
    return [kept.event_id for kept in store.events(after)]


def test_keeps_the_newest_events_whole_and_counts_all() -> None:
    store = Store(keep=2)
    for number in range(5):
        store.accept(delivery(), [event(str(number))])

    assert ids(store) == ["3", "4"]
    assert store.summary().events == 5
    assert store.summary().kept == 2
    assert len(store.keys()) == 5


def test_gives_events_after_a_number_in_order_and_at_most_so_many() -> None:
    store = Store(keep=3)
    store.accept(delivery("P"), [event("1"), event("2")])
    store.accept(delivery("Q"), [event("3"), event("4"), event("1")])

    assert [kept.seq for kept in store.events()] == [3, 4, 5]
    assert ids(store, after=1) == ["3", "4", "1"]
    assert ids(store, after=4) == ["1"]
    assert ids(store, after=5) == []
    assert [kept.event_id for kept in store.events(limit=2)] == ["3", "4"]
    assert [kept.pixel for kept in store.events(event_id="1")] == ["Q"]
    assert store.events(pixel="P") == []


@pytest.mark.parametrize("number", [sys.maxsize - 1, sys.maxsize, sys.maxsize + 1, 10**30])
def test_no_number_is_too_large_to_ask_for(number: int) -> None:
    store = Store(keep=3)
    store.accept(delivery(), [event("1"), event("2")])

    assert store.event(number) is None
    assert store.events(number) == []
    assert len(store.events(limit=number)) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("007", 7), (str(sys.maxsize), sys.maxsize), (str(sys.maxsize + 1), None)),
        *(("9" * 30, None), ("9" * 5000, None), ("-1", None), ("", None), (" 1", None), ("1.0", None), ("٣", None)),
    ],
)
def test_a_number_is_digits_and_no_more_than_can_be_counted(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_counts_copies_by_pixel_event_and_event_id() -> None:
    store = Store(keep=10)
    store.accept(delivery("P"), [event("1"), event("1"), event("1", "Lead")])
    store.accept(delivery("Q"), [event("1"), event(None), event(None)])

    assert store.keys() == {"P|Purchase|1": 2, "P|Lead|1": 1, "Q|Purchase|1": 1, "Q|Purchase|": 2}
    assert store.summary().duplicates == 1
    assert store.summary().by_pixel == {"P": 3, "Q": 3}
    assert store.summary().by_event == {"Purchase": 5, "Lead": 1}


def test_tells_which_events_were_accepted_without_the_sender_being_told() -> None:
    store = Store(keep=10)
    store.accept(delivery(answered=False), [event("1"), event("2")])
    store.accept(delivery(), [event("1")])

    assert store.keys(only_unanswered=True) == {"P|Purchase|1": 1, "P|Purchase|2": 1}
    assert store.summary().unanswered == 2
    assert [kept.answered for kept in store.events()] == [False, False, True]


def test_counts_no_keys_when_told_to_forget_them() -> None:
    store = Store(keep=0, forgets_keys=True)
    store.accept(delivery(), [event("1"), event("1")])

    assert store.keys() == {}
    assert store.events() == []
    assert store.summary().events == 2


def test_clearing_forgets_counts_and_events_but_numbers_go_on() -> None:
    store = Store(keep=10)
    store.accept(delivery(), [event("1")])
    store.count_answer("0")
    store.refuse(refused)

    store.clear()

    assert store.summary().requests == store.summary().events == store.summary().kept == 0
    assert store.keys() == {}
    assert store.refusals() == []
    store.accept(delivery(), [event("1")])
    assert [kept.seq for kept in store.events()] == [2]


def test_keeps_the_newest_refusals() -> None:
    store = Store(keep=1)
    for _ in range(KEPT_REFUSALS + 3):
        store.refuse(refused)

    assert [kept.seq for kept in store.refusals()][:1] == [4]
    assert [kept.seq for kept in store.refusals(after=KEPT_REFUSALS + 2)] == [KEPT_REFUSALS + 3]


def test_finds_a_kept_event_by_its_number_and_no_other() -> None:
    store = Store(keep=2)
    store.accept(delivery(), [event("1"), event("2"), event("3")])

    assert [getattr(store.event(seq), "event_id", None) for seq in (0, 1, 2, 3, 4)] == [None, None, "2", "3", None]


def test_marks_how_far_it_has_come() -> None:
    store = Store(keep=1)
    before = store.mark()
    store.accept(delivery(), [event("1"), event("2")])
    store.refuse(refused)
    after = store.mark()
    store.clear()

    assert (after.seq - before.seq, after.refused - before.refused) == (2, 1)
    assert store.mark().clearings == after.clearings + 1
