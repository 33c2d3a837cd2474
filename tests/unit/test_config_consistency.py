"""What no single key can know."""

from pathlib import Path

import pytest

from consumer.config import parse
from consumer.config.checks import consistency as crosschecks
from consumer.core.errors import ConfigError

KAFKA = 'kafka: {bootstrap_servers: "localhost:9092", topics: [web-events], group_id: g}\n'
PIXELS = "pixels: {shop: {pixel_code: C, access_token: s3cret}}\n"
RULES = "rules: [{name: r, pixel: shop}]\n"


def faults(text: str, path: Path = Path("consumer.yaml")) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, {}, path)
    return list(caught.value.problems)


def is_fine(text: str) -> bool:
    return bool(parse(text, {}).rules)


def kafka(**replaced: str) -> str:
    keys = {"bootstrap_servers": '"localhost:9092"', "topics": "[web-events]", "group_id": "g", **replaced}
    return f"kafka: {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}\n" + PIXELS + RULES


def pixels(text: str) -> str:
    return KAFKA + f"pixels: {text}\n" + RULES


def more(text: str) -> str:
    return KAFKA + PIXELS + RULES + text


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        (kafka(topics="[a, '^b']"), "kafka.topics[1]", "must stand alone"),
        (kafka(topics="['^(a']"), "kafka.topics[0]", "not a regular expression of RE2"),
        (kafka(topics="[a/b]"), "kafka.topics[0]", "not a topic's name"),
        (kafka(topics="[a, a]"), "kafka.topics[1]", "the same topic twice"),
        (kafka(topics="[web, g.replay]"), "kafka.topics[1]", "reads anyway; remove it"),
        (kafka(topics="[g.parked.shop]"), "kafka.topics[0]", "reads anyway; remove it"),
        (kafka(topics="[]"), "kafka.topics", "write at least one"),
        (kafka(topics="web"), "kafka.topics", "must be a list"),
        (kafka(group_id="a/b"), "kafka.group_id", "letters, digits"),
        (kafka(start="first"), "kafka.start", "'earliest' or 'latest'"),
        (kafka(properties="{enable.auto.commit: true}"), 'kafka.properties["enable.auto.commit"]', "remove it"),
        (
            kafka(properties="{enable.auto.offset.store: 1}"),
            'kafka.properties["enable.auto.offset.store"]',
            "remove it",
        ),
        (kafka(properties="{auto.offset.reset: latest}"), 'kafka.properties["auto.offset.reset"]', "kafka.start"),
        (kafka(properties="{group.id: x}"), 'kafka.properties["group.id"]', "kafka.group_id"),
        (kafka(properties="{bootstrap.servers: x}"), 'kafka.properties["bootstrap.servers"]', "bootstrap_servers"),
        (kafka(properties="{enable.partition.eof: true}"), 'kafka.properties["enable.partition.eof"]', "remove it"),
        (kafka(properties="{on_commit: x}"), "kafka.properties.on_commit", "remove it"),
        (kafka(properties="{session_timeout_ms: 1}"), "kafka.properties.session_timeout_ms", "`session.timeout.ms`"),
        (kafka(properties="{sasl: {mechanism: x}}"), "kafka.properties.sasl", "dotted names in one piece"),
        (kafka(properties="{sasl.mechanism: OAUTHBEARER}"), 'kafka.properties["sasl.mechanism"]', "to oidc"),
        (kafka(properties="{sasl.mechanisms: oauthbearer}"), 'kafka.properties["sasl.mechanism"]', "to oidc"),
        (kafka(properties="{group.protocol: new}"), 'kafka.properties["group.protocol"]', "classic or consumer"),
        (kafka(properties="{max.poll.interval.ms: 5m}"), 'kafka.properties["max.poll.interval.ms"]', "milliseconds"),
        (kafka(properties="{max.poll.interval.ms: 1.5}"), 'kafka.properties["max.poll.interval.ms"]', "milliseconds"),
        (kafka(properties="{fetch.max.bytes: 50MiB}"), 'kafka.properties["fetch.max.bytes"]', "number of bytes"),
        (
            kafka(producer_properties="{linger.ms: 5s}"),
            'kafka.producer_properties["linger.ms"]',
            "number of milliseconds",
        ),
        (kafka(properties="{a.exp.seconds: 5m}"), 'kafka.properties["a.exp.seconds"]', "number of seconds"),
        (kafka(producer_properties="{a.level: 5x}"), 'kafka.producer_properties["a.level"]', "a plain number"),
        (kafka(producer_properties="{retries: many}"), "kafka.producer_properties.retries", "a plain number"),
        (
            kafka(properties="{partition.assignment.strategy: range}"),
            'kafka.properties["partition.assignment.strategy"]',
            "use cooperative-sticky",
        ),
        (
            kafka(properties="{partition.assignment.strategy: 'cooperative-sticky,roundrobin'}"),
            'kafka.properties["partition.assignment.strategy"]',
            "eager",
        ),
        (
            kafka(properties="{group.protocol: consumer, session.timeout.ms: 6000}"),
            'kafka.properties["session.timeout.ms"]',
            "the broker decides it",
        ),
        (
            kafka(properties="{group.protocol: consumer, partition.assignment.strategy: range}"),
            'kafka.properties["partition.assignment.strategy"]',
            "the broker decides it",
        ),
        (kafka(producer_properties="{acks: 1}"), "kafka.producer_properties.acks", "all replicas"),
        (
            kafka(producer_properties="{enable.idempotence: false}"),
            'kafka.producer_properties["enable.idempotence"]',
            "remove it",
        ),
        (
            kafka(producer_properties="{transactional.id: x}"),
            'kafka.producer_properties["transactional.id"]',
            "transactions",
        ),
        *(
            (more(f"http: {{hosts: ['{host}']}}"), "http.hosts[0]", "without https://, port and path")
            for host in ("a:1", "https://a", "a/b", "a b")
        ),
        (pixels("{}"), "pixels", "write at least one (line"),
        (pixels("{shop: {pixel_code: '', access_token: t}}"), "pixels.shop.pixel_code", "write a value (line"),
        (pixels("{shop: {pixel_code: C, access_token: ''}}"), "pixels.shop.access_token", "or leave the key out (line"),
        (pixels("{shop: {access_token: t}}"), "pixels.shop.pixel_code", "missing; add it"),
        (pixels("{shop: {pixel_code: null, access_token: t}}"), "pixels.shop.pixel_code", "has no value; write one"),
        (pixels("{shop: {pixel_code: 5, access_token: t}}"), "pixels.shop.pixel_code", "put it in quotes"),
        (pixels("{shop: {pixel_code: C, access_token: t, hold: no}}"), "pixels.shop.hold", "true or false"),
        (pixels("{shop: {pixel_code: C, access_token: ' t'}}"), "pixels.shop.access_token", "blank; remove it"),
        *(
            (
                pixels(f"{{shop: {{pixel_code: C, access_token: '{token}'}}}}"),
                "pixels.shop.access_token",
                "no access token has",
            )
            for token in ("caf\u00e9", "tok\u2026", "two words")
        ),
        (
            pixels("{shop: {pixel_code: C, access_token_file: no/such/file}}"),
            "pixels.shop.access_token_file",
            "cannot be read (No such file or directory)",
        ),
        (
            pixels("{shop: {pixel_code: C, access_token: t, max_requests_per_second: 0}}"),
            "pixels.shop.max_requests_per_second",
            "more than 0",
        ),
        (more("avro: {framing: confluent}"), "avro.framing", "add avro.registry.url"),
        (more("avro: {registry: {}}"), "avro.registry.url", "missing"),
        (more("avro: {registry: {url: 'localhost:8081'}}"), "avro.registry.url", "http://host:port"),
        (more("avro: {registry: {url: 'http://[bad'}}"), "avro.registry.url", "http://host:port"),
        (more("avro: {schema: none.avsc}"), "avro.schema", "cannot be read"),
        (more("avro: {schema: []}"), "avro.schema", "at least one"),
        (more("avro: {reader_schema: 5}"), "avro.reader_schema", "write it as text"),
        (more("dedupe: {merge_wait: 6m}"), "dedupe.merge_wait", "widen the window"),
        (more("dedupe: {window: 0s, merge_wait: 1s}"), "dedupe.merge_wait", "widen the window"),
        (more("dedupe: {remove_for: 48h}"), "dedupe.remove_for", "add store: redis"),
        (more("dedupe: {store: redis}"), "dedupe.redis_url", "write redis://host:6379/0"),
        (more("dedupe: {store: redis, redis_url: 'http://h'}"), "dedupe.redis_url", "redis://host:port/0"),
        (
            more("dedupe: {store: redis, redis_url: 'redis://h', remove_for: 1m}"),
            "dedupe.remove_for",
            "longer than dedupe.window",
        ),
        (
            more("dedupe: {store: redis, redis_url: 'redis://h', window: 0s, remove_for: 1m}"),
            "dedupe.remove_for",
            "set dedupe.window",
        ),
        (more("delivery: {base_url: 'ftp://h'}"), "delivery.base_url", "https://business-api.tiktok.com"),
        (more("delivery: {base_url: 'https://h/open_api'}"), "delivery.base_url", "host and port only"),
        (more("delivery: {base_url: 'https://me@h'}"), "delivery.base_url", "host and port only"),
        (more("delivery: {base_url: 'https://h:99999'}"), "delivery.base_url", "host and port only"),
        (more("delivery: {timeout: 0s}"), "delivery.timeout", "more than 0"),
        (more("delivery: {max_requests_per_second: .inf}"), "delivery.max_requests_per_second", "must be a number"),
        (more("delivery: {backoff: {first: 2m}}"), "delivery.backoff.first", "raise max"),
        (more("delivery: {backoff: 5s}"), "delivery.backoff", "must be a mapping"),
        (more("delivery: {park: {untill: 1s}}"), "delivery.park.untill", "use one of after, enabled"),
        (more("dead_letter: {topic: '{topic}'}"), "dead_letter.topic", "write {topic}.dlq"),
        (more("dead_letter: {topic: '{group}.dlq'}"), "dead_letter.topic", "no other braces"),
        (more("dead_letter: {breaker: {share: 1.5}}"), "dead_letter.breaker.share", "at most 1"),
        (more("limits: {max_event_age: null}"), "limits.max_event_age", "not a duration"),
        (more("log: [a]"), "log", "must be a mapping"),
        (more("outcomes: {topic: 'a b'}"), "outcomes.topic", "not a topic's name"),
        (more("outcomes: {topic: web-events}"), "outcomes.topic", "name another topic"),
        (more("limits: {max_bytes_in_flight: 512KiB}"), "limits.max_bytes_in_flight", "raise it"),
        (more("limits: {max_records_in_flight: many}"), "limits.max_records_in_flight", "whole number"),
        (more("http: {listen: 9464}"), "http.listen", "put it in quotes"),
        (more("http: {listen: 'localhost'}"), "http.listen", "host:port"),
        (more("path: x"), "path", "unknown key"),
    ],
)
def test_tells_what_does_not_fit(text: str, place: str, remedy: str) -> None:
    found = faults(text)

    assert len(found) == 1, found
    assert found[0].startswith(f"{place}: ")
    assert remedy in found[0]


