"""Acceptance: every wrong configuration names the place and the remedy, and all of them at once."""

import hashlib
import time
from pathlib import Path

import pytest

from consumer.config import Settings, load, parse
from consumer.core.errors import ConfigError
from consumer.core.rules.source import AllOf, Comparison, ConstSource, ContentsSource, PathSource

ENVIRON = {"TIKTOK_PIXEL_CODE": "CABC123", "TIKTOK_ACCESS_TOKEN": "s3cret-token"}
SMALL = """
kafka: {bootstrap_servers: "localhost:9092", topics: [web-events], group_id: tiktok-events}
pixels:
  shop: {pixel_code: CABC123, access_token: "${TIKTOK_ACCESS_TOKEN}"}
rules:
  - {name: all, pixel: shop}
"""
SCHEMA = """{"type": "record", "name": "Visit", "fields": [{"name": "type", "type": "string"}]}"""


def problems(text: str, path: Path = Path("consumer.yaml")) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, ENVIRON, path)
    return caught.value.problems


def test_everything_but_kafka_pixels_and_rules_has_its_default() -> None:
    settings = parse(SMALL, ENVIRON)

    assert (settings.kafka.start, settings.avro.framing, settings.on_bad_field) == ("earliest", "plain", "drop")
    assert (settings.dedupe.window_s, settings.dedupe.merge_wait_s, settings.dedupe.warmup_max_s) == (300.0, 0.0, 60.0)
    assert (settings.dedupe.max_keys, settings.dedupe.store, settings.dedupe.forward_new_fields) == (
        2_000_000,
        "memory",
        True,
    )
    assert (settings.batch.max_events, settings.batch.max_bytes, settings.batch.max_wait_s) == (1000, 1024**2, 1.0)
    assert settings.delivery.base_url == "https://business-api.tiktok.com"
    assert (settings.delivery.timeout_s, settings.delivery.max_in_flight) == (10.0, 8)
    assert settings.delivery.max_requests_per_second == 100
    assert (settings.delivery.backoff.first_s, settings.delivery.backoff.max_s) == (0.5, 60.0)
    assert (settings.delivery.park.enabled, settings.delivery.park.after_s) == (True, 600.0)
    assert settings.dead_letter_topic("web-events") == "web-events.dlq"
    assert (settings.dead_letter.breaker.share, settings.dead_letter.breaker.of_last) == (0.5, 1000)
    assert (settings.limits.max_records_in_flight, settings.limits.max_bytes_in_flight) == (50_000, 128 * 1024**2)
    assert (settings.limits.max_record_bytes, settings.limits.max_event_age_s) == (1024**2, 28 * 86400.0)
    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 9464)  # noqa: S104
    assert (settings.shutdown_timeout_s, settings.outcomes.topic, settings.event_id_from_position) == (
        30.0,
        None,
        "auto",
    )
    assert (settings.log.level, settings.log.format) == ("info", "auto")


def test_a_section_with_every_key_commented_out_has_its_defaults() -> None:
    assert parse(SMALL + "dedupe:\n  # window: 5m\n", ENVIRON).dedupe.window_s == 300.0


def test_names_the_service_s_own_topics_after_the_group() -> None:
    settings = parse(SMALL, ENVIRON)

    assert settings.replay_topic == "tiktok-events.replay"
    assert settings.parked_topic("shop") == "tiktok-events.parked.shop"


def test_the_settings_cannot_be_changed() -> None:
    settings = parse(SMALL, ENVIRON)

    with pytest.raises(ValueError, match="frozen"):
        settings.dedupe.window_s = 1.0


def test_no_token_shows_in_the_settings_text() -> None:
    text = SMALL.replace("group_id: tiktok-events}", "group_id: g, properties: {sasl.password: hunter2}}")
    text += 'avro: {registry: {url: "http://r:1", basic.auth.user.info: "me:hunter2"}}\n'
    text += 'dedupe: {store: redis, redis_url: "redis://:hunter2@localhost:6379/0"}\n'
    settings = parse(text, ENVIRON)

    assert settings.avro.registry is not None
    assert settings.avro.registry.properties == {"url": "http://r:1", "basic.auth.user.info": "me:hunter2"}
    assert settings.kafka.properties == {"sasl.password": "hunter2"}
    for shown in (repr(settings), str(settings)):
        assert "hunter2" not in shown
        assert "s3cret-token" not in shown


