"""What the chart promises, seen in a real cluster."""

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cluster.conftest import Outside, config
from tests.cluster.flow import Flow
from tests.support.chart import PRODUCTION, objects, read
from tests.support.kubernetes import Node, Release, is_ready
from tests.support.wait import wait_until

pytestmark = pytest.mark.timeout(900)
EVERYTHING: Final[dict[str, Any]] = {
    "commonLabels": {"cost-centre": "ads"},
    "fullnameOverride": "",
    "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["kafka.example.com"]}],
    "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
    "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    "initContainers": [{"name": "first", "image": "first:1"}],
    "extraContainers": [{"name": "beside", "image": "beside:1"}],
    "podMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "check": {"beforeUpgrade": True},
    "keda": {
        "enabled": True,
        "bootstrapServers": "kafka:9092",
        "topics": ["web-events", "shop-events"],
        "consumerGroup": "tiktok-events",
        "authenticationRef": {"name": "kafka", "kind": "ClusterTriggerAuthentication"},
    },
}
BROKEN: Final = "kafka: {}"


def configured(folder: Path, text: str) -> tuple[str, str]:
    """The options of Helm that make this the configuration."""
    file = folder / "consumer.yaml"
    file.write_text(text)
    return "--set-file", f"config={file}"


def test_the_server_takes_every_kind_of_object_strictly(node: Node, tmp_path: Path) -> None:
    node.kubectl("create", "namespace", "strict")
    node.kubectl(
        "label", "namespace", "strict", *(f"pod-security.kubernetes.io/{how}=restricted" for how in ("enforce", "warn"))
    )
    # A pod is refused where its account is not there, and a dry run makes none.
    node.kubectl("create", "serviceaccount", "ads-tiktok-consumer", "--namespace", "strict")
    values = tmp_path / "everything.json"
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    more = {
        name: [{**each, "securityContext": security} for each in EVERYTHING[name]]
        for name in ("initContainers", "extraContainers")
    }
    values.write_text(json.dumps({**read(PRODUCTION.read_text()), **EVERYTHING, **more, "priorityClassName": ""}))
    found = objects(values, "--namespace", "strict")

    told = node.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "--namespace", "strict", "--filename", "-",
        given=json.dumps({"apiVersion": "v1", "kind": "List", "items": found}),
    )  # fmt: skip

    assert {"PodMonitor", "PrometheusRule", "ScaledObject", "StatefulSet", "Pod"} <= {each["kind"] for each in found}
    assert len(told.stdout.splitlines()) == len(found)
    assert "Warning" not in told.stderr


def test_events_flow_after_an_install_and_helm_test_finds_no_fault(release: Release, flow: Flow) -> None:
    flow.produce()

    release.install()

    flow.wait_until_delivered()
    tested = release.helm("test", "--logs")
    assert "Succeeded" in tested.stdout, tested.stdout
    assert sorted(release.pods()) == ["ads-tiktok-consumer-0", "ads-tiktok-consumer-1"]


def test_another_configuration_replaces_one_member_after_the_other_and_sends_nothing_twice(
    release: Release, flow: Flow, outside: Outside, tmp_path: Path
) -> None:
    flow.produce()
    release.install()
    flow.wait_until_delivered()
    before = release.uids()

    release.upgrade(*configured(tmp_path, config(outside, flow.topic, batch={"max_wait": "300ms"})))
    fewest = len(before)
    while not release.is_rolled_out(2):
        fewest = min(fewest, sum(is_ready(pod) for pod in release.pods().values()))
        flow.produce(4)
    flow.wait_until_delivered()

    assert not set(before.values()) & set(release.uids().values())
    assert fewest >= 1


def test_a_broken_upgrade_stops_at_the_first_member_says_why_and_is_rolled_back(
    release: Release, flow: Flow, tmp_path: Path
) -> None:
    release.install()
    before = release.uids()

    release.upgrade(*configured(tmp_path, BROKEN))
    why = wait_until(
        lambda: _why_it_ended(release, "ads-tiktok-consumer-1"), 240, what="the new pod has failed", every_s=1
    )

    assert "bootstrap_servers" in why
    assert release.uids()["ads-tiktok-consumer-0"] == before["ads-tiktok-consumer-0"]
    assert is_ready(release.pods()["ads-tiktok-consumer-0"])
    flow.produce()
    release.helm("rollback", "1")
    release.wait_until_rolled_out()
    flow.wait_until_delivered()
    assert release.uids()["ads-tiktok-consumer-0"] == before["ads-tiktok-consumer-0"]


