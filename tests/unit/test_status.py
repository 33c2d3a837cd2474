"""The status that the deciding thread makes: of a whole service over edges in memory."""

import json
import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from consumer.core.decode.schema_lookups import RegistryAway, SchemaDenied, SchemaFound
from consumer.core.model import SchemaId
from consumer.core.rules.source import Comparison, KafkaPart, PathSource, Rule
from consumer.metrics import total
from consumer.service.publish.report import MADE_EVERY_S
from consumer.status import model as shapes
from consumer.status.merging import merged
from consumer.status.model import STAGES, PartitionStatus, Stage, Status
from tests.support.fakes import BAD_GATEWAY, FORBIDDEN, REFUSED, envelope
from tests.support.service import NOW_S, RULES, SCHEMA, TOPIC, FakeKafka, ManualClock, Scene, encoded

DOCUMENT: Final = Path("docs/status.md").read_text()
SHAPES: Final = (
    *(shapes.Status, shapes.Stage, shapes.LedgerStatus, shapes.PartitionStatus, shapes.PixelStatus),
    *(shapes.RequestTimes, shapes.DroppedField),
    *(
        shapes.RuleStatus,
        shapes.RejectedReason,
        shapes.RequestsStatus,
        shapes.ConnectionStatus,
        shapes.WindowStatus,
        shapes.Rejected,
        shapes.Sample,
    ),
)


def seen(scene: Scene) -> Status:
    """The status after it has become due."""
    scene.clock.s += MADE_EVERY_S
    scene.service.publishing.publish()
    return scene.service.published.status


def stage(status: Status, name: str) -> Stage:
    return next(each for each in status.stages if each.name == name)


def produced(scene: Scene, count: int, **fields: object) -> None:
    for number in range(count):
        scene.kafka.produce(encoded(event_id=f"id-{number}", **fields))


def test_every_stage_says_what_passed_it_and_what_did_not() -> None:
    scene = Scene(share=1.0)
    produced(scene, 3)
    scene.kafka.produce(encoded(event_id="id-0"))  # a copy
    scene.kafka.produce(encoded(event="Ignored"))
    scene.kafka.produce(None)
    scene.kafka.produce(b"\x01")
    scene.kafka.produce(encoded(event_id="late", event_time=None))
    scene.kafka.produce(encoded(event_id="old", event_time=0))
    status = seen(scene.run())

    assert [each.name for each in status.stages] == list(STAGES)
    assert {each.name: each.passed for each in status.stages} == {
        "read": 9, "decode": 7, "route": 6, "map": 6, "normalize": 5, "validate": 4,
        "dedupe": None, "batch": None, "deliver": 3, "settle": 9,
    }  # fmt: skip
    assert {each.name: each.rejected for each in status.stages if each.rejected} == {
        "decode": 1, "normalize": 1, "validate": 1,
    }  # fmt: skip
    assert stage(status, "decode").notes == {"tombstones": 1}
    assert stage(status, "route").notes == {"no rule": 1}
    assert stage(status, "dedupe").notes == {"duplicate": 1}
    assert stage(status, "deliver").notes == {"accepted": 1}
    assert stage(status, "settle").notes == {"rejected": 3, "sent": 3, "duplicate": 1, "dropped": 2}


def test_a_record_that_rules_reject_each_for_itself_has_passed_decode_once() -> None:
    by_header = tuple(Rule(name, "shop", Comparison(KafkaPart("header", "x"), "equals", "1")) for name in "abc")
    scene = Scene(share=1.0, rules=(*by_header, *RULES))
    scene.kafka.produce(encoded(), are_headers_readable=False)
    status = seen(scene.run())

    assert {each.name: (each.passed, each.rejected) for each in status.stages[:4]} == {
        "read": (1, 0), "decode": (1, 3), "route": (1, 0), "map": (1, 0),
    }  # fmt: skip


def test_fields_left_out_and_shadow_events_are_noted_where_they_were() -> None:
    shadow = Rule("looks", "shop", Comparison(PathSource(("event",)), "not_in", ["Nothing"]), is_shadow=True)
    scene = Scene(rules=(*RULES, shadow))
    scene.kafka.produce(encoded(user={"email": "not an address"}))
    status = seen(scene.run())

    assert stage(status, "normalize").notes == {"fields left out": 2}
    assert stage(status, "validate").notes == {"shadow": 1, "remarks": 10}


