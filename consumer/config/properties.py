"""Properties of clients that the configuration may not set, or not so: promises of the service rest on them."""

from collections.abc import Mapping
from typing import Final

import re2

from consumer.config.input_sections import KafkaSection
from consumer.config.problems import Place, Problems, nearest
from consumer.config.units import secret

_COMMITS: Final = "the service itself says which offset may be committed"
_READS: Final = "the service itself decides where reading resumes"
_WRITES: Final = "a dead letter counts as written only when all replicas have it, once"
_CALLBACK: Final = "callbacks are the service's own"
_REFUSED_ANYWHERE: Final[Mapping[str, str]] = {
    "bootstrap.servers": "write kafka.bootstrap_servers instead",
    "metadata.broker.list": "write kafka.bootstrap_servers instead",
    "error_cb": _CALLBACK,
    "stats_cb": _CALLBACK,
    "throttle_cb": _CALLBACK,
    "logger": _CALLBACK,
}
_REFUSED_OF_CONSUMER: Final[Mapping[str, str]] = {
    **_REFUSED_ANYWHERE,
    "group.id": "write kafka.group_id instead",
    "enable.auto.commit": _COMMITS,
    "auto.commit.enable": _COMMITS,
    "auto.commit.interval.ms": _COMMITS,
    "enable.auto.offset.store": _COMMITS,
    "offset.store.method": _COMMITS,
    "offset_commit_cb": _COMMITS,
    "on_commit": _COMMITS,
    "auto.offset.reset": f"{_READS}; write kafka.start for a group without offsets",
    "enable.partition.eof": _READS,
    "rebalance_cb": _CALLBACK,
    "consume_cb": _CALLBACK,
}
_REFUSED_OF_PRODUCER: Final[Mapping[str, str]] = {
    **_REFUSED_ANYWHERE,
    "acks": _WRITES,
    "request.required.acks": _WRITES,
    "enable.idempotence": _WRITES,
    "transactional.id": "the service does not write in transactions",
    "dr_cb": _CALLBACK,
    "dr_msg_cb": _CALLBACK,
    "on_delivery": _CALLBACK,
}
_REFUSED_WITH_CONSUMER_PROTOCOL: Final = (
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
)
"""With `group.protocol: consumer` the broker decides these, and librdkafka refuses to start."""
_PROTOCOLS: Final = ("classic", "consumer")


def check_properties(kafka: KafkaSection, problems: Problems) -> None:
    """Note every property that is refused, each with the reason."""
    consumer: Place = ("kafka", "properties")
    _check(kafka.properties, _REFUSED_OF_CONSUMER, consumer, problems)
    _check(kafka.producer_properties, _REFUSED_OF_PRODUCER, ("kafka", "producer_properties"), problems)
    protocol = kafka.properties.get("group.protocol", "classic").lower()
    if protocol not in _PROTOCOLS:
        problems.add((*consumer, "group.protocol"), "unknown protocol; use classic or consumer")
    if protocol == "consumer":
        for name in _REFUSED_WITH_CONSUMER_PROTOCOL:
            if name in kafka.properties:
                problems.add((*consumer, name), "the broker decides it with group.protocol consumer; remove it")
    for section, given in (("properties", kafka.properties), ("producer_properties", kafka.producer_properties)):
        if _lacks_token(given):
            problems.add(("kafka", section, "sasl.mechanism"), _TOKENLESS)
        check_secrets(given, ("kafka", section), problems)
        for name, value in given.items():
            if (unit := _unit_of(name)) is not None and not _is_number(name, value):
                problems.add(("kafka", section, name), f"the Kafka client reads no units: write a plain number{unit}")
    strategy = kafka.properties.get("partition.assignment.strategy", "cooperative-sticky")
    if strategy.strip() != "cooperative-sticky" and protocol != "consumer":
        problems.add(
            (*consumer, "partition.assignment.strategy"),
            "eager assignors take every partition away at each rebalance; use cooperative-sticky, or remove it",
        )


_SECRETS: Final = (".password", ".secret", ".username", ".user.info", ".auth.token", ".client.id")


def check_secrets(given: Mapping[str, object], place: Place, problems: Problems) -> None:
    """Note what no password is, such as an empty one, or one with the end of the line of the file that it came from."""
    for name, value in given.items():
        if name.endswith(_SECRETS):
            try:
                secret(str(value))
            except ValueError as error:
                problems.add((*place, name), str(error))


_WHOLE: Final = re2.compile(r"\s*[+-]?[0-9]+\s*")
_FRACTION: Final = re2.compile(r"\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)\s*")
_FRACTIONS: Final = ("linger.ms", "queue.buffering.max.ms")
_UNITS: Final[Mapping[str, str]] = {
    "ms": " of milliseconds",
    "bytes": " of bytes",
    "kbytes": " of KiB",
    "size": " of bytes",
    "seconds": " of seconds",
    "relogin": " of milliseconds",
    **dict.fromkeys(("cnt", "connection", "fails", "flight", "level", "messages", "retries", "threshold", "ttl"), ""),
}
"""What the last word of a property's name says of its number (librdkafka's list of them). Of `10s` it reads 10."""


def _is_number(name: str, value: str) -> bool:
    return bool((_FRACTION if name in _FRACTIONS else _WHOLE).fullmatch(value))


def _unit_of(name: str) -> str | None:
    """Of a property that is a number, the unit in words; None of any other."""
    return _UNITS.get(name.rpartition(".")[2])


_TOKENLESS: Final = (
    "OAUTHBEARER has no token to show: set sasl.oauthbearer.method to oidc, with client id, secret and token endpoint"
)


def _lacks_token(given: Mapping[str, str]) -> bool:
    """OAUTHBEARER without a source of tokens: librdkafka would wait for a callback to bring one, forever."""
    mechanism = given.get("sasl.mechanism", given.get("sasl.mechanisms", ""))
    if mechanism.strip().upper() != "OAUTHBEARER":
        return False
    is_unsecured = given.get("enable.sasl.oauthbearer.unsecure.jwt", "").lower() == "true"
    return not is_unsecured and given.get("sasl.oauthbearer.method", "").lower() != "oidc"


def _check(given: Mapping[str, str], refused: Mapping[str, str], place: Place, problems: Problems) -> None:
    for name in given:
        if name in refused:
            problems.add((*place, name), f"not yours to set: {refused[name]}; remove it")
        elif "." not in name and "_" in name:
            near = nearest(name.replace("_", "."), (name.replace("_", "."),))
            problems.add((*place, name), f"no librdkafka property; its names have dots: did you mean `{near}`?")
