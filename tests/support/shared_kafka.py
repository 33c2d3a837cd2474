"""One Kafka for all processes of a test run: the first that needs it starts it, and the run ends it."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypedDict

from tests.parts.part import alone
from tests.support.kafka import Cluster
from tests.support.wait import wait_until

_NOTE: Final = "kafka.json"


class SharedBroker(TypedDict):
    """What others need to know of it."""

    bootstrap: str
    pid: int
    folder: str


def start_kafka() -> SharedBroker:
    cluster = Cluster()
    cluster.start()
    [broker] = cluster.brokers
    return {"bootstrap": cluster.bootstrap, "pid": broker.pid, "folder": str(cluster.folder)}


def shared_bootstrap(run: Path, start: Callable[[], SharedBroker] = start_kafka) -> str:
    """The address of the run's Kafka, which is started unless it was.

    Args:
        run: a folder that is the run's own, the same for all its processes.
    """
    with alone(run / "kafka.lock"):
        note = run / _NOTE
        if not note.exists():
            note.write_text(json.dumps(start()))
        broker: SharedBroker = json.loads(note.read_text())
    return broker["bootstrap"]


def end_kafka(run: Path, log: Path | None = None) -> None:
    """End the run's Kafka, if there is one, and all that it kept.

    Args:
        log: where to keep what it has logged, for a person who looks at a failure.
    """
    note = run / _NOTE
    if not note.exists():
        return
    broker: SharedBroker = json.loads(note.read_text())
    if _is_running(broker):
        with suppress(ProcessLookupError):
            os.kill(broker["pid"], signal.SIGKILL)
        wait_until(lambda: not _is_running(broker), 30, what="Kafka has ended")
    if log is not None:
        for file in Path(broker["folder"]).glob("*.log"):
            shutil.copy(file, log)
    shutil.rmtree(broker["folder"], ignore_errors=True)
    note.unlink()


def _is_running(broker: SharedBroker) -> bool:
    """Whether the process of that number still is this one; one that has ended has no command line."""
    try:
        return broker["folder"].encode() in Path(f"/proc/{broker['pid']}/cmdline").read_bytes()
    except OSError:
        return False
