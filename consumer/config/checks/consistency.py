"""What no single key can know: whether the settings fit each other."""

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import re2

from consumer.config.checks.redis_url import redis_url_fault
from consumer.config.checks.web_addresses import is_unusable_url
from consumer.config.problems import Problems
from consumer.config.properties import check_properties, check_secrets
from consumer.config.schema_files import is_shipped
from consumer.config.settings import Settings
from consumer.core.settle.envelope import own_topics

_TOPIC_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
"""Kafka's rule for names of topics."""
_PIXEL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOPIC_RULE: Final = "use up to 249 letters, digits and . _ -"


def _topics(settings: Settings, problems: Problems) -> None:
    topics = settings.kafka.topics
    for index, topic in enumerate(topics):
        place = ("kafka", "topics", index)
        if topic.startswith("^") and len(topics) > 1:
            problems.add(place, "a regular expression must stand alone; join all topics into one `^(a|b)$`")
        elif topic.startswith("^"):
            fault = _expression_fault(topic)
            if fault:
                problems.add(place, f"not a regular expression of RE2 ({fault}); fix it")
        elif not _TOPIC_NAME.fullmatch(topic):
            problems.add(place, f"not a topic's name; {_TOPIC_RULE}, or begin a regular expression with ^")
        if topics.index(topic) != index:
            problems.add(place, "the same topic twice; keep one")


def _own_topics(settings: Settings, problems: Problems) -> None:
    ours = own_topics(settings.kafka.group_id, settings.pixels)
    for index, topic in enumerate(settings.kafka.topics):
        if topic in ours:
            problems.add(("kafka", "topics", index), "a topic of the service's own, which it reads anyway; remove it")


def _expression_fault(text: str) -> str | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        return str(error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0])
    return None


def _properties(settings: Settings, problems: Problems) -> None:
    check_properties(settings.kafka, problems)


def _group(settings: Settings, problems: Problems) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,150}", settings.kafka.group_id):
        problems.add(
            ("kafka", "group_id"),
            "not fit for the names of the service's topics; use up to 150 letters, digits and . _ -",
        )


def _avro(settings: Settings, problems: Problems) -> None:
    avro = settings.avro
    if avro.framing == "confluent" and avro.registry is None:
        problems.add(("avro", "framing"), "confluent needs a registry; add avro.registry.url, or use plain")
    if avro.framing == "plain" and len(avro.named_schemas) > 1:
        problems.add(("avro", "schema"), "plain records have one schema; name one file")
    if avro.registry is not None:
        check_secrets(avro.registry.properties, ("avro", "registry"), problems)
        for url in avro.registry.url.split(","):
            if is_unusable_url(url.strip(), ("http", "https")):
                problems.add(("avro", "registry", "url"), "not an address; write http://host:port or https://host:port")


def _pixels(settings: Settings, problems: Problems) -> None:
    for name, pixel in settings.pixels.items():
        if not _PIXEL_NAME.fullmatch(name):
            problems.add(("pixels", name), "not fit for a topic's name; use up to 64 letters, digits and . _ -")
        if pixel.access_token is None and pixel.access_token_file is None:
            problems.add(("pixels", name), "no access token; add access_token: ${NAME}, or access_token_file")
        elif pixel.access_token is not None and pixel.access_token_file is not None:
            problems.add(("pixels", name), "two access tokens; keep either access_token or access_token_file")


def _dedupe(settings: Settings, problems: Problems) -> None:
    dedupe = settings.dedupe
    if dedupe.merge_wait_s > dedupe.window_s:
        problems.add(("dedupe", "merge_wait"), "longer than dedupe.window; lower it, or widen the window")
    if dedupe.remove_for_s and dedupe.store != "redis":
        problems.add(("dedupe", "remove_for"), "needs a window that outlives the process; add store: redis, or use 0s")
    elif dedupe.remove_for_s and dedupe.remove_for_s <= dedupe.window_s:
        problems.add(("dedupe", "remove_for"), "must be longer than dedupe.window, after which it begins; use e.g. 48h")
    elif dedupe.remove_for_s and not dedupe.window_s:
        problems.add(("dedupe", "remove_for"), "begins after a window, and window 0s is none; set dedupe.window")
    if dedupe.store == "redis":
        _redis(settings, problems)


