"""What librdkafka says against its properties is a problem of the configuration, named by its section."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer.adapters.kafka_admin import KafkaCluster
from consumer.adapters.kafka_consumer import KafkaConsumer
from consumer.adapters.kafka_errors import config_errors
from consumer.adapters.kafka_producer import KafkaRecordWriter
from consumer.core.errors import ConfigError

SECRET: Final = "s3cret-token"
CLIENTS: Final[list[tuple[Callable[[Mapping[str, str]], object], str]]] = [
    (KafkaCluster, "kafka.properties"),
    (lambda properties: KafkaConsumer(properties, lambda offsets, is_whole: None), "kafka.properties"),
    (KafkaRecordWriter, "kafka.producer_properties"),
]


@pytest.mark.parametrize(("make", "section"), CLIENTS, ids=["cluster", "source", "letters"])
@pytest.mark.parametrize("name", ["no.such.property", "security.protocol"])
def test_a_client_that_refuses_a_property_names_it_and_not_its_value(
    make: Callable[[Mapping[str, str]], object], section: str, name: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"bootstrap.servers": "localhost:9092", "group.id": "g", name: SECRET})

    (problem,) = caught.value.problems
    assert problem.startswith(f"{section}: ")
    assert name in problem
    assert SECRET not in problem


def test_a_value_is_left_out_where_librdkafka_quotes_it_bare() -> None:
    refusal = KafkaException(KafkaError(KafkaError._INVALID_ARG, f'no "{SECRET}" and no {SECRET}/x, but a "g" of g'))

    with (
        pytest.raises(ConfigError) as caught,
        config_errors("kafka.properties", {"sasl.password": SECRET, "group.id": "g"}),
    ):
        raise refusal

    assert caught.value.problems == ('kafka.properties: no "…" and no …/x, but a "…" of g; mend or remove it',)
