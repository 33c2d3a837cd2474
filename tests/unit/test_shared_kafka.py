"""Of several processes that need Kafka one starts it, and who began the run ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared_kafka import SharedBroker, end_kafka, shared_bootstrap


class Starter:
    """Starts what stands for a broker: a process that waits, with its folder in its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starts = folder, 0

    def start(self) -> SharedBroker:
        self.folder.mkdir()
        (self.folder / "broker-1.log").write_text("what it said")
        self.starts += 1
        waits = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)", str(self.folder)]
        self.process = subprocess.Popen(waits, stdout=subprocess.PIPE)
        assert self.process.stdout
        with self.process.stdout as said:
            said.readline()  # for a moment, a process that begins has no command line yet
        return {"bootstrap": f"127.0.0.1:{self.starts}", "pid": self.process.pid, "folder": str(self.folder)}


@pytest.fixture
def starter(tmp_path: Path) -> Starter:
    return Starter(tmp_path / "kafka")


def fails() -> SharedBroker:
    raise AssertionError("it did not start")


def test_whoever_needs_it_gets_the_one_that_was_started_first(starter: Starter, tmp_path: Path) -> None:
    assert {shared_bootstrap(tmp_path, starter.start) for _ in range(2)} == {"127.0.0.1:1"}
    end_kafka(tmp_path)


def test_at_the_end_nothing_of_it_is_left_but_its_log_if_that_is_wanted(starter: Starter, tmp_path: Path) -> None:
    shared_bootstrap(tmp_path, starter.start)

    end_kafka(tmp_path, tmp_path / "kept.log")

    assert starter.process.wait(30) < 0
    assert not starter.folder.exists()
    assert (tmp_path / "kept.log").read_text() == "what it said"
    end_kafka(tmp_path)  # there is none any more


def test_a_start_that_fails_leaves_it_to_the_next_one(starter: Starter, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        shared_bootstrap(tmp_path, fails)

    assert shared_bootstrap(tmp_path, starter.start) == "127.0.0.1:1"
    end_kafka(tmp_path)


def test_another_process_that_has_its_number_meanwhile_is_left_alone(starter: Starter, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        broker = starter.start()
        shared_bootstrap(tmp_path, lambda: {**broker, "pid": other.pid})

        end_kafka(tmp_path)

        assert other.poll() is None
        starter.process.kill()
        starter.process.wait()
