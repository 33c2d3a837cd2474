"""Kafka: calls that wait for a broker, for as long as one cares to wait. The client itself knows no such limit."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final, TypeVar

from confluent_kafka import Consumer, KafkaException

from consumer.service.ports import never

T = TypeVar("T")

_LEAST_S: Final = 1.0
"""A broker that is there answers within this."""
_LOOK_EVERY_S: Final = 0.05
_LEAVE_S: Final = 5.0
"""For the brokers to hear that a member leaves, as librdkafka itself waits."""


def within(call: Callable[[], T], is_over: Callable[[], bool]) -> T:
    """What the call returns or raises.

    Raises:
        TimeoutError: `is_over` said so. The call continues in its thread, and its result is dropped.
    """
    if is_over is never:
        return call()
    results: list[T] = []
    errors: list[Exception] = []
    ended = Event()

    def make() -> None:
        try:
            results.append(call())
        except (KafkaException, RuntimeError) as error:  # raised again where it is waited for
            errors.append(error)
        finally:
            ended.set()

    Thread(target=make, name="waits-for-kafka", daemon=True).start()
    ended.wait(_LEAST_S)
    while not ended.wait(_LOOK_EVERY_S):
        if is_over():
            raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]


def leave_and_close(client: Consumer) -> None:
    """Close a dynamic member of the classic protocol.

    One that has no partitions leaves first. `close` itself tells the group only once it has given some back: the group
    would keep the member until its session is over, and each rebalance until then would wait for it. Source: librdkafka
    2.16, rd_kafka_cgrp_revoke_all_rejoin, "consumer is terminating, skipping rejoin".
    """
    if not client.assignment():
        client.unsubscribe()
        until_s = time.monotonic() + _LEAVE_S
        while client.memberid() and time.monotonic() < until_s:  # a rebalance under way ends first
            client.poll(_LOOK_EVERY_S)
    client.close()
