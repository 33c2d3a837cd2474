"""How log lines look. One line a state change or rejected record; positions and names, never values or tokens."""

import logging
import os
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

from consumer.terminal import printable

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def set_up(
    level: str,
    style: str,
    stream: TextIO | None = None,
    *,
    worker: int | None = None,
    only: logging.Filter | None = None,
) -> None:
    """Write every log line of the process to one stream: the service's, librdkafka's and the HTTP server's alike.

    Args:
        level: debug, info, warning or error.
        style: `json`, one object a line; `console`, for people; `auto`, console at a terminal and json elsewhere.
        stream: standard error, if not given.
        worker: number that every line shall bear, where several processes write to one stream.
        only: which lines to write at all.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if worker is not None:
        shared.append(lambda _, __, event: {**event, "worker": worker})
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _handler(stream or sys.stderr, style, shared)
    if only is not None:
        handler.addFilter(only)
    logging.basicConfig(handlers=[handler], level=_LEVELS[level], force=True)
    for ours in ("librdkafka", "consumer"):
        logging.getLogger(ours).setLevel(logging.NOTSET)
    # These say at `info` what metrics count, or show whole requests.
    for noisy in ("httpx2", "httpcore2", "uvicorn", "confluent_kafka.schema_registry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _handler(target: TextIO, style: str, shared: list[Processor]) -> logging.Handler:
    render = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(style, target)]
    handler = logging.StreamHandler(target)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=render))
    return handler


def quiet_clients() -> None:
    """Of a command at a terminal: what clients say of an outside system that is away, the command says itself."""
    for library in ("librdkafka", "confluent_kafka.schema_registry"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    logging.getLogger("consumer").setLevel(logging.ERROR)


def set_level(level: str) -> None:
    """Change what is logged while the process runs."""
    logging.getLogger().setLevel(_LEVELS[level])


def _renderer(style: str, target: TextIO) -> list[Processor]:
    if style == "console" or (style == "auto" and target.isatty()):
        colours = target.isatty() and not os.environ.get("NO_COLOR")
        return [_frames_alone, _printable, structlog.dev.ConsoleRenderer(colors=colours)]
    return [_frames_alone, structlog.processors.JSONRenderer()]  # its escapes cover all that is not ASCII


def _printable(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The service's lines and the libraries' alike: names of topics and texts of brokers come from outside."""
    return {name: _without_controls(value) for name, value in event.items()}


def _without_controls(value: object) -> object:
    match value:
        case str():
            return printable(value)
        case list() | tuple():
            return [_without_controls(each) for each in value]
        case dict():
            return {printable(str(key)): _without_controls(each) for key, each in value.items()}
    return value


def _frames_alone(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Of an exception, say its type and frames: its text may hold a value."""
    fault = event.pop("exc_info", None)
    error = fault[1] if isinstance(fault, tuple) else sys.exc_info()[1] if fault is True else fault
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = frames(error)
    return event


def frames(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last, without its text."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found
