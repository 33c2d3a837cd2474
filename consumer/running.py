"""`run`: the loop around `Service.step`, signals, the HTTP port, and how it all ends."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final

import structlog

from consumer.compose import Replaced, composed
from consumer.config import Settings
from consumer.core.errors import ConfigError, Halt
from consumer.edges.http import application, serving
from consumer.service import Service

log = structlog.get_logger("consumer.run")

CLEAN: Final = 0
UNFINISHED: Final = 69
BUG: Final = 70


class Signals:
    """What signals have asked for. Handlers only set flags; the loop looks at them between steps."""

    def __init__(self) -> None:
        self.stop = Event()
        self.hurry = Event()
        self.reload = Event()

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Listen to SIGTERM, SIGINT and SIGHUP while the block runs; the main thread only."""
        handlers = {signal.SIGTERM: self._on_stop, signal.SIGINT: self._on_stop, signal.SIGHUP: self._on_reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload.set()


def run(settings: Settings, signals: Signals, replaced: Replaced = Replaced()) -> int:  # noqa: B008  # frozen
    """Run the service until a signal stops it. Returns the exit code (interface.md, section 3).

    Raises:
        ConfigError: nothing was read.
    """
    with composed(settings, replaced) as service, listening(settings, service):
        try:
            return _loop(service, signals)
        except Halt as halt:
            log.error(
                "run.halted", why=str(halt), remedy="another process has this group.instance.id; give each its own"
            )
            return UNFINISHED


@contextmanager
def listening(settings: Settings, service: Service) -> Iterator[int]:
    """Serve the service's endpoints while the block runs; gives the port."""
    app = application(lambda: service.published, time.monotonic)
    try:
        with serving(app, settings.http.host, settings.http.port) as port:
            log.info("http.listening", host=settings.http.host, port=port)
            yield port
    except OSError as error:
        problem = f"http.listen: {settings.http.listen} cannot be bound ({error.strerror}); choose another port"
        raise ConfigError([problem]) from None


def _loop(service: Service, signals: Signals) -> int:
    while not signals.stop.is_set():
        if signals.reload.is_set():
            signals.reload.clear()
            service.close_breaker()
        service.step()
    log.info("run.stopping")
    is_finished = service.stop(signals.hurry.is_set)
    if not is_finished:
        log.error("run.unfinished", why="a request was left without its answer; its events will be sent again")
        return UNFINISHED
    log.info("run.stopped")
    return CLEAN
