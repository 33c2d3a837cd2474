"""Programs written in Go, built from the modules in `tests/parts/go`, whose go.sum have every hash.

Helm, Compose, Prometheus and promtool are of one module, `together`: half of each is libraries, such as Kubernetes'
client, that are compiled once where all agree on their versions. They are built only where `prebuilt` finds none.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.parts.part import CACHE, CHECKOUT, Part, install, run

_MODULES: Final = CHECKOUT / "tests/parts/go"
_GO: Final = CACHE / "go"
_OLDEST: Final = (1, 25)
"""Of Go: what the newest of the modules asks for. An older one is helped out by Go from the package index."""


def _program(name: str, module: str, package: str, stamps: str = "") -> Part:
    """`stamps`: what the linker writes into it, such as its version."""
    source = _source(module)
    place = _GO / f"{name}-{source.place.name}"
    return Part(name, place, lambda made: _build(source, package, made / place.name, f"-s -w {stamps}".strip()))


@cache
def _source(module: str) -> Part:
    """A module and all that it needs, fetched with its hashes checked, and laid out as source."""
    folder = _MODULES / module
    contents = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    place = _GO / "source" / hashlib.sha256(contents).hexdigest()[:12]
    return Part(f"The source of {module}", place, lambda made: _lay_out(folder, made / place.name))


def _lay_out(module: Path, source: Path) -> None:
    shutil.copytree(module, source)
    run([go(), "mod", "vendor"], source, 900, env())
    _leave_out_discovery(source / "vendor")


def _build(source: Part, package: str, program: Path, linking: str) -> None:
    source.make()
    # Quick to build rather than quick to run: without symbols, and with nothing inlined.
    options = ["-mod=vendor", "-trimpath", "-buildvcs=false", f"-ldflags={linking}", "-gcflags=all=-l"]
    run([go(), "build", *options, "-o", str(program), package], source.path(), 3600, env())


def _leave_out_discovery(vendor: Path) -> None:
    """Prometheus without what looks for targets at clouds and clusters: a third of its packages, that no test uses."""
    plugins = vendor / "github.com/prometheus/prometheus/plugins"
    if plugins.exists():
        shutil.rmtree(plugins)
        plugins.mkdir()
        (plugins / "plugins.go").write_text("package plugins\n")


def env() -> Mapping[str, str]:
    """Everything below `.cache/go`, and no C compiler. -modcacherw: so that it can be deleted."""
    own = {"GOPATH": str(_GO / "path"), "GOMODCACHE": str(_GO / "path/mod"), "GOCACHE": str(_GO / "build")}
    return {**os.environ, **own, "CGO_ENABLED": "0", "GOFLAGS": "-modcacherw", "GOWORK": "off"}


def forget_what_was_built_with() -> None:
    """The modules' sources and what the compiler keeps: two gigabytes that only another build would use."""
    for folder in ("path", "build", "source"):
        shutil.rmtree(_GO / folder, ignore_errors=True)


def go() -> str:
    """This machine's Go if it is new enough, else that of the part."""
    found = shutil.which("go")
    if found:
        version = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
        numbers = re.match(r"go(\d+)\.(\d+)", version)
        if numbers and (int(numbers[1]), int(numbers[2])) >= _OLDEST:
            return found
    TOOLCHAIN.make()
    return str(TOOLCHAIN.path() / "bin/go")


def _fetch_toolchain(folder: Path) -> None:
    install(_LOCK, folder / TOOLCHAIN.place.name)


_LOCK: Final = _MODULES / "toolchain.lock"
TOOLCHAIN: Final = Part("Go", _GO / "toolchain", _fetch_toolchain)
"""Only where this machine's own is too old, or there is none."""

HELM: Final = _program("helm", "together", "helm.sh/helm/v3/cmd/helm")
HELM_DOCS: Final = _program("helm-docs", "helm-docs", "github.com/norwoodj/helm-docs/cmd/helm-docs")
COMPOSE: Final = _program("docker-compose", "together", "github.com/docker/compose/v2/cmd")
PROMETHEUS: Final = _program("prometheus", "together", "github.com/prometheus/prometheus/cmd/prometheus")
PROMTOOL: Final = _program("promtool", "together", "github.com/prometheus/prometheus/cmd/promtool")
ACTIONLINT: Final = _program("actionlint", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint")
_STAMP: Final = "-X k8s.io/component-base/version"
KUBERNETES: Final[Mapping[str, Part]] = {
    name: _program(
        name,
        "kubernetes",
        f"k8s.io/kubernetes/cmd/{name}",
        f"{_STAMP}.gitVersion=v1.34.4 {_STAMP}.gitMajor=1 {_STAMP}.gitMinor=34",
    )
    for name in ("kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
}
"""For `make cluster-check` alone. From 1.35 on, a kubelet wants control groups of version 2."""
PAUSE: Final = _program("pause", "pause", ".")
"""The first container of each pod there."""

PROGRAMS: Final = (HELM_DOCS, ACTIONLINT, PAUSE, *KUBERNETES.values())
"""Never taken prebuilt."""
