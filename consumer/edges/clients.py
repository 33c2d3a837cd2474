"""Kafka: clients that refuse their properties. librdkafka judges those when it is made, without asking any broker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import KafkaException

from consumer.core.errors import ConfigError


@contextmanager
def judged(section: str, properties: Mapping[str, str]) -> Iterator[None]:
    """Make what a client says against its properties a problem of this section of the file, without their values.

    Raises:
        ConfigError: the client that was to be made in the block refuses them.
    """
    try:
        yield
    except KafkaException as refused:
        text = refused.args[0].str()
        for value in sorted(properties.values(), key=len, reverse=True):
            text = text.replace(f'"{value}"', '"…"')
        raise ConfigError([f"{section}: {text}; mend or remove it"]) from None
