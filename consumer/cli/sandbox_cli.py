"""The command line of `sandbox`."""

import signal
from typing import Annotated

import typer

from consumer.cli.options import MOST
from consumer.cli.startup import log_for_people
from consumer.exit_codes import INTERRUPTED, OK, UNUSABLE_CONFIG
from consumer.terminal import complain, printable


def sandbox_command(  # noqa: PLR0917  # typer makes options of them
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 8088,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    keep: Annotated[int, typer.Option("--keep", min=0, max=MOST, help="Events kept whole, about 1 KB each.")] = 100_000,
    forget_keys: Annotated[
        bool, typer.Option("--forget-keys", help="Do not count by event_id: for runs of many millions of events.")
    ] = False,
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Accept every request without checks: for measuring the sender.")
    ] = False,
    latency: Annotated[str, typer.Option("--latency", metavar="TIME", help="Delay of every answer.")] = "0s",
) -> None:
    """Stand in for TikTok's Events API on this machine: strict, and with the faults that you choose."""
    from consumer.bind_faults import bind_problem
    from consumer.config.units import duration_s
    from consumer.sandbox.api import SandboxSettings
    from consumer.sandbox.server import serve

    log_for_people()
    try:
        latency_ms = duration_s(latency) * 1000
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--latency") from None
    settings = SandboxSettings(keep=keep, forgets_keys=forget_keys, has_checks=not no_checks, latency_ms=latency_ms)
    try:
        ended_by = serve(port, host=host, settings=settings, on_ready=_tell_sandbox)
    except (OSError, UnicodeError) as error:
        complain(printable(bind_problem(host, port, error)))
        raise typer.Exit(UNUSABLE_CONFIG) from None
    raise typer.Exit(INTERRUPTED if ended_by == signal.SIGINT else OK)


def _tell_sandbox(url: str) -> None:
    told = f"Sandbox:     {url}/\nIts base_url: {url}\nStop it with Ctrl-C."
    print(told, flush=True)  # noqa: T201  # for the person at the terminal
