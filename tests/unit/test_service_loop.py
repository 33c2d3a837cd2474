"""What the service promises (docs/architecture.md §3), tried over edges in memory."""

import json

import pytest

from consumer.core.decode.schema_lookups import RegistryAway, SchemaDenied, SchemaFound
from consumer.core.errors import Halt
from consumer.core.model import Answer, SchemaKey
from consumer.core.read import CommittedOffset, ReadFault, ReadFaultKind
from consumer.core.rules import source
from consumer.core.rules.source import PathSource, Rule
from tests.support.fakes import ACCEPTED, BAD_GATEWAY, FORBIDDEN, REFUSED, THROTTLED, TIMEOUT, envelope
from tests.support.service import NOW_S, SCHEMA, TOPIC, Scene, encoded

P0 = (TOPIC, 0)
THROTTLED_PIXEL = envelope(40132)


def test_sends_what_a_rule_holds_for_and_commits_after_acceptance() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.produce(encoded(event="Ignored"))

    scene.run()

    assert scene.sent_ids == ["a"]
    assert scene.kafka.committed_offset() == 2
    assert scene.numbers()["records_settled{sent}"] == 1
    assert scene.numbers()["records_settled{dropped}"] == 1


def test_commits_nothing_while_tiktok_throttles_and_all_after() -> None:
    scene = Scene()
    for name in "abc":
        scene.kafka.produce(encoded(event_id=name))
    scene.sender.judge = lambda request: THROTTLED

    scene.run(for_s=20)
    assert scene.kafka.committed_offset() == 0
    assert scene.letters.written == []

    scene.sender.judge = lambda request: ACCEPTED
    scene.run(for_s=120)
    assert scene.kafka.committed_offset() == 3


def test_tiktok_is_connected_while_it_answers_whatever_it_says() -> None:
    scene = Scene()
    scene.kafka.produce(encoded())
    scene.sender.judge = lambda request: TIMEOUT
    scene.run(2.0)
    assert scene.numbers()["connected{tiktok}"] == 0

    scene.sender.judge = lambda request: BAD_GATEWAY
    scene.run(60.0)
    assert scene.numbers()["connected{tiktok}"] == 1


def test_a_tombstone_is_dropped() -> None:
    scene = Scene()
    scene.kafka.produce(None, key=b"k")

    scene.run()

    assert scene.kafka.committed_offset() == 1
    assert scene.letters.written == []


def test_a_record_that_cannot_be_decoded_becomes_a_dead_letter_byte_for_byte() -> None:
    scene = Scene()
    scene.kafka.produce(b"\x07bad", key=b"k", headers=(("trace", b"\xff"), ("none", None)))

    scene.run()

    (letter,) = scene.letters.written
    assert (letter.topic, letter.key, letter.value) == ("web-events.dlq", b"k", b"\x07bad")
    assert letter.headers[:2] == (("trace", b"\xff"), ("none", None))
    headers = dict(letter.headers)
    assert headers["__connect.errors.offset"] == b"0"
    assert (headers["tiktok.reason"] or b"").startswith(b"decode.")
    assert scene.kafka.committed_offset() == 1


def test_commits_nothing_before_the_dead_letter_is_acknowledged() -> None:
    scene = Scene()
    scene.kafka.produce(b"\x07bad")
    scene.kafka.produce(encoded(event_id="a"))
    scene.letters.is_silent = True

    scene.run()
    assert scene.kafka.committed_offset() == 0

    scene.letters.is_silent = False
    scene.run()
    assert scene.kafka.committed_offset() == 2


def test_reading_stops_while_dead_letters_cannot_be_written_and_goes_on_after() -> None:
    scene = Scene()
    scene.kafka.produce(b"\x07bad")
    scene.letters.error = "TOPIC_AUTHORIZATION_FAILED"
    scene.run()
    scene.kafka.produce(encoded(event_id="later"))

    scene.run()
    assert scene.sent_ids == []
    assert scene.numbers()["dead_letters_blocked{}"] == 1
    assert "dead letters cannot be written" in scene.service.published.unready

    scene.letters.error = None
    scene.run(for_s=5)
    assert scene.sent_ids == ["later"]
    assert scene.kafka.committed_offset() == 2


