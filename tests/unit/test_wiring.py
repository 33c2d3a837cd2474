"""From settings to the values that the parts of the service are made of."""

from typing import Any, Final

import pytest

from consumer import wiring
from consumer.config import Settings, kafka_clients, parse
from consumer.core.deliver.parking import WaitingSize
from consumer.core.model import Decision, Position, Record
from consumer.core.reasons import RejectReason
from consumer.metrics import Metrics
from consumer.wiring import Replaced, composition, outside_systems, stage_settings
from tests.support.service import NOW_S, encoded

FILE: Final = """
kafka:
  bootstrap_servers: broker:9092
  topics: {topics}
  group_id: g
  properties: {properties}
  producer_properties: {producer}
pixels:
  shop: {{pixel_code: CODE1, access_token: t}}
  app: {{pixel_code: CODE2, access_token: t, hold: true}}
rules:
  - {{name: all, pixel: shop}}
  - {{name: trial, pixel: app, mode: shadow}}
{more}
"""


def settings(
    topics: str = "[web-events]", properties: str = "{}", producer: str = "{}", more: str = "", **replaced: Any
) -> Settings:
    text = FILE.format(topics=topics, properties=properties, producer=producer, more=more)
    return parse(text, {}).model_copy(update=replaced)


# ── what librdkafka is told ─────────────────────────────────────────────────────────────────────


def test_promises_rest_on_properties_that_are_always_set() -> None:
    told = kafka_clients.consumer_properties(settings())

    assert told["bootstrap.servers"] == "broker:9092"
    assert told["group.id"] == "g"
    assert told["enable.auto.commit"] == told["enable.auto.offset.store"] == "false"
    assert told["auto.offset.reset"] == "error"


def test_rebalances_cooperatively_by_default_and_leaves_the_assignor_to_the_new_protocol() -> None:
    classic = kafka_clients.consumer_properties(settings())
    new = kafka_clients.consumer_properties(settings(properties="{group.protocol: consumer}"))

    assert classic["partition.assignment.strategy"] == "cooperative-sticky"
    assert "partition.assignment.strategy" not in new
    assert "session.timeout.ms" not in new
    assert new["group.protocol"] == "consumer"


def test_the_users_properties_go_over_the_defaults_that_no_promise_rests_on() -> None:
    told = kafka_clients.consumer_properties(
        settings(properties='{queued.max.messages.kbytes: "99", fetch.min.bytes: "7"}')
    )

    assert (told["queued.max.messages.kbytes"], told["fetch.min.bytes"]) == ("99", "7")


def test_writes_with_all_acknowledgements_and_the_security_of_reading() -> None:
    told = kafka_clients.producer_properties(
        settings(
            properties='{security.protocol: SASL_SSL, sasl.username: u, ssl.ca.location: /ca, fetch.min.bytes: "7"}',
            producer="{sasl.username: writer, compression.type: zstd}",
        )
    )

    assert (told["acks"], told["enable.idempotence"]) == ("all", "true")
    assert (told["security.protocol"], told["ssl.ca.location"]) == ("SASL_SSL", "/ca")
    assert (told["sasl.username"], told["compression.type"]) == ("writer", "zstd")
    assert "fetch.min.bytes" not in told
    assert int(told["message.max.bytes"]) > 2 * settings().limits.max_record_bytes


# ── which topics ────────────────────────────────────────────────────────────────────────────────


def test_topics_by_name_are_those_names_whether_they_are_there_or_not() -> None:
    chosen = kafka_clients.chosen_topics(settings("[b, a]"))

    assert chosen(["a"]) == chosen([]) == ("a", "b")


def test_topics_by_expression_are_those_it_finds_and_never_the_services_own_or_kafkas() -> None:
    chosen = kafka_clients.chosen_topics(settings('["^.*events"]'))

    seen = ["web-events", "app-events", "events-x", "orders", "__events", "web-events.dlq", "g.parked.shop", "g.replay"]
    assert chosen(seen) == ("app-events", "events-x", "web-events")
    assert kafka_clients.chosen_topics(settings('["^.*"]'))(seen) == ("app-events", "events-x", "orders", "web-events")


