"""The image without a container engine: the Dockerfile's own instructions carried out in a bare tree by bubblewrap.

What stands for the base image is this machine: its Python, copied to /usr/local, and its shared libraries. While the
image is built, its commands are there too; when it runs, they are not. Everything else is the Dockerfile's.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support import dockerfile
from tests.support.bare import Bind, bare, run
from tests.support.dockerfile import Instruction

CHECKOUT: Final = Path(__file__).resolve().parents[2]
DOCKERFILE: Final = CHECKOUT / "deploy/Dockerfile"
_CACHE: Final = CHECKOUT / ".cache/image"
_PYTHON: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NOT_COPIED: Final = ("test", "idlelib", "tkinter", "config-*", "__pycache__", "*.a", "site-packages", "dist-packages")
_GIVEN: Final = ("PIP_", "UV_", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""How this machine reaches its package index, as an engine's own settings would say."""


@dataclass
class Image:
    """What a Dockerfile's last stage leaves: a tree, and how to start it."""

    root: Path
    base: str
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"
    ports: list[str] = field(default_factory=list)


def build(place: Path) -> Image:
    """Carry out the Dockerfile. A second time it takes what it fetched from `.cache/image`."""
    built: dict[str, Image] = {}
    image = Image(place, "")
    for number, (begin, *rest) in enumerate(dockerfile.read(DOCKERFILE)):
        base, _, name = begin.rest.partition(" AS ")
        image = Image(place / str(number), base)
        built[name] = image
        _lay_base(image.root)
        for instruction in rest:
            _carry_out(instruction, image, built)
    return image


def _lay_base(root: Path) -> None:
    """Folders, accounts and Python, as an image of Debian with Python in /usr/local has them."""
    bare(root)
    prefix, local = Path(sys.base_prefix), root / "usr/local"
    (local / "bin").mkdir(parents=True)
    shutil.copy2(prefix / "bin" / _PYTHON, local / "bin" / _PYTHON)
    for name in ("python3", "python"):
        (local / "bin" / name).symlink_to(_PYTHON)
    library = local / "lib" / _PYTHON
    shutil.copytree(prefix / "lib" / _PYTHON, library, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    (library / "site-packages/pip").mkdir(parents=True)
    (local / "bin/pip").touch()
    for shared in (prefix / "lib").glob("libpython3*.so*"):
        shutil.copy2(shared, local / "lib", follow_symlinks=False)
    (root / "etc/ld.so.conf").write_text("/usr/local/lib\n")
    done = run(root, ["/usr/sbin/ldconfig"], env={}, binds=[Bind("/usr/sbin", "/usr/sbin")], is_writable=True)
    assert done.returncode == 0, done.stderr


def _carry_out(instruction: Instruction, image: Image, built: Mapping[str, Image]) -> None:
    match instruction.name:
        case "RUN":
            _run(instruction, image)
        case "COPY":
            _copy(instruction, image, built)
        case "ENV":
            image.env |= instruction.pairs()
        case "WORKDIR":
            image.folder = instruction.rest
            (image.root / image.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "LABEL":
            pass
        case name if name in _KEPT:
            field_name, take = _KEPT[name]
            setattr(image, field_name, take(instruction))
        case unknown:
            raise NotImplementedError(f"{unknown}: teach tests/support/image.py what it means")


_KEPT: Final[Mapping[str, tuple[str, Callable[[Instruction], object]]]] = {
    "USER": ("user", lambda each: each.rest),
    "ENTRYPOINT": ("entrypoint", Instruction.words),
    "CMD": ("command", Instruction.words),
    "HEALTHCHECK": ("health", lambda each: each._replace(rest=each.rest.removeprefix("CMD ")).words()),
    "STOPSIGNAL": ("stop_signal", lambda each: each.rest),
    "EXPOSE": ("ports", Instruction.words),
}
"""What is only kept, and how to take it from the instruction."""


def _run(instruction: Instruction, image: Image) -> None:
    binds = [Bind("/usr/bin", "/usr/bin"), *_given_files()]
    if mount := instruction.options.get("mount"):
        options = dict(option.split("=") for option in mount.split(","))
        assert options.pop("type") == "cache"
        kept = _CACHE / options["target"].strip("/").replace("/", "-")
        kept.mkdir(parents=True, exist_ok=True)
        binds.append(Bind(str(kept), options["target"], is_writable=True))
    given = {name: value for name, value in os.environ.items() if name.upper().startswith(_GIVEN)}
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", **given, **image.env}
    command = ["/bin/sh", "-c", instruction.rest]
    done = run(image.root, command, env=env, folder=image.folder, binds=binds, is_writable=True)
    assert done.returncode == 0, f"RUN {instruction.rest}\n{done.stdout}\n{done.stderr}"


def _given_files() -> list[Bind]:
    named = [value for name, value in os.environ.items() if name.startswith(("SSL_CERT_", "PIP_CERT"))]
    return [Bind(path, path) for path in {*named, "/etc/pip.conf"} if path.startswith("/") and Path(path).exists()]


def _copy(instruction: Instruction, image: Image, built: Mapping[str, Image]) -> None:
    *sources, target = instruction.words()
    stage = instruction.options.get("from")
    for source in sources:
        origin = built[stage].root / source.lstrip("/") if stage else _sent(source)
        into = image.root / image.folder.lstrip("/") / target if not target.startswith("/") else image.root / target[1:]
        if origin.is_dir():
            ignored = None if stage else shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin, into, symlinks=True, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy2(origin, into)


def _sent(source: str) -> Path:
    """A file of the build's context, if .dockerignore lets it through."""
    ignored, *lines = [
        line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    assert ignored == "*", "the first pattern leaves everything out"
    assert f"!{source}" in lines, f"{source} is not sent to the engine: name it in .dockerignore"
    return CHECKOUT / source