def test_a_dead_letter_too_large_is_written_without_its_value() -> None:
    scene = Scene()
    scene.letters.max_bytes = 3
    scene.kafka.produce(b"\x07bad", headers=(("trace", b"1"),))

    scene.run()

    (letter,) = scene.letters.written
    headers = dict(letter.headers)
    assert letter.value is None
    assert headers["tiktok.value_bytes"] == b"4"
    assert "trace" not in headers
    assert scene.kafka.committed_offset() == 1


def test_a_refused_batch_is_halved_until_the_guilty_event_is_alone() -> None:
    scene = Scene()
    for number in range(1000):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    scene.sender.judge = lambda request: REFUSED if b'"event_id":"id-617"' in request.body else ACCEPTED

    scene.run(for_s=10)

    (letter,) = scene.letters.written
    assert dict(letter.headers)["tiktok.reason"] == b"deliver.refused"
    assert dict(letter.headers)["tiktok.rule"] == b"all"
    assert scene.numbers()["events{shop,accepted}"] == 999
    assert len(scene.sender.sent) <= 22
    assert scene.kafka.committed_offset() == 1000


def test_a_forbidden_pixel_is_held_and_opens_when_its_token_changes() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.judge = lambda request: FORBIDDEN
    scene.run(for_s=30)
    assert len(scene.sender.sent) == 1
    assert scene.numbers()["pixel_state{shop,held}"] == 1
    assert scene.service.published.unready == ("every pixel is unavailable or held",)

    scene.sender.judge = lambda request: ACCEPTED
    scene.sender.change_token("shop")
    scene.run()

    assert scene.kafka.committed_offset() == 1
    assert scene.letters.written == []


def test_every_rule_that_holds_makes_its_event_and_the_record_settles_with_the_last() -> None:
    rules = (Rule("one", "shop"), Rule("two", "app"))
    scene = Scene(rules=rules, pixels=("shop", "app"))
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else REFUSED

    scene.run()

    (letter,) = scene.letters.written
    assert dict(letter.headers)["tiktok.rule"] == b"two"
    assert scene.numbers()["records_settled{rejected}"] == 1
    assert scene.numbers()["events{shop,accepted}"] == scene.numbers()["rule_events{one,accepted}"] == 1
    assert scene.numbers()["rejected{deliver.refused,two}"] == scene.numbers()["rule_events{two,rejected}"] == 1
    assert scene.kafka.committed_offset() == 1


def test_of_a_rule_that_does_not_hold_the_condition_that_failed_is_counted() -> None:
    scene = Scene(rules=(Rule("views", "shop", source.Comparison(PathSource(("event",)), "equals", "ViewContent")),))
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.produce(encoded(event_id="b"))

    scene.run()

    assert scene.numbers()["rule_missed{views,when[0]}"] == scene.numbers()["records_settled{dropped}"] == 2


def test_a_shadow_rule_sends_nothing_and_is_counted() -> None:
    scene = Scene(rules=(Rule("trial", "shop", is_shadow=True),))
    scene.kafka.produce(encoded(event_id="a"))

    scene.run()

    assert scene.sent == []
    assert scene.numbers()["events{shop,shadow}"] == 1
    assert scene.numbers()["records_settled{dropped}"] == 1


def test_copies_are_merged_before_sending_and_are_duplicates_after() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}))
    scene.kafka.produce(encoded(event_id="a", user={"phone": "+12133734253"}))
    scene.run()
    scene.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}))
    scene.run()

    (event,) = scene.sent
    assert set(event["user"]) == {"email", "phone"}
    assert scene.numbers()["events{shop,merged}"] == 1
    assert scene.numbers()["events{shop,duplicate}"] == 1
    assert scene.kafka.committed_offset() == 3


def test_a_copy_of_a_refused_event_becomes_a_dead_letter_with_it() -> None:
    scene = Scene()
    scene.sender.judge = lambda request: REFUSED
    scene.kafka.produce(encoded(event_id="a"))
    scene.kafka.produce(encoded(event_id="a"))

    scene.run()

    assert len(scene.letters.written) == 2
    assert scene.numbers()["records_settled{rejected}"] == 2


