"""The window, rule by rule (docs/architecture.md §4). Laws: tests/property/test_dedupe.py."""

from typing import Any

import pytest

from consumer.core.dedupe.digest import digest_of
from consumer.core.dedupe.rewind.commit_metadata import parse_metadata
from consumer.core.dedupe.submissions import DedupeResult, OfferedEvent
from consumer.core.model import EventOutcome
from tests.support.dedupe_events import made, values_of
from tests.support.window_reader import EMAIL, PHONE, WALL_MS, WINDOW_MS, Reader, item_of, record

# ── what has no key ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("event", [{"event_id": None}, {"is_id_from_position": True}, {"is_shadow": True}])
def test_an_event_without_an_id_of_its_own_never_enters(event: dict[str, Any]) -> None:
    reader = Reader()

    for _ in range(2):
        offered = reader.read(**event)
        assert (offered.outcome, offered.is_to_batch) == (DedupeResult.UNKEYED, True)
        reader.refused(offered)
        reader.accepted(offered)
    assert reader.window.keys == 0


def test_a_key_is_pixel_code_event_and_event_id_told_apart() -> None:
    keys = [("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("1", "1", "d"), ("", "11", "d")]
    events = [made({}, event_id, pixel_code=pixel, event=event) for pixel, event, event_id in keys]

    assert len({digest_of(event) for event in events}) == len(events)
    assert all(len(digest_of(event)) == 16 for event in events)
    assert digest_of(events[0]) == digest_of(made(PHONE, "d", pixel_code="ab", event="c", rule="other"))


def test_takes_a_digest_that_the_caller_has() -> None:
    reader = Reader()
    reader.read()

    offered = reader.window.offer(made(EMAIL), record(5), 0.0, b"another key's....")

    assert offered.outcome is DedupeResult.FIRST


# ── merged, forwarded, duplicate ────────────────────────────────────────────────────────────────


def test_merges_a_copy_into_an_unsent_event() -> None:
    reader = Reader()
    first = reader.read(EMAIL)
    body = item_of(first).event.body
    copy = reader.read(PHONE)

    item = item_of(first)
    assert copy == OfferedEvent(DedupeResult.MERGED, item, False, len(body))
    assert values_of(item.event) == EMAIL | PHONE
    assert [held.position.offset for held in item.records] == [1, 2]
    assert item.outcomes == [EventOutcome.ACCEPTED, EventOutcome.MERGED]


def test_counts_a_copy_that_brings_nothing_as_a_duplicate_that_settles_with_the_first() -> None:
    reader = Reader()
    item = item_of(reader.read(EMAIL))

    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, item)
    item.is_submitted = True
    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, item)
    assert item.outcomes == [EventOutcome.ACCEPTED, EventOutcome.DUPLICATE, EventOutcome.DUPLICATE]


def test_a_copy_of_something_settled_is_settled_at_once() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL))

    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, None)


@pytest.mark.parametrize("is_accepted", [False, True])
def test_forwards_a_copy_with_new_fields_as_it_is_once_the_first_was_handed_over(is_accepted: bool) -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL))
    if is_accepted:
        reader.window.accepted(first)
    copy = reader.read(PHONE)

    assert (copy.outcome, copy.is_to_batch) == (DedupeResult.FORWARDED, True)
    assert values_of(item_of(copy).event) == PHONE
    assert item_of(copy).outcomes == [EventOutcome.FORWARDED]
    assert values_of(first.event) == EMAIL
    reader.accepted(copy)
    reader.window.accepted(first)
    assert reader.read(EMAIL | PHONE) == OfferedEvent(DedupeResult.DUPLICATE, None)


def test_forwards_nothing_if_told_so() -> None:
    reader = Reader(forward_new_fields=False)
    first = reader.sent(reader.read(EMAIL))

    assert reader.read(PHONE) == OfferedEvent(DedupeResult.DUPLICATE, first)
    reader.window.accepted(first)
    assert reader.read(PHONE) == OfferedEvent(DedupeResult.DUPLICATE, None)


def test_forwards_no_currency_for_an_order_that_was_sent_without() -> None:
    reader = Reader()
    reader.accepted(reader.read({"properties.value": 1}))

    assert reader.read({"properties.currency": "EUR"}).outcome is DedupeResult.DUPLICATE


def test_forwards_a_true_limited_data_use_after_a_false_one() -> None:
    reader = Reader()
    reader.accepted(reader.read({"limited_data_use": False}))

    assert reader.read({"limited_data_use": True}).outcome is DedupeResult.FORWARDED
    assert reader.read({"limited_data_use": False}).item is None


def test_forwards_a_copy_that_would_make_the_unsent_event_too_large() -> None:
    reader = Reader(max_body_bytes=len(made(EMAIL).body) + 5)
    first = reader.read(EMAIL)
    copy = reader.read(PHONE)

    assert copy.outcome is DedupeResult.FORWARDED
    assert values_of(item_of(first).event) == EMAIL
    assert reader.read(PHONE) == OfferedEvent(DedupeResult.DUPLICATE, copy.item)