def test_what_waits_is_shown_at_its_stage() -> None:
    scene = Scene(merge_wait_s=60.0)
    produced(scene, 3)
    assert stage(seen(scene.run(0.2)), "dedupe").waiting == 3

    scene = Scene(max_wait_s=60.0)
    produced(scene, 3)
    assert stage(seen(scene.run(0.2)), "batch").waiting == 3

    scene = Scene()
    scene.sender.is_silent = True
    produced(scene, 3)
    assert stage(seen(scene.run()), "deliver").waiting == 3

    scene = Scene()
    scene.letters.is_silent = True
    scene.kafka.produce(b"\x01")
    assert stage(seen(scene.run(0.2)), "settle").waiting == 1

    scene = Scene(framing="confluent")
    for _ in range(3):
        scene.kafka.produce(b"\x00\x00\x00\x00\x07" + encoded())
    status = seen(scene.run(0.2))
    assert stage(status, "decode").waiting == 3
    assert [each.state for each in status.partitions] == ["schema"]
    assert [(each.awaits, each.awaits_until) for each in status.partitions] == [("id 7", None)]


def test_a_partition_says_which_schema_it_waits_for_and_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene(framing="confluent")
    scene.kafka.produce(b"\x00\x00\x00\x00\x07" + encoded())
    scene.run(0.2)
    scene.registry.coming.append(SchemaDenied(SchemaId(7)))
    denied_at_s = scene.clock.wall()
    (partition,) = seen(scene.run(5)).partitions

    assert partition.awaits == "id 7"
    assert partition.awaits_until == pytest.approx(denied_at_s + 30, abs=1)
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "schema.awaited" in line]
    assert "for_s=30" in said
    assert "schema='id 7'" in said

    scene.registry.coming.append(SchemaFound(SchemaId(7), json.dumps(SCHEMA)))
    (partition,) = seen(scene.run(2)).partitions
    assert (partition.state, partition.awaits, partition.awaits_until) == ("reading", None, None)


def test_says_whether_the_registry_answers_and_since_when() -> None:
    scene = Scene(framing="confluent")
    scene.kafka.produce(b"\x00\x00\x00\x00\x07" + encoded())
    (before,) = [each for each in seen(scene.run(0.2)).connections if each.to == "registry"]
    scene.registry.coming.append(RegistryAway(SchemaId(7), "ConnectError"))
    (away,) = [each for each in seen(scene.run(2)).connections if each.to == "registry"]
    scene.registry.coming.append(SchemaDenied(SchemaId(7)))
    (back,) = [each for each in seen(scene.run(2)).connections if each.to == "registry"]

    assert (before.connected, before.since) == (None, None)
    assert (away.connected, away.error) == (False, "ConnectError")
    assert back.connected, "it denies the schema, but it answers"
    assert NOW_S < (away.since or 0) < (back.since or 0)


def test_what_stands_in_kafka_waits_to_be_read() -> None:
    scene = Scene(max_records=10)
    scene.sender.is_silent = True
    produced(scene, 30)
    scene.run(0.2)
    produced(scene, 500)
    status = seen(scene.run(0.2))

    [partition] = status.partitions
    assert partition.state == "full"
    assert partition.lag == 530
    assert stage(status, "read").waiting == 530 - status.ledger.read


@pytest.mark.parametrize("is_silent", [True, False])
def test_the_ledger_is_even(is_silent: bool) -> None:
    scene = Scene()
    scene.sender.is_silent = is_silent
    produced(scene, 5)
    ledger = seen(scene.run()).ledger

    assert ledger.read == sum(ledger.settled.values()) + ledger.released + ledger.in_flight == 5
    assert (ledger.in_flight, ledger.oldest_s is None) == ((5, False) if is_silent else (0, True))
    assert (ledger.max_in_flight, ledger.max_in_flight_bytes) == (50_000, 1 << 27)


def test_a_pixel_that_is_held_for_its_token_says_that_its_token_file_cannot_be_used() -> None:
    scene = Scene()
    scene.sender.script.append(envelope(40105, "wrong token"))
    scene.sender.unusable = {"shop": "/run/token cannot be read (Is a directory)"}
    produced(scene, 2)
    scene.run()

    assert seen(scene).pixels["shop"].remedy.startswith("/run/token cannot be read (Is a directory), so ")


def test_a_held_pixel_says_since_when_why_and_what_to_do() -> None:
    scene = Scene()
    scene.sender.script.append(envelope(40105, "wrong token"))
    produced(scene, 2)
    scene.run()
    began = scene.clock.wall()
    pixel = seen(scene).pixels["shop"]

    assert (pixel.state, pixel.code) == ("held", 40105)
    assert pixel.why == "TikTok says 40105: Invalid or incorrect access token"
    assert "access_token_file" in pixel.remedy
    assert began - 3 <= pixel.since <= began
    assert pixel.next_try is not None
    assert 0 < pixel.next_try - pixel.since <= 60
    assert pixel.waiting_events == 2


