"""Partitions move, and a process dies, while something waits: nothing is lost, and nothing settled is sent again."""

import json

import pytest

from consumer.core.decode.schema_lookups import SchemaDenied, SchemaFound
from consumer.core.deliver.request import Request
from consumer.core.model import Answer, SchemaId
from consumer.core.read import CommittedOffset, ReadFault, ReadFaultKind
from consumer.service.park import PAUSE
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, FORBIDDEN, REFUSED
from tests.support.service import NOW_S, SCHEMA, TOPIC, Scene, encoded
from tests.support.service_rules import TWO_PIXELS, by_external_id

P0 = (TOPIC, 0)


def ids(request: Request) -> list[str]:
    return [event["event_id"] for event in json.loads(request.body)["data"]]


def refuses(*bad: str) -> Scene:
    """A scene whose TikTok refuses these events."""
    scene = Scene(max_events=100)
    scene.sender.judge = lambda request: REFUSED if set(bad) & set(ids(request)) else ACCEPTED
    return scene


def accepted_ids(scene: Scene) -> list[str]:
    return [name for request in scene.sender.sent for name in ids(request) if scene.sender.judge(request) is ACCEPTED]


def test_a_drain_goes_on_until_the_refused_event_of_a_batch_is_found() -> None:
    scene = refuses("n13")
    for number in range(100):
        scene.kafka.produce(encoded(event_id=f"n{number}"))
    while not scene.sender.sent:
        scene.service.step()

    scene.member.take([P0])
    scene.run(for_s=1)

    assert scene.kafka.committed_offset() == 100
    assert len(scene.letters.written) == 1
    assert scene.numbers()["records_released{}"] == 0


def stuck(partition_waits_for: Answer = BAD_GATEWAY) -> Scene:
    """The oldest of 100 records is never answered usably; the others are accepted, or refused (number 7)."""

    def judge(request: Request) -> Answer:
        if "n0" in ids(request):
            return partition_waits_for
        return REFUSED if "n7" in ids(request) else ACCEPTED

    scene = Scene(max_events=1)
    scene.sender.judge = judge
    for number in range(100):
        scene.kafka.produce(encoded(event_id=f"n{number}"))
    scene.run(for_s=20)
    assert scene.kafka.committed_offset() == 0
    return scene


def test_what_was_settled_beyond_the_commit_is_not_sent_again_after_a_kill() -> None:
    first = stuck()
    first.kafka.produce(encoded(event_id="n100"))

    second = Scene(first.kafka)
    second.run(for_s=5)

    assert second.sent_ids == ["n0", "n100"]
    assert second.letters.written == []
    assert second.kafka.committed_offset() == 101
    assert second.numbers()["records_rewound{web-events}"] == 99
    assert second.numbers()["records_read{web-events}"] == 2


def test_what_was_settled_beyond_the_commit_is_not_lost_where_the_log_has_it_no_more() -> None:
    first = stuck()
    first.kafka.low[P0] = 60

    second = Scene(first.kafka)
    second.run(for_s=5)

    assert second.sent_ids == []
    assert second.numbers()["offsets_lost{web-events}"] == 1


def test_what_was_settled_beyond_the_commit_is_not_lost_where_the_log_loses_it_meanwhile() -> None:
    first = stuck()
    second = Scene(first.kafka)
    second.member.silent.add(P0)
    second.run(for_s=1)
    second.kafka.low[P0] = 60
    del second.member.places[P0]
    second.member.silent.clear()
    second.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    second.run(for_s=5)

    assert second.sent_ids == []
    assert second.numbers()["offsets_lost{web-events}"] == 1


def test_a_copy_of_what_was_settled_beyond_the_commit_is_a_duplicate_and_of_what_was_refused_there_is_not() -> None:
    first = stuck()
    for name in ("n50", "n7"):
        first.kafka.produce(encoded(event_id=name))

    second = Scene(first.kafka)
    second.run(for_s=5)

    assert second.sent_ids == ["n0", "n7"]


def test_a_second_kill_before_anything_more_was_settled_forgets_nothing() -> None:
    first = stuck()
    second = Scene(first.kafka)
    second.sender.is_silent = True
    second.run(for_s=5)
    third = Scene(first.kafka)
    third.run(for_s=5)

    assert third.sent_ids == ["n0"]
    assert third.kafka.committed_offset() == 100


