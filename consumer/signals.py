"""What signals ask of the process, heard even while the main thread waits inside of a library.

Python runs a handler in the main thread, between two steps of its own: not while librdkafka waits for a broker that is
away. So the numbers come through a pipe (`signal.set_wakeup_fd`), and a thread sets the flags.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread, current_thread, main_thread
from types import FrameType
from typing import Final

from consumer.exit_codes import BY_SIGNAL

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
HEARD: Final = (*ENDING, signal.SIGHUP, signal.SIGUSR1)
_HELD_BACK: Final = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1})
"""Without a handler, these end a process that is only starting; or are lost, if it is the first of a container."""


@contextmanager
def held_back() -> Iterator[None]:
    """Let SIGTERM, SIGHUP and SIGUSR1 wait until they are `caught`; at the end of the block they are of no use."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        yield
    finally:
        while late := _HELD_BACK & signal.sigpending():
            signal.sigwait(late)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Signals:
    """What signals have asked for so far. The loop looks at the flags between its steps."""

    def __init__(self) -> None:
        self.stop = Event()
        self.hurry = Event()
        self.reload = Event()
        self.toggle_log_level = Event()
        self.is_interrupted = False
        """True if Ctrl-C was what ended it."""
        self.received: deque[signal.Signals] = deque(maxlen=100)
        """All of them in order: the one that passes them on takes them out."""

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Listen to SIGTERM, SIGINT, SIGHUP and SIGUSR1 while the block runs, and to what was held back until then.

        The main thread only.
        """
        listening, told = os.pipe()
        os.set_blocking(told, False)  # Python asks for that
        thread = Thread(target=self._listen, args=(listening,), name="signals", daemon=True)
        thread.start()
        wakeup_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        before = {number: signal.signal(number, _leave_to_thread) for number in HEARD}
        mask_before = signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_BACK)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask_before)
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
            self.toggle_log_level.set()
        if number in HEARD:
            self.received.append(number)

    def _end(self, number: signal.Signals) -> None:
        self.is_interrupted |= number is signal.SIGINT and not self.stop.is_set()
        (self.hurry if self.stop.is_set() else self.stop).set()

    def _listen(self, listening: int) -> None:
        while numbers := os.read(listening, 64):
            for number in numbers:
                self.note(signal.Signals(number))


def _leave_to_thread(_number: int, _frame: FrameType | None) -> None:
    """What a signal does in the main thread: nothing, and a wait continues."""


# ── commands that need not stop in order ────────────────────────────────────────────────────────

_ENDING_S: Final = 5.0
_at_interrupt: Final[list[Callable[[], object]]] = []


@contextmanager
def ended_at_interrupt() -> Iterator[None]:
    """Within the block, Ctrl-C ends the process at once with 130: without a traceback, whatever is waited for.

    Who sets a handler of its own meanwhile (`Signals`, a server) is left to it.
    """
    if current_thread() is not main_thread():  # Python takes no handlers elsewhere
        yield
        return
    listening, told = os.pipe()
    os.set_blocking(told, False)
    wakeup_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = signal.signal(signal.SIGINT, _leave_to_interrupt)
    Thread(target=_end_at_interrupt, args=(listening,), name="interrupt", daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(wakeup_before)
        os.close(told)


@contextmanager
def also_at_interrupt(act: Callable[[], object]) -> Iterator[None]:
    """What has to be done before Ctrl-C ends the block, such as removing a folder; before SIGTERM and SIGHUP as well.

    These end the process with 143 and 129, as a shell shows an end by them.
    """
    _at_interrupt.append(act)
    before = {number: signal.signal(number, _leave_to_interrupt) for number in _CLEANED_UP if _ends_by_itself(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _at_interrupt.remove(act)


_CLEANED_UP: Final = (signal.SIGTERM, signal.SIGHUP)


def _ends_by_itself(number: signal.Signals) -> bool:
    """True while nothing else was made of a signal, and a thread listens."""
    is_listening = signal.getsignal(signal.SIGINT) is _leave_to_interrupt
    return is_listening and current_thread() is main_thread() and signal.getsignal(number) is signal.SIG_DFL


def _end_at_interrupt(listening: int) -> None:
    while numbers := os.read(listening, 64):
        for number in numbers:
            if signal.getsignal(number) is _leave_to_interrupt:
                _end_now(number)
    os.close(listening)


def _end_now(number: int) -> None:
    for act in tuple(_at_interrupt):
        with suppress(OSError):
            act()
    _leave_terminal_usable()
    os._exit(BY_SIGNAL + number)


def _leave_to_interrupt(_number: int, _frame: FrameType | None) -> None:
    """What such a signal does in the main thread: wait for the thread that ends the process: nothing goes on here."""
    time.sleep(_ENDING_S)


def _leave_terminal_usable() -> None:
    """A progress bar has hidden the cursor; and the shell's prompt belongs on a line of its own."""
    for stream in (sys.stderr, sys.stdout):
        with suppress(OSError, ValueError, AttributeError):
            if stream.isatty():
                os.write(stream.fileno(), b"\n" if os.environ.get("TERM") == "dumb" else b"\x1b[?25h\n")
                return
