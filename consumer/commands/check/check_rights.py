"""Which rights the service would lack (docs/permissions.md). The brokers say what the user may do."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient, ConsumerGroupDescription, TopicDescription
from msgspec import Struct

from consumer.adapters.kafka.kafka_own_topics import OWN_SUFFIX
from consumer.commands.check.check_outside import ASK_TIMEOUT_S
from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings
from consumer.config.kafka_clients import outcomes_topics, own_topics_of

_REFUSED: Final = (KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED)

Rights = frozenset[AclOperation]


class NeededRights(Struct, frozen=True):
    """What a topic is used for."""

    rights: Rights
    level: Level
    without: str
    """What would not work without them."""


_READ: Final = frozenset({AclOperation.READ, AclOperation.DESCRIBE})
_WRITE: Final = frozenset({AclOperation.WRITE, AclOperation.DESCRIBE})
_OF_ORIGIN: Final = NeededRights(_READ, Level.ERROR, "nothing of it could be read")
_OF_DEAD_LETTERS: Final = NeededRights(_WRITE, Level.ERROR, "reading would stop at the first dead letter")
_OF_OWN: Final = NeededRights(_READ | _WRITE, Level.ERROR, "parked and replayed records would stay where they are")
_OF_OUTCOMES: Final = NeededRights(_WRITE, Level.WARNING, "outcomes would not be written")


def needed_rights(settings: Settings, chosen: Sequence[str], written: Sequence[str]) -> dict[str, NeededRights]:
    """By topic, what the service would do with it."""
    own, outcomes = own_topics_of(settings), outcomes_topics(settings)
    return {
        **dict.fromkeys(written, _OF_DEAD_LETTERS),
        **dict.fromkeys(own, _OF_OWN),
        **dict.fromkeys(outcomes, _OF_OUTCOMES),
        **dict.fromkeys(chosen, _OF_ORIGIN),
    }


def rights_findings(admin: AdminClient, settings: Settings, needed: Mapping[str, NeededRights]) -> Iterator[Finding]:
    """What this user may not do, of topics that are there, and of both groups."""
    if needed:
        asked = admin.describe_topics(
            TopicCollection(sorted(needed)), include_authorized_operations=True, request_timeout=ASK_TIMEOUT_S
        )
        for topic, answer in asked.items():
            wanted, given = needed[topic], _given(answer)
            if given is not None and wanted.rights - given:
                yield _lacking(f"topic {topic}", wanted, given)
    group = settings.kafka.group_id
    wants = {
        group: NeededRights(frozenset({AclOperation.READ}), Level.ERROR, "the group could not be joined"),
        group + OWN_SUFFIX: NeededRights(
            frozenset({AclOperation.READ}), Level.ERROR, "parked and replayed records could not be read"
        ),
    }
    of_groups = admin.describe_consumer_groups(
        list(wants), include_authorized_operations=True, request_timeout=ASK_TIMEOUT_S
    )
    for name, answer in of_groups.items():
        given = _given(answer)
        if given is not None and wants[name].rights - given:
            yield _lacking(f"group {name}", wants[name], given)


def _given(answer: Future[TopicDescription] | Future[ConsumerGroupDescription]) -> Rights | None:
    """What this user may do; None if the brokers do not say."""
    try:
        operations = answer.result().authorized_operations
    except KafkaException as failed:
        return frozenset() if failed.args[0].code() in _REFUSED else None
    return None if operations is None else frozenset(AclOperation[each.name] for each in operations)


def _lacking(path: str, wanted: NeededRights, given: Rights) -> Finding:
    names = " and ".join(sorted(right.name for right in wanted.rights - given))
    return Finding(wanted.level, path, f"no right to {names}: {wanted.without}; grant it (docs/permissions.md)")