def test_offsets_that_were_reset_or_belong_to_another_topic_are_sent_whatever_the_metadata_says() -> None:
    first = stuck()
    commit = first.kafka.commits[P0]
    first.kafka.commits[P0] = type(commit)(1, commit.metadata)
    moved = Scene(first.kafka)
    moved.run(for_s=5)
    assert len(moved.sent_ids) == 99

    again = stuck()
    again.kafka.ids[TOPIC] = "mirror/id-1"
    elsewhere = Scene(again.kafka)
    elsewhere.run(for_s=5)
    assert len(elsewhere.sent_ids) == 100


def test_without_a_window_what_was_settled_is_not_sent_again_either() -> None:
    first = stuck()
    second = Scene(first.kafka, window_s=0.0)
    second.run(for_s=5)

    assert second.sent_ids == ["n0"]


def uncommitted() -> Scene:
    """Of 100 records all but the oldest are settled, number 7 as refused; no commit has come through."""
    scene = Scene(max_events=1)
    scene.member.commits_fail = True
    scene.sender.judge = lambda request: {"n0": BAD_GATEWAY, "n7": REFUSED}.get(ids(request)[0], ACCEPTED)
    for number in range(100):
        scene.kafka.produce(encoded(event_id=f"n{number}"))
    scene.run(for_s=20)
    assert scene.kafka.committed_offset() is None
    return scene


def taken(scene: Scene, *, is_lost: bool = True) -> None:
    scene.member.take([P0], is_lost=is_lost)
    scene.run(for_s=20)
    scene.sender.sent.clear()
    scene.sender.judge = lambda request: ACCEPTED


def given_back(scene: Scene) -> None:
    scene.member.commits_fail = False
    scene.member.give([P0])
    scene.run(for_s=60)


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_member_that_gets_a_partition_back_sends_nothing_again_that_it_could_not_commit(is_lost: bool) -> None:
    scene = uncommitted()
    taken(scene, is_lost=is_lost)

    given_back(scene)
    for name in ("n50", "n7"):
        scene.kafka.produce(encoded(event_id=name))
    scene.run(for_s=60)

    assert sorted(scene.sent_ids) == ["n0", "n7"]
    assert len(scene.letters.written) == 1
    assert scene.kafka.committed_offset() == 102
    assert scene.is_even()


def test_what_another_member_committed_meanwhile_is_not_read_again() -> None:
    scene = uncommitted()
    taken(scene)
    scene.kafka.commits[P0] = CommittedOffset(60, '{"v":1,"w":60,"t":"cluster/id-1"}')

    given_back(scene)

    assert scene.sent_ids == []
    assert scene.kafka.committed_offset() == 100


def test_what_was_moved_back_is_sent_again_also_where_this_member_knew_of_no_commit() -> None:
    """An operator's tool stores no metadata with an offset."""
    scene = uncommitted()
    taken(scene)
    scene.kafka.commits[P0] = CommittedOffset(20, "")

    given_back(scene)

    assert len(scene.sent_ids) == 80


def test_where_the_offset_is_beyond_the_end_all_is_sent_whatever_was_settled() -> None:
    scene = uncommitted()
    taken(scene)
    scene.kafka.commits[P0] = CommittedOffset(200, '{"v":1,"w":200,"t":"cluster/id-1"}')
    del scene.kafka.logs[P0][20:]
    for number in range(130):
        scene.kafka.produce(encoded(event_id=f"other{number}"))

    given_back(scene)

    assert {f"other{number}" for number in range(130)} <= set(scene.sent_ids)


def test_of_a_topic_made_again_all_is_sent_whatever_was_settled_of_the_one_before() -> None:
    scene = uncommitted()
    taken(scene)
    scene.kafka.ids[TOPIC] = "cluster/id-2"

    given_back(scene)

    assert len(scene.sent_ids) == 100


def test_of_a_log_that_was_cut_off_all_is_sent_whatever_was_settled_of_it_before() -> None:
    """A broker without the newest records became leader: at their offsets come others."""
    scene = uncommitted()
    taken(scene)
    del scene.kafka.logs[P0][50:]

    given_back(scene)
    scene.kafka.produce(encoded(event_id="another"))
    scene.run()

    assert sorted(scene.sent_ids) == sorted(["another", *(f"n{number}" for number in range(50))])