def test_the_expression_is_followed_as_topics_come_and_go() -> None:
    chosen = kafka_clients.chosen_topics(settings('["^web-"]'))

    assert chosen(["web-a"]) == ("web-a",)
    assert chosen(["web-a", "web-b"]) == ("web-a", "web-b")
    assert chosen(["web-b"]) == ("web-b",)


def test_its_own_topics_are_named_by_the_group() -> None:
    assert kafka_clients.own_topics_of(settings()) == {"g.replay", "g.parked.shop", "g.parked.app"}


# ── runs of another kind ────────────────────────────────────────────────────────────────────────


def test_a_dry_run_makes_every_rule_a_shadow_rule_and_leaves_the_settings_alone() -> None:
    given = settings()

    dried, replaced = wiring.dry(given, None)

    assert [rule.is_shadow for rule in dried.rules] == [True, True]
    assert [rule.is_shadow for rule in given.rules] == [False, True]
    assert replaced.is_dry
    assert replaced != Replaced()


def test_a_dry_run_that_begins_at_a_time_reads_the_origin_alone_and_whatever_start_says() -> None:
    latest = settings()
    latest = latest.model_copy(update={"kafka": latest.kafka.model_copy(update={"start": "latest"})})

    topics = {}
    for from_ms in (None, 0, 1_700_000_000_000):
        dried, replaced = wiring.dry(latest, from_ms)
        topics[from_ms] = stage_settings.read_settings(dried, reads_own=replaced.reads_own).topics

    own = {"g.replay", "g.parked.shop", "g.parked.app"}
    assert [each.own_topics for each in topics.values()] == [own, set(), set()]
    assert [each.is_latest for each in topics.values()] == [True, False, False]


def test_a_dry_run_has_a_sender_that_is_never_to_send() -> None:
    _, replaced = wiring.dry(settings(), None)

    assert replaced.sender is not None
    assert replaced.writer is not None
    with pytest.raises(AssertionError):
        replaced.sender.send(None)  # type: ignore[arg-type]  # whatever it is
    assert (replaced.sender.answers(), replaced.sender.changed_tokens()) == ([], [])
    replaced.writer.write(7, None, is_alone=False)  # type: ignore[arg-type]  # whatever it is
    assert (replaced.writer.done(), replaced.writer.done()) == ([(7, None)], [])


def test_a_test_run_sends_every_pixel_to_test_events() -> None:
    tried = wiring.as_test(settings(), "TEST1", "mine")

    assert {pixel.test_event_code for pixel in tried.pixels.values()} == {"TEST1"}
    assert tried.kafka.group_id == "mine"
    assert kafka_clients.own_topics_of(tried) == {"mine.replay", "mine.parked.shop", "mine.parked.app"}


# ── deciding ────────────────────────────────────────────────────────────────────────────────────


def decided(given: Settings, value: bytes) -> Decision:
    at = Position("web-events", 0, 0)
    pipeline = wiring.pipeline_of(given, wiring.decoder_of(given))
    decision = pipeline.decide(Record(at, int(NOW_S * 1000), None, value, (), at), NOW_S)
    assert isinstance(decision, Decision)
    return decision


def test_decides_by_the_rules_pixels_and_schema_of_the_file() -> None:
    decision = decided(settings(), encoded(event_id="a"))

    assert [(e.rule, e.pixel_code, e.is_shadow) for e in decision.events] == [
        ("all", "CODE1", False),
        ("trial", "CODE2", True),
    ]


@pytest.mark.parametrize(
    ("more", "value", "reason"),
    [
        ("on_bad_field: reject", encoded(user={"phone": "x"}), "normalize.bad_field"),
        ("limits: {max_event_age: 1d}", encoded(event_time=int(NOW_S - 2 * 86400) * 1000), "validate.event_too_old"),
        ("limits: {max_record_bytes: 1KiB}", encoded(event="x" * 2000), "decode.too_large"),
        ("batch: {max_bytes: 2KiB}", encoded(properties={"description": "x" * 3000}), "validate.event_too_large"),
    ],
)
def test_the_limits_of_the_file_hold(more: str, value: bytes, reason: str) -> None:
    default, limited = decided(settings(), value), decided(settings(more=more), value)

    assert default.rejections == ()
    assert {str(rejection.reason) for rejection in limited.rejections} == {reason}


