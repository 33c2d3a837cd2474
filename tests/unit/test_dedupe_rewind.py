"""What a commit's metadata says of the window, and what it is worth when it comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.dedupe.checkpoint import (
    MAX_METADATA_BYTES,
    MAX_REFUSED,
    ColdReason,
    ReadTrail,
    Refusals,
    Rewind,
    is_other_cluster,
    is_other_topic,
    parse_metadata,
    write_metadata,
)

WINDOW_MS = 300_000
NOW_MS = 1_700_000_000_000
MARK = b"\x01\x02"


def parsed(text: str, committed: int = 100) -> Rewind:
    return parse_metadata(text, committed, WINDOW_MS, NOW_MS)


# ── metadata ────────────────────────────────────────────────────────────────────────────────────


@given(
    st.integers(0, 1 << 40),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=2, max_size=2)), max_size=MAX_REFUSED),
)
def test_what_is_written_is_read_back(start: int, distances: list[tuple[int, bytes]]) -> None:
    refused = sorted({(start + distance, mark) for distance, mark in distances})
    text = write_metadata(start, NOW_MS, refused, "topic-id-topic-id-topi")

    assert len(text) <= MAX_METADATA_BYTES
    assert parsed(text, 1 << 41) == Rewind(start, NOW_MS, frozenset(refused), "topic-id-topic-id-topi")


def test_the_form_of_version_1_stays() -> None:
    text = '{"v":1,"w":1000,"m":1700000000000,"r":"AQECrAIBAg==","t":"topic"}'

    assert write_metadata(1000, NOW_MS, [(1001, MARK), (1301, MARK)], "topic") == text
    assert parsed(text, 2000) == Rewind(1000, NOW_MS, frozenset({(1001, MARK), (1301, MARK)}), "topic")


def test_refusals_that_do_not_fit_make_the_next_window_cold() -> None:
    wide = [(offset << 40, MARK) for offset in range(1, MAX_REFUSED + 1)]

    for refused in (wide, None):
        rewind = parsed(write_metadata(0, NOW_MS, refused, "topic"), 1 << 60)
        assert rewind == Rewind(1 << 60, topic_id="topic", cold=ColdReason.TOO_MANY_REFUSED)


@pytest.mark.parametrize(
    ("text", "cold"),
    [
        ("", ColdReason.NONE),
        ("someone else's words", ColdReason.UNREADABLE),
        ("[]", ColdReason.UNREADABLE),
        ('{"w":1}', ColdReason.UNREADABLE),
        ('{"v":1,"w":"1"}', ColdReason.UNREADABLE),
        ('{"v":1,"r":"A"}', ColdReason.UNREADABLE),
        ('{"v":1,"r":"gA=="}', ColdReason.UNREADABLE),
        ('{"v":1,"r":"AQE="}', ColdReason.UNREADABLE),
        ('{"v":1,"r":"ü"}', ColdReason.UNREADABLE),
        ('{"v":2}', ColdReason.VERSION),
        ('{"v":1,"c":true}', ColdReason.TOO_MANY_REFUSED),
        ('{"v":1,"w":101}', ColdReason.BEYOND),
        ('{"v":1,"w":-1}', ColdReason.BEYOND),
        ('{"v":1,"m":-1}', ColdReason.TIME),
        (f'{{"v":1,"m":{NOW_MS + WINDOW_MS + 1}}}', ColdReason.TIME),
    ],
)
def test_whatever_else_it_says_the_window_starts_cold(text: str, cold: ColdReason) -> None:
    assert parsed(text) == Rewind(100, cold=cold)


@given(st.text(max_size=40) | st.binary(max_size=30).map(lambda b: '{"v":1,"r":"' + b.hex() + '"}'))
def test_no_metadata_can_do_more_than_start_cold(text: str) -> None:
    assert parsed(text).start in (0, 100)


def test_a_clock_that_is_a_little_behind_the_old_owners_does_no_harm() -> None:
    assert parsed(f'{{"v":1,"w":100,"m":{NOW_MS + WINDOW_MS}}}').cold is None


@pytest.mark.parametrize(
    ("then", "now", "is_topic", "is_cluster"),
    [
        ("cluster/topic", "cluster/topic", False, False),
        ("cluster/topic", "cluster/again", True, False),
        ("lost/topic", "cluster/mirror", False, True),
        ("", "cluster/topic", False, False),
        ("cluster/topic", "", False, False),
    ],
)
def test_a_topic_made_again_is_told_from_one_of_another_cluster(
    then: str, now: str, is_topic: bool, is_cluster: bool
) -> None:
    assert (is_other_topic(then, now), is_other_cluster(then, now)) == (is_topic, is_cluster)


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


def test_refusals_are_kept_by_record_and_event() -> None:
    refusals = Refusals([(5, MARK)])
    refusals.note(7, MARK + b"the rest of the digest")

    assert refusals.has(7, MARK + b"another rest")
    assert not refusals.has(7, b"another")
    assert refusals.between(0, 10) == [(5, MARK), (7, MARK)]
    assert refusals.between(6, 7) == []
    refusals.forget_before(6)
    assert refusals.between(0, 10) == [(7, MARK)]


def test_refusals_beyond_bounds_are_forgotten_and_that_is_known() -> None:
    refusals = Refusals()
    for offset in range(10_001):
        refusals.note(offset, MARK)
    refusals.note(20_000, MARK)

    assert refusals.between(10_000, 30_000) is None
    assert refusals.between(10_000, 10_000) == []
    assert refusals.between(10_001, 30_000) == [(20_000, MARK)]


# ── the trail ───────────────────────────────────────────────────────────────────────────────────


def test_a_long_stall_costs_precision_and_no_more_memory() -> None:
    trail, claims = ReadTrail(), 20_000
    for offset in range(claims):
        trail.reached(offset, offset * 1000)
        trail.claimed(offset, offset * 1000)

    for committed in range(301, claims, 97):
        exact = committed - 1 - WINDOW_MS // 1000
        assert exact - 512 <= trail.oldest_alive(committed, WINDOW_MS) <= exact
        assert trail.watermark_at(committed, claims * 1000) >= (committed - 1) * 1000
    assert len(trail._offsets) <= 4096


def test_a_claim_made_again_at_an_older_offset_is_found_there() -> None:
    trail = ReadTrail()
    for offset in (10, 20, 30):
        trail.reached(offset, offset * 1000)
    trail.claimed(25, 29_000)

    assert trail.oldest_alive(40, 5000) == 20