def test_a_restart_sends_nothing_twice_and_knows_its_window() -> None:
    first = Scene()
    first.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}))
    first.run()
    assert first.stop()

    second = Scene(first.kafka)
    second.kafka.produce(encoded(event_id="a", user={"email": "a@example.com"}))
    second.kafka.produce(encoded(event_id="b"))
    second.run()

    assert second.sent_ids == ["b"]
    assert second.numbers()["events{shop,duplicate}"] == 1
    assert second.numbers()["records_rewound{web-events}"] == 1


def test_is_not_ready_while_the_window_is_filled_in() -> None:
    first = Scene()
    first.kafka.produce(encoded(event_id="a"))
    first.run()
    first.stop()

    second = Scene(first.kafka)
    second.member.paused.add(P0)
    second.service.step()
    second.member.paused.add(P0)
    second.run(for_s=0.3)

    assert second.service.published.unready == ()


def test_a_revoked_partition_is_drained_committed_and_fenced() -> None:
    scene = Scene(max_wait_s=60.0)
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=1)
    assert scene.sent == []

    scene.member.take([P0])
    scene.run(for_s=1)

    assert scene.sent_ids == ["a"]
    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["records_released{}"] == 0


def test_a_lost_partition_is_fenced_at_once_and_a_late_answer_settles_nothing() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.is_silent = True
    scene.run()
    assert scene.sent_ids == ["a"]

    scene.member.take([P0], is_lost=True)
    scene.run(for_s=1)
    scene.sender.is_silent = False
    scene.run()

    assert scene.kafka.committed_offset() == 0
    assert scene.numbers()["records_released{}"] == 1
    assert "events{shop,accepted}" not in scene.numbers()


def test_a_drain_does_not_wait_for_a_closed_pixel() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.judge = lambda request: FORBIDDEN
    scene.run()
    before_s = scene.clock.s

    scene.member.take([P0])
    scene.run(for_s=1)

    assert scene.clock.s - before_s < 3
    assert scene.numbers()["records_released{}"] == 1
    assert scene.kafka.committed_offset() == 0


def test_reading_pauses_at_the_limit_and_goes_on_at_half_of_it() -> None:
    scene = Scene(max_records=10)
    for number in range(500):
        scene.kafka.produce(encoded(event_id=f"id-{number}"))
    scene.kafka.produce(encoded(event_id="x"), 1)
    scene.sender.is_silent = True

    scene.run()
    in_flight = scene.numbers()["records_in_flight{}"]
    assert scene.member.paused == {P0, (TOPIC, 1)}
    scene.run()
    assert scene.numbers()["records_in_flight{}"] == in_flight

    scene.sender.is_silent = False
    scene.run(for_s=10)
    assert scene.kafka.committed_offset() == 500


def test_the_breaker_stops_reading_writes_no_more_letters_and_resumes_on_a_sign() -> None:
    scene = Scene(of_last=100)
    for _ in range(300):
        scene.kafka.produce(b"\x07bad")
    scene.run()

    letters = len(scene.letters.written)
    assert letters < 20
    assert scene.numbers()["breaker_open{}"] == 1
    assert scene.numbers()["records_in_flight{}"] == 0
    assert any("breaker" in reason for reason in scene.service.published.unready)
    scene.run(for_s=30)
    assert len(scene.letters.written) == letters

    scene.kafka.logs[P0] = [*scene.kafka.logs[P0][:letters], *([None] * (300 - letters))]
    scene.kafka.produce(encoded(event_id="good"))
    scene.service.close_breaker()
    scene.run()
    assert scene.sent_ids == ["good"]


def test_what_tiktok_accepts_is_committed_with_the_breaker_open() -> None:
    scene = Scene(of_last=100)
    scene.kafka.produce(encoded(event_id="good"))
    for _ in range(50):
        scene.kafka.produce(b"\x07bad")

    scene.run()

    assert scene.sent_ids == ["good"]
    committed = scene.kafka.committed_offset()
    assert committed is not None
    assert committed >= 1


def with_open_breaker_and_brokers_away() -> Scene:
    scene = Scene(of_last=100)
    scene.kafka.is_away = True
    scene.kafka.produce(encoded(event_id="good"))
    for _ in range(50):
        scene.kafka.produce(b"\x07bad")
    scene.run(for_s=30)
    return scene


