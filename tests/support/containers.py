"""A container that runs in the background of a test, on this machine's network."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.support.image import Image
from tests.support.wait import wait_until

HEALTHY_TIMEOUT_S: Final = 240.0
_STOP_TIMEOUT_S: Final = 45
"""As docs/deploying.md tells: longer than `shutdown_timeout`, 30 s."""
_CLOSED: Final = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


class Container:
    """`with Container(image, ["run"], name="service") as container: …`; it is removed at the end, running or not."""

    def __init__(self, image: Image, command: Sequence[str], *, name: str, options: Sequence[str] = ()) -> None:
        self._image, self._command, self._name, self._options = image, command, name, options

    def wait_until_healthy(self) -> None:
        """Until the health check of the image says so."""
        wait_until(self._is_healthy, HEALTHY_TIMEOUT_S, what=f"{self._name} is healthy", every_s=0.5)

    def stop(self) -> int:
        """As `docker stop` does; gives the exit code."""
        self._docker("stop", "--time", str(_STOP_TIMEOUT_S), self._name)
        code: int = self._state()["ExitCode"]
        return code

    def logs(self) -> str:
        done = self._image.engine.docker("logs", "--tail", "40", self._name)
        return done.stdout + done.stderr

    def _is_healthy(self) -> bool:
        state = self._state()
        assert state["Running"], f"{self._name} has ended\n{self.logs()}"
        return bool(state["Health"]["Status"] == "healthy")

    def _state(self) -> dict[str, Any]:
        [found] = json.loads(self._docker("inspect", self._name))
        state: dict[str, Any] = found["State"]
        return state

    def _docker(self, *arguments: str) -> str:
        return self._image.engine.docker(*arguments, is_checked=True).stdout

    def __enter__(self) -> Self:
        options = ["--detach", "--network=host", *_CLOSED, "--health-interval=1s", *self._options]
        self._docker("run", f"--name={self._name}", *options, self._image.tag, *self._command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.logs())  # noqa: T201 - pytest shows it beside the failure
        self._docker("rm", "--force", "--volumes", self._name)


def readable(file: Path, text: str) -> str:
    """Write a file that a container's own user may read; gives its path."""
    file.write_text(text)
    file.chmod(0o644)
    return str(file)
