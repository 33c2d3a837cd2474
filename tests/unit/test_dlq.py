"""Dead letters: what they say, which are meant, which may be replayed, and how often each is: once."""

import io
import json
from collections import Counter
from contextlib import closing
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from consumer.commands.dlq import dlq_command, dlq_list, dlq_show, replay_report
from consumer.commands.dlq.dead_letter import LetterState, Replays, letter_of
from consumer.commands.dlq.dlq_command import Output, list_found
from consumer.commands.dlq.dlq_list import Tally
from consumer.commands.dlq.replay import ReplayRequest
from consumer.commands.dlq.replay_decision import Age, ReplayRate, SkipReason, age_of, is_fixed
from consumer.commands.dlq.replay_progress import Progress
from consumer.commands.dlq.selection import At, Selection, parse_at, unknown_stages
from consumer.commands.explain.explain_command import Explainer, console_for
from consumer.commands.explain.explain_words import of_reason
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.config.loading import parse
from consumer.core.model import Decision, Event, Position, Record, Rejection
from consumer.core.reasons import DropReason, RejectReason
from consumer.core.settle.envelope import restored
from tests.support.dead_letters import DLQ, NOW_MS, Desk, dead, read
from tests.support.fakes import item
from tests.support.service import encoded

P0 = (DLQ, 0)
EVENT: Event = structs.replace(item().event, event_time_s=NOW_MS // 1000)
REFUSED = Rejection(RejectReason.MAP_CALL, "why")


# ── which are meant ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("web-events:3", At("web-events", 3)),
        ("web-events:3:7", At("web-events", 3, 7, 7)),
        ("a.b_c:0:7-9", At("a.b_c", 0, 7, 9)),
    ],
)
def test_a_place_is_a_partition_an_offset_or_a_range(text: str, at: At) -> None:
    assert parse_at(text) == at


@pytest.mark.parametrize("text", ["", "web-events", "web-events:x", "web-events:1:2:3", "a b:1", "t:1:2-", "t:-1"])
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="TOPIC:PARTITION"):
        parse_at(text)


@pytest.mark.parametrize(
    ("selection", "offsets"),
    [
        (Selection(), [0, 1, 2]),
        (Selection(reasons=("map.call",)), [0, 2]),
        (Selection(reasons=("map", "decode.utf8")), [0, 1, 2]),
        (Selection(reasons=("decode",)), [1]),
        (Selection(rules=("leads",)), [2]),
        (Selection(pixels=("blog",)), [2]),
        (Selection(rules=("purchases",), pixels=("blog",)), []),
        (Selection(since_ms=NOW_MS + 1000), [1, 2]),
        (Selection(until_ms=NOW_MS + 1000), [0]),
        (Selection(places=(At(DLQ, 0, 1, 1),)), [1]),
        (Selection(places=(At("orders", 0, 20, 29), At(DLQ, 0, 0, 0))), [0, 2]),
        (Selection(places=(At("orders", 1),)), []),
    ],
)
def test_all_filters_must_hold_and_one_value_of_each(selection: Selection, offsets: list[int]) -> None:
    letters = [
        dead(0),
        dead(1, RejectReason.DECODE_UTF8, rule=None, pixel=None),
        dead(2, rule="leads", pixel="blog"),
    ]

    assert [each.position.offset for each in letters if selection.takes(read(each))] == offsets


def test_places_of_the_dead_letter_topic_alone_say_what_is_to_be_read() -> None:
    assert Selection(places=(At(DLQ, 0, 5, 7),)).narrowed(P0, 0, 100) == (5, 8)
    assert Selection(places=(At(DLQ, 0, 5, 7), At(DLQ, 0, 9, 9))).narrowed(P0, 6, 100) == (6, 10)
    assert Selection(places=(At(DLQ, 0, 5, 7), At("orders", 0))).narrowed(P0, 0, 100) == (0, 100)
    assert Selection().narrowed(P0, 3, 100) == (3, 100)


def test_a_reason_that_no_letter_can_have_is_found() -> None:
    assert unknown_stages(["map", "map.call", "map.cal", "dispatch"], map(str, RejectReason)) == ["map.cal", "dispatch"]


