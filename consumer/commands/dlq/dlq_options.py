"""The options of `dlq`, and what they mean. Imports nothing that takes long: every command reads this."""

from typing import Annotated

import typer

from consumer.commands.dlq.selection import At, Selection, parse_at, unknown_stages
from consumer.commands.options import unix_ms
from consumer.core.model import RejectReason

Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", metavar="REASON", help="Of this reason, as `map.call`, or stage, as `map`. Repeatable."),
]
Rules = Annotated[list[str] | None, typer.Option("--rule", metavar="RULE", help="Of this rule. Repeatable.")]
Pixels = Annotated[list[str] | None, typer.Option("--pixel", metavar="PIXEL", help="Of this pixel. Repeatable.")]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Written before that time.")]
_PLACE = "TOPIC:PARTITION[:OFFSET[-LAST]], of the dead letter or of where its record came from. Repeatable."
Places = Annotated[list[str] | None, typer.Option("--at", metavar="PLACE", help=_PLACE)]
PlaceArguments = Annotated[list[str] | None, typer.Argument(metavar="PLACE", help=_PLACE, show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a dead letter, one a line.")]
ListLimit = Annotated[int, typer.Option("--limit", metavar="N", min=0, help="Beside the counts, list the last N.")]
ShowLimit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Show N at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing, note nothing.")]
Rate = Annotated[float | None, typer.Option("--rate", metavar="N", min=0.001, help="N a second at most.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Replay N at most.")]
OnlyIfFixed = Annotated[
    bool,
    typer.Option("--only-if-fixed", help="Only what the current configuration would send; leave the others alone."),
]
MaxReplays = Annotated[
    int,
    typer.Option("--max-replays", metavar="N", min=1, help="Leave alone what was replayed N times and came back."),
]
ToOrigin = Annotated[
    bool,
    typer.Option(
        "--to-origin",
        help="Write to the topics the records came from instead: every reader of those sees them again.",
    ),
]
ReportJson = Annotated[bool, typer.Option("--json", help="What was done as one JSON object.")]


def selection(
    *,
    reasons: list[str] | None,
    rules: list[str] | None,
    pixels: list[str] | None,
    since: str | None,
    until: str | None,
    places: list[str] | None,
    now_s: float,
) -> Selection:
    """What the filters mean. Raises typer.BadParameter."""
    unknown = unknown_stages(reasons or (), map(str, RejectReason))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is no reason; `dlq list` shows those there are", param_hint="--reason")
    return Selection(
        tuple(reasons or ()),
        tuple(rules or ()),
        tuple(pixels or ()),
        None if since is None else unix_ms("--since", since, now_s),
        None if until is None else unix_ms("--until", until, now_s),
        tuple(_at(text) for text in places or ()),
    )


def _at(text: str) -> At:
    try:
        return parse_at(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from None
