"""What a new owner of a partition knows of what the old one settled (docs/architecture.md §4)."""

from typing import Any

import pytest

from consumer.core.dedupe.digest import digest_of
from consumer.core.dedupe.merge import presence
from consumer.core.dedupe.rewind.checkpoint import MAX_REFUSED, ColdReason
from consumer.core.dedupe.rewind.commit_metadata import parse_metadata
from consumer.core.dedupe.submissions import DedupeResult, OfferedEvent
from consumer.core.dedupe.window import Window
from consumer.core.dedupe.window_settings import WindowSettings
from consumer.core.model import Event
from consumer.core.tiktok_event import FIELD_BIT
from tests.support.dedupe_events import made
from tests.support.window_reader import EMAIL, PHONE, START_MS, WALL_MS, WINDOW_MS, Reader, record

# ── surviving ───────────────────────────────────────────────────────────────────────────────────


def restarted(reader: Reader, committed: int, records: dict[int, tuple[float, Event]]) -> Reader:
    """A new owner's reader, warmed from the metadata of a commit."""
    rewind = parse_metadata(reader.window.metadata(committed, "topic"), committed, WINDOW_MS, WALL_MS)
    window = Window(WindowSettings(WINDOW_MS), rewind)
    for offset in range(rewind.start, committed):
        if offset in records:
            at_s, event = records[offset]
            window.saw(record(offset, at_s), rewind.watermark_ms)
            window.warm(event, record(offset, at_s))
    again = Reader(window)
    again.offset = committed - 1
    return again


def test_what_was_settled_is_not_sent_again_after_a_restart() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL))
    reader.accepted(reader.read(PHONE))

    again = restarted(reader, 3, {1: (0, made(EMAIL)), 2: (0, made(PHONE))})

    assert again.read(EMAIL | PHONE, at_s=300) == OfferedEvent(DedupeResult.DUPLICATE, None)
    assert again.read(EMAIL, at_s=300.001).outcome is DedupeResult.FIRST


def test_a_refused_event_claims_nothing_after_a_restart_but_another_rules_does() -> None:
    reader = Reader()
    refused, kept = made(EMAIL, "refused"), made(EMAIL, "kept", rule="other")
    reader.refused(reader.offer(record(1), refused))
    reader.accepted(reader.offer(record(1), kept))

    again = restarted(reader, 2, {1: (0, refused)})
    again.window.warm(kept, record(1))

    assert again.read(event_id="refused").outcome is DedupeResult.FIRST
    assert again.read(event_id="kept").outcome is DedupeResult.DUPLICATE
    assert restarted(again, 2, {1: (0, refused)}).read(event_id="refused").outcome is DedupeResult.FIRST


def test_too_many_refusals_start_the_window_cold() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL, event_id="kept"))
    for number in range(MAX_REFUSED):
        reader.refused(reader.read(EMAIL, event_id=str(number)))
    end = reader.offset + 1
    assert parse_metadata(reader.window.metadata(end), end, WINDOW_MS, WALL_MS).cold is None

    reader.refused(reader.read(EMAIL, event_id="one more"))

    rewind = parse_metadata(reader.window.metadata(end + 1), end + 1, WINDOW_MS, WALL_MS)
    assert (rewind.cold, rewind.start) == (ColdReason.TOO_MANY_REFUSED, end + 1)


def test_rewinds_to_the_claims_alive_at_the_committed_offset_however_far_reading_went_on() -> None:
    reader = Reader()
    for offset in range(1, 100):
        reader.accepted(reader.read(event_id=str(offset), at_s=offset * 10))

    # At offset 50 the watermark was 490 s, and the claims from 190 s on were alive.
    assert reader.window.oldest_alive(50) == 19
    assert parse_metadata(reader.window.metadata(50), 50, WINDOW_MS, WALL_MS).watermark_ms == START_MS + 499_999
    reader.window.note_committed(50)
    assert reader.window.oldest_alive(50) == 19
    assert reader.window.oldest_alive(100) == 69


def test_rewinds_for_the_forward_that_took_over_a_refused_claim() -> None:
    reader = Reader()
    first = reader.sent(reader.read(EMAIL, at_s=0))
    reader.accepted(reader.read(PHONE, at_s=200))
    reader.read(event_id="other", at_s=250)
    reader.window.refused(first)
    reader.window.saw(record(4, 400), WALL_MS)

    assert reader.window.oldest_alive(5) == 2


