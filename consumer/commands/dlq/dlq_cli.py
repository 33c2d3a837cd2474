"""The command line of `dlq`. What it works with is imported when a command runs: the others need not wait for it."""

import sys
import time

import typer

from consumer.commands.dlq.dlq_options import (
    AsJson,
    DryRun,
    Limit,
    ListLimit,
    MaxReplays,
    OnlyIfFixed,
    Pixels,
    PlaceArguments,
    Places,
    Rate,
    Reasons,
    ReportJson,
    Rules,
    ShowLimit,
    ToOrigin,
    Until,
    selection,
)
from consumer.commands.options import Config, Since
from consumer.run import Signals

dlq = typer.Typer(help="Dead letters: count them, look at one, send them round again.", no_args_is_help=True)
"""Each command takes the context's `obj`: what makes the settings of a configuration file."""


@dlq.command("list")
def dlq_list_command(
    context: typer.Context,
    config: Config = None,
    *,
    reason: Reasons = None,
    rule: Rules = None,
    pixel: Pixels = None,
    since: Since = None,
    until: Until = None,
    at: Places = None,
    limit: ListLimit = 10,
    as_json: AsJson = False,
) -> None:
    """Count dead letters by reason, and list the last ones. Shows no values of records."""
    from consumer.commands.dlq.dlq_command import Output, list_letters

    chosen = selection(reasons=reason, rules=rule, pixels=pixel, since=since, until=until, places=at, now_s=time.time())
    raise typer.Exit(list_letters(context.obj(config), chosen, limit, Output(sys.stdout, as_json)))


@dlq.command("show")
def dlq_show_command(
    context: typer.Context,
    places: PlaceArguments = None,
    config: Config = None,
    *,
    reason: Reasons = None,
    rule: Rules = None,
    pixel: Pixels = None,
    since: Since = None,
    until: Until = None,
    limit: ShowLimit = 1,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter: why it is one, its record decoded, and what would become of it now."""
    from consumer.commands.dlq.dlq_command import Output, show_letters

    chosen = selection(
        reasons=reason, rules=rule, pixels=pixel, since=since, until=until, places=places, now_s=time.time()
    )
    raise typer.Exit(
        show_letters(context.obj(config), chosen, max(limit, len(places or ())), Output(sys.stdout, as_json))
    )


@dlq.command("replay")
def dlq_replay_command(
    context: typer.Context,
    config: Config = None,
    *,
    reason: Reasons = None,
    rule: Rules = None,
    pixel: Pixels = None,
    since: Since = None,
    until: Until = None,
    at: Places = None,
    dry_run: DryRun = False,
    only_if_fixed: OnlyIfFixed = False,
    limit: Limit = None,
    rate: Rate = None,
    max_replays: MaxReplays = 3,
    to_origin: ToOrigin = False,
    as_json: ReportJson = False,
) -> None:
    """Send dead letters round again, each once: `run` reads them from its own replay topic."""
    from consumer.commands.dlq.dlq_command import Output, replay_letters
    from consumer.commands.dlq.replay import ReplayRequest

    chosen = selection(reasons=reason, rules=rule, pixels=pixel, since=since, until=until, places=at, now_s=time.time())
    wanted = ReplayRequest(chosen, max_replays, dry_run, only_if_fixed, to_origin, rate, limit)
    settings, signals = context.obj(config), Signals()
    with signals.caught():
        code = replay_letters(settings, wanted, Output(sys.stdout, as_json), signals)
    raise typer.Exit(code)
