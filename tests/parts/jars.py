"""The jars of Apache Kafka, by Maven, as `tests/broker/pom.xml` names them; what came is compared with their hashes."""

import hashlib
from pathlib import Path
from typing import Final

from tests.parts.part import CACHE, CHECKOUT, Part, program, run

_POM: Final = CHECKOUT / "tests/broker/pom.xml"
_HASHES: Final = CHECKOUT / "tests/broker/jars.sha256"
"""As sha256sum(1) writes and checks it."""


def _fetch(folder: Path) -> None:
    jars = folder / KAFKA.place.name
    local = f"-Dmaven.repo.local={CACHE / 'maven'}"
    # -U: what failed is asked for again, else Maven remembers for a day that it was not there.
    command = [program("mvn"), "-q", "-B", "-U", local, "-f", str(_POM), "dependency:copy-dependencies"]
    run([*command, f"-DoutputDirectory={jars}"], CHECKOUT, 900)
    run(["sha256sum", "--check", "--strict", "--quiet", str(_HASHES)], jars, 60)
    assert len(list(jars.iterdir())) == len(_HASHES.read_text().splitlines()), f"{_HASHES} does not name every jar"


KAFKA: Final = Part(
    "Apache Kafka", CACHE / "kafka" / hashlib.sha256(_POM.read_bytes() + _HASHES.read_bytes()).hexdigest()[:12], _fetch
)
