"""The Helm chart: what it makes of values, that Kubernetes would take it, and what it refuses."""

import difflib
from pathlib import Path

import kubernetes_validate
import pytest

from consumer.config import load
from tests.support.chart import (
    CASES,
    CHART,
    KUBERNETES,
    MINIMAL,
    OF_OTHERS,
    PRODUCTION,
    SCALED,
    objects,
    one,
    ran,
    read,
    refusal,
    rendered,
)


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
        for more in ("replicas=3", "config=a: b", "files.a\\.avsc=x")
    }

    assert len(sums) == 3


def test_with_keda_the_number_of_members_is_left_to_it() -> None:
    assert "replicas" not in one("StatefulSet", SCALED)["spec"]
    target = one("ScaledObject", SCALED)["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("StatefulSet", one("StatefulSet", SCALED)["metadata"]["name"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["config="], "config: the text of consumer.yaml is needed"),
        (["terminationGracePeriodSeconds=59"], "must be at least 60, 15 s beyond shutdown_timeout"),
        (["config=shutdown_timeout: 1m"], "must be at least 75"),
        (["keda.enabled=true"], "keda: bootstrapServers and consumerGroup are needed"),
        (["replicaCount=3"], "Additional property replicaCount is not allowed"),
        (["tokens.shop.secret=a"], "key is required"),
        (["image.digest=latest"], "image.digest"),
        (["env[0].name=POD_NAME"], "env.0.name"),
        (["port=9000", 'config=http: {listen: ":9001"}'], "port: is 9000, and config has http.listen: :9001"),
        (["config=http: {listen: ':${PORT}'}"], "port: config has http.listen: :${PORT}; say here which port"),
        (["config=http: {listen: 127.0.0.1:9464}"], "where neither the node's probes nor Prometheus reach it"),
        (["config=http: {listen: '[::1]:9464'}"], "where neither the node's probes nor Prometheus reach it"),
        (
            ["config=http: {listen: '[0:0:0:0:0:0:0:1]:9464'}"],
            "where neither the node's probes nor Prometheus reach it",
        ),
        (["config=http: {listen: '0.0.0.0:0'}"], "config: http.listen has port 0; write one from 1 to 65535"),
        (["config=http: {listen: ':99999'}"], "config: http.listen has port 99999; write one from 1 to 65535"),
        (["config=http: {listen: ':99999999999999999999'}"], "; write one from 1 to 65535"),
        (["config=http: {listen: 9000}"], "config: http.listen is 9000, which is no address; write 0.0.0.0:9464"),
        (["config=http: {listen: ':${A}80'}"], "port: config has http.listen: :${A}80; say here which port"),
        (["keda.metadata.topic=another"], "keda.metadata"),
        (["keda.authenticationRef.kind=Secret"], "keda.authenticationRef.kind"),
        (["existingConfigMap=mine"], "existingConfigMap: then config and files are not used"),
        (["config=", "existingConfigMap=mine", "files.a=b"], "existingConfigMap: then config and files are not used"),
        (
            ["keda.enabled=true", "keda.bootstrapServers=k", "keda.consumerGroup=g", "keda.minReplicas=8"],
            "keda.minReplicas: is 8, more than keda.maxReplicas, 6",
        ),
        (
            ["tokens=null"],
            "tokens: config has pixels.eu.access_token_file: /run/secrets/tiktok/eu; say under tokens.eu",
        ),
        (["volumes[0].name=tokens"], "volumes: there is another one named tokens"),
        (["volumes[0].name=config"], "volumes: there is another one named config"),
        (["volumes[1].name=kafka-ca"], "volumes: there is another one named kafka-ca"),
        (["probes.liveness.successThreshold=2"], "probes.liveness"),
        (["probes.startup.successThreshold=2"], "probes.startup"),
        (["extraContainers[0].name=consumer"], "extraContainers.0.name"),
        (["fullnameOverride=Ads"], "fullnameOverride"),
    ],
)
def test_values_that_cannot_work_are_refused(given: list[str], why: str) -> None:
    assert why in refusal(PRODUCTION, *(word for each in given for word in ("--set", each)))


@pytest.mark.parametrize(
    "gone",
    [
        *(
            "image",
            "probes",
            "probes.startup",
            "podDisruptionBudget",
            "networkPolicy",
            "podMonitor",
            "podMonitor.labels",
        ),
        *("prometheusRule", "dashboard.labels", "serviceAccount", "check", "keda", "podLabels"),
    ],
)
def test_a_part_that_is_set_to_null_is_asked_for_by_name(gone: str) -> None:
    whole, _, part = gone.rpartition(".")

    assert f"- {whole or '(root)'}: {part} is required" in refusal(MINIMAL, "--set", f"{gone}=null")


def test_a_token_that_is_mounted_some_other_way_needs_no_secret_of_the_charts() -> None:
    mount = "volumeMounts[0].mountPath=/run/secrets/tiktok"

    rendered(PRODUCTION, "--set", "tokens=null", "--set", mount)


def test_no_token_stands_in_what_is_rendered() -> None:
    assert {each["kind"] for values in CASES for each in objects(values)} & {"Secret"} == set()
