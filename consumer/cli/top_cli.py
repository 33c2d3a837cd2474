"""The command line of `top`."""

import sys
from typing import Annotated

import typer


def top_command(
    urls: Annotated[
        list[str] | None,
        typer.Option(
            "--url", "-u", metavar="URL", help="Of a running service. Repeatable. Default: http://127.0.0.1:9464."
        ),
    ] = None,
) -> None:
    """Watch running services: what flows, how late, what is wrong, what to do. `q` ends it."""
    from consumer.cli.startup import log_for_people
    from consumer.commands.top import show_top

    log_for_people()
    raise typer.Exit(show_top(urls or ["http://127.0.0.1:9464"], sys.stdout, sys.stdin))
