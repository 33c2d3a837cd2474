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
from confluent_kafka.admin import AclOperation, ResourceType

from tests.chaos.leaders import move_leaders
from tests.chaos.odd import abort_transactions, break_envelopes
from tests.chaos.stream import PARTITIONS
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


@contextmanager
def _hung_up(world: World, pick: float) -> Iterator[None]:
    """SIGHUP closes the breaker, which is not open: nothing is to come of it."""
    service = _taken(world, pick)
    service.send(signal.SIGHUP)
    world.members.give_back(service)
    yield


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


@contextmanager
def _restarted_without_leader(world: World, pick: float) -> Iterator[None]:
    """A broker is gone, and with it the leader of a partition that it has alone; a process begins meanwhile."""
    broker = world.servers.broker(pick)
    service = _taken(world, pick)
    broker.kill()
    try:
        world.members.terminate(service)
        world.members.replace()
        yield
    finally:
        broker.start()
        world.servers.cluster.wait_until_ready()


@contextmanager
def _made_again(world: World, pick: float) -> Iterator[None]:
    if not world.extras.make_again(world.committed):
        raise NothingToStrike
    yield


@contextmanager
def _aborted(world: World, pick: float) -> Iterator[None]:
    """The ends of logs are then marks, behind records that nobody is to read."""
    try:
        abort_transactions(world.servers.cluster.direct, world.scene.topic, round(1 + 9 * pick))
    except KafkaException as failed:  # a broker is away
        raise NothingToStrike from failed
    yield


@contextmanager
def _broken_envelopes(world: World, pick: float) -> Iterator[None]:
    """A header's name that is no text; in an own topic, numbers that are none, and an origin that is not there."""
    try:
        break_envelopes(world.servers, world.scene.topic, int(pick * PARTITIONS), f"{world.scene.group}.replay")
    except (KafkaException, AssertionError, OSError) as failed:  # its leader has just gone
        raise NothingToStrike from failed
    yield


@contextmanager
def _rights_taken(world: World, pick: float) -> Iterator[None]:
    scene = world.scene
    rights = (
        (ResourceType.TOPIC, scene.dead_letter_topic, AclOperation.WRITE),
        (ResourceType.TOPIC, scene.topic, AclOperation.READ),
        (ResourceType.TOPIC, f"{scene.group}.parked.shop", AclOperation.WRITE),
        (ResourceType.GROUP, scene.group, AclOperation.READ),
        (ResourceType.GROUP, f"{scene.group}.own", AclOperation.READ),
    )
    kind, name, operation = rights[int(pick * len(rights))]
    _patiently(lambda: scene.kafka.forbid(kind, name, operation), f"{name} is denied")
    try:
        yield
    finally:
        _patiently(lambda: scene.kafka.allow_again(kind, name), f"{name} is given back")


def _patiently(act: Callable[[], object], what: str) -> None:
    """Brokers may come and go meanwhile."""

    def is_done() -> bool:
        try:
            act()
        except (KafkaException, TimeoutError):
            return False
        return True

    wait_until(is_done, 90, what=what, every_s=1)


def _configure(world: World, topic: str, name: str, value: str) -> None:
    _patiently(lambda: world.servers.kafka.configure_topic(topic, name, value), f"{name} of {topic} is set")


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
    # What stands before TikTok answers in JSON, too, and its codes are no codes of TikTok's.
    "JSON 503 of a proxy": {"do": {"status": 503, "text": '{"code":14,"message":"down","details":[]}'}, "share": 0.9},
    "JSON 429 of a proxy": {"do": {"status": 429, "text": '{"code":429}'}, "share": 0.9},
    "JSON 500 with code 0": {"do": {"status": 500, "text": '{"code":0}'}, "share": 0.9},
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
def _both_closed(world: World, pick: float) -> Iterator[None]:
    """Each pixel for a reason of its own; which has which is drawn."""
    first = _pixel(pick)
    second = next(pixel for pixel in PIXELS if pixel != first)
    forbidden = {"do": {"code": 40001}, "match": {"pixel": PIXELS[first]}}
    with world.unkindness.told(forbidden, {"do": {"status": 503}, "match": {"pixel": PIXELS[second]}}):
        yield


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


@contextmanager
def _redis_fails_over(world: World, pick: float) -> Iterator[None]:
    world.servers.redis.fail_over()
    yield


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
    "Redis fails over": _redis_fails_over,
    "SIGHUP": _hung_up,
    "no leader at a restart": _restarted_without_leader,
    "topic made again": _made_again,
    "aborted transactions": _aborted,
    "broken envelopes": _broken_envelopes,
    "rights taken": _rights_taken,
    "both pixels closed": _both_closed,
}
