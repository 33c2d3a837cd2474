"""What each command does first: the settings, and a log."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from consumer.config import Settings


def import_structlog_alone() -> None:
    """Import structlog as where rich is not installed: it would import that to show exceptions, which are logged by
    their frames alone, and take a tenth of the start of `run`."""
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # as `import` documents it: then nothing is found
    try:
        import structlog  # noqa: F401  # for those who import it after this
    finally:
        del sys.modules["rich"]


def settings_of(config: Path | None, lines: "logging.Filter | None" = None) -> "Settings":
    """The settings of a file, and a log as it says.

    Args:
        lines: which lines `run` writes; None: a command that ends, and says itself what is away.
    """
    from consumer import logs
    from consumer.config import load
    from consumer.config.checks.schema_paths import schema_problems
    from consumer.core.errors import ConfigError

    settings = load(config, os.environ)
    problems = schema_problems(settings)
    if problems:
        raise ConfigError(problems)
    logs.set_up(settings.log.level, settings.log.format, only=lines)
    if lines is None and settings.log.level != "debug":
        logs.quiet_clients()
    return settings


def log_for_people() -> None:
    """Of a command without a configuration, or before it has one."""
    from consumer import logs

    logs.set_up("info", "console")
    logs.quiet_clients()
