"""A record that was given to be explained, and what the ways of giving one share."""

from typing import Final

from fastavro.types import Schema as Node
from msgspec import Struct

from consumer.config import Settings
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema import Schema
from consumer.core.model import Record
from consumer.core.rules.selection import read_paths

AVRO_FAULTS: Final = (EOFError, ValueError, LookupError, TypeError, AttributeError, OSError)
"""What fastavro raises for a file that is no container, a damaged one, and a value that does not fit."""


class InputError(Exception):
    """What was given cannot be read; the text says why, and quotes no value."""


class GivenRecord(Struct, frozen=True):
    """One record to explain."""

    record: Record
    decoder: Decoder
    read_as: str
    """How its value is read, in words."""
    has_position: bool
    """False if its position was made up, because it never was in Kafka."""


def first_topic(settings: Settings) -> str:
    """The topic that records from a file count as read from."""
    return settings.kafka.topics[0] if settings.kafka.topic_pattern is None else "unknown"


def plain_decoder(settings: Settings, node: Node) -> Decoder:
    """Decodes bare Avro of this schema, resolved to the configured reader schema."""
    target = settings.avro.reader_schema
    return Decoder(
        "plain",
        max_record_bytes=settings.limits.max_record_bytes,
        local_schemas=[node],
        reader_schema=target.schema if target else None,
        reads=read_paths(settings.rules),
    )


def type_name(schema: Schema) -> str:
    return schema.name or "one of several records"
