"""How each kind of fault is brought about, and ended: a context manager a kind, which yields while the fault lasts.

One that found nothing to act upon raises `NothingToStrike`, and is not counted.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from subprocess import CalledProcessError
from typing import Any, Final

from confluent_kafka import KafkaException

from tests.chaos.leaders import move_leaders
from tests.chaos.world import PIXELS, NothingToStrike, World
from tests.support.wait import wait_until

Fault = Callable[[World, float], AbstractContextManager[None]]
"""Of the world, and a number from 0 up to 1 that picks among several targets."""


# ── processes ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _killed(world: World, pick: float) -> Iterator[None]:
    service = _taken(world, pick)
    service.kill()
    yield
    world.members.replace()


@contextmanager
def _terminated(world: World, pick: float) -> Iterator[None]:
    service = _taken(world, pick)
    world.members.terminate(service)
    yield
    world.members.replace()


@contextmanager
def _frozen(world: World, pick: float) -> Iterator[None]:
    service = _taken(world, pick)
    service.send(signal.SIGSTOP)
    try:
        yield
    finally:
        service.send(signal.SIGCONT)
        world.members.give_back(service)


@contextmanager
def _joins(world: World, pick: float) -> Iterator[None]:
    if not world.members.join():
        raise NothingToStrike
    yield


@contextmanager
def _leaves(world: World, pick: float) -> Iterator[None]:
    world.members.terminate(_taken(world, pick, to_leave=True))
    yield


def _taken(world: World, pick: float, *, to_leave: bool = False) -> Any:
    service = world.members.take(pick, to_leave=to_leave)
    if service is None:
        raise NothingToStrike
    return service


# ── Kafka ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _broker_down(world: World, pick: float, *, is_killed: bool) -> Iterator[None]:
    broker = world.servers.broker(pick)
    (broker.kill if is_killed else broker.stop)()
    try:
        yield
    finally:
        broker.start()
        world.servers.cluster.wait_until_ready()


@contextmanager
def _broker_hangs(world: World, pick: float) -> Iterator[None]:
    proxy = world.servers.proxies[world.servers.broker(pick).node_id]
    proxy.hang(True)
    try:
        yield
    finally:
        proxy.hang(False)


@contextmanager
def _broker_slow(world: World, pick: float) -> Iterator[None]:
    proxy = world.servers.proxies[world.servers.broker(pick).node_id]
    proxy.delay(0.2 + pick * 0.6)
    try:
        yield
    finally:
        proxy.delay(0)


@contextmanager
def _broker_resets(world: World, pick: float) -> Iterator[None]:
    proxy = world.servers.proxies[world.servers.broker(pick).node_id]
    is_over = threading.Event()

    def reset() -> None:
        while not is_over.wait(0.7):
            proxy.reset()

    thread = threading.Thread(target=reset, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@contextmanager
def _leaders_move(world: World, pick: float) -> Iterator[None]:
    topics = (world.scene.topic, world.scene.dead_letter_topic, "__consumer_offsets")
    try:
        move_leaders(world.servers.cluster.direct, topics, world.scene.folder)
    except (KafkaException, CalledProcessError) as failed:  # a broker is only just back
        raise NothingToStrike from failed
    yield


@contextmanager
def _letters_refused(world: World, pick: float) -> Iterator[None]:
    """The brokers take no record whose timestamp is in the past, which any is when it arrives."""
    topic, name = world.scene.dead_letter_topic, "message.timestamp.before.max.ms"
    _configure(world, topic, name, "0")
    try:
        yield
    finally:
        _configure(world, topic, name, str(2**63 - 1))


def _configure(world: World, topic: str, name: str, value: str) -> None:
    """Brokers may come and go meanwhile."""

    def is_done() -> bool:
        try:
            world.servers.kafka.configure(topic, name, value)
        except (KafkaException, TimeoutError):
            return False
        return True

    wait_until(is_done, 90, what=f"{name} of {topic} is set", every_s=1)


# ── TikTok ──────────────────────────────────────────────────────────────────────────────────────

_ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "HTTP 503": {"do": {"status": 503}, "share": 0.9},
    "HTTP 429": {"do": {"status": 429, "retry_after": 1}, "share": 0.9},
    "40100 in 200": {"do": {"code": 40100}, "share": 0.9},
    "40100 in 401": {"do": {"code": 40100, "status": 401}, "share": 0.9},
    "50000 in 200": {"do": {"code": 50000}, "share": 0.9},
    "timeout after acceptance": {"do": {"end": "hang", "accept": True}, "share": 0.4},
    "timeout": {"do": {"end": "hang"}, "share": 0.4},
    "reset after acceptance": {"do": {"end": "reset", "accept": True}, "share": 0.4},
    "reset": {"do": {"end": "reset"}, "share": 0.8},
    "half a body after acceptance": {"do": {"body": "half", "code": 0, "accept": True}, "share": 0.4},
    "half a body": {"do": {"body": "half", "code": 0}, "share": 0.8},
    "HTML": {"do": {"body": "html"}, "share": 0.9},
    "nothing": {"do": {"end": "close"}, "share": 0.8},
    "slow answers": {"do": {"latency_ms": 700}},
}


def _answers(told: Mapping[str, Any]) -> Fault:
    @contextmanager
    def fault(world: World, pick: float) -> Iterator[None]:
        with world.unkindness.told(told):
            yield

    return fault


def _answers_one_pixel(do: Mapping[str, Any]) -> Fault:
    @contextmanager
    def fault(world: World, pick: float) -> Iterator[None]:
        with world.unkindness.told({"do": do, "match": {"pixel": PIXELS[_pixel(pick)]}}):
            yield

    return fault


@contextmanager
def _token_revoked(world: World, pick: float) -> Iterator[None]:
    pixel = _pixel(pick)
    world.tokens.revoke(pixel)
    try:
        yield
    finally:
        world.tokens.give(pixel)


@contextmanager
def _tls_fails(world: World, pick: float) -> Iterator[None]:
    world.servers.tls.show(world.servers.bad_certificate)
    try:
        yield
    finally:
        world.servers.tls.show(world.servers.good_certificate)


def _pixel(pick: float) -> str:
    return list(PIXELS)[int(pick * len(PIXELS))]


# ── the rest ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _registry_away(world: World, pick: float) -> Iterator[None]:
    world.servers.registry.is_away = True
    try:
        yield
    finally:
        world.servers.registry.is_away = False


@contextmanager
def _registry_hangs(world: World, pick: float) -> Iterator[None]:
    world.servers.registry.hang(True)
    try:
        yield
    finally:
        world.servers.registry.hang(False)


@contextmanager
def _redis_killed(world: World, pick: float) -> Iterator[None]:
    world.servers.redis.kill()
    try:
        yield
    finally:
        world.servers.redis.start()


FAULTS: Final[Mapping[str, Fault]] = {
    "kill -9": _killed,
    "SIGTERM and restart": _terminated,
    "SIGSTOP, SIGCONT": _frozen,
    "member joins": _joins,
    "member leaves": _leaves,
    "broker stopped": lambda world, pick: _broker_down(world, pick, is_killed=False),
    "broker killed": lambda world, pick: _broker_down(world, pick, is_killed=True),
    "broker hangs": _broker_hangs,
    "broker slow": _broker_slow,
    "broker resets": _broker_resets,
    "leaders move": _leaders_move,
    "dead letters refused": _letters_refused,
    **{kind: _answers(told) for kind, told in _ANSWERS.items()},
    "TLS failure": _tls_fails,
    "pixel unavailable": _answers_one_pixel({"status": 503}),
    "pixel forbidden": _answers_one_pixel({"code": 40001}),
    "token revoked": _token_revoked,
    "registry away": _registry_away,
    "registry hangs": _registry_hangs,
    "Redis killed": _redis_killed,
}
