"""A rehearsal: what rules would make of many records, counted, and where to look."""

import io
import re

import pytest
from rich.console import Console

from consumer.commands.explain.field_story import HashedText
from consumer.commands.explain.rehearsal import Rehearsal, as_json, show
from consumer.commands.explain.rule_story import FailedCondition, failed_conditions, unmet
from consumer.core.model import Decision, Decoded, Event, Note, Position, Record, Rejection
from consumer.core.reasons import DropReason, Problem, RejectReason
from consumer.core.route.conditions import compile_when, missed_places
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not, PathSource

REMARKS = (Problem.NO_PAGE_URL, Problem.NO_VALUE)


def at(offset: int) -> Position:
    return Position("orders", 1, offset)


def event(*notes: Note) -> Event:
    return Event("live", "shop", "CODE", "Purchase", "1", 1_762_000_000, b"{}", 0, notes=notes, remarks=REMARKS)


def rehearsed() -> Rehearsal:
    tally = Rehearsal(["live", "idle"])
    late = Rejection(RejectReason.NORMALIZE_EVENT_TIME, "event_time: missing", "live", "shop")
    tally.add(Decision((event(Note("properties.contents[3].price", Problem.NEGATIVE)),)), at(1))
    not_held = FailedCondition("when[0]", "type equals order")
    tally.add(Decision(dropped=DropReason.NO_RULE), at(2), {"live": not_held})
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
                "failed_first": [{"condition": "when[0]", "text": "type equals order", "records": 1}],
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
                "failed_first": [],
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
    for part in (
        "A rehearsal on 5 records",
        "rule live holds for 3 (60.0%), 1 event",
        "100.0%",
        "match keys",
    ):
        assert part in flat
    assert "firstunmet120.0%when[0]:typeequalsorder" in "".join(text.split())
    assert re.search(r"first at \w+\[1\] offset 3\b", flat)


def test_thousands_are_written_with_commas() -> None:
    tally, out = Rehearsal(["live"]), io.StringIO()
    tally.records, tally.dropped["no_rule"], tally.rules["live"].events = 2_500, 1_000, 1_500

    show(Console(file=out, width=80), tally)

    assert "1,000    40.0%" in out.getvalue()
    assert "holds for 1,500 (60.0%), 1,500 events" in out.getvalue()


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_texts_that_many_events_share_are_told_first(columns: int) -> None:
    tally, out = rehearsed(), io.StringIO()
    for place, text in enumerate(["walk-in", "u-1", "walk-in", "walk-in"]):
        tally.add_text("live", HashedText("user.external_id", text, f"{place and 0}" * 64))
    tally.add_text("live", HashedText("user.email", None, "f" * 64))

    show(Console(file=out, width=columns), tally)

    assert max(map(len, out.getvalue().splitlines())) <= columns
    assert f'user.external_id:"walk-in"→{"0" * 64}' in "".join(out.getvalue().split())
    assert as_json(tally)["rules"][0]["hashed"] == [
        {"field": "user.external_id", "text": "walk-in", "digest": "0" * 64, "events": 3},
        {"field": "user.external_id", "text": "u-1", "digest": "0" * 64, "events": 1},
        {"field": "user.email", "text": None, "digest": "f" * 64, "events": 1},
    ]
    assert "hashed" not in as_json(rehearsed())["rules"][0]


HAS_ID = Comparison(PathSource(("id",)), "exists", True)
IS_ORDER = Comparison(PathSource(("type",)), "equals", "order")
IS_DE = Comparison(PathSource(("country",)), "equals", "DE")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"type": "order", "id": 1, "country": "DE"}, None),
        ({"type": "click", "id": 1, "country": "DE"}, "when[0]"),
        ({"type": "click"}, "when[0]"),
        ({"type": "order"}, "when[1].any[0]"),
        ({"type": "order", "country": "DE"}, "when[2].not"),
        ({"type": "order", "id": 1, "country": "FR"}, "when[3].all[1]"),
        ({"type": "order", "id": 1}, "when[3].all[1]"),
    ],
)
def test_the_first_condition_that_fails_is_the_one_that_explain_names(
    fields: dict[str, object], place: str | None
) -> None:
    when = AllOf((IS_ORDER, AnyOf((HAS_ID, IS_DE)), Not(Not(HAS_ID)), AllOf((HAS_ID, IS_DE))))
    record = Record(at(1), 0, None, b"", (), at(1))
    decoded = Decoded(record, fields, False)

    missed = compile_when(when)(decoded)
    failed = failed_conditions(when)[missed] if missed else None

    assert missed == place
    assert (failed and failed.place) == place
    assert [each.place for each in unmet(when, decoded, "when")][:1] == ([] if place is None else [place])
    if failed is not None:
        assert next(unmet(when, decoded, "when")).text == failed.text


NESTED = (
    AnyOf((HAS_ID,)),
    AnyOf((AllOf((IS_ORDER, IS_DE)), HAS_ID)),
    AnyOf((AnyOf((IS_DE, HAS_ID)), IS_ORDER)),
    AnyOf((Not(HAS_ID), IS_DE)),
    AllOf((AnyOf((AnyOf((AllOf((IS_ORDER, HAS_ID)), IS_DE)), IS_DE)), Not(AnyOf((IS_DE, HAS_ID))))),
)


@pytest.mark.parametrize("condition", NESTED)
@pytest.mark.parametrize("fields", [{}, {"id": 1}, {"type": "order"}, {"country": "DE", "type": "click"}])
def test_a_place_has_one_name_in_the_metric_in_explain_and_in_a_rehearsal(
    condition: Condition, fields: dict[str, object]
) -> None:
    when = AllOf((condition, AnyOf((AllOf((IS_ORDER, HAS_ID, IS_DE)), AllOf((HAS_ID, IS_DE))))))
    decoded = Decoded(Record(at(1), 0, None, b"", (), at(1)), fields, False)
    missed = compile_when(when)(decoded)
    assert missed is not None
    failed, explained = failed_conditions(when)[missed], next(unmet(when, decoded, "when"))

    assert missed == failed.place == explained.place
    assert failed.text == explained.text
    assert {*failed_conditions(when)} == {*missed_places(when)}
