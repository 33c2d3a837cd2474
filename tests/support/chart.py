"""The Helm chart, as Helm renders it: without a cluster."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.parts.part import CHECKOUT
from tests.parts.prebuilt import HELM

CHART: Final = CHECKOUT / "deploy/helm/tiktok-consumer"
CASES: Final = sorted((CHECKOUT / "tests/deploy/chart").glob("*.values.yaml"))
MINIMAL, PRODUCTION, SCALED = (
    CHECKOUT / f"tests/deploy/chart/{name}.values.yaml" for name in ("minimal", "production", "scaled")
)
KUBERNETES: Final = ("1.27", "1.31", "1.37")
"""The oldest that the chart takes, one between, and the newest whose schemas are known."""
OF_OTHERS: Final = {"PodMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds of operators: Kubernetes itself has no schema of them. Compared with the expectations alone."""


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HELM.path(), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False
    )


def rendered(values: Path, *more: str, chart: Path = CHART, release: str = "ads") -> str:
    """What Helm would hand to Kubernetes, without the release's own heading."""
    line = ("template", release, str(chart), "--kube-version", KUBERNETES[1], "--namespace", "streaming")
    done = ran(*line, "--values", str(values), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(values: Path, *more: str, chart: Path = CHART, release: str = "ads") -> list[dict[str, Any]]:
    """As Kubernetes reads them: as YAML 1.1, to which a plain `no` is false."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = "1.1"
    return [each for each in yaml.load_all(rendered(values, *more, chart=chart, release=release)) if each]


def one(kind: str, values: Path, *more: str, name: str = "") -> dict[str, Any]:
    """The only object of this kind, or the one of this name."""
    [found] = [
        each for each in objects(values, *more) if each["kind"] == kind and name in ("", each["metadata"]["name"])
    ]
    return found


def refusal(values: Path, *more: str, release: str = "ads") -> str:
    done = ran("template", release, str(CHART), "--kube-version", KUBERNETES[1], "--values", str(values), *more)
    assert done.returncode != 0
    return done.stderr


def given(folder: Path, **values: Any) -> Path:
    """The least that the chart needs, and these values, as a file."""
    file = folder / "given.values.yaml"
    file.write_text(json.dumps({**read(MINIMAL.read_text()), **values}))  # JSON is YAML, too
    return file


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)