def _redis(settings: Settings, problems: Problems) -> None:
    url = settings.dedupe.redis_url
    if url is None:
        problems.add(("dedupe", "redis_url"), "missing; store: redis needs it: write redis://host:6379/0")
    elif fault := redis_url_fault(url.get_secret_value()):
        problems.add(("dedupe", "redis_url"), fault)
    if find_spec("redis") is None:
        problems.add(
            ("dedupe", "store"), 'redis is not installed; install "tiktok-events-consumer[redis]", or use store: memory'
        )


def _delivery(settings: Settings, problems: Problems) -> None:
    delivery = settings.delivery
    parts = None if is_unusable_url(delivery.base_url, ("http", "https")) else urlsplit(delivery.base_url)
    if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        problems.add(
            ("delivery", "base_url"), "must be scheme, host and port only; write https://business-api.tiktok.com"
        )
    if delivery.backoff.first_s > delivery.backoff.max_s:
        problems.add(("delivery", "backoff", "first"), "longer than delivery.backoff.max; lower it, or raise max")


def _dead_letter(settings: Settings, problems: Problems) -> None:
    template = settings.dead_letter.topic
    place = ("dead_letter", "topic")
    bare = template.replace("{topic}", "t")
    if not _TOPIC_NAME.fullmatch(bare):
        problems.add(place, f"not a topic's name; {_TOPIC_RULE}, and no other braces than {{topic}}")
    elif any(settings.dead_letter_topic(topic) in settings.kafka.topics for topic in settings.kafka.topics):
        problems.add(place, "names a topic that is read, so dead letters would go in circles; write {topic}.dlq")


def _outcomes(settings: Settings, problems: Problems) -> None:
    topic = settings.outcomes.topic
    if topic is not None and not _TOPIC_NAME.fullmatch(topic):
        problems.add(("outcomes", "topic"), f"not a topic's name; {_TOPIC_RULE}")
    elif topic is not None and topic in settings.kafka.topics:
        problems.add(("outcomes", "topic"), "is read, too, so outcomes would become records; name another topic")


def _limits(settings: Settings, problems: Problems) -> None:
    if settings.limits.max_bytes_in_flight < settings.limits.max_record_bytes:
        problems.add(
            ("limits", "max_bytes_in_flight"), "less than one record may have; raise it above limits.max_record_bytes"
        )


def _required(settings: Settings, problems: Problems) -> None:
    """A `map` must have `event` and `event_time`, unless records may be of the shipped schema."""
    if may_be_shipped(settings):
        return
    for index, rule in enumerate(settings.rules):
        for name in ("event", "event_time"):
            if rule.parameters is not None and name not in rule.parameters:
                problems.settle(("rules", index, "map", name), f"missing; TikTok needs it: map {name} to a source")


def may_be_shipped(settings: Settings) -> bool:
    """False if no record can be of the shipped schema, as far as the configuration alone shows."""
    avro = settings.avro
    if avro.reader_schema is not None:
        return is_shipped(avro.reader_schema)
    return avro.framing == "confluent" or not avro.named_schemas or any(map(is_shipped, avro.named_schemas))


class _Check(NamedTuple):
    sections: tuple[str, ...]
    """What it reads: it is left out where one of them is itself at fault."""
    check: Callable[[Settings, Problems], None]


_CHECKS: Final = (
    _Check(("kafka",), _topics),
    _Check(("kafka", "pixels"), _own_topics),
    _Check(("kafka",), _properties),
    _Check(("kafka",), _group),
    _Check(("avro",), _avro),
    _Check(("pixels",), _pixels),
    _Check(("dedupe",), _dedupe),
    _Check(("delivery",), _delivery),
    _Check(("dead_letter", "kafka"), _dead_letter),
    _Check(("outcomes", "kafka"), _outcomes),
    _Check(("limits",), _limits),
    _Check(("rules", "avro"), _required),
)


def check_together(sections: Mapping[str, object], problems: Problems) -> None:
    """Note what does not fit; `sections` are the attributes of Settings that are in order by themselves."""
    settings = Settings.model_construct(**sections)  # type: ignore[arg-type]  # each was validated by its own model
    for needed, check in _CHECKS:
        if all(name in sections for name in needed):
            check(settings, problems)
