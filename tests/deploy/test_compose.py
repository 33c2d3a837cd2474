"""docker-compose.yml: that it loads, and that its parts fit. That it works: tests/engine/test_compose.py."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.parts.part import CHECKOUT
from tests.parts.prebuilt import PROMTOOL
from tests.support.compose import OURS, loaded, seconds

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
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert all(f"{name}:9464" in file.read_text() for name in CONSUMERS)


def test_a_container_is_given_longer_than_the_service_takes_to_stop(services: dict[str, dict[str, Any]]) -> None:
    text = (CHECKOUT / "deploy/compose/consumer.yaml").read_text()

    assert "shutdown_timeout" not in text, "compare with it then, not with the default"
    assert all(seconds(services[name]["stop_grace_period"]) > 30 + 10 for name in CONSUMERS)


def test_the_prometheus_that_tests_the_rules_is_the_one_that_compose_starts(
    services: dict[str, dict[str, Any]],
) -> None:
    """But for the last number: Debian's may be a later one."""
    done = subprocess.run([PROMTOOL.path(), "--version"], capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"version (\d+\.\d+)\.", done.stdout)

    assert found
    assert f":v{found[1]}." in services["prometheus"]["image"]