def test_drops_a_copy_that_would_make_the_event_too_large_if_nothing_may_be_forwarded() -> None:
    reader = Reader(max_body_bytes=len(made(EMAIL).body) + 5, forward_new_fields=False)
    first = reader.read(EMAIL)

    assert reader.read(PHONE) == OfferedEvent(DedupeResult.DUPLICATE, first.item)


def test_a_copy_settles_with_the_one_unsettled_event_that_has_all_it_has() -> None:
    reader = Reader()
    first, forward = reader.sent(reader.read(EMAIL)), reader.sent(reader.read(PHONE))

    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, first)
    assert reader.read(PHONE) == OfferedEvent(DedupeResult.DUPLICATE, forward)
    reader.window.accepted(first)
    assert reader.read(EMAIL | PHONE) == OfferedEvent(DedupeResult.DUPLICATE, forward)


def test_a_copy_that_would_need_two_unsettled_events_is_sent_itself() -> None:
    reader = Reader()
    reader.sent(reader.read(EMAIL))
    reader.sent(reader.read(PHONE))

    assert reader.read(EMAIL | PHONE).outcome is DedupeResult.FORWARDED


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


def test_a_refused_event_releases_its_claim() -> None:
    reader = Reader()
    reader.refused(reader.read(EMAIL))

    assert reader.window.keys == 0
    assert reader.read(EMAIL).outcome is DedupeResult.FIRST


def test_an_event_that_is_refused_where_it_was_parked_claims_nothing_where_it_came_from() -> None:
    reader = Reader()
    parked = reader.read(EMAIL)
    reader.accepted(parked)

    reader.window.refused_later(item_of(parked).event, reader.offset)

    assert reader.read(EMAIL).outcome is DedupeResult.FIRST


def test_what_is_refused_where_it_was_parked_leaves_the_claim_of_a_copy_that_was_sent() -> None:
    reader = Reader()
    parked = reader.read(EMAIL)
    reader.accepted(parked)
    copy = reader.read(PHONE)

    reader.window.refused_later(item_of(parked).event, 1)

    reader.accepted(copy)
    assert reader.read(PHONE).outcome is DedupeResult.DUPLICATE
    assert reader.read(EMAIL).outcome is DedupeResult.FORWARDED


def test_a_forward_that_is_refused_where_it_was_parked_takes_its_fields_with_it() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL))
    forward = reader.read(PHONE)
    reader.accepted(forward)

    reader.window.refused_later(item_of(forward).event, 2)

    assert reader.read(EMAIL).outcome is DedupeResult.DUPLICATE
    assert reader.read(PHONE).outcome is DedupeResult.FORWARDED


def test_a_forward_that_is_refused_where_it_was_parked_leaves_what_waits_for_its_answer() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL))
    reader.accepted(reader.read(PHONE))
    waiting = item_of(reader.read({"user.external_id": "c"}))

    reader.window.refused_later(made(PHONE), 7)

    assert reader.read({"user.external_id": "c"}) == OfferedEvent(DedupeResult.DUPLICATE, waiting)
    assert reader.read(PHONE).outcome is DedupeResult.FORWARDED


@pytest.mark.parametrize("event", [{"event_id": None}, {"is_id_from_position": True}, {"event_id": "unknown"}])
def test_what_is_refused_where_it_was_parked_and_claims_nothing_changes_nothing(event: dict[str, Any]) -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL))

    reader.window.refused_later(made(EMAIL, **event), 1)

    assert reader.window.keys == 1
    assert not parse_metadata(reader.window.metadata(2), 2, WINDOW_MS, WALL_MS).refused


def test_what_is_refused_where_it_was_parked_is_known_as_refused_after_a_restart() -> None:
    reader = Reader()
    parked = item_of(reader.read(EMAIL)).event
    reader.window.refused_later(parked, 1)
    reader.read(PHONE, event_id="later")

    assert parse_metadata(reader.window.metadata(2), 2, WINDOW_MS, WALL_MS).refused


@pytest.mark.parametrize("is_first_accepted", [False, True])
def test_a_refused_forward_takes_its_fields_with_it(is_first_accepted: bool) -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL))
    if is_first_accepted:
        reader.window.accepted(first)
    reader.refused(reader.read(PHONE))
    if not is_first_accepted:
        assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, first)
        reader.window.accepted(first)

    assert reader.read(EMAIL).item is None
    assert reader.read(PHONE).outcome is DedupeResult.FORWARDED


def test_when_the_first_is_refused_its_forward_holds_the_claim_by_its_own_time() -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL, at_s=0))
    forward = reader.sent(reader.read(PHONE, at_s=100))
    reader.window.refused(first)
    reader.window.accepted(forward)

    assert reader.read(PHONE, at_s=400) == OfferedEvent(DedupeResult.DUPLICATE, None)
    assert reader.read(EMAIL, at_s=400).outcome is DedupeResult.FORWARDED
    assert reader.read(PHONE, at_s=400.001).outcome is DedupeResult.FIRST


def test_copies_merge_into_an_unsent_forward_that_holds_the_claim() -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL))
    forward = reader.read(PHONE)
    reader.window.refused(first)

    assert reader.read(EMAIL).outcome is DedupeResult.MERGED
    assert reader.read(EMAIL) == OfferedEvent(DedupeResult.DUPLICATE, forward.item)
    assert values_of(item_of(forward).event) == EMAIL | PHONE


