"""Tools written in Go, built once from pinned versions into `.cache/go` of the checkout.

`python -m tests.support.golang` builds them beforehand: Helm takes a minute or two, which no test should wait for.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
HELM: Final = "v3.12.3"
"""Old enough for Debian 12's Go to build it, and so for the charts of many clusters; it still reads all of ours."""
_BUILT: Final = CHECKOUT / ".cache/go"


def helm() -> str:
    """The path of Helm."""
    program = _BUILT / f"helm-{HELM}"
    if not program.exists():
        _go("install", f"helm.sh/helm/v3/cmd/helm@{HELM}", folder=CHECKOUT)
        (_BUILT / "helm").rename(program)
    return str(program)


def compose() -> str:
    """The path of `tests/deploy/compose`, which loads a Compose file."""
    source = CHECKOUT / "tests/deploy/compose"
    program = _BUILT / "compose"
    newest_s = max(file.stat().st_mtime for file in source.iterdir())
    if not program.exists() or program.stat().st_mtime < newest_s:
        _go("install", "-buildvcs=false", ".", folder=source)
        program.touch()
    return str(program)


def _go(*arguments: str, folder: Path) -> None:
    go = shutil.which("go")
    assert go, "install Go (scripts/system-parts does)"
    env = {**os.environ, "GOBIN": str(_BUILT), "CGO_ENABLED": "0"}
    subprocess.run([go, *arguments], cwd=folder, env=env, check=True, stdin=subprocess.DEVNULL, timeout=1200)


if __name__ == "__main__":
    helm()
    compose()
