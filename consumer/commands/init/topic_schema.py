"""The schema to start from: a file's, or that of a topic's records by the registry."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from json import loads
from pathlib import Path

from confluent_kafka.schema_registry.schema_registry_client import SchemaRegistryClient

from consumer import wiring
from consumer.adapters.schema_registry import look_up
from consumer.commands.check import Level
from consumer.commands.check.check_outside import registry_findings
from consumer.commands.explain.topic_records import TopicReader
from consumer.commands.init.draft import Draft
from consumer.commands.init.draft_text import Connection, written
from consumer.config import Settings, parse
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse_text
from consumer.core.decode.schema import parse as parse_schema
from consumer.core.decode.schema_lookups import SchemaFound
from consumer.core.errors import Unreachable
from consumer.core.model import Record, SchemaKey, SchemaWanted


class NoSchemaError(Exception):
    """There is nothing to guess from; the text says why, and what to do."""


def schema_of_file(path: Path) -> Schema:
    """An .avsc. Raises NoSchemaError."""
    try:
        return parse_schema(loads(path.read_text("utf-8")))
    except OSError as error:
        raise NoSchemaError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise NoSchemaError(f"{path}: not JSON in UTF-8; an .avsc file holds one Avro schema as JSON") from None
    except UnusableSchemaError as fault:
        raise NoSchemaError(f"{path}: cannot be used as a schema ({fault})") from None


def schema_of_topic(connection: Connection) -> Schema:
    """The newest schema of the topic's values, by TopicNameStrategy; else the schema of its newest record.

    Raises:
        NoSchemaError: neither is there.
        Unreachable: brokers or registry did not answer.
        ConfigError: a client refuses the properties given.
    """
    if connection.registry is None:
        raise NoSchemaError("a topic's records do not say what their schema is; add --registry URL, or --schema FILE")
    settings = parse(written(Draft("", is_shipped=True), connection), os.environ)
    findings, schemas = registry_findings(settings, [connection.topic])
    fault = next((finding for finding in findings if finding.level is Level.ERROR), None)
    if fault is not None:
        raise Unreachable(f"the schema registry {fault.text}")
    return schemas[0] if schemas else _schema_of_record(settings, connection.topic)


def _schema_of_record(settings: Settings, topic: str) -> Schema:
    key = _key_of_newest(settings, topic)
    with _client(settings) as client:
        found = look_up(client, key)
    if not isinstance(found, SchemaFound):
        raise NoSchemaError(f"the registry does not know the schema of {topic}'s newest record; add --schema FILE")
    try:
        return parse_text(found.text, found.references)
    except UnusableSchemaError as fault:
        raise NoSchemaError(f"the schema of {topic}'s newest record cannot be used ({fault})") from None


def _key_of_newest(settings: Settings, topic: str) -> SchemaKey:
    decoder = wiring.decoder_of(settings)
    for record in _newest(settings, topic):
        wanted = decoder.decode(record)  # knows no schema yet, so that it asks for the record's
        if isinstance(wanted, SchemaWanted):
            return wanted.key
    raise NoSchemaError(f"the registry has no subject {topic}-value, and {topic} no records; add --schema FILE")


def _newest(settings: Settings, topic: str) -> Iterator[Record]:
    """The last record of each partition, the newest first; tombstones left out."""
    with closing(TopicReader(settings)) as reader:
        found = [record for number in range(reader.partitions(topic)) for record in reader.tail((topic, number), 1)]
    yield from sorted((one for one in found if one.value), key=lambda record: -record.timestamp_ms)


@contextmanager
def _client(settings: Settings) -> Iterator[SchemaRegistryClient]:
    registry = settings.avro.registry
    client = SchemaRegistryClient({} if registry is None else {**registry.properties})
    try:
        yield client
    finally:
        client.close()