# ── a record and itself ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_record_read_again_does_not_meet_its_own_claim(is_accepted: bool) -> None:
    reader = Reader()
    once = reader.sent(reader.read(EMAIL, offset=7))
    if is_accepted:
        reader.window.accepted(once)
    again = reader.read(EMAIL, offset=7)
    reader.window.accepted(once)

    assert again.outcome is DedupeResult.FIRST
    assert again.item is not once
    assert reader.read(EMAIL, offset=8).item is again.item


def test_a_forward_read_again_is_forwarded_again() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL, offset=7))
    reader.sent(reader.read(PHONE, offset=8))

    assert reader.read(PHONE, offset=8).outcome is DedupeResult.FORWARDED
    assert reader.read(EMAIL, offset=9).item is None


def test_two_rules_of_one_record_with_one_key_merge() -> None:
    reader = Reader()
    first = reader.read(EMAIL, offset=7, rule="one")
    second = reader.read(PHONE, offset=7, rule="two")

    assert (second.outcome, second.item) == (DedupeResult.MERGED, first.item)
    assert len(item_of(first).records) == 2


# ── waiting to merge ────────────────────────────────────────────────────────────────────────────


def test_a_first_event_waits_until_the_watermark_has_passed_it() -> None:
    reader = Reader(merge_wait_ms=2000)
    first = reader.read(EMAIL, at_s=0)
    late = reader.read(event_id="other", at_s=-1)

    assert not first.is_to_batch
    assert reader.read(PHONE, at_s=1.999) == OfferedEvent(DedupeResult.MERGED, first.item)
    assert reader.window.ready(0.0) == [late.item]
    reader.window.saw(record(9, 2.0), WALL_MS)
    assert reader.window.ready(0.0) == [first.item]
    assert reader.window.ready(99.0) == []
    assert reader.window.waiting == 0


def test_a_first_event_waits_that_long_on_the_wall_at_most() -> None:
    reader = Reader(merge_wait_ms=2000)
    first = reader.read(EMAIL, now_s=10.0)

    assert reader.window.ready(11.999) == []
    assert reader.window.ready(12.0) == [first.item]
    other = reader.read(event_id="other", at_s=2, now_s=13.0)
    assert (reader.window.ready(13.0), reader.window.waiting) == ([], 1)
    assert reader.window.flush() == [other.item]


def test_a_merge_after_the_wait_tells_the_size_the_batch_knew() -> None:
    reader = Reader(merge_wait_ms=2000)
    first = reader.read(EMAIL)
    reader.window.ready(2.0)
    old_bytes = len(item_of(first).event.body)

    assert reader.read(PHONE).old_bytes == old_bytes


def test_shutdown_waits_for_nothing() -> None:
    reader = Reader(merge_wait_ms=2000)
    items = [reader.read(event_id=str(number)).item for number in range(3)]

    assert reader.window.flush() == items
    assert (reader.window.flush(), reader.window.ready(99.0), reader.window.waiting) == ([], [], 0)


def test_only_first_events_wait() -> None:
    reader = Reader(merge_wait_ms=2000)
    reader.sent(reader.read(EMAIL))

    assert reader.read(PHONE).is_to_batch
    assert reader.read(event_id=None).is_to_batch
    assert reader.window.waiting == 1


# ── what comes back from a parked topic ─────────────────────────────────────────────────────────


def test_an_event_that_a_parked_topic_did_not_take_waits_again_and_copies_settle_with_it() -> None:
    reader = Reader()
    first = item_of(reader.read(EMAIL))
    reader.window.accepted(first)
    first.is_submitted = True
    reader.window.reopened(first)

    assert reader.read(EMAIL).item is first


def test_an_event_that_comes_back_from_a_parked_topic_after_the_window_claims_nothing() -> None:
    reader = Reader()
    first = item_of(reader.read(EMAIL))
    reader.window.accepted(first)
    reader.read(event_id="other", at_s=301)
    reader.window.reopened(first)

    assert reader.read(EMAIL, at_s=301).outcome is DedupeResult.FIRST


def test_an_event_that_comes_back_beside_a_forwarded_copy_does_not_count_as_accepted() -> None:
    reader = Reader()
    first = reader.read(EMAIL)
    reader.accepted(first)  # by a parked topic, as it seemed
    reader.sent(reader.read(PHONE))
    reader.window.reopened(item_of(first))

    assert reader.read(EMAIL).item is first.item
    reader.refused(first)
    assert reader.read(EMAIL).outcome is DedupeResult.FORWARDED


def test_a_record_that_was_a_dead_letter_before_it_was_an_event_claims_nothing_when_it_is_filled_in() -> None:
    reader = Reader()
    for offset in (5, 6):
        reader.window.saw(record(offset), WALL_MS)
    reader.window.rejected(record(5))

    reader.window.warm(made({}), record(5))
    assert reader.window.keys == 0

    reader.window.warm(made({}), record(6))
    assert reader.window.keys == 1
