"""Stand-ins for base images that cannot be pulled where there is no registry: small systems of Debian's own packages.

`scripts/base-image` makes each. Whoever reads a name such as `python:3.14…` in a test's engine should know that it is
Debian with that Python, not the image of that name from a registry.
"""

import hashlib
from pathlib import Path
from typing import Final

from tests.parts.part import CACHE, CHECKOUT, Part, run

_SCRIPT: Final = CHECKOUT / "scripts/base-image"


def _base(name: str, suite: str, *packages: str) -> Part:
    recipe = hashlib.sha256(_SCRIPT.read_bytes() + " ".join((suite, *packages)).encode()).hexdigest()[:12]
    place = CACHE / "base" / f"{name}-{recipe}.tar"

    def fetch(folder: Path) -> None:
        run([str(_SCRIPT), suite, str(folder / place.name), *packages], CHECKOUT, 1200)

    return Part(f"The base image {name}", place, fetch)


PYTHON: Final = _base("python", "sid", "python3.14", "python3.14-venv", "python3-pip", "tzdata")
"""For the image of ours: the Python of its Dockerfile, whose exact version is Debian's of the day."""
SYSTEMD: Final = _base("systemd", "bookworm", "systemd-sysv", "sudo", "python3-venv", "tzdata")
"""For the unit: Debian 12 as somebody has it who installs by hand."""
OTHERS: Final = _base("others", "sid", "default-jre-headless", "valkey-server", "valkey-tools", "python3", "wget")
"""For what docker-compose.yml would pull: Java for Kafka, Valkey itself, Python for the tests' registry."""

ALL: Final = (PYTHON, SYSTEMD, OTHERS)