def test_code_may_build_sections_with_plain_numbers() -> None:
    settings = parse(SMALL, ENVIRON)
    dedupe = type(settings.dedupe)(window_s=1.5)
    batch = type(settings.batch)(max_bytes=2048)

    assert (dedupe.window_s, batch.max_bytes) == (1.5, 2048)


WRONG = [
    ("misspelt section", SMALL + "dedup: {window: 5m}\n", "dedup", "did you mean `dedupe`?"),
    ("misspelt key", SMALL + "delivery: {time_out: 10s}\n", "delivery.time_out", "did you mean `timeout`?"),
    (
        "misspelt key of a pixel",
        SMALL.replace("pixel_code: CABC123", "pixel_code: CABC123, test_code: T"),
        "pixels.shop.test_code",
        "did you mean `test_event_code`?",
    ),
    (
        "missing token",
        SMALL.replace(', access_token: "${TIKTOK_ACCESS_TOKEN}"', ""),
        "pixels.shop",
        "access_token_file",
    ),
    (
        "unset variable",
        SMALL.replace("TIKTOK_ACCESS_TOKEN", "NO_SUCH_NAME"),
        "pixels.shop.access_token",
        "NO_SUCH_NAME is not set; set it",
    ),
    (
        "bad regular expression",
        SMALL.replace("pixel: shop}", 'pixel: shop, when: [{field: url, matches: "a(b"}]}'),
        "rules[0].when[0].matches",
        "not an RE2 expression",
    ),
    (
        "unknown operator",
        SMALL.replace("pixel: shop}", "pixel: shop, when: [{field: type, equal: a}]}"),
        "rules[0].when[0].equal",
        "did you mean `equals`?",
    ),
    ("duplicate rule name", SMALL + "  - {name: all, pixel: shop}\n", "rules[1].name", "give each rule its own"),
    ("unknown pixel", SMALL.replace("pixel: shop}", "pixel: shpo}"), "rules[0].pixel", "did you mean `shop`?"),
    (
        "unknown TikTok parameter",
        SMALL.replace("pixel: shop}", "pixel: shop, map: {user: {emial: a}}}"),
        "rules[0].map.user.emial",
        "did you mean `email`?",
    ),
    (
        "parameter in the wrong place",
        SMALL.replace("pixel: shop}", "pixel: shop, map: {email: a}}"),
        "rules[0].map.email",
        "write it under `user`",
    ),
    (
        "bad path",
        SMALL.replace("pixel: shop}", 'pixel: shop, map: {event_id: "a..b"}}'),
        "rules[0].map.event_id",
        "column 3",
    ),
    ("duration without unit", SMALL + "batch: {max_wait: 5}\n", "batch.max_wait", "such as 250ms"),
    ("size without unit", SMALL + "batch: {max_bytes: 5000}\n", "batch.max_bytes", "such as 512KiB"),
    ("too many events", SMALL + "batch: {max_events: 1001}\n", "batch.max_events", "at most 1000"),
    ("unknown value", SMALL + "on_bad_field: ignore\n", "on_bad_field", "'drop' or 'reject'"),
    ("duplicate key", SMALL + "batch: {max_events: 1, max_events: 2}\n", "batch.max_events", "keep one"),
    ("missing section", SMALL.replace("kafka:", "kafak:"), "kafka", "missing; add it"),
]


