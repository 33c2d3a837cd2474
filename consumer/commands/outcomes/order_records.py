"""Which records an order stands in.

The outcomes topic does not hold order ids: it keeps no value of a record but the event_id. So the records themselves
are read, and decided as `run` does: the order id is what would be sent as `properties.order_id`.
"""

from collections.abc import Iterator
from contextlib import closing

import msgspec
from msgspec import Struct

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.commands.dlq.topic_reader import Logs
from consumer.commands.explain.explain_command import Explainer
from consumer.commands.explain.records.registry_schemas import TopicSchemas
from consumer.commands.outcomes.outcome_topic import ranges_since
from consumer.commands.progress_bar import Bar
from consumer.config import Settings, kafka_clients
from consumer.core.model import Position, Record
from consumer.core.read import partitions_of


class _Properties(Struct, frozen=True):
    order_id: str | None = None


class _OfOrder(Struct, frozen=True):
    """The part of an event that is looked at."""

    properties: _Properties = _Properties()


def positions_of_order(settings: Settings, order_id: str, since_ms: int | None) -> frozenset[Position]:
    """Where the records of an order stand. Raises Unreachable.

    Args:
        since_ms: look at records since this Unix time in milliseconds; None: at all that the topics still hold.
    """
    with closing(TopicSchemas(settings)) as schemas:
        explainer = Explainer(_of_any_age(settings), schemas)
        found = (record.position for record in _records(settings, since_ms) if order_id in _orders(explainer, record))
        return frozenset(found)


def _orders(explainer: Explainer, record: Record) -> Iterator[str | None]:
    for event in explainer.decide(record).events:
        yield msgspec.json.decode(event.body, type=_OfOrder).properties.order_id


def _records(settings: Settings, since_ms: int | None) -> Iterator[Record]:
    """All records of the topics that are read."""
    cluster = KafkaCluster(kafka_clients.consumer_properties(settings))
    seen = cluster.topics()
    partitions = partitions_of(kafka_clients.chosen_topics(settings)(seen), seen)
    with closing(Logs(settings, settings.kafka.group_id)) as logs:
        ranges = ranges_since(cluster, logs, partitions, since_ms)
        with Bar("records", sum(high - low for low, high in ranges.values())) as bar:
            yield from bar.watched(logs.records(ranges))


def _of_any_age(settings: Settings) -> Settings:
    limits = settings.limits.model_copy(update={"max_event_age_s": 0.0})
    return settings.model_copy(update={"limits": limits})
