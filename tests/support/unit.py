"""Debian 12 with systemd as first process, in a container, for what docs/deploying.md tells to do there."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.parts.part import CHECKOUT
from tests.support.engine import Done, Engine
from tests.support.wait import wait_until
from tests.support.wheel import built_wheel

PAGE: Final = CHECKOUT / "docs/deploying.md"
UNIT: Final = "tiktok-consumer"
_NAME: Final = "debian-12"
_START_TIMEOUT_S: Final = 300.0
# What systemd needs as first process: control groups that it may write, mounts for the units' own views, and, for
# PrivateUsers, the maps of their user namespaces, which it writes from outside.
_OPTIONS: Final = (
    "--cap-add=SYS_ADMIN",
    "--cap-add=SYS_PTRACE",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    "--tmpfs=/run",
    "--tmpfs=/run/lock",
    "--env=container=docker",
)


def commands(section: str) -> str:
    """The commands of a section of the page, as they stand there."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## )", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.startswith("    "))


class Machine:
    """`with Machine(engine, image) as machine: …`"""

    def __init__(self, engine: Engine, image: str) -> None:
        self._engine, self._image = engine, image

    def run(self, script: str, folder: str = "/") -> Done:
        """A shell script as root, to its end."""
        return self._engine.docker("exec", f"--workdir={folder}", _NAME, "bash", "-euc", script, timeout_s=300)

    def install(self, files: Mapping[str, str]) -> None:
        """All that the page says of the wheel and the unit, in a folder with the repository's files and these."""
        wheel = built_wheel()
        self.run("mkdir -p /src/dist")
        for path in ("requirements.lock", "deploy"):
            self._copy(CHECKOUT / path, "/src")
        self._copy(wheel, "/src/dist")
        for name, text in files.items():
            self.write(f"/src/{name}", text)
        make, *rest = commands("The wheel").splitlines(keepends=True)
        assert make.startswith("make wheel"), "done already, above"
        for script in ("".join(rest), commands("systemd")):
            done = self.run(script, "/src")
            assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"

    def write(self, path: str, text: str) -> None:
        """Write a file in place, so that its owner and mode stay."""
        line = [*self._engine.before, "/usr/bin/docker", "exec", "--interactive", _NAME, "tee", path]
        subprocess.run(line, env=self._engine.env, input=text, text=True, check=True, capture_output=True, timeout=30)

    def show(self, name: str) -> str:
        """A property of the unit, as systemd shows it."""
        return self.run(f"systemctl show --value --property={name} {UNIT}").stdout.strip()

    def wait_for(self, name: str, value: str, timeout_s: float = 60.0) -> None:
        """Until a property of the unit has this value."""
        try:
            wait_until(lambda: self.show(name) == value, timeout_s, what=f"{name} is {value}", every_s=0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None

    def log(self) -> str:
        return self.run(f"journalctl --unit={UNIT} --lines=200 --no-pager").stdout

    def _copy(self, path: Path, target: str) -> None:
        self._engine.docker("cp", str(path), f"{_NAME}:{target}", is_checked=True)

    def _is_up(self) -> bool:
        return self.run("systemctl is-system-running || true").stdout.strip() in ("running", "degraded")

    def __enter__(self) -> Self:
        line = ["run", "--detach", "--tty", "--network=host", f"--name={_NAME}", *_OPTIONS]
        self._engine.docker(*line, self._image, "/lib/systemd/systemd", is_checked=True)
        wait_until(self._is_up, _START_TIMEOUT_S, what="systemd is up", every_s=0.5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.docker("rm", "--force", "--volumes", _NAME)
