"""docker-compose.yml: that it loads, that its parts fit, and that our services of it run as it says."""

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.parts.golang import PROMTOOL
from tests.support.compose import OURS, Stack, loaded, seconds
from tests.support.hosts import Hosts
from tests.support.image import CHECKOUT, Image
from tests.support.metrics import Metrics
from tests.support.wait import wait_until

HEALTHY = {"condition": "service_healthy", "required": True}
CONSUMERS = ("consumer-1", "consumer-2")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return loaded()


@pytest.fixture(scope="module")
def services(project: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = project["services"]
    return found


def test_every_image_is_named_by_an_exact_version(services: dict[str, dict[str, Any]]) -> None:
    tags = {service["image"].rpartition(":")[2] for service in services.values()} - {"local"}

    assert all(tag.lstrip("v").count(".") == 2 for tag in tags), tags


def test_a_service_waits_for_others_until_they_are_healthy(services: dict[str, dict[str, Any]]) -> None:
    waits = {name: service.get("depends_on", {}) for name, service in services.items()}

    assert all(wait == HEALTHY for each in waits.values() for wait in each.values())
    checked = {name for name, service in services.items() if "healthcheck" in service or service["image"] == OURS}
    assert {other for each in waits.values() for other in each} <= checked


def test_every_file_that_is_mounted_is_there(project: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    volumes = [volume for service in services.values() for volume in service.get("volumes", ())]
    sources = [volume["source"] for volume in volumes] + [each["file"] for each in project["secrets"].values()]

    assert [source for source in sources if not Path(source).exists()] == []
    assert all(volume["read_only"] for volume in volumes)


def test_our_containers_may_do_nothing_but_run(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        if service["image"] == OURS:
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
            assert service["security_opt"] == ["no-new-privileges:true"]


def test_nothing_is_open_to_other_machines(services: dict[str, dict[str, Any]]) -> None:
    assert {port["host_ip"] for service in services.values() for port in service.get("ports", ())} == {"127.0.0.1"}


def test_prometheus_takes_its_configuration(services: dict[str, dict[str, Any]]) -> None:
    file = CHECKOUT / "deploy/prometheus/prometheus.yml"
    done = subprocess.run(
        [PROMTOOL.path(), "check", "config", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert all(f"{name}:9464" in file.read_text() for name in CONSUMERS)


def test_a_container_is_given_longer_than_the_service_takes_to_stop(services: dict[str, dict[str, Any]]) -> None:
    text = (CHECKOUT / "deploy/compose/consumer.yaml").read_text()

    assert "shutdown_timeout" not in text, "compare with it then, not with the default"
    assert all(seconds(services[name]["stop_grace_period"]) > 30 + 10 for name in CONSUMERS)


# ── run, without an engine ──────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stack(project: dict[str, Any], image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything up in the order that `depends_on` says, but Prometheus and Grafana."""
    ours = ("sandbox", "producer", *CONSUMERS)
    with Hosts(["kafka", "registry", "valkey", *ours]) as hosts:
        running = Stack(project, image, hosts, tmp_path_factory.mktemp("compose"))
        try:
            running.kafka()
            running.registry()
            running.valkey()
            running.start("sandbox")
            running.wait_until_healthy("sandbox")
            wait_until(running.is_kafka_up, 90, what="Kafka is healthy")
            running.start("producer")
            running.wait_until_healthy("producer")
            for name in CONSUMERS:
                running.start(name)
            for name in CONSUMERS:
                running.wait_until_healthy(name)
            yield running
        finally:
            running.close()


def accepted(stack: Stack) -> int:
    return int(json.loads(stack.get("sandbox", "http://sandbox:8088/sandbox/summary"))["events"])


def has_read(stack: Stack, name: str) -> bool:
    return Metrics.parse(stack.get(name, f"http://{name}:9464/metrics")).value("records_read_total") > 0


def test_events_reach_the_sandbox_and_both_consumers_take_their_share(stack: Stack) -> None:
    wait_until(lambda: accepted(stack) >= 100, 60, what="events were accepted")

    for name in CONSUMERS:
        wait_until(partial(has_read, stack, name), 60, what=f"{name} takes its share")


def test_a_consumer_that_is_told_to_stop_ends_clean_and_the_other_goes_on(stack: Stack) -> None:
    code = stack.stop("consumer-2")
    before = accepted(stack)

    assert code == 0, stack.tail("consumer-2")
    wait_until(lambda: accepted(stack) > before, 60, what="more events were accepted")
    assert stack.is_healthy("consumer-1")


def test_the_others_end_clean_too(stack: Stack) -> None:
    assert [stack.stop(name) for name in ("producer", "sandbox")] == [0, 0], stack.tail("producer")
