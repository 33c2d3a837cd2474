"""Runs commands in a bare tree as a container would: by bubblewrap, as any user, with a read-only root if so told.

The tree sees its own files, the machine's shared libraries and time zones, and no other command of the machine.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

_FOLDERS: Final = (
    "dev",
    "etc/ssl",
    "opt",
    "proc",
    "root",
    "run",
    "tmp",
    "usr/bin",
    "usr/lib",
    "usr/sbin",
    "usr/share",
    "var",
)
_ACCOUNTS: Final = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
_SETPRIV: Final = "/usr/bin/setpriv"


class Bind(NamedTuple):
    """A file or folder of the machine, seen in the tree."""

    source: str
    target: str
    is_writable: bool = False


def bare(root: Path) -> None:
    """Lay an empty tree."""
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr/lib64").mkdir()
    (root / "etc/passwd").write_text(_ACCOUNTS)
    (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # What a mount needs to be put on, in a tree that nobody may change later.
    (root / "usr/bin/setpriv").touch()


def wrapped(
    root: Path,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: str = "/",
    user: str = "0:0",
    hostname: str = "bare",
    binds: Sequence[Bind] = (),
    tmpfs: Sequence[str] = (),
    is_writable: bool = False,
) -> list[str]:
    """The command line that runs `command` in the tree as its first process."""
    bwrap = shutil.which("bwrap")
    assert bwrap, "install bubblewrap (scripts/system-parts does)"
    uid, gid = user.split(":")
    own = "--bind" if is_writable else "--ro-bind"
    line = [
        bwrap,
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--as-pid-1",
        "--die-with-parent",
        "--new-session",
    ]
    line += [
        "--hostname",
        hostname,
        own,
        str(root),
        "/",
        "--ro-bind",
        "/usr/lib",
        "/usr/lib",
        "--ro-bind-try",
        "/usr/lib64",
        "/usr/lib64",
    ]
    line += ["--ro-bind", "/etc/ssl", "/etc/ssl", "--proc", "/proc", "--dev", "/dev"]
    for bind in binds:
        line += ["--bind" if bind.is_writable else "--ro-bind", bind.source, bind.target]
    for place in tmpfs:
        line += ["--perms", "1777", "--tmpfs", place]
    line += ["--chdir", folder, "--clearenv", *(word for pair in env.items() for word in ("--setenv", *pair))]
    if os.getuid() != 0:
        return [*line, "--unshare-user", "--uid", uid, "--gid", gid, "--", *command]
    if uid == "0":
        return [*line, "--", *command]
    # As that very user, so that a file only root may read is not read.
    become = [_SETPRIV, "--reuid", uid, "--regid", gid, "--clear-groups", "--no-new-privs", "--"]
    line += ["--ro-bind", _SETPRIV, _SETPRIV, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*line, "--", *become, *command]


def run(root: Path, command: Sequence[str], **how: object) -> subprocess.CompletedProcess[str]:
    """Run to the end; `how` is what `wrapped` takes."""
    line = wrapped(root, command, **how)  # type: ignore[arg-type]  # passed on as it is
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)


class Running:
    """A command in the tree, in the background; `output` gets what it writes.

    Args:
        before: what starts the line, such as `nsenter`.
    """

    def __init__(self, line: Sequence[str], output: IO[bytes], before: Sequence[str] = ()) -> None:
        reader, writer = os.pipe()
        told = [*before, line[0], "--info-fd", str(writer), *line[1:]]
        self._process = subprocess.Popen(
            told, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[writer]
        )
        os.close(writer)
        with os.fdopen(reader) as info:
            self.pid = int(json.load(info)["child-pid"])
        """Of the command itself, as this machine counts."""

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self, number: signal.Signals, timeout_s: float) -> int:
        """Signal it as an engine does; gives its exit code."""
        os.kill(self.pid, number)
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        """End it and what it started.

        Whoever changes its user no longer dies with its parent (prctl(2)): so the first process of the tree is killed.
        """
        if self.is_running:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
