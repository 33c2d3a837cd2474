"""Asks the schema registry, and the address of the Events API. Five seconds for each question."""

from collections.abc import Iterator, Sequence
from typing import Final

import httpx2
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.schema_registry_client import SchemaRegistryClient

from consumer.adapters.registry_client import look_up, registry_client
from consumer.commands.check.finding import Finding, Level
from consumer.config import Settings
from consumer.core.decode.encryption import encrypted_fields
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse_text
from consumer.core.decode.schema_lookups import SchemaFound
from consumer.core.errors import ConfigError
from consumer.core.model import SchemaId
from consumer.status.connections import OutsideSystem
from consumer.terminal import several
from consumer.wiring import addresses_of

ASK_TIMEOUT_S: Final = 5.0
_REGISTRY_FAULTS: Final = (
    *(httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, TypeError, LookupError, AttributeError),
    OverflowError,  # an answer longer than any may be
)


def registry_findings(settings: Settings, topics: Sequence[str]) -> tuple[list[Finding], list[Schema]]:
    """Whether the registry answers, and the latest schema of each topic's values, by TopicNameStrategy."""
    if settings.avro.registry is None or settings.avro.framing != "confluent":
        return [], []
    try:
        client = registry_client(settings.avro.registry.properties, ASK_TIMEOUT_S)
    except ConfigError:  # its text may quote what was given, a password too
        text = "not what its client takes; check the names of the keys next to url"
        return [Finding(Level.ERROR, "avro.registry", text)], []
    try:
        return _schemas(client, topics, addresses_of(settings)[OutsideSystem.REGISTRY])
    finally:
        client.close()


def _schemas(client: SchemaRegistryClient, topics: Sequence[str], address: str) -> tuple[list[Finding], list[Schema]]:
    findings: list[Finding] = []
    schemas: list[Schema] = []
    try:
        subjects = set(client.get_subjects())
    except SchemaRegistryError as error:
        text = f"{address} answers HTTP {error.http_status_code}; check its address and credentials"
        return [Finding(Level.ERROR, "avro.registry.url", text)], []
    except _REGISTRY_FAULTS as error:
        text = f"{address} does not answer ({type(error).__name__}); check the address and the network"
        return [Finding(Level.ERROR, "avro.registry.url", text)], []
    findings.append(Finding(Level.OK, "avro.registry.url", several(len(subjects), "subject")))
    for topic in topics:
        subject = f"{topic}-value"
        schema = _latest(client, subject) if subject in subjects else None
        if schema is None:
            text = "the registry has no such Avro schema; paths of the rules were not checked against it"
            findings.append(Finding(Level.WARNING, f"subject {subject}", text))
        else:
            findings.append(
                Finding(Level.OK, f"subject {subject}", f"latest schema {schema.name or 'of several records'}")
            )
            schemas.append(schema)
            findings += _of_encryption(subject, schema)
    return findings, schemas


def _of_encryption(subject: str, schema: Schema) -> Iterator[Finding]:
    fields = encrypted_fields(schema.named)
    if fields:
        more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
        text = f"rules of the registry encrypt {', '.join(fields[:_SHOWN])}{more}: {_ENCRYPTED_REMEDY}"
        yield Finding(Level.WARNING, f"subject {subject}", text)


_SHOWN: Final = 5
_ENCRYPTED_REMEDY: Final = (
    "here such a field is absent, and noted as `encrypted` where a rule reads it; if TikTok is to match by it, have "
    "the producer write it hashed (SHA-256 in hex) or as it is"
)


def _latest(client: SchemaRegistryClient, subject: str) -> Schema | None:
    try:
        number = client.get_latest_version(subject).schema_id
        found = look_up(client, SchemaId(number)) if number is not None else None
        return parse_text(found.text, found.references) if isinstance(found, SchemaFound) else None
    except (SchemaRegistryError, UnusableSchemaError, *_REGISTRY_FAULTS):
        return None


def tiktok_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the Events API's address can be reached, TLS and proxy included. No token is shown to it."""
    try:
        httpx2.get(settings.delivery.base_url, timeout=ASK_TIMEOUT_S)
        yield Finding(Level.OK, "delivery.base_url", "reachable")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        address = addresses_of(settings)[OutsideSystem.TIKTOK]
        text = f"{address} is not reachable ({type(error).__name__}); check the network, HTTPS_PROXY and SSL_CERT_FILE"
        yield Finding(Level.WARNING, "delivery.base_url", text)
