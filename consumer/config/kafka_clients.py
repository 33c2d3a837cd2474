"""What the settings mean for Kafka's clients: their properties, and which topics they read and write."""

from collections.abc import Callable, Iterable
from typing import Final

import re2

from consumer.config import Settings
from consumer.core.settle.envelope import groups_among, own_topics, own_topics_among

FOLLOW_TOPICS_EVERY_S: Final = 30.0
"""How often the cluster is asked for its topics, unless `topic.metadata.refresh.interval.ms` says more often."""
_LARGEST_LETTER_BYTES: Final = 100 << 20
"""A record over `max_record_bytes` becomes a dead letter too, however large: the client must not refuse it."""


def consumer_properties(settings: Settings) -> dict[str, str]:
    """librdkafka's properties for a member of the group: the user's, and those that promises rest on."""
    kafka = settings.kafka
    classic = {"partition.assignment.strategy": "cooperative-sticky"}
    is_classic = kafka.properties.get("group.protocol", "classic").lower() != "consumer"
    return {
        **(classic if is_classic else {}),
        # Fetched records wait in memory: enough for a second at full speed, not the default 64 MiB a partition.
        "queued.max.messages.kbytes": "16384",
        **kafka.properties,
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": kafka.group_id,
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "error",
    }


def producer_properties(settings: Settings) -> dict[str, str]:
    """librdkafka's properties for what the service writes: the consumer's security settings, then the user's."""
    kafka = settings.kafka
    security = {name: value for name, value in kafka.properties.items() if name.startswith(_SECURITY)}
    return {
        **security,
        "message.max.bytes": str(_LARGEST_LETTER_BYTES),
        "linger.ms": "5",
        **kafka.producer_properties,
        "bootstrap.servers": kafka.bootstrap_servers,
        "acks": "all",
        "enable.idempotence": "true",
    }


_SECURITY: Final = ("security.", "sasl.", "ssl.", "enable.ssl.", "client.id", "client.dns", "broker.address")


def follow_topics_every_s(settings: Settings) -> float:
    """How often the cluster's topics are looked up."""
    refresh_ms = settings.kafka.properties.get("topic.metadata.refresh.interval.ms", "")
    if not (refresh_ms.isascii() and refresh_ms.isdecimal()):
        return FOLLOW_TOPICS_EVERY_S
    return min(FOLLOW_TOPICS_EVERY_S, max(1.0, int(refresh_ms) / 1000))


def own_topics_of(settings: Settings) -> frozenset[str]:
    """The topics that this group writes for itself and reads too."""
    return frozenset(own_topics(settings.kafka.group_id, settings.pixels))


def is_own_topic(settings: Settings, topic: str) -> bool:
    """Whether this group writes a topic for itself, or did so before a pixel was taken out of the configuration."""
    return topic not in settings.kafka.topics and bool(own_topics_among((topic,), settings.kafka.group_id))


def abandoned_topics(settings: Settings, seen: Iterable[str]) -> tuple[str, ...]:
    """Which of the cluster's topics hold parked records of pixels that are no longer configured: they are not read."""
    return tuple(sorted(own_topics_among(seen, settings.kafka.group_id) - own_topics_of(settings)))


def outcomes_topics(settings: Settings) -> frozenset[str]:
    """The outcomes topic, if one is configured."""
    return frozenset() if settings.outcomes.topic is None else frozenset((settings.outcomes.topic,))


def chosen_topics(settings: Settings) -> Callable[[Iterable[str]], tuple[str, ...]]:
    """Which of the cluster's topics `kafka.topics` means: the names as they are, or all that its expression finds.

    An expression never means the service's own topics, also of pixels that are configured no more, nor those of other
    groups of this service, nor dead-letter topics, nor the outcomes topic, nor Kafka's internal ones.
    """
    pattern = settings.kafka.topic_pattern
    if pattern is None:
        names = tuple(sorted(settings.kafka.topics))
        return lambda _: names
    expression = re2.compile(pattern)
    outcomes = outcomes_topics(settings)

    def chosen(seen: Iterable[str]) -> tuple[str, ...]:
        found = {topic for topic in seen if expression.search(topic)}
        letters = {settings.dead_letter_topic(topic) for topic in seen}
        groups = {settings.kafka.group_id, *groups_among(seen)}
        ours = outcomes.union(*(own_topics_among(seen, group) for group in groups))
        return tuple(sorted(topic for topic in found - letters - ours if not topic.startswith("__")))

    return chosen
