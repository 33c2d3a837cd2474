"""The wheel as `make wheel` builds it, and environments made of it and the locked dependencies."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.parts.part import CACHE, alone

CHECKOUT: Final = Path(__file__).resolve().parents[2]
UV: Final = str(Path(sys.executable).with_name("uv"))


def built_wheel() -> Path:
    """Build it, if anything has changed since; one process of a run at a time, since a build removes what there is."""
    with alone(CACHE / "wheel.lock"):
        subprocess.run(
            ["make", "--silent", "wheel"], cwd=CHECKOUT, env={**os.environ, "MAKEFLAGS": ""}, check=True, timeout=300
        )
        [wheel] = (CHECKOUT / "dist").glob("*.whl")
    return wheel


def install(wheel: Path, place: Path) -> Path:
    """Make a virtual environment of the wheel and `requirements.lock`, as a user would; gives its bin folder."""
    _uv("venv", "--quiet", "--python", sys.executable, str(place))
    into = ("pip", "install", "--quiet", "--python", str(place), "--link-mode", "copy")
    _uv(*into, "--require-hashes", "-r", str(CHECKOUT / "requirements.lock"))
    _uv(*into, "--no-deps", str(wheel))
    return place / "bin"


def _uv(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True, stdin=subprocess.DEVNULL, timeout=300)
