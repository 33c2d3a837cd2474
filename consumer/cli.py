"""The commands. Each reads the command line, calls what does the work, and turns the end into an exit code."""

import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from consumer import logs
from consumer.compose import Replaced, as_test, dry
from consumer.config import Settings, load
from consumer.config.units import duration_s
from consumer.core.errors import ConfigError
from consumer.running import BUG, Signals, run

log = structlog.get_logger("consumer")

WRONG_COMMAND_LINE: Final = 64
UNUSABLE_CONFIG: Final = 78

app = typer.Typer(
    name="tiktok-consumer",
    help="Reads Avro event records from Kafka, and delivers them to TikTok's Events API: each one settled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="Default: $TIKTOK_CONSUMER_CONFIG, else ./consumer.yaml."),
]


@app.callback()
def _commands() -> None:
    """So that `run` stays a command even while it is the only one."""


@app.command("run")
def run_command(  # typer makes options of them
    config: Config = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Outside of the group: decide and count, send nothing, commit nothing."),
    ] = False,
    from_when: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WHEN",
            help="With --dry-run, where to start: `earliest`, `2h` ago, or an ISO 8601 time with its zone. "
            "Default: where the group stands.",
        ),
    ] = None,
    test_event_code: Annotated[
        str | None,
        typer.Option("--test-event-code", metavar="CODE", help="Send everything to Test Events. Needs --group."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="GROUP", help="With --test-event-code: the consumer group to read with."),
    ] = None,
) -> None:
    """Run the service until SIGTERM or SIGINT."""
    if (test_event_code is None) != (group is None):
        raise typer.BadParameter("--test-event-code and --group go together: a test must not move the group's offsets")
    if from_when is not None and not dry_run:
        raise typer.BadParameter("--from goes with --dry-run")
    settings, replaced = _settings(config), Replaced()
    if test_event_code is not None and group is not None:
        settings = as_test(settings, test_event_code, group)
    if dry_run:
        settings, replaced = dry(settings, None if from_when is None else _unix_ms(from_when, time.time()))
    signals = Signals()
    with signals.caught():
        code = run(settings, signals, replaced)
    raise typer.Exit(code)


def _unix_ms(text: str, now_s: float) -> int:
    """`earliest`, a duration before now, or a time → Unix milliseconds; 0 means the beginning."""
    if text == "earliest":
        return 0
    try:
        return round((now_s - duration_s(text)) * 1000)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise typer.BadParameter(
            "--from: write earliest, a duration such as 2h, or a time such as 2026-01-31T12:00:00Z"
        )
    return round(when.timestamp() * 1000)


def _settings(config: Path | None) -> Settings:
    settings = load(config, os.environ)
    logs.set_up(settings.log.level, settings.log.format)
    return settings


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exit codes: interface.md, section 3."""
    logs.set_up("info", "console")
    try:
        app(args=arguments)
    except SystemExit as end:
        sys.exit(WRONG_COMMAND_LINE if end.code == _USAGE_ERROR else end.code)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)  # noqa: T201  # for the person at the terminal
        sys.exit(UNUSABLE_CONFIG)
    except Exception:  # the outermost frame: Kafka still has the records
        log.exception("run.bug")
        sys.exit(BUG)


_USAGE_ERROR: Final = 2  # what typer exits with; nothing else here does