def test_what_was_moved_back_while_the_member_was_out_is_sent_again() -> None:
    scene = Scene(max_events=1)
    for number in range(100):
        scene.kafka.produce(encoded(event_id=f"n{number}"))
    scene.run(for_s=20)
    assert scene.kafka.committed_offset() == 100
    taken(scene)
    scene.kafka.commits[P0] = CommittedOffset(10, "")

    given_back(scene)

    assert len(scene.sent_ids) == 90


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_record_rejected_for_a_time_that_has_come_since_claims_nothing(is_restarted: bool) -> None:
    scene = Scene(max_events=1)
    scene.member.commits_fail = not is_restarted
    scene.kafka.produce(encoded(event_id="early", event_time=int((NOW_S + 3600 + 10) * 1000)))
    scene.kafka.produce(encoded(event_id="x"))
    scene.run(for_s=5)
    assert len(scene.letters.written) == 1

    if is_restarted:
        scene.stop()
        scene.clock.s += 20
        scene = Scene(scene.kafka)
        scene.run(for_s=5)
    else:
        taken(scene)
        given_back(scene)
    scene.kafka.produce(encoded(event_id="early"))
    scene.run(for_s=5)

    assert scene.sent_ids == ["early"]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_record_rejected_for_a_schema_that_has_come_since_claims_nothing(is_restarted: bool) -> None:
    scene = Scene(framing="confluent", share=1.0)
    found = SchemaFound(SchemaId(2), json.dumps(SCHEMA))
    scene.registry.answer = lambda key: found if key == found.key else SchemaDenied(key)
    scene.member.commits_fail = not is_restarted
    for schema_id, event_id in ((2, "z"), (1, "a")):
        scene.kafka.produce(b"\0\0\0\0" + bytes([schema_id]) + encoded(event_id=event_id))
    scene.run(for_s=40)
    assert len(scene.letters.written) == 1

    if is_restarted:
        scene.stop()
        scene = Scene(scene.kafka, framing="confluent", share=1.0)
    else:
        taken(scene)
        scene.run(for_s=60)  # what was denied is asked for again then
    scene.registry.answer = lambda key: SchemaFound(key, json.dumps(SCHEMA))
    if is_restarted:
        scene.run(for_s=5)
    else:
        given_back(scene)
    scene.kafka.produce(b"\0\0\0\0\1" + encoded(event_id="a"))
    scene.run(for_s=10)

    assert scene.sent_ids == ["a"]


def test_latest_is_chosen_once_by_a_process() -> None:
    """It lost the partition before a commit was stored; a topic made again begins at its beginning."""
    scene = Scene(is_latest=True, max_events=1)
    scene.kafka.produce(encoded(event_id="old"))
    scene.member.commits_fail = True
    scene.run(for_s=1)
    scene.sender.is_silent = True
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=1)
    taken(scene)
    scene.sender.is_silent = False
    scene.kafka.produce(encoded(event_id="b"))
    given_back(scene)
    assert scene.sent_ids == ["a", "b"]

    scene.kafka.ids[TOPIC] = "cluster/id-2"
    scene.kafka.logs[P0] = []
    del scene.kafka.commits[P0]  # as the coordinator does when a topic is deleted
    scene.kafka.produce(encoded(event_id="c"))
    scene.run(for_s=60)

    assert scene.sent_ids == ["a", "b", "c"]


def test_a_parked_record_that_was_not_written_does_not_come_back_once_its_partition_is_gone() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=10.0, held=("app",))
    scene.kafka.logs["g.parked.app", 0] = []
    scene.letters.refused_topics["g.parked.app"] = "TOPIC_AUTHORIZATION_FAILED"
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    while not scene.letters.refused:
        scene.service.step()
    scene.member.take([P0], is_lost=True)
    scene.service.step()
    scene.letters.refused_topics.clear()

    scene.run(for_s=30)

    assert scene.letters.written == []


def test_a_parked_record_that_cannot_be_written_waits_in_memory_and_stops_nothing() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=10.0)
    scene.kafka.logs["g.parked.app", 0] = []
    scene.letters.refused_topics["g.parked.app"] = "TOPIC_AUTHORIZATION_FAILED"
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else FORBIDDEN
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.run(for_s=30)
    assert scene.numbers()["dead_letters_blocked{}"] == 0
    assert 1 <= scene.numbers()["park_errors{app}"] <= 8

    scene.kafka.produce(encoded(event_id="b", user={"external_id": "one"}))
    scene.run(for_s=5)
    assert scene.numbers()["events{shop,accepted}"] == 1

    scene.sender.judge = lambda request: ACCEPTED
    scene.sender.change_token("app")
    scene.run(for_s=5)
    assert scene.numbers()["events{app,accepted}"] == 1
    assert scene.kafka.committed_offset() == 2
    assert scene.letters.written == []


