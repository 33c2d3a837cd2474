"""A Kubernetes of one node that `scripts/cluster` brings up, asked by kubectl and by Helm."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.parts.golang import KUBERNETES
from tests.parts.part import CHECKOUT, lacking
from tests.parts.prebuilt import HELM
from tests.support.wait import wait_until

GATEWAY: Final = "10.244.0.1"
"""The address by which pods reach this machine."""
_SCRIPT: Final = CHECKOUT / "scripts/cluster"
_UP_TIMEOUT_S: Final = 600.0

Done = subprocess.CompletedProcess[str]
Object = dict[str, Any]


class Node:
    """`with Node(images) as node: …`

    Args:
        images: an archive of `docker save`, with the pause image of `scripts/cluster` in it.
    """

    def __init__(self, images: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-"))
        self._images, self._programs = images, self.folder / "programs"

    def kubectl(
        self, *arguments: str, given: str | None = None, is_checked: bool = True, timeout_s: float = 180
    ) -> Done:
        """Ask as administrator; `given` is its standard input."""
        return self._ran([str(self._programs / "kubectl"), *arguments], given, timeout_s, is_checked=is_checked)

    def helm(self, *arguments: str, is_checked: bool = True, timeout_s: float = 400) -> Done:
        return self._ran([str(HELM.path()), *arguments], None, timeout_s, is_checked=is_checked)

    def get(self, *arguments: str) -> Object:
        """An object, or a list of some, as `kubectl get` finds it."""
        found: Object = json.loads(self.kubectl("get", *arguments, "--output", "json").stdout)
        return found

    def _ran(self, line: Sequence[str], given: str | None, timeout_s: float, *, is_checked: bool) -> Done:
        env = {**os.environ, "KUBECONFIG": str(self.folder / "admin"), "HELM_CACHE_HOME": str(self.folder / "helm")}
        how: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=timeout_s, check=False, **how)
        assert not is_checked or done.returncode == 0, f"{' '.join(line)}\n{done.stdout}\n{done.stderr}"
        return done

    def __enter__(self) -> Self:
        if os.getuid() != 0:
            lacking("A cluster needs root: run the tests of tests/cluster as root.")
        self._programs.mkdir()
        for name, part in KUBERNETES.items():
            (self._programs / name).symlink_to(part.path())
        log = self.folder / "up.log"
        with log.open("w") as out:
            line = [str(_SCRIPT), "up", str(self.folder), str(self._programs), str(self._images)]
            done = subprocess.run(
                line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=_UP_TIMEOUT_S, check=False
            )
        if done.returncode != 0:
            said = self._said()
            self._end()
            raise AssertionError(f"{log.read_text() if log.exists() else ''}\n{said}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _said(self) -> str:
        """The ends of its programs' logs."""
        logs = sorted((self.folder / "logs").glob("*"))
        return "\n".join(f"── {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def _end(self) -> None:
        subprocess.run([str(_SCRIPT), "down", str(self.folder)], stdin=subprocess.DEVNULL, timeout=300, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Release:
    """The chart, installed as `ads` into a namespace of its own, which enforces the standard `restricted`."""

    def __init__(self, node: Node, namespace: str, values: Path) -> None:
        self.node, self.namespace, self.values = node, namespace, values
        self.name: Final = "ads-tiktok-consumer"

    def helm(self, command: str, *arguments: str, is_checked: bool = True) -> Done:
        return self.node.helm(command, "ads", *arguments, "--namespace", self.namespace, is_checked=is_checked)

    def install(self, *more: str) -> None:
        self.helm(
            "install", str(CHECKOUT / "deploy/helm/tiktok-consumer"), *self._values(more), "--wait", "--timeout", "5m"
        )

    def upgrade(self, *more: str, is_checked: bool = True) -> Done:
        """Without waiting for pods; what was set before, and these."""
        chart = str(CHECKOUT / "deploy/helm/tiktok-consumer")
        return self.helm("upgrade", chart, *self._values(more), "--timeout", "5m", is_checked=is_checked)

    def _values(self, more: Sequence[str]) -> list[str]:
        return ["--values", str(self.values), *more]

    def pods(self) -> dict[str, Object]:
        """The members by name."""
        label = "app.kubernetes.io/name=tiktok-consumer"
        found = self.node.get("pods", "--namespace", self.namespace, "--selector", label)["items"]
        return {pod["metadata"]["name"]: pod for pod in found}

    def uids(self) -> dict[str, str]:
        """Which pod has each name: another one, once it was replaced."""
        return {name: pod["metadata"]["uid"] for name, pod in self.pods().items()}

    def stateful_set(self) -> Object:
        return self.node.get("statefulset", self.name, "--namespace", self.namespace)

    def log(self, pod: str) -> str:
        return self.node.kubectl("logs", pod, "--namespace", self.namespace).stdout

    def wait_until_rolled_out(self, members: int = 2, timeout_s: float = 300) -> None:
        """Until all members are of the newest revision and ready."""
        wait_until(lambda: self.is_rolled_out(members), timeout_s, what=f"{members} new members are ready", every_s=1)

    def is_rolled_out(self, members: int) -> bool:
        found = self.stateful_set()
        status = found["status"]
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("readyReplicas") == status["replicas"] == members
            and status["currentRevision"] == status["updateRevision"]
        )


def is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
