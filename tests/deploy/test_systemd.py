"""The systemd unit: that systemd takes it, that it is closed, and that the service can live in it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.parts.part import CHECKOUT
from tests.support.processes import COMMAND

UNIT: Final = CHECKOUT / "deploy/systemd/tiktok-consumer.service"
INSTALLED: Final = "/opt/tiktok-consumer/bin/tiktok-consumer"
MOST_EXPOSED: Final = "16"
"""Tenths of systemd's own measure, from 0 to 10: below 2 it says OK. Reaching Kafka and TikTok costs the most."""
DENY_WRITE_EXECUTE: Final = """
import ctypes, os, sys
PR_SET_MDWE = 65
assert ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0, "this kernel cannot: Linux 6.3 or later is needed"
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a path that is there, and a user that is."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(INSTALLED, COMMAND).replace("=tiktok-consumer\n", "=daemon\n"))
    return copy


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=300, check=False)


def test_systemd_takes_the_unit(unit: Path) -> None:
    done = analysed("verify", "--recursive-errors=no", "--man=no", str(unit))

    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_closed(unit: Path) -> None:
    done = analysed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(unit))

    assert done.returncode == 0, done.stdout


def test_the_unit_says_which_machine_it_is_so_that_each_is_a_member_of_its_own() -> None:
    assert "Environment=HOSTNAME=%H" in UNIT.read_text().splitlines()


def test_the_unit_is_stopped_later_than_the_service_gives_up() -> None:
    [stop_s] = [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith("TimeoutStopSec")]

    assert int(stop_s) >= 30 + 15


def test_the_service_runs_where_memory_is_never_writable_and_executable(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DENY_WRITE_EXECUTE, COMMAND, "demo"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
