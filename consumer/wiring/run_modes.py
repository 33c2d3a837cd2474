"""The ways to run without consequences: `--dry-run`, and `--test-event-code`."""

from msgspec import structs

from consumer.adapters.dry_run import GrouplessConsumer, NoRecordWriter, NoSender
from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.adapters.kafka.kafka_consumer import OnCommit
from consumer.config import Settings
from consumer.config.kafka_clients import consumer_properties
from consumer.service.ports import Member
from consumer.wiring.composition import Replaced
from consumer.wiring.outside_systems import member_of


def dry(settings: Settings, from_ms: int | None) -> tuple[Settings, Replaced]:
    """The same settings, and edges, for a run that only looks: every rule a shadow rule, nothing sent or written.

    From a time on, the origin has all records: those that were parked or replayed would count twice.
    """
    rules = tuple(structs.replace(rule, is_shadow=True) for rule in settings.rules)
    start = settings.kafka.start if from_ms is None else "earliest"
    kafka = settings.kafka.model_copy(update={"start": start})

    def member(told: OnCommit) -> Member:
        cluster = KafkaCluster(consumer_properties(settings))
        return member_of(settings, told, lambda properties, told: GrouplessConsumer(properties, told, cluster, from_ms))

    outside = Replaced(member, NoRecordWriter(), NoSender(), is_dry=True, reads_own=from_ms is None)
    return settings.model_copy(update={"rules": rules, "kafka": kafka}), outside


def as_test(settings: Settings, test_event_code: str, group_id: str) -> Settings:
    """The same settings, with everything going to Test Events, read by a group of its own."""
    pixels = {n: p.model_copy(update={"test_event_code": test_event_code}) for n, p in settings.pixels.items()}
    kafka = settings.kafka.model_copy(update={"group_id": group_id})
    outcomes = settings.outcomes.model_copy(update={"topic": None})  # they are no outcomes of the real thing
    return settings.model_copy(update={"pixels": pixels, "kafka": kafka, "outcomes": outcomes})
