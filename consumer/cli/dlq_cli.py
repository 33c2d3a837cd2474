"""The options and commands of `dlq`. What they work with is imported when a command runs: the others need not wait."""

import inspect
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumer.cli.options import MOST, Config, Since, place, rate_per_s, unix_ms
from consumer.cli.registration import Group, Version, register
from consumer.exit_codes import INTERRUPTED
from consumer.signals import Signals

if TYPE_CHECKING:
    from consumer.commands.dlq.selection import Selection

# A word that is wider than its column is cut, so the form is written short.
PLACE = "T:P[:O[-LAST]]: topic, partition, offsets, of the dead letter or of where its record came from. Repeatable."
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a dead letter, one a line.")]
ListLimit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=0,
        max=MOST,
        help="List the last N beside the counts: 10 if not given. With --json: all.",
    ),
]
ShowLimit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=MOST, help="Show N at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing, note nothing.")]
Rate = Annotated[float | None, typer.Option("--rate", metavar="N", parser=rate_per_s, help="N a second at most.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, max=MOST, help="Replay N at most.")]
OnlyIfFixed = Annotated[
    bool,
    typer.Option("--only-if-fixed", help="Only what the current configuration would send; leave the others alone."),
]
MaxReplays = Annotated[
    int,
    typer.Option(
        "--max-replays", metavar="N", min=1, max=MOST, help="Leave alone what was replayed N times and came back."
    ),
]
ToOrigin = Annotated[
    bool,
    typer.Option(
        "--to-origin",
        help="Write to the topics the records came from instead: every reader of those sees them again.",
    ),
]
ReportJson = Annotated[bool, typer.Option("--json", help="What was done as one JSON object.")]

dlq = typer.Typer(cls=Group, no_args_is_help=True)
"""Each command takes the context's `obj`: what makes the settings of a configuration file."""


@dlq.callback()
def _commands(*, version: Version = False) -> None:
    """Dead letters: count them, look at one, replay them."""


def _selection(
    *,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Of this reason, as `map.call`, or stage, as `map`. Repeatable."),
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Of this rule. Repeatable.")] = None,
    pixel: Annotated[list[str] | None, typer.Option(metavar="PIXEL", help="Of this pixel. Repeatable.")] = None,
    since: Since = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Written before that time.")] = None,
    at: Annotated[list[str] | None, typer.Option(metavar="PLACE", help=PLACE)] = None,
) -> "Selection":
    """The filters that all three commands have, and what they mean. Raises typer.BadParameter."""
    from consumer.commands.dlq.selection import Selection, unknown_stages
    from consumer.core.reasons import RejectReason

    unknown = unknown_stages(reason or (), map(str, RejectReason))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is no reason; `dlq list` shows those there are", param_hint="--reason")
    now_s = time.time()
    return Selection(
        tuple(reason or ()),
        tuple(rule or ()),
        tuple(pixel or ()),
        None if since is None else unix_ms("--since", since, now_s),
        None if until is None else unix_ms("--until", until, now_s),
        tuple(place(text) for text in at or ()),
        (since, until),
    )


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes a `selection` the options which it is made of: typer reads signatures."""
    filters = inspect.signature(_selection).parameters
    own = inspect.signature(command).parameters

    def filtered(**given: Any) -> None:
        chosen = _selection(**{name: given.pop(name) for name in filters if name in given})
        command(selection=chosen, **given)

    parameters = [each for name, each in {**filters, **own}.items() if name != "selection"]
    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    filtered.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]  # functions may have one
    filtered.__annotations__ = {each.name: each.annotation for each in parameters}
    filtered.__name__, filtered.__doc__ = command.__name__, command.__doc__
    return filtered


@_filtered
def dlq_list_command(
    *,
    context: typer.Context,
    config: Config = None,
    selection: "Selection",
    limit: ListLimit = None,
    as_json: AsJson = False,
) -> None:
    """Count dead letters by reason, and list the last ones. Shows no values of records."""
    from consumer.commands.dlq.dlq_command import Output, list_letters

    raise typer.Exit(list_letters(context.obj(config), selection, limit, Output(sys.stdout, as_json)))


@_filtered
def dlq_show_command(
    *,
    context: typer.Context,
    at: Annotated[list[str] | None, typer.Argument(metavar="PLACE", help=PLACE, show_default=False)] = None,
    config: Config = None,
    selection: "Selection",
    limit: ShowLimit = 1,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter: why it is one, its record decoded, and what would become of it now."""
    from consumer.commands.dlq.dlq_command import Output, show_letters

    shown = max(limit, len(selection.places))
    raise typer.Exit(show_letters(context.obj(config), selection, shown, Output(sys.stdout, as_json)))


@_filtered
def dlq_replay_command(
    *,
    context: typer.Context,
    config: Config = None,
    selection: "Selection",
    dry_run: DryRun = False,
    only_if_fixed: OnlyIfFixed = False,
    limit: Limit = None,
    rate: Rate = None,
    max_replays: MaxReplays = 3,
    to_origin: ToOrigin = False,
    as_json: ReportJson = False,
) -> None:
    """Replay dead letters, each once: `run` reads them from its own replay topic."""
    from consumer.commands.dlq.dlq_command import Output, replay_letters
    from consumer.commands.dlq.replay import ReplayRequest

    wanted = ReplayRequest(selection, max_replays, dry_run, only_if_fixed, to_origin, rate, limit)
    settings, signals = context.obj(config), Signals()
    code = replay_letters(settings, wanted, Output(sys.stdout, as_json), signals)
    raise typer.Exit(INTERRUPTED if signals.is_interrupted else code)


register(dlq, "list", dlq_list_command, "dlq list --reason normalize --since 2h")
register(dlq, "show", dlq_show_command, "dlq show web-events:3:1042")
register(dlq, "replay", dlq_replay_command, "dlq replay --only-if-fixed --dry-run")
