"""What the page's list is told of an event, and of its warnings."""

from typing import Any

import msgspec

from consumer.sandbox.event_rows import OTHER_KIND, WarningKinds, row_of
from consumer.sandbox.rules.event_insight import EventWarning
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state.copies import Copies
from consumer.sandbox.state.event_store import Accepted, ReceivedRequest, Store


def accepted(**members: Any) -> Accepted:
    store = Store(keep=1)
    body = msgspec.json.encode({"event": "Purchase", "event_time": 1_780_000_000, **members})
    store.accept(ReceivedRequest(1000.5, "r", "P", None), [ValidEvent("Purchase", None, body)])
    return store.events()[0]


def test_a_row_has_value_currency_and_order_id() -> None:
    event = accepted(properties={"value": 19.5, "currency": "EUR", "order_id": "A-77"})
    copies = Copies()
    copies.place(event)

    row = row_of(event, copies.placed(event), WarningKinds())

    assert (row.value, row.currency, row.order_id) == (19.5, "EUR", "A-77")


def test_a_row_of_an_event_without_properties_has_none_of_them() -> None:
    event = accepted()
    copies = Copies()
    copies.place(event)
    kinds = WarningKinds()

    row = row_of(event, copies.placed(event), kinds)

    assert (row.value, row.currency, row.order_id) == (None, None, None)
    told = [kinds.listed()[number].field for number in row.warnings]
    assert told == ["user", "event_id", "page.url", "properties.value", "properties.contents"]


def test_warnings_of_several_products_are_of_one_kind() -> None:
    kinds = WarningKinds()
    missing = [EventWarning(f"properties.contents[{place}].content_id", "missing") for place in range(3)]

    assert kinds.numbers([*missing, EventWarning("event", "custom")]) == [0, 1]
    assert kinds.numbers([EventWarning("event", "custom")]) == [1]
    assert [kind.field for kind in kinds.listed()] == ["properties.contents[].content_id", "event"]
    assert [kind.field for kind in kinds.listed(1)] == ["event"]


def test_kinds_of_warnings_are_bounded_since_senders_can_make_new_ones() -> None:
    kinds = WarningKinds(most=3)

    numbers = [kinds.numbers([EventWarning(f"properties.{name}", "not known")]) for name in "abcda"]

    assert numbers == [[0], [1], [2], [2], [0]]
    assert kinds.listed()[2] == OTHER_KIND
    assert len(kinds.listed()) == 3