def test_a_record_that_no_service_of_this_kind_wrote_is_no_letter() -> None:
    at = Position(DLQ, 0, 0)
    theirs = (("__connect.errors.topic", b"orders"),)

    assert letter_of(Record(at, 0, None, b"", theirs, at)) is None
    assert letter_of(Record(at, 0, None, b"", (("tiktok.reason", b"map.call"), *theirs), at)) is None


# ── which may be replayed ───────────────────────────────────────────────────────────────────────


def test_fixed_is_what_would_be_sent_in_part_too() -> None:
    shadow = structs.replace(EVENT, is_shadow=True)

    assert is_fixed(Decision((EVENT,))) is None
    assert is_fixed(Decision((EVENT,), (REFUSED,))) is None
    assert is_fixed(Decision(rejections=(REFUSED,))) is SkipReason.NOT_FIXED
    assert is_fixed(Decision(dropped=DropReason.NO_RULE)) is SkipReason.DROPPED
    assert is_fixed(Decision((shadow,))) is SkipReason.DROPPED


@pytest.mark.parametrize(("hours", "age"), [(1, Age.FRESH), (48.1, Age.COUNTED_TWICE), (28 * 24 + 1, Age.UNMATCHED)])
def test_age_is_the_events_own_where_it_is_known_else_the_records(hours: float, age: Age) -> None:
    letter = read(dead(0))
    at_s = letter.record.timestamp_ms / 1000
    old = structs.replace(EVENT, event_time_s=int(at_s - hours * 3600))

    assert age_of(letter, None, at_s + hours * 3600) is age
    assert age_of(letter, Decision((EVENT, old)), at_s) is age
    assert age_of(letter, Decision(rejections=(REFUSED,)), at_s + hours * 3600) is age
    unknown = structs.replace(letter, record=structs.replace(letter.record, timestamp_ms=-1))
    assert age_of(unknown, None, at_s) is Age.FRESH


def test_pace_is_even_and_makes_up_for_nothing() -> None:
    pace = ReplayRate(2.0, 10.0)

    assert [pace.wait_s(10.0), pace.wait_s(10.0), pace.wait_s(10.5), pace.wait_s(20.0), pace.wait_s(20.0)] == [
        0.0, 0.5, 0.5, 0.0, 0.5,
    ]  # fmt: skip
    assert ReplayRate(None, 0.0).wait_s(5.0) == 0.0


# ── each once ───────────────────────────────────────────────────────────────────────────────────


def test_a_replay_has_the_original_bytes_and_runs_only_the_rule_that_failed() -> None:
    desk = Desk([dead(0, headers=(("trace", b"\x00"), ("trace", None)), replays=1), dead(1, rule=None)])

    assert desk.replay().replayed == 2

    at = Position("g.replay", 0, 0)
    first, second = (restored(Record(at, 0, each.key, each.value, each.headers, at)) for each in desk.replayed)
    assert (first.key, first.value, first.headers) == (b"k0", b"v0", (("trace", b"\x00"), ("trace", None)))
    assert (first.origin, first.timestamp_ms) == (Position("orders", 0, 0), NOW_MS - 1000)
    assert (first.rule, first.replays, second.rule, second.replays) == ("purchases", 2, None, 1)


def test_the_offset_stays_before_the_first_letter_that_was_not_replayed() -> None:
    desk = Desk([dead(0), dead(1, RejectReason.DECODE_UTF8), dead(2)])

    desk.replay(Selection(reasons=("map",)))
    assert desk.committed == {P0: 1}
    assert desk.keys() == [b"k0", b"k2"]

    assert desk.replay().left == {SkipReason.REPLAYED: 1}
    assert desk.committed == {P0: 3}
    assert desk.keys() == [b"k0", b"k2", b"k1"]


def test_what_is_no_letter_holds_nothing_up() -> None:
    at = Position(DLQ, 0, 0)
    desk = Desk([Record(at, 0, None, b"x", (), at), dead(1)])

    assert desk.replay().replayed == 1
    assert desk.committed == {P0: 2}