@pytest.mark.parametrize(
    "text",
    [
        kafka(topics="['^web-.*$']"),
        kafka(properties="{partition.assignment.strategy: cooperative-sticky}"),
        kafka(properties="{group.protocol: consumer, group.instance.id: a}"),
        more("delivery: {base_url: 'http://localhost:8089/'}"),
        more("delivery: {max_in_flight: '4', max_requests_per_second: '2.5'}"),
        more("dedupe: {window: 0s}"),
        more("dedupe: {forward_new_fields: 'False', merge_wait: 5m}"),
        more("dedupe: {store: redis, redis_url: 'rediss://:pw@h:6379/1', remove_for: 48h}"),
        more("dead_letter: {topic: all-dead-letters}"),
        more("avro: {registry: {url: 'http://a:8081, https://b', max.retries: 3}}"),
        more("outcomes: {topic: outcomes}"),
    ],
)
def test_takes_what_fits(text: str) -> None:
    assert is_fine(text)


def test_numbers_and_flags_among_properties_become_the_text_that_librdkafka_wants() -> None:
    given = "{fetch.min.bytes: ' +5 ', backoff.ms: -1, linger.ms: 0.5, enable.metrics.push: false, client.id: 1ms}"
    settings = parse(kafka(properties=given), {})

    assert settings.kafka.properties == {
        "fetch.min.bytes": " +5 ",
        "backoff.ms": "-1",
        "linger.ms": "0.5",
        "enable.metrics.push": "false",
        "client.id": "1ms",
    }