def test_an_open_breaker_keeps_what_is_settled_until_the_brokers_are_back_to_commit_it() -> None:
    """In a commit without a time limit nobody polls, and the group goes on without this member."""
    scene = with_open_breaker_and_brokers_away()
    assert scene.numbers()["breaker_open{}"] == 1
    assert "offsets cannot be committed" in scene.service.published.unready
    assert scene.kafka.committed_offset() is None

    scene.kafka.is_away = False
    scene.run()

    assert (scene.kafka.committed_offset() or 0) >= 1
    assert scene.sent_ids == ["good"]
    assert scene.numbers()["records_in_flight{}"] == 0


def test_an_open_breaker_is_closed_on_a_sign_also_with_the_brokers_away() -> None:
    scene = with_open_breaker_and_brokers_away()
    scene.kafka.logs[P0] = [scene.kafka.logs[P0][0], *([None] * 50)]

    scene.service.close_breaker()
    scene.run()

    assert not any("breaker" in reason for reason in scene.service.published.unready)


def test_a_dead_letter_topic_of_a_topic_that_is_read_is_waited_for() -> None:
    scene = Scene()
    scene.kafka.produce(b"\x07bad")
    scene.letters.refused_topics = {f"{TOPIC}.dlq": "UNKNOWN_TOPIC_OR_PART"}

    scene.run()

    assert scene.letters.written == []
    assert scene.numbers()["dead_letters_blocked{}"] == 1


def test_records_wait_in_order_for_a_schema_and_other_partitions_flow() -> None:
    scene = Scene(framing="confluent")
    known, unknown = b"\0\0\0\0\1", b"\0\0\0\0\2"
    scene.kafka.produce(known + encoded(event_id="a"), 1)
    scene.run(for_s=0.5)
    scene.registry.coming.append(SchemaFound(scene.registry.asked[0], json.dumps(SCHEMA)))
    scene.run(for_s=2)
    scene.kafka.produce(unknown + encoded(event_id="b"))
    scene.kafka.produce(known + encoded(event_id="c"))
    scene.kafka.produce(known + encoded(event_id="d"), 1)
    scene.member.give([P0])
    scene.run()
    assert scene.sent_ids == ["a", "d"]

    wanted = scene.registry.asked[1]
    scene.registry.coming.append(RegistryAway(wanted, "HTTP 503"))
    scene.run(for_s=10)
    assert scene.sent_ids == ["a", "d"]
    assert scene.letters.written == []

    scene.registry.coming.append(SchemaFound(wanted, json.dumps(SCHEMA)))
    scene.run()
    assert scene.sent_ids == ["a", "d", "b", "c"]
    assert scene.kafka.committed_offset() == 2


def denying(scene: Scene) -> list[SchemaKey]:
    """A registry that has no schema, and answers at once. Returns what it was asked for, as that comes."""
    asked: list[SchemaKey] = []

    def ask(key: SchemaKey) -> None:
        asked.append(key)
        scene.registry.coming.append(SchemaDenied(key))

    scene.registry.ask = ask  # type: ignore[method-assign]  # it answers by itself
    return asked


def test_ten_unknown_schemas_hold_a_partition_no_longer_than_one() -> None:
    scene = Scene(framing="confluent", share=1.0)
    asked = denying(scene)
    for number in range(10):
        scene.kafka.produce(b"\0\0\0\0" + bytes([number]) + encoded())

    scene.run(for_s=2)
    assert len(set(asked)) == 10
    assert scene.letters.written == []
    scene.run(for_s=34)

    assert len(scene.letters.written) == 10
    assert scene.kafka.committed_offset() == 10


def test_a_partition_with_plain_avro_in_it_catches_up() -> None:
    scene = Scene(framing="confluent", share=1.0)
    denying(scene)
    scene.kafka.produce(b"\0\0\0\0\1" + encoded())
    scene.run(for_s=36)
    assert len(scene.letters.written) == 1

    for number in range(1000):
        scene.kafka.produce(b"\0\0\1" + number.to_bytes(2, "big") + encoded())
    scene.run(for_s=5)

    assert scene.kafka.committed_offset() == 1001


def test_a_position_that_the_log_lost_is_counted_and_reading_goes_on() -> None:
    first = Scene()
    for number in range(5):
        first.kafka.produce(encoded(event_id=f"id-{number}"))
    first.run()
    first.stop()
    for number in range(5, 10):
        first.kafka.produce(encoded(event_id=f"id-{number}"))
    first.kafka.low[P0] = 8

    second = Scene(first.kafka)
    second.run()

    assert second.sent_ids == ["id-8", "id-9"]
    assert second.numbers()["offsets_lost{web-events}"] == 3


