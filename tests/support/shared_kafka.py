"""One Kafka for all processes of a test run: the first that needs it starts it, the last that needs it ends it."""

import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

from tests.support.kafka import Cluster


class _Running(TypedDict):
    bootstrap: str
    pid: int
    folder: str
    users: int


@contextmanager
def shared_kafka(folder: Path) -> Iterator[str]:
    """The address of the run's Kafka.

    Args:
        folder: one that is the run's own, the same for all its processes.
    """
    with _note(folder) as note:
        if not note:
            note.append(_start())
        [running] = note
        running["users"] += 1
    try:
        yield running["bootstrap"]
    finally:
        with _note(folder) as note:
            [running] = note
            running["users"] -= 1
            if running["users"] == 0:
                _end(running)
                note.clear()


@contextmanager
def _note(folder: Path) -> Iterator[list[_Running]]:
    """What runs, if anything; what it is changed to is kept. One process at a time."""
    with (folder / "kafka.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder / "kafka.json"
        note = json.loads(file.read_text()) if file.exists() else []
        yield note
        file.write_text(json.dumps(note))


def _start() -> _Running:
    cluster = Cluster()
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    [broker] = cluster.brokers
    return {"bootstrap": cluster.bootstrap, "pid": broker.pid, "folder": str(cluster.folder), "users": 0}


def _end(running: _Running) -> None:
    with suppress(ProcessLookupError):
        os.kill(running["pid"], signal.SIGKILL)
    shutil.rmtree(running["folder"], ignore_errors=True)
