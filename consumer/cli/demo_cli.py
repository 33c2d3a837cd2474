"""The command line of `demo`."""

import signal
import sys
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from consumer.cli.options import Config
from consumer.cli.startup import log_for_people, settings_of


def demo_command(
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave everything running afterwards, and print the addresses, until Ctrl-C."),
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="F", help="Records of yours, as for `explain`, by your configuration."),
    ] = None,
    config: Config = None,
) -> None:
    """Run everything on this machine with nothing to install, and prove that nothing was lost; exit 1 if not."""
    from consumer.commands.demo import play, show_own

    log_for_people()
    if file is None and config is not None:
        raise typer.BadParameter("--config goes with --file: without, the demo has a configuration of its own")
    settings = settings_of(config) if file is not None else None
    kept_until = _terminated() if keep else None
    code = (
        play(sys.stdout, kept_until)
        if settings is None or file is None
        else show_own(settings, file, sys.stdout, kept_until)
    )
    raise typer.Exit(code)


def _terminated() -> Event:
    """Set by SIGTERM. Ctrl-C ends the demo at any time, as every command."""
    is_terminated = Event()
    signal.signal(signal.SIGTERM, lambda *_: is_terminated.set())
    return is_terminated
