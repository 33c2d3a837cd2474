"""The registry's client: one way to make it, and one look-up. All that it reads of an answer is bounded.

To import it takes a fifth of a start of `run`: what only OAuth needs comes with it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import httpx2
from confluent_kafka.schema_registry.common.schema_registry_client import MetadataTags
from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError
from confluent_kafka.schema_registry.schema_registry_client import (
    Rule,
    RuleMode,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
)

from consumer.core.decode.encryption import Encryption, marked
from consumer.core.decode.schema_lookups import (
    RegistryAway,
    SchemaAnswer,
    SchemaDenied,
    SchemaFound,
    SchemaUnusable,
)
from consumer.core.errors import ConfigError
from consumer.core.model import SchemaId, SchemaKey

Property = str | int | float | bool

# Retries are `core.decode.schema_lookups`', none the client's: a thread that sleeps cannot be stopped.
_TIMEOUT_S: Final = 10
_MOST_ANSWER_BYTES: Final = 4 << 20
"""A schema's text may have 2 MiB, and JSON writes some of its characters with a backslash."""
_MOST_REFERENCES: Final = 1000
_AWAY_FAULTS: Final = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    OAuthTokenError,
    OSError,
    # A 200 whose body is not a registry's.
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
    # Closed while a request was under way; or references nested without end.
    RuntimeError,
)
_REMEDIES: Final = {
    401: "check basic.auth.user.info or bearer.auth.* of avro.registry",
    403: "grant this user the reading of schemas and of their subjects",
    404: "check the path in avro.registry.url: something answers there that is not a schema registry",
}


_ENCRYPTS_FIELDS: Final = "ENCRYPT"
_ENCRYPTS_ALL: Final = "ENCRYPT_PAYLOAD"
_WHEN_WRITTEN: Final = frozenset({RuleMode.WRITE, RuleMode.WRITEREAD, None})
_CERTIFICATE: Final = "CERTIFICATE_VERIFY_FAILED"
_UNTRUSTED: Final = "its certificate is not trusted: set ssl.ca.location of avro.registry to the CA that signed it"


def _hash_of_tags(tags: MetadataTags) -> int:
    return hash(frozenset((path, tuple(of_path)) for path, of_path in tags.tags.items()))


# Its own one hashes lists, which cannot be: the client, which keeps schemas in dictionaries, raises TypeError for every
# schema whose metadata has tags (confluent-kafka 2.16).
MetadataTags.__hash__ = _hash_of_tags  # type: ignore[method-assign]  # the class is the library's


class _MissingReferenceError(Exception):
    """The registry has a schema, and not what it refers to. The text names that."""


class _Bounded(httpx2.SyncByteStream):
    """An answer's body, as far as a registry's answer can be long."""

    def __init__(self, body: httpx2.SyncByteStream) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._body:
            size += len(part)
            if size > _MOST_ANSWER_BYTES:
                raise OverflowError("the answer is longer than a schema can be")
            yield part

    def close(self) -> None:
        self._body.close()


def _bound(response: httpx2.Response) -> None:
    """Before the body is read: it may not be compressed, as was asked for, since it could then become any length."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ValueError("compressed, though that was not asked for")
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Bounded(response.stream)


def look_up(client: SchemaRegistryClient, key: SchemaKey) -> SchemaAnswer:
    """One schema with all that it refers to, or why not. Never raises for what a registry may answer."""
    try:
        schema = client.get_schema(key.id) if isinstance(key, SchemaId) else client.get_schema_by_guid(key.guid)
        if schema.schema_type not in (None, "AVRO"):
            return SchemaUnusable(key, f"the registry has it as {schema.schema_type}, not Avro")
        if any(_rules(schema, _ENCRYPTS_ALL)):
            return SchemaUnusable(key, f"a rule of the registry encrypts its values whole ({_ENCRYPTS_ALL})")
        texts = (_text(schema), *_references(client, schema, set()))
        encryption = _encryption(schema)
        text, *references = (marked(each, encryption) for each in texts) if encryption.of_rules else texts
        return SchemaFound(key, text, tuple(references))
    except _MissingReferenceError as missing:
        return SchemaDenied(key, str(missing))
    except SchemaRegistryError as error:
        return SchemaDenied(key) if _is_denial(error) else RegistryAway(key, _why(error))
    except _AWAY_FAULTS as error:
        # Its text may hold the URL, and with it a password.
        return RegistryAway(key, _UNTRUSTED if _CERTIFICATE in str(error) else type(error).__name__)


def _encryption(schema: Schema) -> Encryption:
    """What the schema's rules encrypt in fields, before a record is written."""
    rules = _rules(schema, _ENCRYPTS_FIELDS)
    tags = schema.metadata.tags.tags if schema.metadata is not None and schema.metadata.tags is not None else {}
    return Encryption(
        tuple(frozenset(rule.tags or ()) for rule in rules),
        {path: frozenset(of_path or ()) for path, of_path in tags.items()},
    )


