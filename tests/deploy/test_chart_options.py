"""What a cluster may want to have otherwise: each value arrives where it should, and the defaults stay."""

import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.chart import CHART, MINIMAL, PRODUCTION, SCALED, given, objects, one, ran, read, rendered

_LABEL: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"""
_SIDECAR: Final = {"name": "proxy", "image": "proxy:1"}
_POD: Final = "spec.template.spec"
_CONTAINER: Final = f"{_POD}.containers.0"


def at(place: str, found: Any) -> Any:
    """What stands at a path such as `spec.template.spec.containers.0.image`."""
    for word in place.split("."):
        found = found[int(word)] if word.isdigit() else found[word]
    return found


@pytest.mark.parametrize(
    ("value", "content", "place"),
    [
        ("podSecurityContext", {"runAsUser": 1000680000, "fsGroup": 1000680000}, f"{_POD}.securityContext"),
        (
            "securityContext",
            {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}},
            f"{_CONTAINER}.securityContext",
        ),
        ("fullnameOverride", "events-to-tiktok", "metadata.name"),
        ("fullnameOverride", "events-to-tiktok", "spec.serviceName"),
        ("initContainers", [_SIDECAR], f"{_POD}.initContainers"),
        ("extraContainers", [_SIDECAR], f"{_POD}.containers.1"),
        ("hostAliases", [{"ip": "192.0.2.1", "hostnames": ["kafka.example.com"]}], f"{_POD}.hostAliases"),
        ("dnsConfig", {"options": [{"name": "ndots", "value": "1"}]}, f"{_POD}.dnsConfig"),
        ("dnsPolicy", "Default", f"{_POD}.dnsPolicy"),
        ("runtimeClassName", "gvisor", f"{_POD}.runtimeClassName"),
        ("schedulerName", "another", f"{_POD}.schedulerName"),
        ("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "spec.updateStrategy"),
        ("minReadySeconds", 30, "spec.minReadySeconds"),
        ("lifecycle", {"preStop": {"sleep": {"seconds": 5}}}, f"{_CONTAINER}.lifecycle"),
        ("commonLabels", {"cost-centre": "ads"}, "metadata.labels"),
        ("commonLabels", {"cost-centre": "ads"}, "spec.template.metadata.labels"),
    ],
)
def test_a_cluster_may_set_what_it_must(tmp_path: Path, value: str, content: Any, place: str) -> None:
    found = at(place, one("StatefulSet", given(tmp_path, **{value: content})))

    expected = content[0] if place.endswith("containers.1") else content
    assert found.items() >= expected.items() if isinstance(expected, dict) else found == expected


def test_an_annotation_of_pods_changes_none_of_the_charts_own(tmp_path: Path) -> None:
    pods = one("StatefulSet", given(tmp_path, podAnnotations={"checksum/config": "mine", "a": "b"}))["spec"]["template"]

    assert pods["metadata"]["annotations"].keys() == {"a", "checksum/config"}
    assert pods["metadata"]["annotations"]["checksum/config"] != "mine"


def test_the_pods_fit_the_restricted_standard_unless_told_otherwise() -> None:
    for pod in (one("StatefulSet", MINIMAL)["spec"]["template"]["spec"], one("Pod", MINIMAL)["spec"]):
        [container] = pod["containers"]
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_a_user_may_be_left_to_the_cluster(tmp_path: Path) -> None:
    values = given(tmp_path, podSecurityContext={"runAsUser": None, "runAsGroup": None, "fsGroup": None})

    assert one("StatefulSet", values)["spec"]["template"]["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_common_labels_are_on_every_object_and_change_none_of_the_charts_own(tmp_path: Path) -> None:
    everything = read(PRODUCTION.read_text()) | read(SCALED.read_text()) | {"config": "{}", "existingConfigMap": ""}
    everything |= {
        "commonLabels": {"cost-centre": "ads", "app.kubernetes.io/name": "mine"},
        "podLabels": {"app.kubernetes.io/instance": "mine"},
        "podMonitor": {"enabled": True, "labels": {"app.kubernetes.io/name": "mine"}},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
        "check": {"beforeUpgrade": True},
    }
    found = objects(given(tmp_path, **everything))

    assert {each["metadata"]["labels"]["cost-centre"] for each in found} == {"ads"}
    for each in found:
        name = "tiktok-consumer-check" if each["kind"] == "Pod" else "tiktok-consumer"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == name
    [pods] = [each["spec"]["template"] for each in found if each["kind"] == "StatefulSet"]
    assert pods["metadata"]["labels"] == {
        "app.kubernetes.io/name": "tiktok-consumer",
        "app.kubernetes.io/instance": "ads",
        "cost-centre": "ads",
    }


@pytest.mark.parametrize(
    "version", ["0.2.0+g1234", "0.2.0-rc.1+build.2026.11.29.with-a-very-long-name-that-never-seems-to-end."]
)
def test_any_version_makes_labels_and_a_tag_that_are_valid(tmp_path: Path, version: str) -> None:
    chart = tmp_path / "tiktok-consumer"
    shutil.copytree(CHART, chart)
    text = (chart / "Chart.yaml").read_text()
    released = version.rstrip(".")
    text = re.sub(r"(?m)^version: .*", f"version: {released}", text)
    (chart / "Chart.yaml").write_text(re.sub(r"(?m)^appVersion: .*", f'appVersion: "{version}"', text))

    found = objects(MINIMAL, chart=chart)

    for each in found:
        for name, label in each["metadata"]["labels"].items():
            assert _LABEL.fullmatch(label), f"{name}: {label}"
    [pod] = [each["spec"]["template"]["spec"] for each in found if each["kind"] == "StatefulSet"]
    assert _TAG.fullmatch(pod["containers"][0]["image"].partition(":")[2])


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({}, 9464),
        ({"config": 'http: {listen: "0.0.0.0:9000"}'}, 9000),
        ({"config": "kafka: {}\nhttp:\n  # for Prometheus\n  listen: :9001\n"}, 9001),
        ({"config": '{"http": {"listen": "[::]:9002"}}'}, 9002),
        ({"config": 'http: {listen: "0.0.0.0:08080"}'}, 8080),
        ({"config": 'http: {listen: ":010000"}'}, 10000),
        ({"config": "http: {listen: ':${A}80'}", "port": 9005}, 9005),
        ({"config": "http: {}"}, 9464),
        ({"config": "http: {listen: null}"}, 9464),
        ({"config": "http: {listen: ':${PORT}'}", "port": 9003}, 9003),
        ({"config": "", "existingConfigMap": "mine", "port": 9004}, 9004),
    ],
)
def test_everything_follows_the_one_port(tmp_path: Path, values: dict[str, Any], port: int) -> None:
    file = given(tmp_path, **values, podMonitor={"enabled": True})
    [container] = one("StatefulSet", file)["spec"]["template"]["spec"]["containers"]

    assert container["ports"] == [{"name": "metrics", "containerPort": port}]
    assert {container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "liveness", "readiness")} == {
        "metrics"
    }
    assert one("Service", file)["spec"]["ports"] == [{"name": "metrics", "port": port, "targetPort": "metrics"}]
    assert one("PodMonitor", file)["spec"]["podMetricsEndpoints"][0]["port"] == "metrics"
    assert one("NetworkPolicy", file)["spec"]["ingress"] == [{"ports": [{"port": "metrics"}]}]


def test_keda_follows_several_topics_with_credentials_of_the_cluster(tmp_path: Path) -> None:
    keda = read(SCALED.read_text())["keda"] | {
        "topics": ["web-events", "shop-events"],
        "authenticationRef": {"name": "kafka", "kind": "ClusterTriggerAuthentication"},
        "metadata": {"tls": "enable"},
    }

    triggers = one("ScaledObject", given(tmp_path, keda=keda))["spec"]["triggers"]

    assert [trigger["metadata"]["topic"] for trigger in triggers] == ["web-events", "shop-events"]
    for trigger in triggers:
        assert trigger["authenticationRef"] == {"name": "kafka", "kind": "ClusterTriggerAuthentication"}
        assert trigger["metadata"]["tls"] == "enable"


def test_keda_follows_all_topics_of_the_group_where_none_is_named(tmp_path: Path) -> None:
    keda = read(SCALED.read_text())["keda"] | {"topics": []}

    [trigger] = one("ScaledObject", given(tmp_path, keda=keda))["spec"]["triggers"]

    assert "topic" not in trigger["metadata"]


def test_why_a_container_failed_is_told_by_kubectl_describe(tmp_path: Path) -> None:
    pods = [one("StatefulSet", MINIMAL)["spec"]["template"], one("Pod", MINIMAL)]

    for pod in pods:
        assert at("spec.containers.0.terminationMessagePolicy", pod) == "FallbackToLogsOnError"


def test_more_objects_come_along_as_text_or_as_data(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}-text'}\n"
    data = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "{{ .Release.Name }}-data"}}
    found = objects(given(tmp_path, extraObjects=[text, data]))

    assert [each["metadata"]["name"] for each in found if each["kind"] == "Secret"] == ["ads-text", "ads-data"]


def test_helm_finds_no_fault_in_all_of_it_at_once(tmp_path: Path) -> None:
    values = given(
        tmp_path,
        initContainers=[_SIDECAR],
        extraContainers=[_SIDECAR],
        extraObjects=["apiVersion: v1\nkind: Secret\nmetadata: {name: one}\n"],
        dashboard={"enabled": True},
        check={"beforeUpgrade": True},
    )

    done = ran("lint", "--strict", str(CHART), "--values", str(values))

    assert done.returncode == 0, done.stdout
    assert "INFO" not in done.stdout
    assert rendered(values)
