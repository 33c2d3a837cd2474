"""Kafka: clients that refuse their properties. librdkafka judges those when it is made, without asking any broker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from confluent_kafka import KafkaException

from consumer.core.errors import ConfigError

_SHORTEST_SECRET: Final = 4
"""Shorter values stay where they stand bare: they would be found within other words."""
_NO_SECRETS: Final = frozenset(
    (
        *(
            "true",
            "false",
            "none",
            "default",
            "error",
            "earliest",
            "latest",
            "classic",
            "consumer",
            "cooperative-sticky",
        ),
        *("plaintext", "sasl_plaintext", "sasl_ssl", "plain", "gssapi", "oauthbearer", "oidc", "https"),
        *("scram-sha-256", "scram-sha-512", "gzip", "snappy", "zstd", "read_committed", "read_uncommitted"),
    )
)
"""Words that librdkafka itself offers as values: without them, its sentence says nothing."""


@contextmanager
def config_errors(section: str, properties: Mapping[str, str]) -> Iterator[None]:
    """Make what a client says against its properties a problem of this section of the file, without their values.

    Raises:
        ConfigError: the client that was to be made in the block refuses them.
    """
    try:
        yield
    except KafkaException as refused:
        raise ConfigError([f"{section}: {_redacted(refused.args[0].str(), properties)}; fix or remove it"]) from None


def _redacted(text: str, properties: Mapping[str, str]) -> str:
    """librdkafka quotes values, some bare; some are secrets."""
    secrets = {value for value in properties.values() if value and value.lower() not in _NO_SECRETS}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(f'"{value}"', '"…"')
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "…")
    return text
