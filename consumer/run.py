"""`run`: the loop around `Service.step`, signals, the HTTP port, and how it all ends."""

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event
from types import FrameType
from typing import Final

import structlog

from consumer import logs
from consumer.adapters.http_server import application, serving
from consumer.config import Settings
from consumer.core.errors import ConfigError, Halt
from consumer.repeats import Repeats
from consumer.service.loop import Service
from consumer.service.published import ServiceSnapshot
from consumer.wiring import Replaced, composed

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
        self.louder = Event()

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Listen to SIGTERM, SIGINT, SIGHUP and SIGUSR1 while the block runs; the main thread only."""
        handlers = {
            signal.SIGTERM: self._on_stop,
            signal.SIGINT: self._on_stop,
            signal.SIGHUP: self._on_reload,
            signal.SIGUSR1: self._on_louder,
        }
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

    def _on_louder(self, _number: int, _frame: FrameType | None) -> None:
        self.louder.set()


REPEATS: Final = Repeats(time.monotonic)
"""Which log lines are written: those that repeat are counted."""


class Loudness:
    """What SIGUSR1 changes: `debug`, and back to what the file says; `info`, if that is debug itself."""

    def __init__(self, level: str) -> None:
        self._level = self._usual = level
        self._other = "info" if level == "debug" else "debug"

    def toggle(self) -> None:
        """Change what is logged, and say so: with the level that lets it through."""
        self._level = self._other if self._level == self._usual else self._usual
        logs.set_level("debug")
        log.info("log.level", level=self._level)
        logs.set_level(self._level)


@contextmanager
def listening(settings: Settings, latest: Callable[[], ServiceSnapshot]) -> Iterator[int]:
    """Serve the endpoints of what was published last while the block runs; gives the port."""
    app = application(latest, time.monotonic)
    try:
        with serving(app, settings.http.host, settings.http.port) as port:
            log.info("http.listening", host=settings.http.host, port=port)
            yield port
    except OSError as error:
        problem = f"http.listen: {settings.http.listen} cannot be bound ({error.strerror}); choose another port"
        raise ConfigError([problem]) from None


def _listening(settings: Settings, service: Service) -> AbstractContextManager[int]:
    return listening(settings, lambda: service.published)


def run(
    settings: Settings,
    signals: Signals,
    replaced: Replaced = Replaced(),  # noqa: B008  # frozen
    shown: Callable[[Settings, Service], AbstractContextManager[object]] = _listening,
) -> int:
    """Run the service until a signal stops it. Returns the exit code (docs/architecture.md §9).

    Args:
        shown: a block within which others can see what the service publishes; by default over HTTP.

    Raises:
        ConfigError: nothing was read.
    """
    with composed(settings, replaced) as service, shown(settings, service):
        _collect_seldom()
        try:
            return _loop(service, signals, Loudness(settings.log.level))
        except Halt as halt:
            log.error(
                "run.halted", why=str(halt), remedy="another member has this group.instance.id; give each its own"
            )
            return UNFINISHED
        finally:
            REPEATS.tell(is_end=True)


def _collect_seldom() -> None:
    """Leave what start-up made, and what lives as long as an event is in flight, out of garbage collection.

    An event makes some six objects that Python's collector watches, none of them in a cycle, and they live for about a
    second: by default each of them is looked at two or three times, which took a tenth of all CPU. What is left to
    collect (requests of a scrape, exceptions) is little, and can wait.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, 10, 10)


_COLLECT_AFTER_OBJECTS: Final = 100_000
"""More objects than by default, 700, and more than the events have that are waiting or under way at full speed: some
13,000 with five objects each. So the collector hardly ever runs, and garbage can be some 20 MB at most."""


def _loop(service: Service, signals: Signals, loudness: Loudness) -> int:
    while not signals.stop.is_set():
        if signals.reload.is_set():
            signals.reload.clear()
            service.close_breaker()
        if signals.louder.is_set():
            signals.louder.clear()
            loudness.toggle()
        service.step()
        REPEATS.tell()
    log.info("run.stopping")
    is_finished = service.stop(signals.hurry.is_set)
    if not is_finished:
        log.error("run.unfinished", why="a request was left without its answer; its events will be sent again")
        return UNFINISHED
    log.info("run.stopped")
    return CLEAN