@pytest.mark.parametrize(("policy", "has_id"), [("auto", True), ("always", True), ("never", False)])
def test_an_id_is_made_from_the_position_as_the_file_says(policy: str, has_id: bool) -> None:
    decision = decided(settings(more=f"event_id_from_position: {policy}"), encoded())

    assert [event.event_id is not None for event in decision.events] == [has_id, has_id]


def test_the_window_of_the_file_in_milliseconds() -> None:
    given = wiring.windows_settings(settings(more="dedupe: {window: 2m, merge_wait: 1500ms, max_keys: 9}"))

    assert (given.window.window_ms, given.window.merge_wait_ms, given.max_keys) == (120_000, 1500, 9)


@pytest.mark.parametrize(("properties", "drain_s"), [("{}", 30.0), ('{max.poll.interval.ms: "20000"}', 10.0)])
def test_a_drain_takes_no_longer_than_half_of_what_the_group_waits_for_a_poll(properties: str, drain_s: float) -> None:
    given = stage_settings.service_settings(settings(properties=properties))

    assert (given.drain_timeout_s, given.shutdown_timeout_s) == (drain_s, 30.0)


def test_a_quarter_of_what_may_be_in_flight_may_wait_for_a_closed_pixel() -> None:
    given = stage_settings.service_settings(
        settings(more="limits: {max_records_in_flight: 100, max_bytes_in_flight: 64MiB}")
    )

    assert given.park.max_waiting == WaitingSize(25, 16 << 20)
    assert given.parked_topics == {"shop": "g.parked.shop", "app": "g.parked.app"}


# ── what is counted from 0 on ───────────────────────────────────────────────────────────────────


def test_what_alerts_watch_is_there_before_it_first_counts() -> None:
    metrics = Metrics()

    paid = parse(
        FILE.format(topics="[t]", properties="{}", producer="{}", more="").replace(
            "name: all,", "name: paid, when: {field: status, equals: paid},"
        ),
        {},
    ).rules
    composition.begin_counting(metrics, ["shop", "app"], paid)

    counted = metrics.snapshot()
    assert {counted["rejected", (str(reason), "")] for reason in RejectReason} == {0}
    assert {counted["rejected", (str(reason), "paid")] for reason in RejectReason} == {0}
    assert counted["rule_events", ("paid", "accepted")] == 0
    assert counted["rule_missed", ("paid", "when[0]")] == counted["rule_dropped_fields", ("paid",)] == 0
    assert counted["rule_match_keys", ("paid", "email")] == 0
    assert counted["commits", ("failed",)] == 0
    assert counted["events", ("app", "accepted")] == 0
    assert counted["match_keys", ("shop", "email")] == counted["match_keys", ("shop", "none")] == 0


def test_addresses_are_shown_without_user_and_password() -> None:
    more = 'avro: {registry: {url: "http://me:pw@one:8081, https://two/api?key=s3cret"}}'
    redis = 'dedupe: {store: redis, redis_url: "rediss://:s3cret@cache:6379/0?password=s3cret"}'
    found = outside_systems.addresses_of(settings(more=f"{more}\n{redis}"))

    assert found == {
        "kafka": "broker:9092",
        "tiktok": "https://business-api.tiktok.com",
        "registry": "http://one:8081,https://two/api",
        "redis": "rediss://cache:6379/0",
    }


def test_own_topics_of_pixels_that_are_gone_and_of_other_groups_are_no_origins() -> None:
    seen = {"web-events", "g.replay", "g.parked.gone", "g.parked.shop", "h.replay", "h.parked.x", "game.replay"}

    assert kafka_clients.chosen_topics(settings('["^.*"]'))(seen) == ("game.replay", "web-events")
    assert kafka_clients.abandoned_topics(settings(), seen) == ("g.parked.gone",)
    assert [topic for topic in sorted(seen) if kafka_clients.is_own_topic(settings(), topic)] == [
        "g.parked.gone",
        "g.parked.shop",
        "g.replay",
    ]
