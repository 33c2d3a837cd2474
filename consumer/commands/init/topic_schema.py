"""The schema to start from: a file's, or that of a topic's records by the registry."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka.schema_registry.schema_registry_client import SchemaRegistryClient

from consumer import wiring
from consumer.adapters.registry_client import look_up, registry_client
from consumer.commands.away import RegistryUnreachable
from consumer.commands.check import Level
from consumer.commands.check.check_outside import registry_findings
from consumer.commands.explain.records.topic_records import TopicReader
from consumer.commands.init.draft import Draft
from consumer.commands.init.draft_text import Connection, written
from consumer.config import Settings, parse
from consumer.config.schema_files import read_schema_file
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse_text
from consumer.core.decode.schema import parse as parse_schema
from consumer.core.decode.schema_lookups import SchemaAnswer, SchemaFound
from consumer.core.model import Record, SchemaKey, SchemaWanted

LOOKED_AT: Final = 50
"""Records of each partition whose types are looked at: a topic may hold several."""


_NO_PIXEL: Final = {"TIKTOK_PIXEL_CODE": "not-yet", "TIKTOK_ACCESS_TOKEN": "not-yet"}
"""Nothing is sent here: a first configuration can be had before these are in the environment."""


class NoSchemaError(Exception):
    """There is nothing to guess from; the text says why, and what to do."""


def schema_of_file(path: Path) -> Schema:
    """An .avsc. Raises NoSchemaError."""
    try:
        return parse_schema(read_schema_file(path).schema)
    except ValueError as fault:
        raise NoSchemaError(f"{path}: {fault}") from None


def schemas_of_topic(connection: Connection) -> list[Schema]:
    """The newest schema of the topic's values, by TopicNameStrategy; else the schemas of its last records.

    Raises:
        NoSchemaError: neither is there.
        Unreachable: brokers or registry did not answer.
        ConfigError: a client refuses the properties given.
    """
    if connection.registry is None:
        raise NoSchemaError("a topic's records do not say what their schema is; add --registry URL, or --schema FILE")
    settings = parse(written([Draft("", is_shipped=True)], connection), {**_NO_PIXEL, **os.environ})
    findings, schemas = registry_findings(settings, [connection.topic])
    fault = next((finding for finding in findings if finding.level is Level.ERROR), None)
    if fault is not None:
        raise RegistryUnreachable(_in_few_words(fault.text, connection.registry))
    return schemas[:1] or _schemas_of_records(settings, connection.topic)


def _in_few_words(text: str, address: str) -> str:
    """`http://… does not answer (ConnectError); check …` → `ConnectError`, since the rest will be said anyway."""
    why = text.partition(";")[0].removeprefix(f"{address} ")
    return why.removeprefix("does not answer (").removesuffix(")")


def _schemas_of_records(settings: Settings, topic: str) -> list[Schema]:
    """One of each type that the topic's last records have: of several versions of a type, the newest."""
    keys = _keys_of_newest(settings, topic)
    with _client(settings) as client:
        schemas = [_schema(look_up(client, key), topic) for key in keys]
    return list({schema.name: schema for schema in reversed(schemas)}.values())[::-1]


def _schema(found: SchemaAnswer, topic: str) -> Schema:
    if not isinstance(found, SchemaFound):
        raise NoSchemaError(f"the registry does not know a schema of {topic}'s newest records; add --schema FILE")
    try:
        return parse_text(found.text, found.references)
    except UnusableSchemaError as fault:
        raise NoSchemaError(f"a schema of {topic}'s newest records cannot be used ({fault})") from None


def _keys_of_newest(settings: Settings, topic: str) -> list[SchemaKey]:
    """Of the newest record first, each once."""
    decoder = wiring.decoder_of(settings)
    wanted = [decoder.decode(record) for record in _newest(settings, topic)]  # knows no schema yet, so it asks
    keys = dict.fromkeys(each.key for each in wanted if isinstance(each, SchemaWanted))
    if not keys:
        raise NoSchemaError(f"the registry has no subject {topic}-value, and {topic} no records; add --schema FILE")
    return list(keys)


def _newest(settings: Settings, topic: str) -> Iterator[Record]:
    """The last records of each partition, the newest first; tombstones left out."""
    with closing(TopicReader(settings)) as reader:
        partitions = range(reader.partitions(topic))
        found = [record for number in partitions for record in reader.tail((topic, number), LOOKED_AT)]
    yield from sorted((one for one in found if one.value), key=lambda record: -record.timestamp_ms)


@contextmanager
def _client(settings: Settings) -> Iterator[SchemaRegistryClient]:
    registry = settings.avro.registry
    client = registry_client({} if registry is None else registry.properties)
    try:
        yield client
    finally:
        client.close()
