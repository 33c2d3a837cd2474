"""What the chart brings along: `check`, rules, dashboard, its README, and its own description."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.parts.golang import HELM_DOCS
from tests.parts.part import CHECKOUT
from tests.support.chart import CHART, KUBERNETES, MINIMAL, PRODUCTION, given, objects, one, ran, read, refusal
from tests.support.rules import HOME, RUNBOOK

_COPIES: Final = {
    "rules.yaml": CHECKOUT / "deploy/prometheus/rules.yaml",
    "dashboard.json": CHECKOUT / "deploy/grafana/dashboards/tiktok-consumer.json",
}
"""A chart is packed from its own folder alone, and Helm warns of symbolic links."""


@pytest.mark.parametrize("name", _COPIES)
def test_a_copy_is_equal_to_what_it_was_copied_from(name: str) -> None:
    assert (CHART / name).read_text() == _COPIES[name].read_text(), f"cp {_COPIES[name]} {CHART / name}"


def test_helm_warns_of_nothing() -> None:
    assert [file for file in CHART.rglob("*") if file.is_symlink()] == []

    done = ran("template", "ads", str(CHART), "--kube-version", KUBERNETES[1], "--values", str(MINIMAL))

    assert (done.returncode, done.stderr) == (0, "")


def test_the_rules_and_the_dashboard_are_those_of_the_project() -> None:
    rules = one("PrometheusRule", PRODUCTION, "--set", "prometheusRule.enabled=true")
    board = one("ConfigMap", PRODUCTION, "--set", "dashboard.enabled=true", name="ads-tiktok-consumer-dashboard")

    assert rules["spec"] == read(_COPIES["rules.yaml"].read_text())
    assert board["data"] == {"tiktok-consumer.json": _COPIES["dashboard.json"].read_text()}
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"


@pytest.mark.parametrize("wiki", ["https://wiki.example.com/$1/operating", 'https://x/a?b="c"&d=\\:e', "https://x/a:b"])
def test_runbooks_may_be_elsewhere(tmp_path: Path, wiki: str) -> None:
    values = given(tmp_path, prometheusRule={"enabled": True, "runbookUrl": wiki})

    def runbooks(spec: Any) -> list[str]:
        return [
            rule["annotations"]["runbook_url"] for group in spec["groups"] for rule in group["rules"] if "alert" in rule
        ]

    ours = runbooks(read(_COPIES["rules.yaml"].read_text()))
    assert runbooks(one("PrometheusRule", values)["spec"]) == [url.replace(RUNBOOK, wiki) for url in ours]


@pytest.mark.parametrize("url", ["https://x/a b: c", "https://x/a\nb: c", "https://x/a#b", "wiki"])
def test_an_address_of_runbooks_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    values = given(tmp_path, prometheusRule={"enabled": True, "runbookUrl": url})

    assert "prometheusRule.runbookUrl" in refusal(values)


def test_helm_test_checks_the_configuration_of_the_release() -> None:
    service = one("StatefulSet", PRODUCTION)["spec"]["template"]["spec"]
    pod = one("Pod", PRODUCTION)
    [ours], [checks] = service["containers"], pod["spec"]["containers"]

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert checks["args"] == ["check"]
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["volumes"] == service["volumes"]
    for same in ("image", "env", "envFrom", "volumeMounts", "securityContext"):
        assert checks[same] == ours[same]
    for same in ("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations", "securityContext"):
        assert pod["spec"][same] == service[same]


def test_nothing_takes_the_pod_of_check_for_one_of_the_service_but_the_network_policy() -> None:
    labels = one("Pod", PRODUCTION)["metadata"]["labels"]

    for kind, place in (("StatefulSet", "selector"), ("PodDisruptionBudget", "selector"), ("PodMonitor", "selector")):
        assert not one(kind, PRODUCTION)["spec"][place]["matchLabels"].items() <= labels.items(), kind
    assert not one("Service", PRODUCTION)["spec"]["selector"].items() <= labels.items()
    let_out = one("NetworkPolicy", PRODUCTION)["spec"]["podSelector"]
    assert let_out["matchLabels"].items() <= labels.items()
    [name] = let_out["matchExpressions"]
    assert name["operator"] == "In"
    assert {"tiktok-consumer", labels["app.kubernetes.io/name"]} == set(name["values"])


def test_an_upgrade_is_checked_beforehand_if_wanted_with_the_configuration_that_is_to_come() -> None:
    name = "ads-tiktok-consumer-upgrade-check"
    wanted = ("--set", "check.beforeUpgrade=true")
    pod, config = (one(kind, PRODUCTION, *wanted, name=name) for kind in ("Pod", "ConfigMap"))

    assert name not in {each["metadata"]["name"] for each in objects(PRODUCTION)}
    assert config["data"] == one("ConfigMap", PRODUCTION, name="ads-tiktok-consumer")["data"]
    assert pod["spec"]["volumes"][0] == {"name": "config", "configMap": {"name": name}}
    for each in (pod, config):
        assert each["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    assert int(config["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0


def test_the_upgrade_check_reads_the_config_map_that_is_somebody_elses() -> None:
    scaled = PRODUCTION.with_name("scaled.values.yaml")
    found = objects(scaled, "--set", "check.beforeUpgrade=true")

    assert [each for each in found if each["kind"] == "ConfigMap"] == []
    pods = [each for each in found if each["kind"] == "Pod"]
    assert [pod["spec"]["volumes"][0]["configMap"]["name"] for pod in pods] == ["consumer-yaml"] * 2


def test_what_is_told_after_an_install_says_what_memory_several_workers_need(tmp_path: Path) -> None:
    chart = tmp_path / "tiktok-consumer"
    shutil.copytree(CHART, chart)
    note = (chart / "templates/NOTES.txt").read_text()
    as_object = '{{ define "note" }}%s{{ end }}kind: Note\ntext: {{ include "note" . | quote }}\n'
    (chart / "templates/note.yaml").write_text(as_object % note)  # without a cluster, Helm shows no notes

    def told(*args: str) -> str:
        [text] = [each["text"] for each in objects(given(tmp_path, args=args), chart=chart) if each["kind"] == "Note"]
        return str(text)

    assert "8 workers share a pod's memory, of which it has 1536Mi." in told("run", "--workers", "8")
    assert "They take 1200Mi, and 250 bytes for each key" in told("run", "--workers=4")
    assert "workers share" not in told("run")


def test_the_chart_says_whose_it_is_and_shows_an_icon() -> None:
    chart = read((CHART / "Chart.yaml").read_text())

    assert chart["home"] == HOME
    assert chart["sources"] == [HOME]
    assert all(each["url"].startswith(HOME) for each in chart["maintainers"])
    assert chart["icon"].endswith("/deploy/helm/tiktok-consumer/icon.svg")
    assert (CHART / "icon.svg").read_text().startswith("<svg ")


def test_the_readme_of_the_chart_is_what_helm_docs_makes(tmp_path: Path) -> None:
    chart = tmp_path / "tiktok-consumer"
    shutil.copytree(CHART, chart)

    command = [str(HELM_DOCS.path()), "--chart-search-root", str(chart), "--sort-values-order", "file"]
    subprocess.run(command, check=True, capture_output=True, timeout=300, cwd=chart)

    made = (chart / "README.md").read_text()
    assert (CHART / "README.md").read_text() == made, f"{' '.join(command)}, and copy its README.md"


def test_the_readme_of_the_chart_describes_every_value() -> None:
    rows = [line for line in (CHART / "README.md").read_text().splitlines() if line.startswith("| ")]

    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []
