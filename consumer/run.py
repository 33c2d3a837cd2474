"""`run`: the loop around `Service.step`, the HTTP port, and how it all ends."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Event, Thread
from typing import Final

import structlog

from consumer import logs
from consumer.adapters.http_server import application, serving
from consumer.bind_faults import bind_problem
from consumer.config import Settings
from consumer.core.errors import ConfigError, Halt
from consumer.exit_codes import OK, UNFINISHED
from consumer.log_limits import LIMITS
from consumer.progress import RunProgress, StartLine
from consumer.service.loop import Service
from consumer.service.publish.published import ServiceSnapshot
from consumer.signals import Signals
from consumer.wiring import Replaced, composed

log = structlog.get_logger("consumer.run")


class LogLevelSwitch:
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
    app = application(latest, time.monotonic, settings.http.hosts)
    with ExitStack() as stack:
        try:
            port = stack.enter_context(serving(app, settings.http.host, settings.http.port))
        except (OSError, UnicodeError) as error:  # of this alone, and not of the block
            problem = f"http.listen: {bind_problem(settings.http.host, settings.http.port, error)}"
            raise ConfigError([problem]) from None
        log.info("http.listening", host=settings.http.host, port=port)
        yield port


def _listening(settings: Settings, service: Service) -> AbstractContextManager[int]:
    return listening(settings, lambda: service.published)


def run(
    settings: Settings,
    signals: Signals,
    replaced: Replaced = Replaced(),  # noqa: B008  # frozen
    shown: Callable[[Settings, Service], AbstractContextManager[int | None]] = _listening,
) -> int:
    """Run the service until a signal stops it. Returns the exit code (docs/architecture.md §9).

    Args:
        shown: a block within which others can see what the service publishes; by default over HTTP. Gives the port; or
            None for a worker: what it does is the supervisor's to say.

    Raises:
        ConfigError: nothing was read.
    """
    with (
        ended_in_time(signals, settings.shutdown_timeout_s),
        composed(settings, replaced) as service,
        shown(settings, service) as port,
    ):
        progress = None if port is None else _begun(settings, port, is_dry=replaced.is_dry)
        _collect_seldom()
        return _until_stopped(service, signals, LogLevelSwitch(settings.log.level), progress)


def _begun(settings: Settings, port: int, *, is_dry: bool) -> RunProgress:
    """Says what will be done."""
    progress = RunProgress(StartLine.of(settings, is_dry=is_dry, port=port), time.monotonic, is_dry=is_dry)
    progress.begin()
    return progress


@contextmanager
def ended_in_time(signals: Signals, shutdown_timeout_s: float) -> Iterator[None]:
    """Whatever the block waits for, end the process in time once a signal has come; at once after a second one.

    Libraries wait for brokers and servers that do not answer, and cannot be stopped. What is left unfinished is sent
    again.
    """
    ended = Event()
    arguments = (signals, ended, shutdown_timeout_s)
    Thread(target=_end_in_time, args=arguments, name="end-in-time", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _end_in_time(signals: Signals, ended: Event, shutdown_timeout_s: float) -> None:
    while not signals.stop.wait(_LOOK_EVERY_S):
        if ended.is_set():
            return
    is_hurried = signals.hurry.wait(shutdown_timeout_s)
    if ended.wait(HURRY_S):
        return
    why = "a second signal came" if is_hurried else "shutdown_timeout is over"
    log.error("run.unfinished", why=f"{why}, and something is still waited for; its events will be sent again")
    os._exit(UNFINISHED)


HURRY_S: Final = 2.0
"""To commit and to leave the group, where the brokers answer."""
_LOOK_EVERY_S: Final = 0.5


def _until_stopped(service: Service, signals: Signals, log_level: LogLevelSwitch, progress: RunProgress | None) -> int:
    try:
        return _loop(service, signals, log_level, progress)
    except Halt as halt:
        log.error("run.halted", why=str(halt), remedy="another member has this group.instance.id; give each its own")
        return UNFINISHED
    finally:
        LIMITS.report(is_end=True)


def _collect_seldom() -> None:
    """Leave what start-up made, and what lives as long as an event is in flight, out of garbage collection.

    An event makes some six objects that Python's collector watches, none of them in a cycle, and they live for about a
    second: by default each of them is looked at two or three times, which took a tenth of all CPU. What is left to
    collect (requests of a scrape, exceptions) is little, and can wait. So can what start-up left: nothing is collected
    first, which took a tenth of the CPU of a start and gave back no memory that could be measured.
    """
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, 10, 10)


_COLLECT_AFTER_OBJECTS: Final = 100_000
"""More objects than by default, 700, and more than the events have that are waiting or under way at full speed: some
13,000 with five objects each. So the collector hardly ever runs, and garbage can be some 20 MB at most."""


def _loop(service: Service, signals: Signals, log_level: LogLevelSwitch, progress: RunProgress | None) -> int:
    while not signals.stop.is_set():
        if signals.reload.is_set():
            signals.reload.clear()
            service.close_breaker()
        if signals.toggle_log_level.is_set():
            signals.toggle_log_level.clear()
            log_level.toggle()
        service.step()
        LIMITS.report()
        if progress is not None:
            progress.step(service.published)
    log.info("run.stopping")
    unfinished = service.stop(signals.hurry.is_set)
    if progress is not None:
        service.publishing.publish()
        progress.end(service.published)
    if unfinished:
        log.error("run.unfinished", why=f"{unfinished}; its events will be sent again")
        return UNFINISHED
    log.info("run.stopped")
    return OK
