"""A rehearsal: what rules would make of many records, counted, and where to look."""

import io

import pytest
from rich.console import Console

from consumer.commands.explain.rehearsal import Rehearsal, as_json, show
from consumer.core.model import Decision, Event, Note, Position, Rejection
from consumer.core.reasons import DropReason, Problem, RejectReason

REMARKS = (Problem.NO_PAGE_URL, Problem.NO_VALUE)


def at(offset: int) -> Position:
    return Position("orders", 1, offset)


def event(*notes: Note) -> Event:
    return Event("live", "shop", "CODE", "Purchase", "1", 1_762_000_000, b"{}", 0, notes=notes, remarks=REMARKS)


def rehearsed() -> Rehearsal:
    tally = Rehearsal(["live", "idle"])
    late = Rejection(RejectReason.NORMALIZE_EVENT_TIME, "event_time: missing", "live", "shop")
    tally.add(Decision((event(Note("properties.contents[3].price", Problem.NEGATIVE)),)), at(1))
    tally.add(Decision(dropped=DropReason.NO_RULE), at(2))
    tally.add(Decision(rejections=(late,)), at(3))
    tally.add(Decision(rejections=(late,)), at(4))
    tally.add(Decision(rejections=(Rejection(RejectReason.DECODE_FRAMING, "no magic byte"),)), at(5))
    return tally


def test_counts_what_becomes_of_each_record_and_where_each_reason_came_first() -> None:
    assert as_json(rehearsed()) == {
        "records": 5,
        "dropped": {"no_rule": 1},
        "undecoded": {"decode.framing": 1},
        "firsts": {"decode.framing": [1, 5]},
        "rules": [
            {
                "rule": "live",
                "holds": 3,
                "events": 1,
                "rejected": {"normalize.event_time": 2},
                "firsts": {"normalize.event_time": [1, 3]},
                "left_out": [{"field": "properties.contents.price", "problem": "negative", "events": 1}],
                "remarks": {"no_value": 1, "no_page_url": 1},
                "match_keys": {"none": 1},
            },
            {
                "rule": "idle",
                "holds": 0,
                "events": 0,
                "rejected": {},
                "firsts": {},
                "left_out": [],
                "remarks": {},
                "match_keys": {},
            },
        ],
    }


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_people_read_it_in_any_width(columns: int) -> None:
    out = io.StringIO()

    show(Console(file=out, width=columns), rehearsed())

    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= columns
    flat = " ".join(text.split())
    for part in ("A rehearsal on 5 records", "rule live holds for 3 (60.0%), 1 event", "100.0%", "match keys"):
        assert part in flat
    assert "1/3" in flat
