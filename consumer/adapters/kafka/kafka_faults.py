"""Kafka: what an error of the client means for reading."""

from typing import Final

from confluent_kafka import KafkaError, Message

from consumer.core import model
from consumer.core.read import ReadFault, ReadFaultKind

_LOST: Final = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._NO_OFFSET})
_REFUSED: Final = frozenset(
    {
        *(KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED),
        *(KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._AUTHENTICATION),
    }
)
_FENCED: Final = KafkaError(KafkaError.FENCED_INSTANCE_ID).str()


def fault_of(error: KafkaError, partition: model.TopicPartition | None) -> ReadFault:
    """What an error of the client means."""
    kind = ReadFaultKind.OTHER
    # A fatal error has the code _FATAL in place of its cause's, whose text alone names it.
    if error.code() == KafkaError.FENCED_INSTANCE_ID or (error.code() == KafkaError._FATAL and _FENCED in error.str()):
        kind = ReadFaultKind.FENCED
    elif error.fatal() or error.code() == KafkaError._FATAL:
        kind = ReadFaultKind.OUT
    elif error.code() == KafkaError._ALL_BROKERS_DOWN:
        kind = ReadFaultKind.AWAY
    elif error.code() in _REFUSED:
        kind = ReadFaultKind.REFUSED
    elif error.code() in _LOST:
        kind = ReadFaultKind.POSITION_LOST
    return ReadFault(kind, partition, error.str())


def partition_of(message: Message) -> model.TopicPartition | None:
    """What a message, or an error in its place, is about; None if it is about no one partition."""
    topic, partition = message.topic(), message.partition()
    return (topic, partition) if topic is not None and partition is not None and partition >= 0 else None
