"""Asks the brokers. Five seconds for each question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConfigResource, NewTopic, ResourceType

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer
from consumer.adapters.kafka.kafka_errors import config_errors
from consumer.adapters.kafka.kafka_own_topics import OWN_SUFFIX
from consumer.adapters.kafka.kafka_unread import unread_records
from consumer.commands.check.check_outside import ASK_TIMEOUT_S
from consumer.commands.check.check_rights import needed_rights, rights_findings
from consumer.commands.check.check_topics import (
    read_findings,
    size_findings,
    unread_findings,
    written_findings,
    written_topics,
)
from consumer.commands.check.finding import Finding, Level, of_problem
from consumer.config import Settings
from consumer.config.kafka_clients import abandoned_topics, chosen_topics, consumer_properties, producer_properties
from consumer.core.errors import ConfigError
from consumer.terminal import several

_SILENT: Final = {"log_level": "0"}


def client_findings(settings: Settings) -> Iterator[Finding]:
    """Whether librdkafka takes the properties, which it says without asking any broker."""
    told: set[str] = set()  # the producer has the consumer's security settings, and with them their faults
    for section, properties, make in (
        ("kafka.properties", consumer_properties(settings), _make_consumer),
        ("kafka.producer_properties", producer_properties(settings), _make_producer),
    ):
        for finding in _refused(section, {**properties, **_SILENT, "bootstrap.servers": ""}, make):
            if finding.text not in told:
                told.add(finding.text)
                yield finding


def cluster_findings(settings: Settings) -> tuple[list[Finding], tuple[str, ...]]:
    """What the cluster says of brokers and topics, and which topics would be read."""
    admin = AdminClient({**producer_properties(settings), **_SILENT})
    try:
        listed = admin.list_topics(timeout=ASK_TIMEOUT_S)
    except KafkaException as failed:
        address = settings.kafka.bootstrap_servers
        text = f"no broker answers at {address} ({failed.args[0].name()}); check it, the network and security.protocol"
        return [Finding(Level.ERROR, "kafka.bootstrap_servers", text)], ()
    seen = {name: len(topic.partitions) for name, topic in listed.topics.items() if topic.error is None}
    chosen = chosen_topics(settings)(seen)
    written = written_topics(settings, chosen)
    missing = [topic for topic in written if topic not in seen]
    found = [
        Finding(Level.OK, "kafka.bootstrap_servers", several(len(listed.brokers), "broker")),
        *read_findings(settings, chosen, seen),
        *written_findings(settings, written, seen, _refusals(admin, missing), _brokers_create(admin, listed, missing)),
        *size_findings(settings, _largest_bytes(admin, [topic for topic in written if topic in seen])),
    ]
    found += unread_findings(_unread(settings, seen))
    if listed.controller_id in listed.brokers:  # else, as on librdkafka's mock cluster, the client would wait for one
        there = [topic for topic in (*chosen, *written) if topic in seen]
        needed = needed_rights(settings, chosen, written)
        found += rights_findings(admin, settings, {topic: needed[topic] for topic in there})
    return found, tuple(chosen)


def _refused(section: str, properties: Mapping[str, str], make: Callable[[Mapping[str, str]], None]) -> list[Finding]:
    try:
        with config_errors(section, properties):
            make(properties)
    except ConfigError as refused:
        return [of_problem(problem) for problem in refused.problems]
    return []


def _make_consumer(properties: Mapping[str, str]) -> None:
    Consumer(dict(properties)).close()


def _make_producer(properties: Mapping[str, str]) -> None:
    AdminClient(dict(properties))


def _unread(settings: Settings, seen: Mapping[str, int]) -> Mapping[str, int]:
    """Parked records that are not read, by topic."""
    topics = {topic: seen[topic] for topic in abandoned_topics(settings, seen)}
    if not topics:
        return {}
    properties = {**consumer_properties(settings), **_SILENT}
    own_group = {"group.id": settings.kafka.group_id + OWN_SUFFIX}
    asker = KafkaConsumer({**properties, **own_group}, lambda offsets, is_whole: None)
    try:
        return unread_records(topics, asker.committed, KafkaCluster(properties))
    finally:
        asker.close()


def _refusals(admin: AdminClient, topics: Sequence[str]) -> dict[str, str | None]:
    """Why the cluster would not create them; it is asked, and creates nothing."""
    if not topics:
        return {}
    asked = admin.create_topics(
        [NewTopic(topic, 1, -1) for topic in topics], validate_only=True, request_timeout=ASK_TIMEOUT_S
    )
    found: dict[str, str | None] = {}
    for topic, answer in asked.items():
        try:
            answer.result()
            found[topic] = None
        except KafkaException as failed:
            found[topic] = failed.args[0].name()
    return found


def _largest_bytes(admin: AdminClient, topics: Sequence[str]) -> dict[str, int]:
    """`max.message.bytes` of topics; those that may not be asked are left out."""
    found = _setting(admin, ResourceType.TOPIC, topics, "max.message.bytes")
    return {topic: int(value) for topic, value in found.items()}


def _brokers_create(admin: AdminClient, listed: ClusterMetadata, missing: Sequence[str]) -> bool | None:
    """`auto.create.topics.enable` of a broker; None: none may be asked, or no topic is missing."""
    brokers = [str(min(listed.brokers))] if missing and listed.brokers else []
    for value in _setting(admin, ResourceType.BROKER, brokers, "auto.create.topics.enable").values():
        return value == "true"
    return None


def _setting(admin: AdminClient, kind: ResourceType, names: Sequence[str], setting: str) -> dict[str, str]:
    """Of topics or brokers, by name; those that may not be asked are left out."""
    found: dict[str, str] = {}
    if not names:
        return found
    resources = [ConfigResource(kind, name) for name in names]
    for resource, answer in admin.describe_configs(resources, request_timeout=ASK_TIMEOUT_S).items():
        try:
            found[resource.name] = str(answer.result()[setting].value)
        except (KafkaException, LookupError):
            continue
    return found
