"""What librdkafka says against its properties is a problem of the configuration, named by its section."""

import sys
from collections.abc import Callable, Mapping
from threading import Event
from typing import Final

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.adapters.kafka.kafka_consumer import KafkaConsumer
from consumer.adapters.kafka.kafka_errors import config_errors
from consumer.adapters.kafka.kafka_faults import fault_of
from consumer.adapters.kafka.kafka_headers import headers_of
from consumer.adapters.kafka.kafka_member_epoch import member_epoch
from consumer.adapters.kafka.kafka_producer import KafkaRecordWriter
from consumer.adapters.kafka.kafka_waiting import within
from consumer.core.errors import ConfigError
from consumer.core.read import GroupRole, ReadFaultKind

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

    assert caught.value.problems == ('kafka.properties: no "…" and no …/x, but a "…" of g; fix or remove it',)


def test_words_that_are_no_secret_stay_in_what_librdkafka_says() -> None:
    refusal = KafkaException(KafkaError(KafkaError._INVALID_ARG, "`x.y` must be set to `true`, not `false`"))

    with (
        pytest.raises(ConfigError) as caught,
        config_errors("kafka.properties", {"enable.auto.commit": "false", "x": "true", "empty": ""}),
    ):
        raise refusal

    assert caught.value.problems == ("kafka.properties: `x.y` must be set to `true`, not `false`; fix or remove it",)


# ── what an error of the client means ───────────────────────────────────────────────────────────


FENCED_BEHIND_FATAL: Final = (
    "Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id "
    "(JoinGroup failed: Broker: Static consumer fenced by other consumer with same group.instance.id)"
)
"""As librdkafka 2.x raises it out of `poll()`: the code is then that of any fatal error."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KafkaError(KafkaError.FENCED_INSTANCE_ID, "", True), ReadFaultKind.FENCED),
        (KafkaError(KafkaError.UNRELEASED_INSTANCE_ID, "", True), ReadFaultKind.OUT),
        (KafkaError(KafkaError.GROUP_MAX_SIZE_REACHED, "", True), ReadFaultKind.OUT),
        (KafkaError(KafkaError._FATAL), ReadFaultKind.OUT),
        (KafkaError(KafkaError._FATAL, FENCED_BEHIND_FATAL, True), ReadFaultKind.FENCED),
        (KafkaError(KafkaError._ALL_BROKERS_DOWN), ReadFaultKind.AWAY),
        (KafkaError(KafkaError._AUTO_OFFSET_RESET), ReadFaultKind.POSITION_LOST),
        (KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED), ReadFaultKind.REFUSED),
        (KafkaError(KafkaError._TRANSPORT), ReadFaultKind.OTHER),
    ],
)
def test_only_a_fenced_member_is_out_for_good(error: KafkaError, kind: ReadFaultKind) -> None:
    assert fault_of(error, None).kind is kind


class BrokenMessage:
    """What the client gives for a record with a header whose name is not UTF-8."""

    def __init__(self) -> None:
        self.times_asked = 0

    def headers(self) -> None:
        """Its C code returns something and leaves an exception set, of which Python makes an error of its own."""
        self.times_asked += 1
        try:
            b"stra\xdfe".decode()
        except UnicodeDecodeError as error:
            raise SystemError("returned a result with an exception set") from error


def test_headers_that_cannot_be_read_are_none_and_asked_for_once() -> None:
    message = BrokenMessage()

    assert headers_of(message) is None  # type: ignore[arg-type]  # as much of a message as is needed
    assert message.times_asked == 1


class MessageWithHeaders:
    """As much of a message as is needed."""

    def __init__(self, count: int) -> None:
        self.headers_of = [(f"h{n}", b"v") for n in range(count)]

    def headers(self) -> list[tuple[str, bytes]]:
        return self.headers_of


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1000, 1000), (1001, None)])
def test_no_more_than_a_thousand_headers_are_kept(count: int, kept: int | None) -> None:
    headers = headers_of(MessageWithHeaders(count))  # type: ignore[arg-type]  # see there

    assert (None if headers is None else len(headers)) == kept


@pytest.mark.parametrize(
    ("metadata", "epoch"),
    [
        (b"CGMDv2:" + (3).to_bytes(4, sys.byteorder) + b"group\0member\0\1", 3),
        (b"CGMDv2:" + b"\xff" * 4 + b"group\0\0\1", -1),
        (b"CGMDv3:" + (3).to_bytes(4, sys.byteorder), -1),
        (b"", -1),
        (None, -1),
    ],
)
def test_a_members_epoch_is_read_from_what_the_client_tells_of_its_group(metadata: object, epoch: int) -> None:
    assert member_epoch(metadata) == epoch


def test_this_client_tells_of_its_group_in_the_form_that_is_known() -> None:
    client = KafkaConsumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "log_level": "0"}, lambda *_: None)

    assert client._consumer.consumer_group_metadata()[:11] == b"CGMDv2:\xff\xff\xff\xff"
    assert not client.is_member(GroupRole.ORIGIN)


# ── waiting for a broker ────────────────────────────────────────────────────────────────────────


def test_a_call_that_takes_too_long_is_left_alone() -> None:
    hangs = Event()

    with pytest.raises(TimeoutError):
        within(hangs.wait, lambda: True)

    hangs.set()


def test_a_call_in_time_gives_what_it_returns_or_raises() -> None:
    def refuse() -> None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    assert within(lambda: 7, lambda: False) == 7
    with pytest.raises(KafkaException):
        within(refuse, lambda: False)