def test_without_a_claim_alive_there_is_nothing_to_rewind_to() -> None:
    reader = Reader()
    assert reader.window.metadata(7) == '{"v":1,"w":7}'
    reader.read(at_s=0)
    reader.window.saw(record(2, 301), WALL_MS)

    assert reader.window.oldest_alive(3) == 3
    reader.window.note_committed(3)
    assert reader.window.oldest_alive(3) == 3


def test_forgets_refusals_that_no_rewind_will_meet() -> None:
    reader = Reader()
    reader.refused(reader.read(event_id="refused"))
    reader.read(at_s=301)
    reader.window.note_committed(2)

    assert '"r"' not in reader.window.metadata(3)


def test_a_warmed_claim_lives_as_long_as_the_latest_of_its_copies() -> None:
    reader = Reader()
    reader.accepted(reader.read(EMAIL, at_s=0))
    reader.read(EMAIL, at_s=200)

    again = restarted(reader, 3, {1: (0, made(EMAIL)), 2: (200, made(EMAIL))})

    assert again.window.oldest_alive(3) == 1
    assert again.read(EMAIL, at_s=500).outcome is DedupeResult.DUPLICATE
    assert again.read(EMAIL, at_s=500.001).outcome is DedupeResult.FIRST


@pytest.mark.parametrize("event", [{"event_id": None}, {"is_id_from_position": True}])
def test_warms_only_what_enters_a_window(event: dict[str, Any]) -> None:
    window = Reader().window
    window.saw(record(1), WALL_MS)
    window.warm(made(EMAIL, **event), record(1))
    window.saw(record(2, 301), WALL_MS)
    window.warm(made(EMAIL), record(1))

    assert window.keys == 0


def test_learns_of_what_was_sent_elsewhere() -> None:
    reader = Reader()
    reader.window.saw(record(1), WALL_MS)
    event = made(EMAIL)
    reader.window.learn(digest_of(event), presence(event), START_MS)

    assert reader.read(EMAIL, offset=2) == OfferedEvent(DedupeResult.DUPLICATE, None)
    assert reader.window.oldest_alive(3) == 3
    reader.window.learn(digest_of(event), FIELD_BIT["user.phone"], START_MS, 2)
    assert reader.read(PHONE, offset=4).item is None
    assert reader.window.oldest_alive(3) == 1


def test_rewinds_to_a_claim_that_a_record_made_when_it_was_read_again() -> None:
    reader = Reader()
    reader.window.saw(record(1, 0), WALL_MS)
    reader.read(event_id="other", offset=2, at_s=50)
    reader.read(offset=1, at_s=0)

    assert reader.window.oldest_alive(3) == 1


def test_a_parked_event_that_came_back_and_was_refused_is_known_to_be_so_though_a_copy_was_forwarded() -> None:
    reader = Reader()
    first = reader.read(EMAIL)
    reader.accepted(first)  # by a parked topic, as it seemed
    reader.sent(reader.read(PHONE))
    assert first.item is not None
    reader.window.reopened(first.item)
    reader.refused(first)

    rewind = parse_metadata(reader.window.metadata(3, "topic"), 3, WINDOW_MS, WALL_MS)
    assert [offset for offset, _ in rewind.refused] == [1]


def test_an_event_without_a_key_that_comes_back_from_a_parked_topic_stays_out_of_the_window() -> None:
    reader = Reader()
    reader.read(EMAIL)
    unkeyed = reader.read(event_id=None)
    assert unkeyed.item is not None
    reader.window.reopened(unkeyed.item)
    reader.refused(unkeyed)

    rewind = parse_metadata(reader.window.metadata(3, "topic"), 3, WINDOW_MS, WALL_MS)
    assert (rewind.start, rewind.refused) == (1, frozenset())


def test_what_was_settled_beyond_an_event_without_an_answer_keeps_the_claim_when_that_is_refused() -> None:
    reader = Reader()
    first = reader.read(EMAIL)
    reader.window.warm(made(PHONE), record(2))
    reader.refused(first)

    assert reader.read(PHONE, offset=3) == OfferedEvent(DedupeResult.DUPLICATE, None)
    assert reader.read(EMAIL, offset=4).outcome is DedupeResult.FORWARDED
