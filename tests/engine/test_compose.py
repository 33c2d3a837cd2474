"""`docker compose up --wait`, with our image and stand-ins for those of others (tests/engine/standins)."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.compose import OURS, Stack, loaded
from tests.support.engine import Engine, own_network
from tests.support.image import Image
from tests.support.wait import wait_until

CONSUMERS = {"consumer-1": 9464, "consumer-2": 9465}
UP_S = 300


@pytest.fixture(scope="module")
def engine_with_networks() -> Iterator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="engine-"))
    with own_network() as inside, Engine(folder, inside, has_networks=True) as running:
        yield running


@pytest.fixture(scope="module")
def stack(engine_with_networks: Engine, image: Image) -> Iterator[Stack]:
    """All that `make up` starts, as it starts it."""
    made = Stack(engine_with_networks, image)
    done = made.compose("up", "--wait", f"--wait-timeout={UP_S}", timeout_s=UP_S + 60)
    try:
        assert done.returncode == 0, done.stderr[-3000:] + made.compose("logs", "--tail=15").stdout[-6000:]
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans")


def test_everything_is_up_and_what_has_a_health_check_is_healthy(stack: Stack) -> None:
    states = {name: (found["State"], found["Health"]) for name, found in stack.containers().items()}

    checked = {name for name, service in loaded()["services"].items() if "healthcheck" in service}
    ours = {name for name, service in loaded()["services"].items() if service["image"] == OURS}
    assert states == {name: ("running", "healthy" if name in checked | ours else "") for name in loaded()["services"]}


def accepted(stack: Stack) -> int:
    return int(stack.get("http://127.0.0.1:8088/sandbox/summary")["events"])


def has_read(stack: Stack, port: int) -> bool:
    return bool(stack.get(f"http://127.0.0.1:{port}/api/status")["ledger"]["read"] > 0)


def test_events_reach_the_sandbox_and_both_consumers_take_their_share(stack: Stack) -> None:
    wait_until(lambda: accepted(stack) >= 100, 60, what="events were accepted", every_s=0.5)

    for name, port in CONSUMERS.items():
        wait_until(partial(has_read, stack, port), 60, what=f"{name} takes its share", every_s=0.5)


def test_prometheus_sees_both_consumers_and_takes_the_rules(stack: Stack) -> None:
    def up() -> set[str]:
        targets = stack.get("http://127.0.0.1:9090/api/v1/targets")["data"]["activeTargets"]
        return {target["labels"]["instance"] for target in targets if target["health"] == "up"}

    wait_until(lambda: up() == {f"{name}:9464" for name in CONSUMERS}, 60, what="both are up", every_s=0.5)

    assert stack.get("http://127.0.0.1:9090/api/v1/rules")["data"]["groups"]


def test_a_consumer_that_is_told_to_stop_ends_clean_and_the_other_goes_on(stack: Stack) -> None:
    stack.compose("stop", "consumer-2")
    before = accepted(stack)

    assert stack.containers()["consumer-2"]["ExitCode"] == 0
    wait_until(lambda: accepted(stack) > before, 60, what="more events were accepted", every_s=0.5)
    assert stack.containers()["consumer-1"]["Health"] == "healthy"


def test_when_it_is_down_nothing_is_left_but_the_images(stack: Stack, engine_with_networks: Engine) -> None:
    done = stack.compose("down", "--volumes", "--remove-orphans")

    assert done.returncode == 0, done.stderr
    kinds = ("ps --all", "volume ls", "network ls --filter=type=custom")
    left = {kind: engine_with_networks.docker(*kind.split(), "--quiet").stdout for kind in kinds}
    assert left == dict.fromkeys(kinds, "")