def test_a_position_lost_while_running_keeps_what_is_in_flight() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.is_silent = True
    scene.run()
    for _ in range(4):
        scene.kafka.logs[P0].append(None)
    scene.kafka.produce(encoded(event_id="z"))
    scene.kafka.low[P0] = 5
    del scene.member.places[P0]
    scene.member.faults.append(ReadFault(ReadFaultKind.POSITION_LOST, P0, "offset out of range"))
    scene.sender.is_silent = False

    scene.run()

    assert scene.sent_ids == ["a", "z"]
    assert scene.numbers()["offsets_lost{web-events}"] == 4
    assert scene.kafka.committed_offset() == 6


def test_a_recreated_topic_is_read_from_its_beginning() -> None:
    first = Scene()
    for number in range(5):
        first.kafka.produce(encoded(event_id=f"id-{number}"))
    first.run()
    first.stop()
    first.kafka.logs[P0] = []
    first.kafka.ids[TOPIC] = "cluster/id-2"
    for number in range(7):
        first.kafka.produce(encoded(event_id=f"new-{number}"))

    second = Scene(first.kafka)
    second.run()

    assert second.sent_ids == [f"new-{number}" for number in range(7)]
    assert second.kafka.committed_offset() == 7


def test_offsets_that_a_mirror_brought_to_another_cluster_are_gone_on_from_with_an_empty_window() -> None:
    first = Scene()
    for number in range(5):
        first.kafka.produce(encoded(event_id=f"id-{number}"))
    first.run()
    first.stop()
    first.kafka.ids[TOPIC] = "mirror/id-1"
    first.kafka.produce(encoded(event_id="new"))

    second = Scene(first.kafka)
    second.run()

    assert second.sent_ids == ["new"]
    assert second.numbers().get("records_rewound{web-events}", 0) == 0


def test_a_new_group_that_starts_at_the_latest_skips_what_was_there_only() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.produce(encoded(event_id="old"))
    scene.run()
    scene.kafka.produce(encoded(event_id="new"))
    scene.kafka.produce(encoded(event_id="first of a new partition"), 1)
    scene.member.give([(TOPIC, 1)])

    scene.run()

    assert sorted(scene.sent_ids) == ["first of a new partition", "new"]


def test_a_topic_whose_id_is_not_known_for_a_moment_is_no_other_one_and_starts_at_the_latest() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.ids = {TOPIC: "cluster/id-1"}
    scene.positions.stale_ids = {TOPIC: ""}
    scene.kafka.produce(encoded(event_id="old"))

    scene.run()

    assert scene.sent_ids == []


def test_an_old_group_that_starts_at_the_latest_skips_nothing() -> None:
    first = Scene()
    first.kafka.produce(encoded(event_id="a"))
    first.run()
    first.stop()
    first.kafka.produce(encoded(event_id="b"))
    first.kafka.produce(encoded(event_id="c"), 1)

    second = Scene(first.kafka, is_latest=True)
    second.run()

    assert sorted(second.sent_ids) == ["b", "c"]


def test_a_new_group_starts_at_the_latest_although_its_own_topics_have_been_read_before() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.produce(encoded(event_id="old"))
    scene.kafka.logs["g.replay", 0] = []
    scene.kafka.commits["g.replay", 0] = CommittedOffset(0, "")

    scene.run()

    assert scene.sent_ids == []


def test_a_transaction_that_is_open_at_a_latest_start_is_delivered_once_it_is_committed() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.produce(encoded(event_id="old"))
    scene.kafka.produce(encoded(event_id="open"))
    scene.positions.open_transactions[TOPIC, 0] = 1

    scene.run()

    assert scene.sent_ids == ["open"]


def test_the_end_of_a_latest_start_is_committed_at_once() -> None:
    scene = Scene(is_latest=True)
    scene.kafka.produce(encoded(event_id="old"))

    scene.run()

    assert scene.kafka.committed_offset() == 1


