"""Which rights are missing, by what the brokers say that the user may do."""

from collections.abc import Iterable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, Final

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation

from consumer.commands.check.check_rights import needed_rights, rights_findings
from consumer.commands.check.finding import Level
from consumer.config import Settings, parse

ALL: Final = tuple(AclOperation)
FILE: Final = """
kafka: {bootstrap_servers: "b:9092", topics: [orders], group_id: g}
pixels: {shop: {pixel_code: C, access_token: t}}
rules: [{name: all, pixel: shop}]
outcomes: {topic: told}
"""


def settings() -> Settings:
    return parse(FILE, {})


class FakeAdmin:
    """Says of each topic and group what it was told, else that everything is allowed."""

    def __init__(self, given: dict[str, Iterable[AclOperation] | KafkaError | None]) -> None:
        self._given = given

    def describe_topics(self, topics: Any, **_: object) -> dict[str, Future[Any]]:
        return {name: self._answer(name) for name in topics.topic_names}

    def describe_consumer_groups(self, groups: list[str], **_: object) -> dict[str, Future[Any]]:
        return {name: self._answer(name) for name in groups}

    def _answer(self, name: str) -> Future[Any]:
        given = self._given.get(name, ALL)
        answer: Future[Any] = Future()
        if isinstance(given, KafkaError):
            answer.set_exception(KafkaException(given))
        else:
            answer.set_result(SimpleNamespace(authorized_operations=None if given is None else list(given)))
        return answer


def found(given: dict[str, Iterable[AclOperation] | KafkaError | None]) -> list[tuple[Level, str, str]]:
    needed = needed_rights(settings(), ["orders"], ["orders.dlq", "g.replay", "g.parked.shop", "told"])
    return [
        (finding.level, finding.path, finding.text.partition(":")[0])
        for finding in rights_findings(FakeAdmin(given), settings(), needed)  # type: ignore[arg-type]  # as much of it
    ]


def test_a_user_that_may_do_everything_lacks_nothing() -> None:
    assert found({}) == []


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("orders", (AclOperation.DESCRIBE,), (Level.ERROR, "topic orders", "no right to READ")),
        ("orders.dlq", (AclOperation.DESCRIBE,), (Level.ERROR, "topic orders.dlq", "no right to WRITE")),
        ("g.replay", (), (Level.ERROR, "topic g.replay", "no right to DESCRIBE and READ and WRITE")),
        ("g.parked.shop", set(ALL) - {AclOperation.READ}, (Level.ERROR, "topic g.parked.shop", "no right to READ")),
        ("told", (AclOperation.DESCRIBE,), (Level.WARNING, "topic told", "no right to WRITE")),
        ("g", (AclOperation.DESCRIBE,), (Level.ERROR, "group g", "no right to READ")),
        ("g.own", (AclOperation.DESCRIBE,), (Level.ERROR, "group g.own", "no right to READ")),
        ("g.own", KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED), (Level.ERROR, "group g.own", "no right to READ")),
    ],
)
def test_each_missing_right_is_an_own_finding(
    name: str, given: Iterable[AclOperation] | KafkaError, expected: tuple[Level, str, str]
) -> None:
    assert found({name: given}) == [expected]


@pytest.mark.parametrize(
    "given", [None, KafkaError(KafkaError._UNSUPPORTED_FEATURE), KafkaError(KafkaError._TIMED_OUT)]
)
def test_brokers_that_do_not_say_are_not_blamed(given: KafkaError | None) -> None:
    assert found({"orders": given, "g": given}) == []
