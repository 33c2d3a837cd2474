"""What a commit's metadata says, and what it is worth when it comes back."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.core.dedupe.rewind.checkpoint import ANY_EVENT, MAX_REFUSED, ColdReason, Refusal, Rewind
from consumer.core.dedupe.rewind.commit_metadata import (
    MAX_METADATA_BYTES,
    SHORT_METADATA_BYTES,
    SettledBeyond,
    WindowPast,
    _Metadata,
    is_other_cluster,
    is_other_topic,
    parse_metadata,
    write_metadata,
)
from consumer.core.model import OffsetRuns

ROOT = Path(__file__).parents[3]
WINDOW_MS = 300_000
NOW_MS = 1_700_000_000_000
MARK = b"\x01\x02"
TOPIC = "5L6g3nShT-eMCtK--X86sw/hVbBUbZSTCyTJjQ2QYZ0pQ"
MARKS = st.binary(min_size=2, max_size=2)


def parsed(text: str, committed: int = 100) -> Rewind:
    return parse_metadata(text, committed, WINDOW_MS, NOW_MS)


def written(runs: OffsetRuns, *, refused: list[Refusal] | None = None, committed: int = 100, most: int = 4096) -> str:
    past = WindowPast(committed - 50, NOW_MS, [])
    return write_metadata(past, TOPIC, SettledBeyond(committed, runs, refused or []), most)


# ── the window ──────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 1 << 40), st.lists(st.tuples(st.integers(0, 1 << 20), MARKS), max_size=MAX_REFUSED))
def test_what_is_written_is_read_back(start: int, distances: list[tuple[int, bytes]]) -> None:
    refused = sorted({(start + distance, mark) for distance, mark in distances})
    text = write_metadata(WindowPast(start, NOW_MS, refused), TOPIC)

    assert len(text) <= MAX_METADATA_BYTES
    assert parsed(text, 1 << 41) == Rewind(start, NOW_MS, frozenset(refused), topic_id=TOPIC)


def test_what_the_release_before_wrote_is_read() -> None:
    text = f'{{"v":1,"w":123456789,"m":1764380000123,"r":"AQD_ixkQILTrPGFi","t":"{TOPIC}"}}'
    refused = frozenset({(123456790, b"\x00\xff"), (123460001, b"\x10\x20"), (124456789, b"ab")})
    read = parse_metadata(text, 124_456_800, WINDOW_MS, 1_764_380_000_123)

    assert read == Rewind(123456789, 1764380000123, refused, topic_id=TOPIC)
    assert parsed(f'{{"v":1,"c":true,"t":"{TOPIC}"}}').cold is ColdReason.TOO_MANY_REFUSED
    assert parsed('{"v":1,"w":42}') == Rewind(42)


def test_what_version_2_says_is_read_whichever_release_wrote_it() -> None:
    plain = (
        f'{{"v":2,"w":123456789,"m":1700000000000,"r":"AQD_ixkQIMTrPGFi","t":"{TOPIC}","o":124456800,"s":"Af8YBwE="}}'
    )
    packed = f'{{"v":2,"w":123456789,"m":1700000000000,"t":"{TOPIC}","o":124456800,"z":"Y2RkIgoCAA=="}}'
    refused = frozenset({(123456790, b"\x00\xff"), (123460001, b"\x10\x20"), (124456805, b"ab")})
    runs = ((124456801, 124460000), (124460007, 124460008))
    many = tuple((124456801 + 3 * number, 124456802 + 3 * number) for number in range(20))

    assert parsed(plain, 124456800) == Rewind(123456789, NOW_MS, refused, runs, TOPIC)
    assert parsed(packed, 124456800) == Rewind(123456789, NOW_MS, frozenset(), many, TOPIC)


def test_the_page_of_the_architecture_explains_each_field() -> None:
    section = (ROOT / "docs" / "architecture.md").read_text().partition("## 6. ")[2].partition("\n## ")[0]
    explained = re.findall(r"`(\w)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.M)))

    assert sorted(explained) == sorted(_Metadata.__struct_fields__)


def test_without_settled_records_beyond_the_release_before_can_read_it() -> None:
    text = '{"v":1,"w":1000,"m":1700000000000,"r":"AQECrAIBAg==","t":"topic"}'

    past = WindowPast(1000, NOW_MS, [(1001, MARK), (1301, MARK)])
    assert write_metadata(past, "topic", SettledBeyond(2000)) == write_metadata(past, "topic") == text
    assert parsed(text, 2000) == Rewind(1000, NOW_MS, frozenset({(1001, MARK), (1301, MARK)}), topic_id="topic")


def test_refusals_that_do_not_fit_make_the_next_window_cold() -> None:
    wide = [(offset << 56, MARK) for offset in range(1, MAX_REFUSED + 1)]

    for refused in (wide, None):
        rewind = parsed(write_metadata(WindowPast(0, NOW_MS, refused), "topic"), 1 << 60)
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
        ('{"v":2,"o":100,"s":"AQ=="}', ColdReason.UNREADABLE),
        ('{"v":2,"o":100,"z":"____"}', ColdReason.UNREADABLE),
        ('{"v":3}', ColdReason.VERSION),
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


# ── what is settled beyond ──────────────────────────────────────────────────────────────────────


def runs_from(lengths: list[tuple[int, int]], at: int = 100) -> OffsetRuns:
    runs = []
    for gap, length in lengths:
        runs.append((at + gap, at + gap + length))
        at += gap + length
    return tuple(runs)


@given(st.lists(st.tuples(st.integers(1, 1 << 20), st.integers(1, 1 << 20)), min_size=1, max_size=60))
def test_settled_runs_are_read_back_for_the_same_offset_and_no_other(lengths: list[tuple[int, int]]) -> None:
    runs = runs_from(lengths)
    text = written(runs)

    assert len(text) <= MAX_METADATA_BYTES
    assert parsed(text).settled == runs
    assert parsed(text, 101).settled == ()


def test_one_record_that_waits_costs_a_few_bytes_whatever_stands_behind_it() -> None:
    assert len(written(((101, 700_000),))) - len(written(())) < 30


@pytest.mark.parametrize("most", [SHORT_METADATA_BYTES, MAX_METADATA_BYTES])
def test_what_does_not_fit_is_left_out_from_the_end(most: int) -> None:
    draw = random.Random(7)
    runs = runs_from([(draw.randint(1, 300), draw.randint(1, 300)) for _ in range(5000)])
    text = written(runs, most=most)
    settled = parsed(text).settled

    assert most - 20 < len(text) <= most
    assert settled == runs[: len(settled)]
    assert len(settled) > most / 5


def test_a_regular_pattern_fits_at_any_length() -> None:
    runs = runs_from([(1, 4)] * 10_000)  # one pixel of five is closed

    assert parsed(written(runs)).settled == runs


def test_what_was_refused_beyond_is_told_as_far_as_the_runs_go() -> None:
    runs, refused = ((105, 110), (120, 130)), [(107, MARK), (125, MARK)]

    assert parsed(written(runs, refused=refused)).refused == frozenset(refused)


def test_runs_with_too_much_that_was_refused_are_not_told() -> None:
    refused = [(110 + number, MARK) for number in range(MAX_REFUSED + 1)]
    runs = ((105, 106), (110, 1000))

    assert parsed(written(runs, refused=refused)) == Rewind(50, NOW_MS, settled=((105, 106),), topic_id=TOPIC)


def test_rejected_records_are_told_where_there_is_room_beside_refused_events() -> None:
    events = [(110 + number, MARK) for number in range(MAX_REFUSED)]
    some = parsed(written(((105, 900),), refused=[(108, ANY_EVENT), *events[:-1]]))
    assert some.refused == {(108, ANY_EVENT), *events[:-1]}

    crowded = parsed(written(((105, 900),), refused=[(108, ANY_EVENT), *events]))
    assert crowded.settled == ((105, 900),)
    assert crowded.refused == set(events)
    past = WindowPast(50, NOW_MS, [(60, MARK), *((61 + number, ANY_EVENT) for number in range(MAX_REFUSED))])
    assert parsed(write_metadata(past, TOPIC)).refused == {(60, MARK)}
    assert parsed(write_metadata(past, TOPIC, SettledBeyond(100, ((101, 102),)))).refused == {(60, MARK)}


def test_a_cold_window_does_not_send_what_was_settled_beyond_again() -> None:
    text = write_metadata(WindowPast(50, NOW_MS, None), TOPIC, SettledBeyond(100, ((105, 110),), [(107, MARK)]))

    cold = Rewind(100, 0, frozenset({(107, MARK)}), ((105, 110),), TOPIC, ColdReason.TOO_MANY_REFUSED)
    assert parsed(text) == cold


def test_without_a_topics_id_nothing_is_told_of_what_is_settled_beyond() -> None:
    text = write_metadata(WindowPast(50, NOW_MS, []), "", SettledBeyond(100, ((105, 110),)))

    assert parsed(text).settled == ()


@given(st.binary(max_size=40), st.sampled_from("sz"))
def test_damaged_runs_end_no_process(packed: bytes, field: str) -> None:
    text = '{"v":2,"w":100,"o":100,"%s":"%s"}' % (field, packed.hex())  # noqa: UP031  # braces
    settled = parsed(text).settled

    assert all(first <= end for first, end in settled)