@pytest.mark.parametrize(("text", "place", "remedy"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_names_the_place_and_the_remedy(text: str, place: str, remedy: str) -> None:
    found = [problem for problem in problems(text) if problem.startswith(f"{place}: ")]

    assert len(found) == 1
    assert remedy in found[0]
    assert "; " in found[0]


def test_tells_every_problem_at_once_in_the_order_of_the_file_with_lines() -> None:
    text = SMALL.replace("pixel: shop}", "pixel: shpo}") + "batch: {max_events: 0}\nlog: {level: loud}\n"

    assert [(problem.split(":")[0], problem.rsplit("(", 1)[1]) for problem in problems(text)] == [
        ("rules[0].pixel", "line 6)"),
        ("batch.max_events", "line 7)"),
        ("log.level", "line 8)"),
    ]


def test_never_shows_a_token_in_a_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(SMALL, {"TIKTOK_ACCESS_TOKEN": "top\nsecret"})

    assert caught.value.problems[0].startswith("pixels.shop.access_token: must be one line")
    assert "secret" not in str(caught.value)


def test_an_unset_variable_is_one_problem_and_not_also_an_empty_value() -> None:
    text = SMALL.replace('bootstrap_servers: "localhost:9092"', 'bootstrap_servers: "${BROKERS}"')

    assert len(problems(text)) == 1


def test_maps_the_rule_to_the_core_s_values() -> None:
    text = SMALL.replace(
        "pixel: shop}",
        "pixel: shop, mode: shadow, when: [{field: type, in: [a, b]}], "
        "map: {event: {const: Lead}, event_time: at, user: {email: user.mail}, properties: {price: p, currency: c}}}",
    )
    rule = parse(text, ENVIRON).rules[0]

    assert (rule.name, rule.pixel, rule.is_shadow) == ("all", "shop", True)
    assert rule.when == AllOf((Comparison(PathSource(("type",)), "in", ["a", "b"]),))
    assert rule.parameters == {
        "event": ConstSource("Lead"),
        "event_time": PathSource(("at",)),
        "user.email": PathSource(("user", "mail")),
        "properties.currency": PathSource(("c",)),
    }
    assert rule.contents == ContentsSource(None, {"price": PathSource(("p",))})


def test_reads_the_file_that_is_named_else_of_the_variable_else_of_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("named.yaml", "variable.yaml", "consumer.yaml"):
        (tmp_path / name).write_text(SMALL.replace("tiktok-events", name.removesuffix(".yaml")))
    monkeypatch.chdir(tmp_path)

    def group(path: Path | None, **environ: str) -> str:
        return load(path, {**ENVIRON, **environ}).kafka.group_id

    variable = str(tmp_path / "variable.yaml")
    assert group(tmp_path / "named.yaml", TIKTOK_CONSUMER_CONFIG=variable) == "named"
    assert group(None, TIKTOK_CONSUMER_CONFIG=variable) == "variable"
    assert group(None) == "consumer"


def test_a_file_that_is_not_there_or_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")

    for name, remedy in (("none.yaml", "--config"), ("binary.yaml", "save it as UTF-8")):
        with pytest.raises(ConfigError, match=remedy):
            load(tmp_path / name, {})


def test_says_which_state_of_the_file_was_read(tmp_path: Path) -> None:
    file = tmp_path / "consumer.yaml"
    file.write_bytes(SMALL.replace("\n", "\r\n").encode())
    before = time.time()

    settings = load(file, ENVIRON)
    same = load(file, {**ENVIRON, "TIKTOK_ACCESS_TOKEN": "another"})
    file.write_text(SMALL)
    changed = load(file, ENVIRON)

    sources = [each.source for each in (settings, same, changed)]
    assert [source is not None and source.file for source in sources] == [str(file)] * 3
    digests = [source.digest for source in sources if source is not None]
    assert digests[0] == digests[1] == hashlib.sha256(SMALL.replace("\n", "\r\n").encode()).hexdigest()[:12]
    assert digests[2] == hashlib.sha256(SMALL.encode()).hexdigest()[:12] != digests[0]
    assert all(abs(source.read_at - before) < 60 for source in sources if source is not None)
    assert parse(SMALL, ENVIRON).source is None


def test_relative_paths_start_at_the_file_s_folder(tmp_path: Path) -> None:
    (tmp_path / "visit.avsc").write_text(SCHEMA)
    (tmp_path / "token").write_text("from-file\n")
    text = SMALL.replace('access_token: "${TIKTOK_ACCESS_TOKEN}"', "access_token_file: token")
    text = text.replace("pixel: shop}", "pixel: shop, map: {event: type, event_time: $timestamp}}")
    settings = parse(text + "avro: {schema: visit.avsc}\n", {}, tmp_path / "consumer.yaml")

    assert [file.name for file in settings.avro.schemas] == ["Visit"]
    assert settings.pixels["shop"].access_token_file == tmp_path / "token"
    assert settings.path == tmp_path / "consumer.yaml"


def test_a_whole_settings_value_may_be_altered_by_code() -> None:
    settings = parse(SMALL, ENVIRON)
    log = settings.log.model_copy(update={"level": "debug"})

    altered: Settings = settings.model_copy(update={"log": log})

    assert (altered.log.level, settings.log.level) == ("debug", "info")