def test_a_pixel_that_an_operator_holds_is_held_from_the_start_and_not_tried() -> None:
    pixel = seen(Scene(held=("shop",)).run(1.0)).pixels["shop"]

    assert (pixel.state, pixel.since, pixel.next_try) == ("held", NOW_S, None)
    assert "hold: false" in pixel.remedy


def test_a_pixel_never_closed_is_open_since_the_process_started() -> None:
    clock = ManualClock()
    clock.s = 5000.0  # the machine runs for long

    pixel = seen(Scene(FakeKafka(clock)).run(2)).pixels["shop"]

    assert (pixel.state, pixel.since, pixel.next_try) == ("open", NOW_S + 5000, None)


def test_an_open_pixel_is_open_since_it_opened_and_has_no_reason() -> None:
    scene = Scene(pixels=("shop", "blog"))
    scene.sender.script.append(BAD_GATEWAY)
    produced(scene, 1)
    pixels = seen(scene.run(30)).pixels

    assert (pixels["shop"].state, pixels["shop"].why, pixels["shop"].remedy) == ("open", "", "")
    assert NOW_S + 1 < pixels["shop"].since < scene.clock.wall()
    assert pixels["blog"].since == NOW_S
    assert pixels["shop"].events == {"accepted": 1}


def test_the_last_rejected_have_position_rule_reason_and_the_command_that_explains_them() -> None:
    scene = Scene(max_events=1)
    scene.sender.judge = lambda request: REFUSED
    produced(scene, 1)
    scene.kafka.produce(b"\x01", partition=2)
    status = seen(scene.run())

    refused, truncated = status.rejected
    assert (truncated.reason, truncated.rule, truncated.pixel) == ("decode.length", None, None)
    assert truncated.explain == f"tiktok-consumer explain --topic {TOPIC} --partition 2 --offset 0"
    assert (refused.topic, refused.partition, refused.offset) == (TOPIC, 0, 0)
    assert (refused.reason, refused.rule, refused.pixel, refused.code) == ("deliver.refused", "all", "shop", 40002)
    assert stage(status, "deliver").rejected == 1


def test_twenty_rejected_are_kept_the_newest_first() -> None:
    scene = Scene(share=1.0)
    for _ in range(25):
        scene.kafka.produce(b"\x01")
    rejected = seen(scene.run()).rejected

    assert [each.offset for each in rejected] == list(range(24, 4, -1))


def test_says_what_the_probe_of_readiness_says_and_at_once() -> None:
    scene = Scene()
    produced(scene, 1)
    assert seen(scene.run()).ready

    scene.letters.error = "TOPIC_AUTHORIZATION_FAILED"
    scene.kafka.produce(b"\x01")
    scene.run(0.2)
    status = scene.service.published.status
    assert (status.ready, status.reasons) == (False, ("dead letters cannot be written",))
    assert status.reasons == scene.service.published.unready
    assert [each.state for each in seen(scene).partitions] == ["stopped"]


def test_a_partition_without_a_leader_is_shown_without_what_is_not_known() -> None:
    scene = Scene()
    produced(scene, 2)
    scene.kafka.produce(encoded(event_id="there"), partition=1)
    scene.positions.without_leader = {(TOPIC, 1)}
    status = seen(scene.run())

    assert [(each.partition, each.state) for each in status.partitions] == [(0, "reading"), (1, "unknown")]
    assert status.partitions[1] == PartitionStatus(TOPIC, 1, "unknown", None, None, None, 0.0)
    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status

    scene.positions.without_leader = set()
    assert [(each.state, each.committed) for each in seen(scene.run(5)).partitions] == [("reading", 2), ("reading", 1)]


def test_the_parked_topic_of_a_closed_pixel_is_closed() -> None:
    scene = Scene(pixels=("shop", "blog"), park_after_s=1.0)
    scene.sender.judge = lambda request: FORBIDDEN
    produced(scene, 2)
    scene.kafka.produce(encoded(), topic="g.parked.shop")
    states = {each.topic: each.state for each in seen(scene.run(5)).partitions}

    assert states == {TOPIC: "reading", "g.parked.shop": "closed"}


def test_requests_and_window() -> None:
    scene = Scene()
    scene.sender.is_silent = True
    produced(scene, 2)
    status = seen(scene.run())

    assert (status.requests.in_flight, status.requests.limit) == (1, 8)
    assert status.window.keys == 2
    assert status.window.is_warm


def test_without_keys_no_gauge_says_how_far_back_the_window_reaches() -> None:
    scene, idle = Scene(), Scene().run()
    assert "window_seconds{}" not in idle.numbers()

    produced(scene, 1)
    scene.run()
    produced(scene, 1, event="Other")
    both = total([each.service.published.snapshot for each in (scene.run(), idle)])
    assert both["window_seconds", ()] == pytest.approx(seen(scene).window.reaches_back_s, abs=0.1)
    assert seen(scene).window.reaches_back_s > 1

    scene.member.take([(TOPIC, 0)])
    assert "window_seconds{}" not in scene.run(5).numbers()