def test_numbers_among_the_registry_s_properties_stay_numbers() -> None:
    settings = parse(more("avro: {registry: {url: 'http://a', max.retries: 3, use.it: true}}"), {})

    assert settings.avro.framing == "confluent"
    assert settings.avro.registry is not None
    assert settings.avro.registry.properties == {"url": "http://a", "max.retries": 3, "use.it": True}


def test_one_expression_stands_for_topics() -> None:
    assert parse(kafka(topics="['^web']"), {}).kafka.topic_pattern == "^web"
    assert parse(kafka(), {}).kafka.topic_pattern is None


def test_redis_that_is_not_installed_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosschecks, "find_spec", lambda _: None)

    found = faults(more("dedupe: {store: redis, redis_url: 'redis://h'}"))
    assert found[0].startswith("dedupe.store: redis is not installed; install")


REDIS = "redis://:s3cret@h:6379"


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        (f"{REDIS}/0?ssl=true", "use only db, username, password, ssl_ca_certs"),
        (f"{REDIS}/0?timeout=5", "use only"),
        (f"{REDIS}/0?socket_timeout=60", "use only"),
        (f"{REDIS}/0?decode_responses=true", "use only"),
        (f"{REDIS}/0?protocol=3", "use only"),
        (f"{REDIS}/0?foo=s3cret", "use only"),
        ("redis://pass?s3cret@h:6379/0", "as %2F %3F %23 %40"),
        ("redis://:12345#s3cret@h:6379/0", "not an address of Redis"),
        ("redis://me:12345#s3cret@h:6379/0", "as %2F %3F %23 %40"),
        (f"{REDIS}/x", "number of a database"),
        (f"{REDIS}/1/2", "number of a database"),
        (f"{REDIS}/0?db=x", "write a number"),
        (f"{REDIS}/0?password=", "write one, or remove it"),
        (f"{REDIS}/0?ssl_ca_certs=/ca.pem", "write rediss://"),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", "one of none, optional, required"),
        ("rediss://h?ssl_cert_reqs=required&ssl_cert_reqs=None", "one of none, optional, required"),
        ("rediss://h?ssl_check_hostname=never", "one of true, false, yes, no, 1, 0"),
        ("REDIS://h", "write redis://host:port/0"),
        ("redis://h:port", "write redis://host:port/0"),
        ("redis://:0/0", "write redis://host:port/0"),
        ("unix:///tmp/s3cret.sock", "write redis://host:port/0"),
    ],
)
def test_an_address_of_redis_that_its_client_would_choke_on_is_refused_without_its_text(url: str, remedy: str) -> None:
    found = faults(more(f"dedupe: {{store: redis, redis_url: '{url}'}}"))

    assert len(found) == 1, found
    assert found[0].startswith("dedupe.redis_url: ")
    assert remedy in found[0]
    assert "s3cret" not in found[0]


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "redis://h:1/",
        "redis://h?db=1&username=me&password=s3cret",
        "redis://me:p%2Fw%3F@[::1]:6379/15",
        "rediss://h/0?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_password=x",
        "rediss://h/0?ssl_cert_reqs=none&ssl_check_hostname=False",
    ],
)
def test_an_address_of_redis_with_the_options_of_the_reference_is_taken(url: str) -> None:
    assert is_fine(more(f"dedupe: {{store: redis, redis_url: '{url}'}}"))