@given(
    st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.integers(0, 4)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.booleans(), st.integers(1, 5)), max_size=5),
)
def test_each_letter_is_replayed_once_however_often_it_is_stopped_killed_or_filtered(
    made: list[tuple[int, bool, int]], runs: list[tuple[int, bool, bool, int]]
) -> None:
    reasons = (RejectReason.MAP_CALL, RejectReason.DECODE_UTF8)
    letters, ends = [], [0, 0]
    for partition, is_map, gap in made:
        ends[partition] += gap
        letters.append(dead(ends[partition], reasons[is_map], partition=partition))
        ends[partition] += 1
    desk = Desk(letters)

    for seen, is_killed, is_filtered, limit in runs:
        selection = Selection(reasons=("map",)) if is_filtered else Selection()
        desk.replay(selection, seen=seen, is_killed=is_killed, limit=limit)
    desk.replay()

    marks = Counter(dict(each.added)["tiktok.replayed_from"] for each in desk.replayed)
    assert marks == Counter(read(letter).mark.encode() for letter in letters)
    assert desk.replay().replayed == 0


def test_a_letter_of_a_topic_made_anew_is_another_letter() -> None:
    desk = Desk([dead(0)])
    desk.replay()
    desk.committed.clear()
    desk.letters = [structs.replace(dead(0), timestamp_ms=NOW_MS + 99)]

    assert desk.replay().replayed == 1


def test_a_dry_run_writes_and_notes_nothing() -> None:
    desk = Desk([dead(0), dead(1, replays=3)])

    done = desk.replay(is_dry=True)

    assert (done.replayed, done.left) == (1, {SkipReason.TOO_OFTEN: 1})
    assert (desk.replayed, desk.committed) == ([], {})


def test_replays_at_most_so_many_and_then_goes_on() -> None:
    desk = Desk([dead(offset) for offset in range(5)])

    assert [desk.replay(limit=2).replayed for _ in range(4)] == [2, 2, 1, 0]
    assert desk.keys() == [b"k%d" % offset for offset in range(5)]


def test_a_letter_that_came_back_too_often_is_left_alone() -> None:
    desk = Desk([dead(0, replays=1), dead(1, replays=2)])

    assert desk.replay(max_replays=2).left == {SkipReason.TOO_OFTEN: 1}
    assert desk.keys() == [b"k0"]


def test_only_what_is_fixed_is_replayed_and_the_rest_later() -> None:
    desk = Desk([dead(offset) for offset in range(3)])
    rejected, sent = Decision(rejections=(REFUSED,)), Decision((EVENT,))
    desk.decisions = {b"v0": rejected, b"v1": sent, b"v2": rejected}
    assert desk.replay(only_if_fixed=True).left == {SkipReason.NOT_FIXED: 2}

    desk.decisions[b"v0"] = sent
    assert desk.replay(only_if_fixed=True).left == {SkipReason.REPLAYED: 1, SkipReason.NOT_FIXED: 1}
    assert desk.keys() == [b"k1", b"k0"]
    assert desk.committed == {P0: 2}


CONFIG: Final = """
kafka: {bootstrap_servers: "localhost:9092", topics: [web-events], group_id: g}
pixels: {shop: {pixel_code: PIXEL, access_token: made-up}}
rules: [{name: orders, pixel: shop}]
"""


