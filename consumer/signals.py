"""What signals ask of the process, heard even while the main thread waits inside of a library.

Python runs a handler in the main thread, between two steps of its own: not while librdkafka waits for a broker that is
away. So the numbers come through a pipe (`signal.set_wakeup_fd`), and a thread sets the flags.
"""

import os
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
HEARD: Final = (*ENDING, signal.SIGHUP, signal.SIGUSR1)


class Signals:
    """What signals have asked for so far. The loop looks at the flags between its steps."""

    def __init__(self) -> None:
        self.stop = Event()
        self.hurry = Event()
        self.reload = Event()
        self.louder = Event()
        self.received: deque[signal.Signals] = deque(maxlen=100)
        """All of them in order: whoever passes them on takes them out."""

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Listen to SIGTERM, SIGINT, SIGHUP and SIGUSR1 while the block runs; the main thread only."""
        listening, told = os.pipe()
        os.set_blocking(told, False)  # Python asks for that
        thread = Thread(target=self._listen, args=(listening,), name="signals", daemon=True)
        thread.start()
        wakeup_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        before = {number: signal.signal(number, _leave_to_thread) for number in HEARD}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup_before)
            os.close(told)
            thread.join()
            os.close(listening)

    def note(self, number: signal.Signals) -> None:
        """A signal has come; another than `HEARD` means nothing."""
        if number in ENDING:
            self._end(number)
        elif number is signal.SIGHUP:
            self.reload.set()
        elif number is signal.SIGUSR1:
            self.louder.set()
        if number in HEARD:
            self.received.append(number)

    def _end(self, _: signal.Signals) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()

    def _listen(self, listening: int) -> None:
        while numbers := os.read(listening, 64):
            for number in numbers:
                self.note(signal.Signals(number))


def _leave_to_thread(_number: int, _frame: FrameType | None) -> None:
    """What a signal does in the main thread: nothing, and a wait continues."""