@pytest.mark.parametrize("content", ["", "two\nlines", "with blank", "caf\u00e9", '"tok"', "'tok'\n"])
def test_a_token_file_holds_the_token_alone(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)

    found = faults(pixels("{shop: {pixel_code: C, access_token_file: token}}"), tmp_path / "consumer.yaml")
    assert found[0].startswith("pixels.shop.access_token_file: does not hold an access token alone; ")


SECRETS = [
    *(("kafka", section, "sasl.password") for section in ("properties", "producer_properties")),
    *(("kafka", "properties", f"ssl.{name}.password") for name in ("key", "keystore")),
    ("kafka", "properties", "sasl.username"),
    *(("kafka", "properties", f"sasl.oauthbearer.client.{name}") for name in ("id", "secret")),
    *(("avro", "registry", name) for name in ("basic.auth.user.info", "bearer.auth.token")),
    *(("avro", "registry", f"bearer.auth.client.{name}") for name in ("id", "secret")),
]


def with_secret(place: tuple[str, str, str], value: str) -> str:
    section, inner, name = place
    if section == "kafka":
        return kafka(**{inner: f"{{{name}: {value}}}"})
    return kafka() + f'avro: {{registry: {{url: "http://r:1", {name}: {value}}}}}\n'


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ('"s3cret\\n"', "must be one line of printable text; remove line breaks and control characters"),
        ('" s3cret"', "starts or ends with a blank; remove it"),
        ('""', "must not be empty; write a value, or leave the key out"),
    ],
)
@pytest.mark.parametrize("place", SECRETS)
def test_a_secret_of_a_client_is_refused_as_a_token_is(place: tuple[str, str, str], value: str, remedy: str) -> None:
    section, inner, name = place
    line = 1 if section == "kafka" else 4

    assert faults(with_secret(place, value)) == [f'{section}.{inner}["{name}"]: {remedy} (line {line})']


@pytest.mark.parametrize("place", SECRETS)
@pytest.mark.parametrize("value", ["s3cret", '"two words"', "12345"])
def test_a_secret_of_a_client_may_be_any_line_of_text(place: tuple[str, str, str], value: str) -> None:
    assert is_fine(with_secret(place, value))


