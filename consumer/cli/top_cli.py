"""The command line of `top`."""

import sys
from typing import Annotated

import typer

from consumer.terminal import printable


def top_command(
    urls: Annotated[
        list[str] | None,
        typer.Option(
            "--url",
            "-u",
            metavar="URL",
            help="Of a running service, or its HOST:PORT. Repeatable. Default: http://127.0.0.1:9464.",
        ),
    ] = None,
) -> None:
    """Watch running services: what flows, how late, what is wrong, what to do. `q` ends it."""
    from consumer.cli.startup import log_for_people
    from consumer.commands.top import show_top

    log_for_people()
    raise typer.Exit(show_top([_service(url) for url in urls or ["http://127.0.0.1:9464"]], sys.stdout, sys.stdin))


def _service(text: str) -> str:
    from consumer.commands.top.status_reader import service_url

    try:
        return service_url(text)
    except ValueError as error:
        raise typer.BadParameter(f"{printable(text)}: {error}", param_hint="--url") from None
