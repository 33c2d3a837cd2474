"""The commands. Each reads the command line, calls what does the work, and turns the end into an exit code."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from consumer import logs
from consumer.config import Settings, load
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
def run_command(config: Config = None) -> None:
    """Run the service until SIGTERM or SIGINT."""
    settings = _settings(config)
    signals = Signals()
    with signals.caught():
        code = run(settings, signals)
    raise typer.Exit(code)


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
