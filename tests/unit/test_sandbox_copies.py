"""What TikTok would do with copies (docs/tiktok.md §5)."""

import pytest
from msgspec import Raw

from consumer.sandbox.state.copies import Copies, Fate, merge
from consumer.sandbox.state.event_store import Accepted


def event(seq: int, at_s: float, event_id: str | None = "1", *, name: str = "Purchase", pixel: str = "P") -> Accepted:
    return Accepted(seq, at_s, "request", pixel, name, event_id, None, answered=True, body=Raw(b"{}"))


def fates(*events: Accepted) -> list[tuple[Fate, int]]:
    copies = Copies()
    return [(placed.fate, placed.first_seq) for placed in map(copies.place, events)]


@pytest.mark.parametrize(
    ("after_s", "fate", "first"),
    [
        (0, Fate.MERGED, 1),
        (300, Fate.MERGED, 1),
        (300.1, Fate.DROPPED, 1),
        (48 * 3600, Fate.DROPPED, 1),
        (48 * 3600 + 1, Fate.FIRST, 2),
    ],
)
def test_a_copy_is_merged_dropped_or_counted_by_its_time_after_the_first(
    after_s: float, fate: Fate, first: int
) -> None:
    assert fates(event(1, 1000), event(2, 1000 + after_s))[1] == (fate, first)


def test_times_count_from_the_first_and_not_from_the_copy_before() -> None:
    found = fates(event(1, 0), event(2, 200), event(3, 400), event(4, 172_900), event(5, 173_000))

    assert found == [(Fate.FIRST, 1), (Fate.MERGED, 1), (Fate.DROPPED, 1), (Fate.FIRST, 4), (Fate.MERGED, 4)]


def test_a_key_is_pixel_and_event_and_event_id() -> None:
    found = fates(event(1, 0), event(2, 0, "2"), event(3, 0, name="Lead"), event(4, 0, pixel="Q"), event(5, 0))

    assert [fate for fate, _ in found] == [Fate.FIRST] * 4 + [Fate.MERGED]


def test_without_an_event_id_nothing_is_a_copy() -> None:
    assert fates(event(1, 0, None), event(2, 0, None)) == [(Fate.NO_ID, 1), (Fate.NO_ID, 2)]


def test_forgets_events_when_it_is_told() -> None:
    copies = Copies()
    events = [event(1, 0), event(2, 1), event(3, 2), event(4, 3, "2"), event(5, 4, "3")]
    for one in events:
        copies.place(one)
    copies.forget_before(4)

    assert copies.group(events[0]) == []
    assert [placed.seq for placed in copies.group(events[3])] == [4]
    assert copies.placed(events[4]).fate == Fate.FIRST
    assert copies.placed(events[0]).first_seq == 1


def test_tells_again_where_an_event_was_placed() -> None:
    copies = Copies()
    events = [event(1, 0), event(2, 1), event(3, 0, None)]
    placed = [copies.place(one) for one in events]

    assert [copies.placed(one) for one in events] == placed
    assert copies.group(events[0]) == placed[:2]
    assert copies.seq == 3


def test_merging_fills_what_is_absent_and_overwrites_nothing() -> None:
    first = {"event": "Purchase", "user": {"email": "a"}, "properties": {"value": 1}}
    later = {"event": "Purchase", "user": {"email": "b", "ttp": "c"}, "page": {"url": "u"}, "limited_data_use": True}

    merged, filled = merge(first, later)

    assert merged == {
        "event": "Purchase",
        "user": {"email": "a", "ttp": "c"},
        "properties": {"value": 1},
        "page": {"url": "u"},
        "limited_data_use": True,
    }
    assert filled == ["user.ttp", "page.url", "limited_data_use"]
    assert first["user"] == {"email": "a"}


def test_merging_an_exact_copy_fills_nothing() -> None:
    one = {"event": "Purchase", "user": {"email": "a"}}

    assert merge(one, one) == (one, [])