def test_a_closed_pixel_is_parked_while_another_is_open_and_delivered_when_it_opens() -> None:
    rules = (
        Rule("one", "shop", source.Comparison(PathSource(("user", "external_id")), "equals", "one")),
        Rule("two", "app", source.Comparison(PathSource(("user", "external_id")), "equals", "two")),
    )
    scene = Scene(rules=rules, pixels=("shop", "app"), park_after_s=10.0)
    scene.kafka.logs["g.parked.app", 0] = []
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else FORBIDDEN
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "two"}))
    scene.kafka.produce(encoded(event_id="b", user={"external_id": "one"}))
    scene.run(for_s=5)
    assert scene.kafka.committed_offset() == 0

    scene.run(for_s=10)
    assert scene.kafka.committed_offset() == 2
    assert scene.numbers()["events{app,parked}"] == 1
    assert ("g.parked.app", 0) in scene.member.paused

    scene.sender.judge = lambda request: ACCEPTED
    scene.sender.change_token("app")
    scene.run(for_s=5)
    assert scene.sent_ids.count("a") == 2  # forbidden once, accepted once
    assert scene.kafka.committed_offset(topic="g.parked.app") == 1
    assert scene.numbers()["events{app,accepted}"] == 1


def test_a_copy_of_what_was_refused_once_it_came_back_from_its_parked_topic_is_sent() -> None:
    scene = Scene(rules=(Rule("one", "shop"), Rule("two", "app")), pixels=("shop", "app"), park_after_s=10.0)
    scene.kafka.logs["g.parked.app", 0] = []
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else BAD_GATEWAY
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "wrong"}))
    scene.run(for_s=30)
    assert scene.numbers()["events{app,parked}"] == 1
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else REFUSED
    scene.run(for_s=70)
    assert scene.numbers()["events{app,rejected}"] == 1

    scene.sender.judge = lambda request: ACCEPTED
    scene.kafka.produce(encoded(event_id="a", user={"external_id": "right"}))
    scene.run(for_s=70)

    assert scene.numbers()["events{app,accepted}"] == 1


@pytest.mark.parametrize("answer", [BAD_GATEWAY, THROTTLED_PIXEL, FORBIDDEN], ids=["unavailable", "throttled", "held"])
def test_a_closed_pixel_all_of_whose_events_are_parked_is_tried_with_those(answer: Answer) -> None:
    scene = Scene(rules=(Rule("one", "shop"), Rule("two", "app")), pixels=("shop", "app"), park_after_s=10.0)
    scene.kafka.logs["g.parked.app", 0] = []
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else answer
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=200)
    assert scene.numbers()["events{app,parked}"] == 1
    assert scene.kafka.committed_offset(topic="g.parked.app") == 0

    scene.sender.judge = lambda request: ACCEPTED
    scene.run(for_s=70)

    assert scene.numbers()["events{app,accepted}"] == 1
    assert scene.kafka.committed_offset(topic="g.parked.app") == 1


@pytest.mark.parametrize("answer", [BAD_GATEWAY, FORBIDDEN])
def test_a_pixel_found_closed_that_nothing_waits_for_does_not_make_the_service_unready(answer: Answer) -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.judge = lambda request: answer
    scene.run(for_s=20)
    assert "every pixel is unavailable or held" in scene.service.published.unready

    scene.member.take([P0], is_lost=True)
    scene.run(for_s=130)

    assert scene.service.published.unready == ()


def test_a_pixel_whose_events_all_went_elsewhere_does_not_stay_unavailable_for_good() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.judge = lambda request: BAD_GATEWAY
    scene.run(for_s=20)
    scene.member.take([P0], is_lost=True)
    scene.run(for_s=100)
    assert scene.numbers()["pixel_state{shop,unavailable}"] == 1

    scene.run(for_s=300)

    assert scene.numbers()["pixel_state{shop,open}"] == 1


def test_the_window_of_a_closed_pixels_parked_topic_is_filled_in_when_it_opens() -> None:
    parked = ("g.parked.app", 0)
    first = Scene(rules=(Rule("one", "shop"), Rule("two", "app")), pixels=("shop", "app"), park_after_s=1.0)
    first.kafka.logs[parked] = []
    first.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else FORBIDDEN
    first.kafka.produce(encoded(event_id="a"))
    first.run(for_s=5)
    first.sender.judge = lambda request: ACCEPTED
    first.sender.change_token("app")
    first.run(for_s=5)
    assert first.kafka.committed_offset(topic=parked[0]) == 1

    second = Scene(first.kafka, pixels=("shop", "app"), held=("app",), warmup_max_s=2.0)
    second.run(for_s=10)

    assert second.service.published.unready == ()
    assert parked in second.member.paused
    assert second.member.places[parked][0] == 0


