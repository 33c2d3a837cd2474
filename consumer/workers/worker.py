"""What runs in a worker: the service as ever, but its numbers go to the supervisor, and it ends with it."""

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from typing import BinaryIO, Final

from consumer import logs
from consumer.config import Settings
from consumer.log_limits import LIMITS
from consumer.run import run
from consumer.service.loop import Service
from consumer.service.publish.publish_stage import PUBLISH_EVERY_S
from consumer.signals import Signals
from consumer.workers.process import framed

SLACK_S: Final = 10.0
"""What a worker may take on top of `shutdown_timeout`; it ends itself after `run.HURRY_S`, if it gets the CPU to."""


class WorkerSignals(Signals):
    """Signals to a worker. SIGTERM may come from the supervisor and from what ends a whole group of processes:
    twice, it does not mean more haste. SIGINT does: a terminal's never comes here.
    """

    def _end(self, number: signal.Signals) -> None:
        self.stop.set()
        if number is signal.SIGINT:
            self.hurry.set()


def work(numbers_fd: int) -> int:
    """Run the service with the settings that stand in standard input. Returns the exit code.

    Args:
        numbers_fd: where to what is published is written.
    """
    number, settings = _job(sys.stdin.buffer)
    logs.set_up(settings.log.level, settings.log.format, worker=number, only=LIMITS)
    signals = WorkerSignals()
    with signals.caught():
        Thread(target=_stop_with_supervisor, args=(signals,), name="lifeline", daemon=True).start()
        return run(settings, signals, shown=partial(handing_over, numbers_fd))


def job(number: int, settings: Settings) -> bytes:
    """What `work` reads: passed on whole, so that a file that changed meanwhile does not set workers apart.

    Raises:
        pickle.PicklingError, AttributeError: a `call` function cannot be found by its name.
    """
    return pickle.dumps((number, settings))


def _job(source: BinaryIO) -> tuple[int, Settings]:
    number, settings = pickle.load(source)  # noqa: S301  # from the process that started this one
    return number, settings


def _stop_with_supervisor(signals: Signals) -> None:
    """Stop once standard input ends: the supervisor says so, or is no more. No worker may be left behind; `run` sees to
    it that the process ends in time.
    """
    while os.read(sys.stdin.fileno(), 1):  # not its buffer, whose lock would be in the way at the end
        pass
    signals.stop.set()


@contextmanager
def handing_over(numbers_fd: int, _: Settings, service: Service) -> Iterator[None]:
    """Write to the pipe what the service has published, while the block runs, and once more at its end."""
    ended = Event()
    pipe = open(numbers_fd, "wb")  # noqa: SIM115  # closed at the end of the block, or with the process
    thread = Thread(target=_hand_over, args=(pipe, service, ended), name="numbers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    service.publishing.publish()
    with suppress(BrokenPipeError), pipe:
        pipe.write(framed(service.published))


def _hand_over(pipe: BinaryIO, service: Service, ended: Event) -> None:
    """A thread's: a pipe that is full must not hold the deciding thread. The newest is written, others are not."""
    last = None
    with suppress(BrokenPipeError):
        while not ended.wait(PUBLISH_EVERY_S):
            if service.published is not last:
                last = service.published
                pipe.write(framed(last))
                pipe.flush()
