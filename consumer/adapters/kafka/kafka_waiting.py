"""Kafka: calls that wait for a broker, for as long as one cares to wait. The client itself knows no such limit."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final, TypeVar

from confluent_kafka import KafkaException

from consumer.service.ports import never

T = TypeVar("T")

_LEAST_S: Final = 1.0
"""A broker that is there answers within this."""
_LOOK_EVERY_S: Final = 0.05


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
