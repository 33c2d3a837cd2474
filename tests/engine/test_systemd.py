"""The unit as docs/deploying.md installs it, in Debian 12: it runs, and ends as it should in every way it may end.

The tests follow each other on one machine, as an operator's days do.
"""

import json
import re
from collections.abc import Iterator
from resource import RLIMIT_NOFILE, getrlimit
from typing import Any

import pytest

from tests.parts.bases import SYSTEMD
from tests.support.engine import Engine
from tests.support.metrics import Metrics
from tests.support.ports import LOOPBACK, free_port
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene
from tests.support.stream import make_bad, make_purchases
from tests.support.topics import Kafka
from tests.support.unit import Machine
from tests.support.wait import wait_until

PORT = free_port()
USER_IS_MISSING = "217"
TOKENS = "/etc/tiktok-consumer/tokens"


@pytest.fixture(scope="module")
def scene(kafka: Kafka, sandbox_process: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """As the other tests' `scene`, for the whole file."""
    sandbox_process.reset()
    topic = kafka.new_topic("events", partitions=4)
    kafka.create_topic(f"{topic}.dlq")
    with Registry() as registry:
        yield Scene(kafka, registry, sandbox_process, tmp_path_factory.mktemp("unit"), topic)


@pytest.fixture(scope="module")
def machine(engine: Engine, scene: Scene) -> Iterator[Machine]:
    engine.load(SYSTEMD.path(), "debian-12")
    with Machine(engine, "debian-12") as running:
        files = {
            "consumer.yaml": json.dumps(configuration(scene)),  # JSON is YAML, too
            "shop.token": "token-of-the-shop",
            "environment": "TOKEN_OF_THE_BLOG=token-of-the-blog\n",
        }
        running.install(files)
        running.wait_for("ActiveState", "active")
        wait_until(lambda: is_ready(running), 120, what="the service is ready", every_s=0.5)
        yield running


def configuration(scene: Scene) -> dict[str, Any]:
    """One token from a file, one from the environment."""
    pixels = scene.config()["pixels"]
    shop = {"pixel_code": pixels["shop"]["pixel_code"], "access_token_file": f"{TOKENS}/shop"}
    blog = {"pixel_code": pixels["blog"]["pixel_code"], "access_token": "${TOKEN_OF_THE_BLOG}"}
    config = scene.config(
        http={"listen": f"{LOOPBACK}:{PORT}"},
        dead_letter={"breaker": {"share": 0.5, "of_last": 10}},
    )
    return {**config, "pixels": {"shop": shop, "blog": blog}}


def get(machine: Machine, path: str) -> str:
    """What the service answers, as it is; nothing where it does not, or not with 200."""
    ask = f"import urllib.request as http; print(http.urlopen('http://{LOOPBACK}:{PORT}{path}').read().decode())"
    return machine.run(f'python3 -c "{ask}"').stdout


def is_ready(machine: Machine) -> bool:
    return bool(get(machine, "/readyz"))


def test_events_are_read_and_delivered(machine: Machine, scene: Scene) -> None:
    scene.produce(make_purchases(200, scene.schema_ids()))

    scene.wait_until_settled()

    assert scene.sandbox.events_accepted() == 200


def test_metrics_tell_of_the_process(machine: Machine) -> None:
    metrics = Metrics.parse(get(machine, "/metrics"))

    _, most_here = getrlimit(RLIMIT_NOFILE)  # a container may not have more than this machine has
    assert metrics.value("process_max_fds") == min(65_536, most_here)
    assert metrics.value("process_open_fds") > 0
    assert metrics.value("process_resident_memory_bytes") > 1_000_000
    assert metrics.value("process_start_time_seconds") > 1_000_000_000


def test_it_runs_as_a_user_who_may_nothing_and_leaves_no_core(machine: Machine) -> None:
    process = machine.show("MainPID")
    status = machine.run(f"cat /proc/{process}/status").stdout
    limits = machine.run(f"cat /proc/{process}/limits").stdout

    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
    assert machine.run(f"stat --format=%U /proc/{process}").stdout == "tiktok-consumer\n"
    assert re.search(r"^Max core file size\s+0\s+0", limits, re.MULTILINE)


def test_the_token_is_read_by_the_service_alone(machine: Machine) -> None:
    modes = machine.run(f"stat --format='%a %U %G' {TOKENS} {TOKENS}/shop /etc/tiktok-consumer/environment").stdout

    assert modes.splitlines() == ["750 root tiktok-consumer", "640 root tiktok-consumer", "600 root root"]


def test_killed_it_comes_back_and_goes_on(machine: Machine, scene: Scene) -> None:
    before = machine.show("MainPID")

    machine.run("systemctl kill --signal=KILL tiktok-consumer")
    machine.wait_for("NRestarts", "1")
    wait_until(lambda: is_ready(machine), 120, what="the service is ready", every_s=0.5)
    scene.produce(make_purchases(50, scene.schema_ids(), first=1_000))

    wait_until(lambda: scene.sandbox.events_accepted() >= 250, 120, what="the new events are accepted", every_s=0.5)
    assert machine.show("MainPID") != before


def test_a_reload_closes_the_open_breaker_and_the_process_stays(machine: Machine, scene: Scene) -> None:
    before = machine.show("MainPID")
    scene.produce(make_bad(["decode.truncated"] * 40, scene.schema_ids()))
    wait_until(lambda: "breaker.open" in machine.log(), 60, what="the breaker has opened", every_s=0.5)

    assert machine.run("systemctl reload tiktok-consumer").returncode == 0

    wait_until(lambda: "breaker.closed" in machine.log(), 60, what="the breaker has closed", every_s=0.5)
    assert machine.show("MainPID") == before


def test_stopped_it_ends_clean(machine: Machine) -> None:
    machine.run("systemctl stop tiktok-consumer")

    assert (machine.show("ActiveState"), machine.show("Result")) == ("inactive", "success")
    assert machine.show("ExecMainStatus") == "0", machine.log()


def test_with_a_wrong_configuration_it_stays_down(machine: Machine) -> None:
    machine.write("/etc/tiktok-consumer/consumer.yaml", "kafka: {}\n")

    machine.run("systemctl reset-failed tiktok-consumer; systemctl start tiktok-consumer || true")

    machine.wait_for("ActiveState", "failed")
    assert (machine.show("ExecMainStatus"), machine.show("NRestarts")) == ("78", "0"), machine.log()


def test_without_its_user_it_stays_down(machine: Machine) -> None:
    machine.run("userdel tiktok-consumer")

    machine.run("systemctl reset-failed tiktok-consumer; systemctl start tiktok-consumer || true")

    machine.wait_for("ActiveState", "failed")
    assert (machine.show("ExecMainStatus"), machine.show("NRestarts")) == (USER_IS_MISSING, "0"), machine.log()
