"""The Helm chart: what it makes of values, that Kubernetes would take it, and what it refuses."""

import difflib
import subprocess
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from consumer.config import load
from tests.parts.golang import HELM
from tests.parts.part import CHECKOUT

CHART: Final = CHECKOUT / "deploy/helm/tiktok-consumer"
CASES: Final = sorted((CHECKOUT / "tests/deploy/chart").glob("*.values.yaml"))
KUBERNETES: Final = ("1.27", "1.31", "1.37")
"""The oldest that the chart takes, one between, and the newest whose schemas are known."""
OF_OTHERS: Final = {"PodMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds of operators: Kubernetes itself has no schema of them. Compared with the expectations alone."""
PRODUCTION: Final = CHECKOUT / "tests/deploy/chart/production.values.yaml"


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HELM.path(), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )


def rendered(values: Path, *more: str) -> str:
    """What Helm would hand to Kubernetes, without the release's own heading."""
    line = ("template", "ads", str(CHART), "--kube-version", KUBERNETES[1], "--namespace", "streaming")
    done = ran(*line, "--values", str(values), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(values: Path, *more: str) -> list[dict[str, Any]]:
    return [each for each in YAML(typ="safe", pure=True).load_all(rendered(values, *more)) if each]


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def one(kind: str, values: Path, *more: str) -> dict[str, Any]:
    [found] = [each for each in objects(values, *more) if each["kind"] == kind]
    return found


def refusal(values: Path, *more: str) -> str:
    done = ran("template", "ads", str(CHART), "--kube-version", KUBERNETES[1], "--values", str(values), *more)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.name.partition(".")[0])
def test_helm_finds_no_fault(values: Path) -> None:
    done = ran("lint", "--strict", str(CHART), "--values", str(values))

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.name.partition(".")[0])
def test_values_render_as_expected(values: Path) -> None:
    expected = values.with_name(values.name.replace(".values.", ".expected."))
    text = rendered(values)

    difference = difflib.unified_diff(expected.read_text().splitlines(), text.splitlines(), "expected", "rendered")

    assert text == expected.read_text(), "\n".join(difference)


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.name.partition(".")[0])
@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_what_is_rendered(values: Path, version: str) -> None:
    for each in objects(values):
        if each["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(each, version, strict=True)


def test_the_alert_rules_of_the_chart_are_those_of_deploy_prometheus() -> None:
    rules = CHECKOUT / "deploy/prometheus/rules.yaml"
    if rules.exists():
        assert (CHART / "rules.yaml").read_text() == rules.read_text(), f"ln -sf ../../prometheus/rules.yaml {CHART}"
    assert one("PrometheusRule", PRODUCTION, "--set", "prometheusRule.enabled=true")["spec"] == read(
        (CHART / "rules.yaml").read_text()
    )


def test_the_configuration_arrives_unchanged_and_is_usable(tmp_path: Path) -> None:
    given = read(PRODUCTION.read_text())
    [container] = one("StatefulSet", PRODUCTION)["spec"]["template"]["spec"]["containers"]
    config = tmp_path / "consumer.yaml"
    for name in given["tokens"]:
        (tmp_path / name).write_text("made-up-token")

    arrived = one("ConfigMap", PRODUCTION)["data"]["consumer.yaml"]
    config.write_text(arrived.replace("/run/secrets/tiktok", str(tmp_path)))
    settings = load(config, {each["name"]: "made-up" for each in container["env"]})

    assert arrived == given["config"]
    assert settings.shutdown_timeout_s == 45


def test_tokens_are_where_the_configuration_looks_for_them() -> None:
    pod = one("StatefulSet", PRODUCTION)["spec"]["template"]["spec"]
    [folder] = [each["mountPath"] for each in pod["containers"][0]["volumeMounts"] if each["name"] == "tokens"]
    [volume] = [each for each in pod["volumes"] if each["name"] == "tokens"]
    pixels = read(read(PRODUCTION.read_text())["config"])["pixels"].values()

    files = {f"{folder}/{item['path']}" for each in volume["projected"]["sources"] for item in each["secret"]["items"]}

    assert files == {pixel["access_token_file"] for pixel in pixels}


def test_a_change_of_the_configuration_replaces_the_pods() -> None:
    sums = {
        one("StatefulSet", PRODUCTION, "--set", more)["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for more in ("replicas=3", "config=another", "files.a\\.avsc=x")
    }

    assert len(sums) == 3


def test_with_keda_the_number_of_members_is_left_to_it() -> None:
    scaled = PRODUCTION.with_name("scaled.values.yaml")

    assert "replicas" not in one("StatefulSet", scaled)["spec"]
    target = one("ScaledObject", scaled)["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("StatefulSet", one("StatefulSet", scaled)["metadata"]["name"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["config="], "config: the text of consumer.yaml is needed"),
        (["terminationGracePeriodSeconds=59"], "must be at least 60, 15 s beyond shutdown_timeout"),
        (["config=shutdown_timeout: 1m"], "must be at least 75"),
        (["keda.enabled=true"], "keda: bootstrapServers, topic and consumerGroup are needed"),
        (["replicaCount=3"], "Additional property replicaCount is not allowed"),
        (["tokens.shop.secret=a"], "key is required"),
        (["image.digest=latest"], "image.digest"),
        (["env[0].name=POD_NAME"], "env.0.name"),
    ],
)
def test_values_that_cannot_work_are_refused(given: list[str], why: str) -> None:
    assert why in refusal(PRODUCTION, *(word for each in given for word in ("--set", each)))


def test_no_token_stands_in_what_is_rendered() -> None:
    assert {each["kind"] for values in CASES for each in objects(values)} & {"Secret"} == set()
