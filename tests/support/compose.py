"""docker-compose.yml: as `docker compose` reads it, and brought up by it in an engine of the tests' own."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.parts.bases import OTHERS
from tests.parts.jars import KAFKA
from tests.parts.part import CHECKOUT
from tests.parts.prebuilt import COMPOSE, PROMETHEUS
from tests.support.engine import Done, Engine
from tests.support.image import Image

FILE: Final = CHECKOUT / "docker-compose.yml"
OURS: Final = "tiktok-events-consumer:local"
_STANDINS: Final = CHECKOUT / "tests/engine/standins"


def loaded(file: Path = FILE) -> dict[str, Any]:
    """The file, validated, merged, and every path absolute."""
    command = [str(COMPOSE.path()), "--file", str(file), "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    project: dict[str, Any] = json.loads(done.stdout)
    return project


def seconds(text: str) -> float:
    """`45s`, `1m0s` → seconds."""
    minutes, _, rest = text.rpartition("m")
    return 60 * float(minutes or 0) + float(rest.rstrip("s") or 0)


class Stack:
    """The file's services in an engine that has every image they name: ours, and stand-ins for the others."""

    def __init__(self, engine: Engine, image: Image) -> None:
        self._engine = engine
        _hand_over(image, engine)
        _make_standins(engine)

    def compose(self, *arguments: str, timeout_s: float = 120.0) -> Done:
        line = [*self._engine.before, str(COMPOSE.path()), "--file", str(FILE), *arguments]
        return subprocess.run(
            line,
            env=self._engine.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def containers(self) -> dict[str, dict[str, Any]]:
        """Service → what Compose says of its container, ended ones too."""
        lines = self.compose("ps", "--all", "--format", "json").stdout.splitlines()
        return {found["Service"]: found for found in map(json.loads, lines)}

    def get(self, url: str) -> Any:
        """The JSON that an address answers on this machine, where the file publishes its ports."""
        done = subprocess.run(
            [*self._engine.before, "curl", "--silent", "--fail", "--max-time", "60", url],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{url}: curl's exit code {done.returncode}"
        return json.loads(done.stdout)


def _hand_over(image: Image, engine: Engine) -> None:
    """Our image under the name that the file gives it."""
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        image.engine.docker("save", "--output", file.name, image.tag, is_checked=True)
        engine.docker("load", "--input", file.name, is_checked=True)
    engine.docker("tag", image.tag, OURS, is_checked=True)


def _make_standins(engine: Engine) -> None:
    engine.load(OTHERS.path(), "debian-stand-in")
    names = {name: service["image"] for name, service in loaded()["services"].items() if service["image"] != OURS}
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(_STANDINS, context, dirs_exist_ok=True)
        shutil.copytree(KAFKA.path(), Path(context, "kafka"))
        shutil.copy(PROMETHEUS.path(), Path(context, "prometheus"))
        shutil.copy(CHECKOUT / "tests/support/registry.py", context)
        for service, name in names.items():
            engine.build(Path(context, "Dockerfile"), Path(context), name, {}, "--target", service)