def test_how_long_requests_took_in_the_last_minutes() -> None:
    scene = Scene()
    assert seen(scene).requests.recent.mean_s is None

    produced(scene, 2)
    times = seen(scene.run(30)).requests.recent
    assert times.count == sum(times.by_edge.values()) == 1
    assert times.mean_s is not None
    assert times.p95_s is not None
    assert times.mean_s <= times.p95_s
    assert 30 < times.over_s < 40

    assert seen(scene.run(400)).requests.recent.count == 0, "it is longer ago than five minutes"


def test_match_keys_of_accepted_events_are_counted_by_pixel_and_by_rule() -> None:
    scene = Scene()
    produced(scene, 2, user={"email": "visitor@example.com"})
    scene.kafka.produce(encoded(event_id="without"))
    status = seen(scene.run())
    (pixel,) = status.pixels.values()
    (rule,) = [rule for rule in status.rules.values() if rule.match_keys]

    assert rule.match_keys == {"email": 2, "none": 1}
    assert (pixel.match_keys["email"], pixel.match_keys["none"]) == (2, 1)
    assert pixel.match_keys.get("phone", 0) == 0


def test_fields_left_out_are_said_with_the_remedy_the_most_frequent_first() -> None:
    scene = Scene()
    produced(scene, 2, user={"email": "not an address"})
    scene.kafka.produce(encoded(event_id="other", user={"email": "not an address", "phone": "12"}))
    status = seen(scene.run())
    fields = status.dropped_fields

    assert sum(rule.dropped_fields for rule in status.rules.values()) == sum(each.count for each in fields) == 4
    assert [(each.field, each.problem, each.count) for each in fields][:1] == [("user.email", "not_an_email", 3)]
    assert [each.count for each in fields] == sorted((each.count for each in fields), reverse=True)
    assert {each.field for each in fields} == {"user.email", "user.phone"}
    assert (fields[0].text, fields[0].remedy) == ("not an email address", "map the field that holds the address")


def test_the_past_is_sampled_each_ten_seconds() -> None:
    scene = Scene()
    produced(scene, 1)
    scene.run(1)
    produced(scene, 50)
    scene.run(25)
    status = seen(scene)

    assert [sample.at for sample in status.history] == [NOW_S + 10, NOW_S + 20]
    assert [round(sample.read_per_s) for sample in status.history] == [5, 0]
    assert [round(sample.accepted_per_s) for sample in status.history] == [5, 0]
    assert status.history[-1].lag == 0


def test_a_partition_has_its_rate() -> None:
    scene = Scene()
    produced(scene, 1)
    scene.run(5)
    produced(scene, 40)
    [partition] = seen(scene.run(3)).partitions

    assert 3 < partition.read_per_s < 8
    assert (partition.next_offset, partition.committed, partition.lag) == (41, 41, 0)


def test_is_made_anew_twice_a_second_and_not_with_every_step() -> None:
    scene = Scene()
    first = seen(scene.run())
    scene.clock.s += MADE_EVERY_S / 2
    scene.service.publishing.publish()
    assert scene.service.published.status is first
    assert seen(scene) is not first


def test_no_value_of_a_record_is_in_it() -> None:
    scene = Scene(share=1.0)
    secret = "visitor@example.com"
    scene.kafka.produce(encoded(event_id="secret-id", user={"email": secret, "phone": "secret-phone"}))
    scene.kafka.produce(encoded(event_id="secret-id", event="secret event " * 30, user={"email": secret}))
    scene.kafka.produce(encoded(event_id="secret-id", event_time=None, user={"email": secret}), key=b"secret-key")
    scene.kafka.produce(encoded(user={"email": secret})[:-20])
    scene.sender.judge = lambda request: envelope(40002, f"Batch.0.user.email: {secret} is secret")
    status = seen(scene.run(20))

    assert status.rejected
    text = msgspec.json.encode(status).decode()
    assert secret not in text
    assert "secret" not in text


def test_a_status_survives_json_and_merging() -> None:
    scene = Scene()
    produced(scene, 5)
    scene.kafka.produce(b"\x01")
    status = seen(scene.run(12))

    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status
    assert merged([status]) == status


@pytest.mark.parametrize("shape", SHAPES)
def test_every_key_is_documented(shape: type[msgspec.Struct]) -> None:
    documented = set(re.findall(r"`(\w+)`", DOCUMENT))

    assert set(shape.__struct_fields__) <= documented


def test_states_stages_and_outcomes_are_documented() -> None:
    for word in (*STAGES, "full", "stopped", "schema", "closed", "dry run", "test"):
        assert f"`{word}`" in DOCUMENT, word