def _rules(schema: Schema, kind: str) -> Iterator[Rule]:
    """Those of a kind that are in force when a record is written."""
    of = schema.rule_set
    every = () if of is None else (*(of.domain_rules or ()), *(of.encoding_rules or ()))
    return (rule for rule in every if rule.type == kind and not rule.disabled and rule.mode in _WHEN_WRITTEN)


def _references(client: SchemaRegistryClient, schema: Schema, seen: set[tuple[str, int]]) -> Iterator[str]:
    """Texts of all that `schema` refers to, each once, after what it needs itself."""
    for subject, version in map(_place, schema.references or ()):
        if (subject, version) in seen:
            continue
        seen.add((subject, version))
        if len(seen) > _MOST_REFERENCES:
            raise ValueError("too many references")
        # A version that was deleted since is still what was referred to.
        needed = _version(client, subject, version)
        yield from _references(client, needed, seen)
        yield _text(needed)


def _version(client: SchemaRegistryClient, subject: str, version: int) -> Schema:
    try:
        return client.get_version(subject, version, deleted=True).schema
    except SchemaRegistryError as error:
        if not _is_denial(error):
            raise
    raise _MissingReferenceError(f"version {version} of subject {subject}")


def _place(reference: SchemaReference) -> tuple[str, int]:
    if reference.subject is None or reference.version is None:
        raise ValueError("a reference without subject or version")
    return reference.subject, reference.version


def _text(schema: Schema) -> str:
    if schema.schema_str is None:
        raise ValueError("an answer without a schema")
    return schema.schema_str


def _is_denial(error: SchemaRegistryError) -> bool:
    """404 in the registry's own words: 40401 to 40403 for subject, version, schema, or 404 for a kind of key it lacks.

    The client makes -1 of a body that is not JSON, and None of one without a code: those were not a registry's.
    """
    return error.http_status_code == 404 and isinstance(error.error_code, int) and error.error_code > 0


def _why(error: SchemaRegistryError) -> str:
    remedy = _REMEDIES.get(error.http_status_code)
    return f"HTTP {error.http_status_code}" + (f": {remedy}" if remedy else "")


def registry_client(given: Mapping[str, Property], timeout_s: float = _TIMEOUT_S) -> SchemaRegistryClient:
    """The one way to a client for `run` and for commands: what it reads of an answer is bounded.

    Args:
        given: of the configuration; `url` is required.
        timeout_s: of each request, where the configuration does not say.

    Raises:
        ConfigError: the client does not take these properties.
    """
    properties = {"max.retries": 0, "timeout": timeout_s, **given}
    url = properties.get("url")
    urls = url.split(",") if isinstance(url, str) else [""]
    if not all(each.strip().startswith(("http://", "https://")) for each in urls):
        raise ConfigError(["avro.registry.url: must begin with http:// or https://"])
    timeout = properties.get("timeout")
    if isinstance(timeout, str | bool) or not isinstance(timeout, int | float):
        raise ConfigError(["avro.registry.timeout: is in seconds, a plain number; write 5, not 5s"])
    try:
        return _bounded(SchemaRegistryClient(properties))
    except (ValueError, TypeError, OSError) as error:
        # `OSError` covers ssl.SSLError: a certificate or key file that is missing or is not one.
        raise ConfigError([f"avro.registry: {error}"]) from None


def _bounded(client: SchemaRegistryClient) -> SchemaRegistryClient:
    """The client reads answers whole and unpacks them: 2 MB of gzip can be 6 GB. It has no setting for either."""
    session = client._rest_client.session
    session.headers["Accept-Encoding"] = "identity"
    session.event_hooks = {"response": [_bound]}
    return client
