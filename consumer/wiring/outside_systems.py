"""Kafka, TikTok, the schema registry and Redis, as the settings say how to reach them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from consumer.adapters.access_tokens import AccessTokens
from consumer.adapters.kafka.kafka_admin import KafkaCluster, TopicWatch
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer, OnCommit
from consumer.adapters.kafka.kafka_outcomes import KafkaOutcomeSink
from consumer.adapters.kafka.kafka_own_topics import OWN_SUFFIX, OwnTopicsConsumer
from consumer.adapters.schema_registry import SchemaRegistry
from consumer.adapters.tiktok_client import TikTokClient
from consumer.config import Settings
from consumer.config.kafka_clients import (
    consumer_properties,
    follow_topics_every_s,
    is_own_topic,
    outcomes_topics,
    own_topics_of,
    producer_properties,
)
from consumer.core.decode.decoder import Decoder
from consumer.core.dedupe.shared_protocol import Lifetimes, prefix_of
from consumer.core.errors import ConfigError
from consumer.service.ports import Member, WindowStore
from consumer.status.connections import OutsideSystem

CLOSE_S: Final = 1.0
_CLOSE_OUTCOMES_S: Final = 5.0
"""They are best effort, but what has happened before a clean stop should be written: nothing writes it again."""


def member_of(
    settings: Settings,
    told: OnCommit,
    made: Callable[[Mapping[str, str], OnCommit], KafkaConsumer] = KafkaConsumer,
) -> Member:
    """A member of both groups, each `made` of its properties."""
    properties = consumer_properties(settings)
    own_group = {"group.id": settings.kafka.group_id + OWN_SUFFIX}
    own = made({**properties, **own_group, "fetch.wait.max.ms": "500"}, told)
    return OwnTopicsConsumer(made(properties, told), own, partial(is_own_topic, settings))


def topic_watch(settings: Settings, cluster: KafkaCluster, *, is_dry: bool) -> TopicWatch:
    created = () if is_dry else own_topics_of(settings) | outcomes_topics(settings)
    topics = TopicWatch(cluster, follow_topics_every_s(settings), created)
    topics.watched = frozenset() if settings.kafka.topic_pattern else frozenset(settings.kafka.topics)
    return topics


def tiktok_of(settings: Settings) -> TikTokClient:
    """The sender, with each pixel's token or token file."""
    sources: dict[str, SecretStr | Path] = {}
    for name, pixel in settings.pixels.items():
        source = pixel.access_token if pixel.access_token is not None else pixel.access_token_file
        if source is not None:
            sources[name] = source
    delivery = settings.delivery
    return TikTokClient(delivery.base_url, AccessTokens(sources), delivery.timeout_s, delivery.max_in_flight)


def registry_of(settings: Settings, decoder: Decoder, ended: ExitStack) -> SchemaRegistry | None:
    if settings.avro.registry is None:
        return None
    registry = SchemaRegistry(settings.avro.registry.properties, decoder.prepare)
    ended.callback(registry.close)
    return registry


def outcomes_of(settings: Settings, ended: ExitStack) -> KafkaOutcomeSink | None:
    """The writer of the outcomes topic, if one is configured."""
    topic = settings.outcomes.topic
    if topic is None:
        return None
    outcomes = KafkaOutcomeSink(producer_properties(settings), topic)
    ended.callback(outcomes.close, _CLOSE_OUTCOMES_S)
    return outcomes


def store_of(settings: Settings) -> WindowStore | None:
    """The window that all processes share, if one is configured.

    Raises:
        ConfigError: its URL cannot be used, or its library is missing.
    """
    dedupe = settings.dedupe
    if dedupe.store == "memory" or not dedupe.window_s or dedupe.redis_url is None:
        return None
    try:
        from consumer.adapters.redis_window import RedisWindow  # its library is an optional extra
    except ModuleNotFoundError:
        remedy = "pip install 'tiktok-events-consumer[redis]'"
        raise ConfigError([f"dedupe.store: redis is not installed; {remedy}, or use store: memory"]) from None
    lifetimes = Lifetimes(round(dedupe.window_s * 1000), round(dedupe.remove_for_s * 1000))
    return RedisWindow(dedupe.redis_url.get_secret_value(), prefix_of(settings.kafka.group_id), lifetimes)


def addresses_of(settings: Settings) -> dict[OutsideSystem, str]:
    """Where the outside systems are, as far as a page may say: a URL may hold a user and a password."""
    registry, redis = settings.avro.registry, settings.dedupe.redis_url
    return {
        OutsideSystem.KAFKA: settings.kafka.bootstrap_servers,
        OutsideSystem.TIKTOK: _without_user(settings.delivery.base_url),
        **({} if registry is None else {OutsideSystem.REGISTRY: ",".join(map(_without_user, registry.url.split(",")))}),
        **({} if redis is None else {OutsideSystem.REDIS: _without_user(redis.get_secret_value())}),
    }


def _without_user(url: str) -> str:
    """`https://user:password@host:1/path?query` → `https://host:1/path`: a query may hold a password, too."""
    scheme, slashes, rest = url.partition("?")[0].strip().rpartition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}"
