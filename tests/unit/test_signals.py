"""Signals set flags at once, also while the main thread waits inside of a library."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from consumer.run import HURRY_S, ended_in_time
from consumer.signals import HEARD, Signals, held_back
from tests.support.wait import wait_until


def sent(signals: Signals, *numbers: signal.Signals) -> None:
    with signals.caught():
        for count, number in enumerate(numbers, start=1):
            os.kill(os.getpid(), number)
            wait_until(partial(_has_received, signals, count), 30.0, what="the signal", every_s=0.005)


def _has_received(signals: Signals, count: int) -> bool:
    return len(signals.received) >= count


def test_the_first_signal_says_to_stop_and_the_second_to_hurry() -> None:
    signals = Signals()

    sent(signals, signal.SIGTERM)
    assert (signals.stop.is_set(), signals.hurry.is_set()) == (True, False)
    sent(signals, signal.SIGINT)
    assert signals.hurry.is_set()


@pytest.mark.parametrize(
    ("numbers", "is_interrupted"),
    [((signal.SIGINT,), True), ((signal.SIGTERM,), False), ((signal.SIGTERM, signal.SIGINT), False)],
)
def test_the_first_of_them_says_whether_it_was_ctrl_c(
    numbers: tuple[signal.Signals, ...], is_interrupted: bool
) -> None:
    signals = Signals()

    sent(signals, *numbers)

    assert signals.is_interrupted == is_interrupted


def test_other_signals_reload_and_change_the_level() -> None:
    signals = Signals()

    sent(signals, signal.SIGHUP, signal.SIGUSR1)

    assert (signals.reload.is_set(), signals.toggle_log_level.is_set(), signals.stop.is_set()) == (True, True, False)
    assert list(signals.received) == [signal.SIGHUP, signal.SIGUSR1]


def test_afterwards_everything_is_as_before() -> None:
    before = [signal.getsignal(number) for number in HEARD]

    with Signals().caught():
        pass

    assert [signal.getsignal(number) for number in HEARD] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_what_comes_before_it_is_listened_to_is_heard_then() -> None:
    signals = Signals()
    with held_back():
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.raise_signal(number)
        with signals.caught():
            wait_until(lambda: len(signals.received) == 3, 30.0, what="the signals", every_s=0.005)
        signal.raise_signal(signal.SIGTERM)  # too late to change how it ends

    assert set(signals.received) == {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1}
    assert signals.stop.is_set()
    assert not signals.hurry.is_set()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(HEARD) == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_service_that_is_starting_is_not_ended_by_a_signal_before_its_time(
    number: signal.Signals, tmp_path: Path
) -> None:
    config = tmp_path / "consumer.yaml"
    os.mkfifo(config)
    command = [sys.executable, "-m", "consumer", "run", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        with config.open("w") as written:  # once it is read
            process.send_signal(number)
            written.write("neither: this nor that")

        assert process.wait(60) == 78


INTERRUPTED: Final = """
import ctypes, pathlib, signal, sys
from consumer.signals import also_at_interrupt, ended_at_interrupt
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # the tests may run under nohup
with ended_at_interrupt(), also_at_interrupt(pathlib.Path(sys.argv[1]).unlink):
    print("ready", flush=True)
    ctypes.CDLL(None).sleep(60)  # no handler runs meanwhile
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_at_once_and_does_what_has_to_be_done(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.touch()
    command = [sys.executable, "-c", INTERRUPTED, str(left)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)

    assert (process.returncode, said) == (code, "")
    assert not left.exists()


def test_a_signal_that_nohup_has_switched_off_stays_so(tmp_path: Path) -> None:
    program = INTERRUPTED.replace("SIG_DFL", "SIG_IGN").replace("sleep(60)", "usleep(200000)")
    (tmp_path / "left").touch()
    command = [sys.executable, "-c", program, str(tmp_path / "left")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)

    assert process.returncode == 0
    assert (tmp_path / "left").exists()


STUCK: Final = """
import ctypes, sys
from consumer import logs
from consumer.run import ended_in_time
from consumer.signals import Signals
logs.set_up("info", "json")
signals = Signals()
with signals.caught(), ended_in_time(signals, float(sys.argv[1])):
    print("ready", flush=True)
    while True:
        ctypes.CDLL(None).sleep(60)  # no handler runs meanwhile
"""


class Stuck:
    """A process whose main thread waits inside of a library for a minute, again and again."""

    def __init__(self, shutdown_timeout_s: float) -> None:
        command = [sys.executable, "-c", STUCK, str(shutdown_timeout_s)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def ended(self) -> tuple[int, float, str]:
        """Exit code, seconds that it took from now, what it said."""
        begun_s = time.monotonic()
        try:
            _, said = self.process.communicate(timeout=30)
        finally:
            self.process.kill()
        return self.process.returncode, time.monotonic() - begun_s, said


def test_a_stop_takes_no_longer_than_it_may_whatever_is_waited_for() -> None:
    stuck = Stuck(shutdown_timeout_s=1.0)
    stuck.process.terminate()

    code, took_s, said = stuck.ended()

    assert code == 69
    assert 1.0 < took_s < 8.0
    assert "shutdown_timeout is over" in said


def test_a_second_signal_ends_at_once() -> None:
    stuck = Stuck(shutdown_timeout_s=600.0)
    stuck.process.terminate()
    time.sleep(0.2)
    stuck.process.send_signal(signal.SIGINT)

    code, took_s, said = stuck.ended()

    assert code == 69
    assert took_s < 8.0
    assert "a second signal came" in said


def test_what_ends_in_time_is_left_alone() -> None:
    signals, after = Signals(), Event()
    with ended_in_time(signals, 0.0):
        signals.stop.set()
    after.wait(HURRY_S + 0.5)  # it would have been ended by now, and the tests with it