def test_on_the_way_out_a_held_pixels_records_are_parked() -> None:
    rules = (Rule("one", "shop"), Rule("two", "app"))
    scene = Scene(rules=rules, pixels=("shop", "app"), held=("app",))
    scene.kafka.logs["g.parked.app", 0] = []
    scene.kafka.produce(encoded(event_id="a"))
    scene.run(for_s=2)

    assert scene.stop()

    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["events{app,parked}"] == 1


def test_records_of_a_pixel_that_closes_on_the_way_out_are_parked_too() -> None:
    rules = (Rule("one", "shop"), Rule("two", "app"))
    scene = Scene(rules=rules, pixels=("shop", "app"))
    scene.kafka.logs["g.parked.app", 0] = []
    scene.sender.judge = lambda request: ACCEPTED if request.pixel == "shop" else FORBIDDEN
    scene.kafka.produce(encoded(event_id="a"))
    for _ in range(3):
        scene.service.step()
    assert scene.numbers().get("events{app,parked}", 0) == 0

    assert scene.stop()

    assert scene.kafka.committed_offset() == 1
    assert scene.numbers()["events{app,parked}"] == 1


def test_a_failed_commit_is_tried_again() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.commits_fail = True
    scene.run(for_s=6)
    assert "offsets cannot be committed" in scene.service.published.unready

    scene.member.commits_fail = False
    scene.run()

    assert scene.kafka.committed_offset() == 1
    assert scene.service.published.unready == ()


def test_a_commit_that_is_stored_after_a_later_one_is_followed_by_another() -> None:
    """The client sends one again by itself, as where the coordinator has moved, and the next one overtakes it."""
    scene = Scene()
    scene.kafka.logs[TOPIC, 0] = []
    scene.run()
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.commits_to_overtake = 1
    scene.run(for_s=5)
    scene.kafka.produce(encoded(event_id="b"))
    scene.run(for_s=5)

    assert scene.sent_ids == ["a", "b"]
    assert scene.kafka.committed_offset() == 2


def test_commits_that_failed_for_partitions_that_are_gone_worry_nobody() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.member.commits_fail = True
    scene.run(for_s=6)

    scene.member.take([(TOPIC, 0)], is_lost=True)
    scene.run(for_s=1)

    assert scene.service.published.unready == ()


def test_a_fatal_fault_halts() -> None:
    scene = Scene()
    scene.run(for_s=0.5)
    scene.member.faults.append(ReadFault(ReadFaultKind.FENCED, None, "fenced"))

    with pytest.raises(Halt):
        scene.run()


def test_a_stop_leaves_an_unanswered_request_and_says_so() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"))
    scene.sender.is_silent = True
    scene.run()

    assert not scene.stop()
    assert scene.member.is_closed
    assert scene.kafka.committed_offset() == 0


def test_the_delay_is_measured_from_the_records_timestamp() -> None:
    scene = Scene()
    scene.kafka.produce(encoded(event_id="a"), timestamp_ms=int((NOW_S - 3) * 1000))

    scene.run()

    (*_, total) = scene.service.published.snapshot["event_delay_seconds", ()]  # type: ignore[misc]  # a histogram's
    assert 3 <= total < 6


def test_copies_that_two_rules_made_become_dead_letters_of_their_own_rules() -> None:
    scene = Scene(rules=(Rule("one", "shop"), Rule("two", "shop")))
    scene.sender.judge = lambda request: REFUSED
    scene.kafka.produce(encoded(event_id="a"))

    scene.run()

    assert sorted(dict(letter.headers)["tiktok.rule"] or b"" for letter in scene.letters.written) == [b"one", b"two"]
    assert scene.numbers()["records_settled{rejected}"] == 1


def test_a_stop_waits_for_what_is_to_be_tried_again() -> None:
    scene = Scene()
    for name in "ab":
        scene.kafka.produce(encoded(event_id=name))
    scene.sender.script.extend([REFUSED])
    scene.service.step()
    while not scene.sender.sent:
        scene.service.step()

    assert scene.stop()

    assert scene.kafka.committed_offset() == 2
    assert scene.letters.written == []