def shown(record: Record, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `dlq show` prints of a dead letter."""
    letter, settings = read(record), parse(CONFIG, {})
    with closing(TopicSchemas(settings)) as schemas:
        explainer = Explainer(settings, schemas)
        explained = explainer.explain(explainer.of_topic(dlq_show.from_origin(letter.record)))
    return printed(lambda console: dlq_show.show(console, letter, explained), monkeypatch)


def test_why_the_configuration_would_still_reject_it_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk([dead(0), dead(1)])
    unknown = Decision(rejections=(Rejection(RejectReason.ROUTE_UNKNOWN_RULE, "why"),))
    desk.decisions = {b"v0": unknown, b"v1": unknown}
    done = desk.replay(only_if_fixed=True, is_dry=True)

    text = " ".join(printed(lambda console: replay_report.show(console, done), monkeypatch).split())

    assert f"2 of these: route.unknown_rule → {of_reason(RejectReason.ROUTE_UNKNOWN_RULE)}" in text
    assert replay_report.as_json(done)["still_rejected"] == {"route.unknown_rule": 2}


def test_a_letter_whose_rule_was_renamed_shows_its_record_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tutorial does that in its second step."""
    value = encoded(event="Purchase", event_id="o-1")
    record = structs.replace(dead(0, RejectReason.VALIDATE_EVENT_TOO_OLD, rule="everything"), value=value)

    text = shown(record, monkeypatch)

    assert '"event_id": "o-1"' in text
    assert "not decoded" not in text
    assert "cannot be decoded" not in text
    assert "route.unknown_rule: the rule named in its headers is not configured" in " ".join(text.split())
    assert of_reason(RejectReason.ROUTE_UNKNOWN_RULE) in " ".join(text.split())


def test_a_record_that_cannot_be_decoded_says_why_even_if_its_headers_name_a_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = shown(structs.replace(dead(0, rule="orders"), value=b"\x02"), monkeypatch)

    assert "cannot be decoded" in text
    assert "decode.truncated" in text


def test_a_letter_without_its_value_is_fetched_if_what_is_there_is_the_same() -> None:
    desk = Desk([dead(offset, is_short=True) for offset in range(3)])
    at = Position("orders", 0, 0)
    desk.origin[0] = Record(at, 0, b"whole key", b"v0", (("trace", b"1"),), at)
    desk.origin[10] = Record(at, 0, b"k", b"another", (), at)

    assert desk.replay().left == {SkipReason.CHANGED: 1, SkipReason.GONE: 1}
    (sent,) = desk.replayed
    assert (sent.key, sent.value, sent.original) == (b"whole key", b"v0", (("trace", b"1"),))


def test_a_letter_too_large_is_left_alone_and_other_errors_end_it() -> None:
    desk = Desk([dead(0), dead(1)])
    desk.error = "MSG_SIZE_TOO_LARGE"
    assert desk.replay().left == {SkipReason.TOO_LARGE: 2}

    desk.error = "TOPIC_AUTHORIZATION_FAILED"
    done = desk.replay()
    assert (done.replayed, done.is_whole, "TOPIC_AUTHORIZATION_FAILED" in done.stopped) == (0, False, True)
    assert desk.committed == {}

    desk.error = None
    assert desk.replay().replayed == 2


def test_a_signal_ends_it_between_two_letters_and_it_says_so() -> None:
    desk = Desk([dead(0), dead(1)])
    desk.stop.set()

    assert desk.replay().stopped == "interrupted"
    assert desk.replayed == []


def test_a_second_signal_does_not_wait_for_what_is_on_its_way_which_is_said() -> None:
    desk = Desk([dead(0)])
    desk.is_silent = True
    desk.hurry.set()

    done = desk.replay()

    assert (done.replayed, done.unacknowledged, done.stopped) == (0, 1, "interrupted")
    assert desk.committed == {}


@pytest.mark.parametrize("commits_to_fail", [1, 2])
def test_the_last_commit_is_made_again_until_it_is_stored(commits_to_fail: int) -> None:
    desk = Desk([dead(0)])
    desk.commits_to_fail = commits_to_fail

    assert desk.replay().is_whole
    assert desk.committed == {P0: 1}


@pytest.mark.parametrize(("to_origin", "again"), [(False, ""), (True, " (letters may go to their origin again)")])
def test_a_last_commit_that_is_never_stored_is_said(to_origin: bool, again: str) -> None:
    desk = Desk([dead(0)])
    desk.commits_to_fail = 1000
    desk.hurry.set()

    done = desk.replay(to_origin=to_origin)

    assert (done.replayed, done.stopped) == (1, f"Kafka has not stored how far it came{again}")


def test_a_registry_that_is_away_stops_it_and_what_was_done_before_is_noted() -> None:
    desk = Desk([dead(0), dead(1), dead(2)])
    desk.decisions = {b"v0": Decision((EVENT,)), b"v2": Decision((EVENT,))}

    done = desk.replay(only_if_fixed=True)

    assert (done.replayed, done.stopped) == (1, "the schema registry did not answer")
    assert desk.committed == {P0: 1}


def test_to_the_origin_nothing_is_added_and_the_offset_passes_what_was_looked_at() -> None:
    desk = Desk([dead(0, RejectReason.DECODE_UTF8), dead(1, headers=(("trace", b"1"),))])

    desk.replay(Selection(reasons=("map",)), to_origin=True)

    (sent,) = desk.replayed
    assert (sent.topic, sent.key, sent.value, sent.headers) == ("orders", b"k1", b"v1", (("trace", b"1"),))
    assert desk.committed == {P0: 2}


def test_old_events_are_said_once_and_counted() -> None:
    desk = Desk([dead(0), dead(1)])
    desk.decisions = dict.fromkeys((b"v0", b"v1"), Decision((structs.replace(EVENT, event_time_s=0),)))

    done = desk.replay(only_if_fixed=True)

    assert desk.said == ["warning: there are events older than 28 days"]
    assert replay_report.as_json(done)["older_than_28d"] == 2


@pytest.mark.parametrize(
    ("reason", "running_since_s", "is_warned"),
    [
        (RejectReason.MAP_CALL, NOW_MS / 1000 - 60, True),
        (RejectReason.MAP_CALL, NOW_MS / 1000 + 60, False),
        (RejectReason.MAP_CALL, None, False),
        (RejectReason.DELIVER_REFUSED, NOW_MS / 1000 - 60, False),
    ],
)
def test_a_service_that_still_has_the_configuration_that_failed_is_warned_of_once(
    reason: RejectReason, running_since_s: float | None, is_warned: bool
) -> None:
    desk = Desk([dead(0, reason), dead(1, reason)])
    desk.running_since_s = running_since_s

    desk.replay()

    assert len([said for said in desk.said if "has not been restarted" in said]) == int(is_warned)
    assert len(desk.replayed) == 2


# ── what has become of it ───────────────────────────────────────────────────────────────────────

REPLAY_0: Final = ("g.replay", 0)


def test_what_was_never_replayed_is_open() -> None:
    assert Replays().state(read(dead(0))) is LetterState.OPEN


@pytest.mark.parametrize(
    ("settled", "again", "state"),
    [
        (0, None, LetterState.UNDER_WAY),
        (6, None, LetterState.ACCEPTED),
        (6, dead(1, replays=1), LetterState.ACCEPTED),
        (6, structs.replace(dead(0, replays=1), timestamp_ms=NOW_MS + 5), LetterState.BACK),
        (6, structs.replace(dead(0, rule="leads", replays=1), timestamp_ms=NOW_MS + 5), LetterState.ACCEPTED),
    ],
)
def test_a_replayed_letter_is_under_way_accepted_or_back(
    settled: int, again: Record | None, state: LetterState
) -> None:
    letter = read(dead(0))
    replays = Replays({letter.mark: (REPLAY_0, 5)}, {}, {REPLAY_0: settled})
    if again is not None:
        replays.note(read(again))

    assert replays.state(letter) is state


def test_a_letter_of_no_rule_is_back_by_any_rule_and_what_came_back_is_open_itself() -> None:
    letter, again = read(dead(0, rule=None)), read(structs.replace(dead(0, replays=1), timestamp_ms=NOW_MS + 5))
    replays = Replays(noted={P0: 1})
    assert replays.state(letter) is LetterState.ACCEPTED  # the replay topic may have forgotten it

    replays.note(again)

    assert replays.state(letter) is LetterState.BACK
    assert Replays(marks={letter.mark: (REPLAY_0, 5)}).state(again) is LetterState.OPEN


def test_the_list_counts_what_is_still_open(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(1)
    for number, state in enumerate(LetterState):
        tally.add(read(dead(number)), state)

    text = printed(lambda console: dlq_list.show(console, tally, (DLQ,)), monkeypatch)

    assert "1 open, 1 replayed, not settled yet, 1 replayed and accepted, 1 replayed and back" in " ".join(text.split())
    assert ["4", "1", "map.call"] in [line.split()[:3] for line in text.splitlines()]
    assert "from orders:0:30, replayed and back: why" in text


@pytest.mark.parametrize(
    ("limit", "offsets"), [(None, [4, 0, 3, 1, 2]), (2, [3, 4]), (0, []), (10**30, [0, 1, 2, 3, 4])]
)
def test_as_json_all_are_listed_or_the_last_written_in_their_order(limit: int | None, offsets: list[int]) -> None:
    found = [(read(dead(offset)), LetterState.OPEN) for offset in (4, 0, 3, 1, 2)]
    out = io.StringIO()

    list_found(iter(found), limit, Output(out, is_json=True), (DLQ,))

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["letter"] for line in lines] == [f"{DLQ}:0:{offset}" for offset in offsets]


@pytest.mark.parametrize(("limit", "listed"), [(None, 10), (2, 2), (0, 0)])
def test_beside_the_counts_the_last_ten_are_listed_or_as_many_as_are_asked_for(limit: int | None, listed: int) -> None:
    out = io.StringIO()

    list_found(((read(dead(offset)), LetterState.OPEN) for offset in range(12)), limit, Output(out), (DLQ,))

    assert out.getvalue().count("from orders:0:") == listed
    assert "12 dead letters" in out.getvalue()


def test_progress_moves_when_the_oldest_is_done() -> None:
    progress = Progress(keeps_skipped=True)
    progress.begin(P0, 5)
    for offset in (5, 6, 8):
        progress.opened(P0, offset)
    progress.done(P0, 6)
    assert progress.moved() == {}
    progress.done(P0, 5)
    assert progress.moved() == {P0: 8}
    assert progress.moved() == {P0: 8}, "until a commit is known to be stored, it is made again"
    progress.done(P0, 8)
    assert progress.moved() == {P0: 9}


# ── what people see ─────────────────────────────────────────────────────────────────────────────


def printed(show: object, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    out = io.StringIO()
    show(console_for(out))  # type: ignore[operator]  # a lambda of the console
    text = out.getvalue()
    assert all(len(line) <= 80 for line in text.splitlines())
    return text


def test_counts_come_first_the_most_frequent_reason_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(2)
    for record in [dead(0, RejectReason.DECODE_UTF8, rule=None, pixel=None), *(dead(n) for n in range(1, 5))]:
        tally.add(read(record))

    text = printed(lambda console: dlq_list.show(console, tally, (DLQ,)), monkeypatch)

    assert [line.split()[:2] for line in text.splitlines()[:4]] == [
        ["5", "dead"], ["letters", "reason"], ["4", "map.call"], ["1", "decode.utf8"],
    ]  # fmt: skip
    assert "orders.dlq:0:4" in text
    assert "from orders:0:40" in text
    assert "orders.dlq:0:2" not in text
    assert "v4" not in text
    assert dlq_list.as_json(read(dead(4)))["origin"] == "orders:0:40"


def test_without_a_value_or_a_fit_schema_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = read(dead(0, is_short=True))

    text = printed(lambda console: dlq_show.show(console, letter, SkipReason.GONE), monkeypatch)

    assert "left out for its size, 2 bytes" in text
    assert str(SkipReason.GONE).split(",")[0] in text
    assert dlq_show.as_json(letter, SkipReason.GONE)["now"] is None


def test_a_report_says_what_was_done_and_what_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk([dead(0), dead(1, replays=3), dead(2, RejectReason.DELIVER_REFUSED)])
    done = desk.replay()
    done.unacknowledged, done.stopped = 4, "no answer within 30 s"

    text = printed(lambda console: replay_report.show(console, done), monkeypatch)

    assert "2 dead letters replayed to g.replay" in text
    assert not [reason for reason in SkipReason if {"it", "its"} & set(reason.split())]  # may be many
    assert "1 left alone: replayed as often as --max-replays allows" in text
    assert "refused 1 of them" in text
    assert "stopped before the end" in text
    assert json.loads(json.dumps(replay_report.as_json(done)))["left"] == {"too_often": 1}


def test_a_replay_to_the_origin_resumes_where_the_same_command_stopped() -> None:
    def suffix(selection: Selection) -> str:
        return dlq_command._own_suffix(ReplayRequest(selection, 3, to_origin=True))

    def since(text: str, ms: int) -> Selection:
        return Selection(since_ms=ms, times=(text, None))

    assert suffix(since("2h", NOW_MS)) == suffix(since("2h", NOW_MS + 60_000))
    assert suffix(since("2h", NOW_MS)) != suffix(since("5h", NOW_MS))
    assert suffix(Selection(reasons=("map",))) == ".origin-32b55bdb", "the name that 0.2.0 gave"
