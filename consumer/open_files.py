"""How many files and connections the process may have open: enough for Kafka, TikTok and the HTTP port together."""

import resource
from typing import Final

import structlog

from consumer.config import Settings

log = structlog.get_logger("consumer.run")

_MOST: Final = 65_536
"""Where there is no limit; a table for more would only take memory."""
_HTTP: Final = 200
"""Connections of the port, and as many that wait to be accepted."""
_OTHERS: Final = 256
"""Some hundred brokers (two groups, a producer, questions about topics), registry, Redis, files, pipes."""

REMEDY: Final = "raise it: `ulimit -n`, LimitNOFILE in the systemd unit, --ulimit nofile of a container"


def needed(settings: Settings) -> int:
    """How many a process may need at once."""
    return _OTHERS + _HTTP + settings.delivery.max_in_flight


def possible() -> int:
    """How many this process could have open: what `raise_limit` raises it to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)


def raise_limit(settings: Settings) -> None:
    """Raise the soft limit to the hard one, and warn if that is low. Processes started from here have the same."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = possible()
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit < needed(settings):
        log.warning("run.few_open_files", limit=limit, needed=needed(settings), remedy=REMEDY)
