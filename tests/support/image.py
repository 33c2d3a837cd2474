"""Our image in the tests' engine: built by its Dockerfile, on a stand-in for the base image that it names."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.parts.part import CHECKOUT
from tests.support.engine import Done, Engine

DOCKERFILE: Final = CHECKOUT / "deploy/Dockerfile"
REVISION: Final = "0123456789abcdef0123456789abcdef01234567"
"""Made up: a checkout without Git has none."""
CLOSED: Final = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
"""As closed as a container can be."""


@dataclass(frozen=True)
class Image:
    """A built image."""

    engine: Engine
    tag: str

    def described(self) -> dict[str, Any]:
        """What the engine knows of it."""
        [found] = json.loads(self.engine.docker("image", "inspect", self.tag, is_checked=True).stdout)
        description: dict[str, Any] = found
        return description

    def run(self, *command: str, options: Sequence[str] = (), entrypoint: str | None = None) -> Done:
        """Run a closed container to its end; without an entrypoint of one's own, the image's."""
        chosen = [f"--entrypoint={entrypoint}"] if entrypoint is not None else []
        return self.engine.docker("run", "--rm", *CLOSED, *options, *chosen, self.tag, *command, timeout_s=240)

    def python(self, code: str, *options: str) -> Done:
        """Run Python code in a closed container."""
        return self.run("-c", code, options=options, entrypoint="python")


def base_of() -> str:
    """The name of the base image."""
    found = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert found
    return found[1]


def build(engine: Engine, tag: str, *options: str) -> Image:
    engine.build(DOCKERFILE, CHECKOUT, tag, {"VERSION": "0.0.0+test", "REVISION": REVISION}, *options)
    return Image(engine, tag)
