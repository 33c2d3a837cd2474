"""What people should know of an event that TikTok takes all the same: of records, of rules, and for the counter."""

from typing import Any

import pytest

from consumer.core.model import Decoded, MappedEvent, NormalizedEvent, Position, Record
from consumer.core.reasons import Problem
from consumer.core.remarks import (
    OLD_EVENTS,
    STANDARD_EVENTS,
    counted,
    match_keys,
    missing_of_rule,
    near_standard,
    remarks,
)
from consumer.core.tiktok_event import FIELD_BIT, Content, Properties, TikTokEvent

AT = Position("web-events", 0, 0)


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ((), ("none",)),
        (("user.ip",), ("none",)),
        (("user.user_agent", "page.url"), ("none",)),
        (("user.ip", "user.user_agent"), ("ip_and_user_agent",)),
        (("user.email", "user.ttclid", "user.city"), ("email", "ttclid")),
        (("user.phone", "user.external_id", "user.ttp"), ("phone", "external_id", "ttp")),
    ],
)
def test_names_what_tiktok_can_match_an_event_by(fields: tuple[str, ...], keys: tuple[str, ...]) -> None:
    assert match_keys(sum(FIELD_BIT[field] for field in fields)) == keys


def test_knows_the_standard_events() -> None:
    assert len(STANDARD_EVENTS) == 18
    assert not STANDARD_EVENTS & OLD_EVENTS.keys()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("purchase", "Purchase"),
        ("Add To Cart", "AddToCart"),
        ("view_content", "ViewContent"),
        ("start-trial", "StartTrial"),
        ("complete_payment", "CompletePayment"),
        ("Purchase", None),
        ("Pageview", None),
        ("Purchased", None),
    ],
)
def test_knows_a_standard_name_that_was_nearly_met(name: str, near: str | None) -> None:
    assert near_standard(name) == near


def remarked(
    event: TikTokEvent, *fields: str, is_id_from_position: bool = False, **raw: Any
) -> set[tuple[str, Problem]]:
    mask = sum(FIELD_BIT[field] for field in fields)
    mapped = MappedEvent(Decoded(Record(AT, 0, None, b"", (), AT), {}, is_shipped=True), **raw)
    found = remarks(mapped, NormalizedEvent(event, mask, is_id_from_position=is_id_from_position))
    assert not any(note.is_dropped for note in found)
    return {(note.field, note.problem) for note in found}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("SubmitForm", Problem.OLD_EVENT_NAME),
        ("purchase", Problem.NEAR_STANDARD_EVENT),
        ("Rated", Problem.CUSTOM_EVENT),
    ],
)
def test_remarks_on_names_that_campaigns_do_not_know(name: str, problem: Problem) -> None:
    assert remarked(TikTokEvent(name, 0, "1"), "page.url", "user.ttp") == {("event", problem)}


def test_has_nothing_to_remark_on_a_good_event() -> None:
    event = TikTokEvent(
        "Purchase", 0, "1", properties=Properties(contents=[Content(content_id="a")]), limited_data_use=True
    )
    fields = (
        "page.url",
        "user.ttp",
        "user.ip",
        "user.user_agent",
        "properties.value",
        "properties.currency",
        "properties.contents",
    )

    assert remarked(event, *fields, properties={"value": 5}) == set()


def test_remarks_on_what_is_missing() -> None:
    event = TikTokEvent("Purchase", 0, "1", properties=Properties(contents=[Content(content_id="a"), Content(price=1)]))

    assert remarked(event, "properties.value", "properties.contents", properties={"value": 5}) == {
        ("page.url", Problem.NO_PAGE_URL),
        ("properties.currency", Problem.NO_CURRENCY),
        ("properties.contents[1].content_id", Problem.NO_CONTENT_ID),
        ("user", Problem.NO_MATCH_KEY),
    }


def test_remarks_on_limited_data_use_without_an_address() -> None:
    event = TikTokEvent("Lead", 0, "1", limited_data_use=True)

    assert remarked(event, "page.url", "user.ttp") == {("user.ip", Problem.NO_IP_FOR_LIMITED_DATA_USE)}


def test_remarks_on_what_was_filled_in() -> None:
    event = TikTokEvent("Lead", 0, "1", properties=Properties(value=5))
    fields = ("page.url", "user.ttclid", "properties.value", "properties.currency")

    assert remarked(event, *fields, is_id_from_position=True, user={"ttclid": ""}) == {
        ("user.ttclid", Problem.FILLED_IN),
        ("properties.value", Problem.FILLED_IN),
        ("event_id", Problem.FILLED_IN),
    }


GOOD = ("page.url", "user.ttp")


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("Purchase", (), {Problem.NO_VALUE, Problem.NO_CURRENCY, Problem.NO_CONTENTS}),
        ("CompletePayment", ("properties.currency",), {Problem.OLD_EVENT_NAME, Problem.NO_VALUE, Problem.NO_CONTENTS}),
        ("Purchase", ("properties.value", "properties.currency", "properties.content_ids"), set()),
        ("ViewContent", (), {Problem.NO_CONTENTS}),
        ("AddToCart", ("properties.contents", "properties.value"), {Problem.NO_CURRENCY}),
        ("Lead", (), set()),
        ("Search", ("user.ip",), {Problem.NO_USER_AGENT}),
        ("Search", ("user.user_agent",), {Problem.NO_IP}),
    ],
)
def test_remarks_and_counts_what_a_sale_or_a_person_lacks(
    name: str, fields: tuple[str, ...], expected: set[Problem]
) -> None:
    event = TikTokEvent(name, 0, "1")
    found = remarked(event, *GOOD, *fields, properties={"value": 1})

    assert {problem for _, problem in found} == expected
    assert set(counted(event, sum(FIELD_BIT[field] for field in (*GOOD, *fields)))) == expected


def test_counts_each_remark_of_an_event_once_and_products_and_ids_too() -> None:
    fields = sum(FIELD_BIT[field] for field in GOOD)
    products = Properties(contents=[Content(price=1), Content(), Content(content_id="a")])

    assert counted(TikTokEvent("Lead", 0, properties=products), fields) == (
        Problem.NO_EVENT_ID,
        Problem.NO_CONTENT_ID,
    )
    limited = TikTokEvent("Lead", 0, "1", limited_data_use=True)
    assert counted(limited, fields) == (Problem.NO_IP_FOR_LIMITED_DATA_USE,)


def test_says_of_a_rule_what_all_its_events_will_lack() -> None:
    mapped = ["event", "event_id", "page.url", "user.email", "properties.contents.content_id"]

    assert missing_of_rule(["Purchase", "Lead"], mapped) == [
        ("properties.value", Problem.NO_VALUE),
        ("properties.currency", Problem.NO_CURRENCY),
    ]
    with_sum = [*mapped, "properties.contents.price", "properties.contents.quantity", "properties.currency"]
    assert missing_of_rule(["Purchase"], with_sum) == []
    assert missing_of_rule([], mapped) == []