@pytest.mark.parametrize("value", ['"-----BEGIN KEY-----\\n"', '""'])
def test_a_key_in_pem_has_several_lines(value: str) -> None:
    assert is_fine(kafka(properties=f"{{ssl.key.pem: {value}}}"))


def test_a_token_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbftok\n")

    text = pixels("{shop: {pixel_code: C, access_token_file: token}}")
    assert parse(text, {}, tmp_path / "consumer.yaml").pixels["shop"].access_token_file == tmp_path / "token"


def test_a_token_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")

    assert len(faults(pixels("{shop: {pixel_code: C, access_token_file: token}}"), tmp_path / "consumer.yaml")) == 1


def test_a_pixel_has_one_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")

    found = faults(
        pixels("{shop: {pixel_code: C, access_token: t, access_token_file: token}}"), tmp_path / "consumer.yaml"
    )
    assert found[0].startswith("pixels.shop: two access tokens; keep either access_token or access_token_file")


def test_a_token_file_is_looked_into_whatever_else_is_wrong_with_its_pixel() -> None:
    found = faults(pixels("{shop: {pixel_code: '${UNSET}', access_token_file: no/such/file}}"))

    assert [fault.partition(":")[0] for fault in found] == [
        "pixels.shop.pixel_code",
        "pixels.shop.access_token_file",
    ]


@pytest.mark.parametrize("name", ["a b", "a/b", "x" * 65])
def test_a_pixel_s_name_is_part_of_a_topic_s(name: str) -> None:
    text = KAFKA + f"pixels: {{'{name}': {{pixel_code: C, access_token: t}}}}\nrules: [{{name: r, pixel: '{name}'}}]"

    assert "not fit for a topic's name" in faults(text)[0]


VISIT = '{"type": "record", "name": "Visit", "fields": [{"name": "type", "type": "string"}]}'
SHIPPED = VISIT.replace("Visit", "tiktok_events.WebEvent")
MAPPED = "rules: [{name: r, pixel: shop, map: {event_id: type}}]\n"


@pytest.mark.parametrize(
    ("avro", "needs"),
    [
        ("{schema: visit.avsc}", True),
        ("{reader_schema: visit.avsc}", True),
        ("{framing: single_object, schema: [visit.avsc, shipped.avsc]}", False),
        ("{reader_schema: shipped.avsc}", False),
        ("{registry: {url: 'http://r'}}", False),
        ("{registry: {url: 'http://r'}, reader_schema: visit.avsc}", True),
        ("{}", False),
    ],
)
def test_event_and_time_must_be_mapped_where_no_record_can_be_of_the_shipped_schema(
    avro: str, needs: bool, tmp_path: Path
) -> None:
    (tmp_path / "visit.avsc").write_text(VISIT)
    (tmp_path / "shipped.avsc").write_text(SHIPPED)
    text = KAFKA + PIXELS + MAPPED + f"avro: {avro}\n"

    if needs:
        found = faults(text, tmp_path / "consumer.yaml")
        assert [fault.split(":")[0] for fault in found] == ["rules[0].map.event", "rules[0].map.event_time"]
    else:
        assert parse(text, {}, tmp_path / "consumer.yaml").rules


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ('{"type":\n  "record",,}', ", line 2, column 12)"),
        ('"string"', "cannot be used as a schema"),
        ('{"type": "record"}', "cannot be used as a schema"),
    ],
)
def test_a_file_that_is_no_schema_is_a_problem(content: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "bad.avsc").write_text(content)

    found = faults(more("avro: {schema: bad.avsc}"), tmp_path / "consumer.yaml")
    assert found[0].startswith("avro.schema: ")
    assert remedy in found[0]


def test_plain_records_have_one_schema(tmp_path: Path) -> None:
    (tmp_path / "visit.avsc").write_text(SHIPPED)

    assert "name one file" in faults(more("avro: {schema: [visit.avsc, visit.avsc]}"), tmp_path / "consumer.yaml")[0]


def test_a_fault_in_one_section_hides_none_in_another() -> None:
    text = (
        kafka(topics="[a, a]") + "dedupe: {merge_wait: 1h}\nlimits: {max_records_in_flight: 0}\nbatch: {max_evnts: 1}\n"
    )

    assert [fault.split(":")[0] for fault in faults(text)] == [
        "kafka.topics[1]",
        "dedupe.merge_wait",
        "limits.max_records_in_flight",
        "batch.max_evnts",
    ]