def _why_it_ended(release: Release, pod: str) -> str:
    """What `kubectl describe` would show of the last end of its container."""
    found = release.pods().get(pod, {}).get("status", {}).get("containerStatuses", [])
    for status in found:
        for state in (status["state"], status.get("lastState", {})):
            if "terminated" in state and state["terminated"]["exitCode"] == 78:
                return str(state["terminated"].get("message", ""))
    return ""


def test_an_upgrade_that_check_finds_faulty_changes_nothing(release: Release, tmp_path: Path) -> None:
    release.install()
    before, revision = release.uids(), release.stateful_set()["metadata"]["generation"]

    done = release.upgrade(*configured(tmp_path, BROKEN), "--set", "check.beforeUpgrade=true", is_checked=False)

    assert done.returncode != 0
    assert "pre-upgrade hooks failed" in done.stderr
    assert (release.uids(), release.stateful_set()["metadata"]["generation"]) == (before, revision)


def test_an_upgrade_that_check_finds_good_goes_on(
    release: Release, flow: Flow, outside: Outside, tmp_path: Path
) -> None:
    release.install()
    wanted = config(outside, flow.topic, batch={"max_wait": "300ms"})

    release.upgrade(*configured(tmp_path, wanted), "--set", "check.beforeUpgrade=true")

    found = release.node.get("configmap", release.name, "--namespace", release.namespace)
    assert found["data"]["consumer.yaml"] == wanted
    left = release.node.get("pods,configmaps", "--namespace", release.namespace)["items"]
    assert [each["metadata"]["name"] for each in left if "check" in each["metadata"]["name"]] == []


def test_a_new_token_is_taken_without_a_restart(release: Release, flow: Flow) -> None:
    release.install()
    flow.produce()
    flow.wait_until_delivered()
    before = release.uids()

    flow.allow("the-second-token")
    flow.produce()
    data = {"data": {"shop": base64.b64encode(b"the-second-token").decode()}}
    release.node.kubectl("patch", "secret", "tokens", "--namespace", release.namespace, "--patch", json.dumps(data))
    flow.wait_until_delivered(timeout_s=240)

    assert release.uids() == before
    assert all(pod["status"]["containerStatuses"][0]["restartCount"] == 0 for pod in release.pods().values())


def test_a_drain_takes_one_member_and_is_held_by_the_budget(release: Release) -> None:
    release.install()

    drained = release.node.kubectl(
        "drain", "node", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=30s",
        "--pod-selector", "app.kubernetes.io/name=tiktok-consumer", is_checked=False,
    )  # fmt: skip
    try:
        assert drained.returncode != 0
        assert "violate the pod's disruption budget" in drained.stderr
        assert [is_ready(pod) for pod in release.pods().values()].count(True) == 1
    finally:
        release.node.kubectl("uncordon", "node")
    release.wait_until_rolled_out()


def test_keda_takes_over_the_number_of_members_that_there_are(release: Release, flow: Flow) -> None:
    release.install("--set", "replicas=4")
    keda = ("keda.enabled=true", "keda.bootstrapServers=kafka:9092", "keda.consumerGroup=any")

    release.upgrade(*(word for each in keda for word in ("--set", each)))

    assert release.stateful_set()["spec"]["replicas"] == 4
    scaled = release.node.get("scaledobject", release.name, "--namespace", release.namespace)
    assert scaled["spec"]["scaleTargetRef"]["name"] == release.name
    release.node.kubectl("scale", f"statefulset/{release.name}", "--replicas=3", "--namespace", release.namespace)
    release.upgrade(*(word for each in keda for word in ("--set", each)))
    assert release.stateful_set()["spec"]["replicas"] == 3


def test_members_get_ready_on_another_port(release: Release, flow: Flow, outside: Outside, tmp_path: Path) -> None:
    flow.produce()

    release.install(*configured(tmp_path, config(outside, flow.topic, http={"listen": "0.0.0.0:9999"})))

    flow.wait_until_delivered()


def test_an_uninstall_leaves_nothing_but_what_helm_test_left(release: Release) -> None:
    release.install()
    release.helm("test")

    release.helm("uninstall", "--wait")

    # The token and what every namespace has are not the release's. Helm keeps pods of tests, for their logs.
    left = {
        ("Secret", "tokens"),
        ("ConfigMap", "kube-root-ca.crt"),
        ("ServiceAccount", "default"),
        ("Pod", "ads-tiktok-consumer-check"),
    }
    wait_until(lambda: _found(release) == left, 60, what=f"nothing but {left} is left", every_s=1)


def _found(release: Release) -> set[tuple[str, str]]:
    """Kind and name of all that is in the namespace."""
    kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,endpointslices"
    found = release.node.get(kinds, "--namespace", release.namespace)["items"]
    return {(each["kind"], each["metadata"]["name"]) for each in found}
