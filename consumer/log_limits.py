"""Log lines that repeat: the first few of a kind in a minute, then one line that says how many more there were.

Nothing is lost that way: metrics count every one, and each rejected record is in the dead-letter topic.
"""

import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

import structlog
from msgspec import Struct

log = structlog.get_logger("consumer.log")

MOST: Final = 10
"""Lines of a kind in a minute."""
EVERY_S: Final = 60.0

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "record.rejected": ("reason",),
    "request.partial": ("pixel",),
    "commit.failed": ("error",),
    "kafka.error": ("error",),
    "cluster.away": (),
    "park.failed": ("pixel",),
    "park.too_large": ("pixel",),
    "dead_letter.elsewhere": (),
    "read.fault": (),
    "read.position_unknown": (),
    "read.group_unknown": (),
    "read.topics_unknown": (),
    "read.stands_still": (),
    "schema.awaited": ("why",),  # bytes that are no schema id: each record may name another
}
"""Lines that can repeat without a change of state, and what distinguishes one kind of them from another."""
_CLIENT: Final = "librdkafka"
"""The Kafka client's own lines; it names what they are about first."""
_LIBRARIES: Final = ("uvicorn", "asyncio", "py.warnings")
"""Whoever reaches the HTTP port can make these say something again and again."""

Kind = tuple[str, ...]


class _Minute(Struct):
    begun_s: float
    lines: int = 0


class LogLimits(logging.Filter):
    """A filter for the handler that writes the lines; any thread may log.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = Lock()
        self._minutes: dict[Kind, _Minute] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a line that is only counted."""
        kind = kind_of(record)
        if kind is None:
            return True
        now_s = self._monotonic()
        with self._lock:
            minute = self._minutes.setdefault(kind, _Minute(now_s))
            minute.lines += 1
            return minute.lines <= MOST

    def report(self, *, is_end: bool = False) -> None:
        """Say what was left out in minutes that are over; at the end, in all of them."""
        now_s = self._monotonic()
        for kind, lines in self._over(now_s, is_end=is_end):
            log.warning("log.suppressed", line=kind[0], kind=" ".join(kind[1:]) or None, suppressed=lines - MOST)

    def _over(self, now_s: float, *, is_end: bool) -> list[tuple[Kind, int]]:
        if not self._minutes:
            return []
        with self._lock:
            over = {k: m.lines for k, m in self._minutes.items() if is_end or now_s - m.begun_s >= EVERY_S}
            for kind in over:
                del self._minutes[kind]
        return [(kind, lines) for kind, lines in over.items() if lines > MOST]


def kind_of(record: logging.LogRecord) -> Kind | None:
    """What a line repeats; None if it may be written as often as it comes."""
    event = record.msg  # of structlog's own lines: the fields
    if isinstance(event, dict):
        name = str(event.get("event"))
        fields = KINDS.get(name)
        return None if fields is None else (name, *(str(event.get(field)) for field in fields))
    if record.name == _CLIENT:
        return (_CLIENT, str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg))
    if record.name.startswith(_LIBRARIES):
        return (record.name, str(record.msg))
    return None


LIMITS: Final = LogLimits(time.monotonic)
"""Of this process."""