def test_what_comes_back_from_a_parked_topic_takes_no_more_memory_each_time() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=10.0, held=("app",))
    scene.letters.refused_topics["g.parked.app"] = "TOPIC_AUTHORIZATION_FAILED"
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.run(for_s=5)
    before = scene.numbers()["bytes_in_flight{}"]

    scene.run(for_s=30)

    assert scene.numbers()["park_errors{app}"] > 1
    assert scene.numbers()["bytes_in_flight{}"] == before


def test_a_parked_topic_that_can_be_written_again_is() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=10.0, held=("app",))
    scene.kafka.logs["g.parked.app", 0] = []
    scene.letters.refused_topics["g.parked.app"] = "UNKNOWN_TOPIC_OR_PART"
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.run(for_s=30)
    assert scene.kafka.committed_offset() == 0

    scene.letters.refused_topics.clear()
    scene.run(for_s=PAUSE.max_s)

    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["events{app,parked}"] == 1


def test_a_copy_merged_into_what_came_back_from_its_parked_topic_settles_with_it() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), park_after_s=1.0)
    scene.kafka.logs["g.parked.app", 0] = []
    scene.letters.refused_topics["g.parked.app"] = "TOPIC_AUTHORIZATION_FAILED"
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else FORBIDDEN
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.run(for_s=5)
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.run(for_s=1)
    assert scene.kafka.committed_offset() == 0

    scene.sender.judge = lambda request: REFUSED if request.pixel == "app" else ACCEPTED
    scene.sender.change_token("app")
    scene.run(for_s=5)

    assert [letter.topic for letter in scene.letters.written] == ["web-events.dlq"] * 2
    assert scene.kafka.committed_offset() == 2


def test_several_closed_pixels_that_take_a_quarter_together_are_parked_before_the_open_one_stands_still() -> None:
    names = ("shop", "app", "blog", "news")
    scene = Scene(rules=by_external_id([(name, name) for name in names]), pixels=names, max_records=100, held=names[1:])
    for name in names:
        scene.kafka.logs[f"g.parked.{name}", 0] = []
    for number in range(400):
        scene.kafka.produce(encoded(event_id=f"n{number}", user={"external_id": names[number % 4]}))

    scene.run(for_s=20)

    assert scene.numbers()["events{shop,accepted}"] == 100
    assert scene.kafka.committed_offset() == 400


def test_closed_pixels_whose_records_are_large_are_parked_by_their_bytes() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), max_bytes=100_000, held=("app",))
    scene.kafka.logs["g.parked.app", 0] = []
    for number in range(60):
        user = {"external_id": "two", "email": "a" * 5000}
        scene.kafka.produce(encoded(event_id=f"n{number}", user=user))
        scene.kafka.produce(encoded(event_id=f"s{number}", user={"external_id": "one"}))

    scene.run(for_s=20)

    assert scene.numbers()["events{shop,accepted}"] == 60
    assert scene.kafka.committed_offset() == 120


def test_copies_that_settle_with_a_closed_pixels_event_count_when_it_takes_room() -> None:
    scene = Scene(rules=TWO_PIXELS, pixels=("shop", "app"), max_records=100, held=("app",))
    scene.kafka.logs["g.parked.app", 0] = []
    for _ in range(150):
        scene.kafka.produce(encoded(event_id="same", user={"external_id": "two"}))
    scene.kafka.produce(encoded(event_id="s", user={"external_id": "one"}))

    scene.run(for_s=20)

    assert scene.numbers()["events{shop,accepted}"] == 1
    assert scene.kafka.committed_offset() == 151


def test_a_breaker_closed_while_it_still_drains_strands_nothing() -> None:
    scene = Scene(of_last=100, max_events=1)
    scene.kafka.produce(encoded(event_id="a"))
    for _ in range(60):
        scene.kafka.produce(b"\x07bad")
    scene.sender.is_silent = True
    scene.run(for_s=1)
    assert scene.numbers()["breaker_open{}"] == 1

    scene.service.close_breaker()  # SIGHUP, and "a" still waits for its answer
    scene.run(for_s=1)
    scene.sender.is_silent = False
    scene.run(for_s=2)
    scene.service.close_breaker()
    for _ in range(8):
        scene.run(for_s=2)
        scene.service.close_breaker()

    assert scene.sent_ids == ["a"]
    assert scene.kafka.committed_offset() == 61
    assert scene.numbers()["records_in_flight{}"] == 0
