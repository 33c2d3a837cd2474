"""Options that several commands have. Imports nothing that takes long: every command reads this."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumer.commands.dlq.selection import At

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="Default: $TIKTOK_CONSUMER_CONFIG, else ./consumer.yaml."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="Written since: `2h` ago, or an ISO 8601 time with its zone."),
]


def unix_ms(option: str, text: str, now_s: float) -> int:
    """`earliest`, a duration before now, or a time → Unix milliseconds; 0 means the beginning.

    Raises:
        typer.BadParameter: anything else.
    """
    from consumer.config.units import duration_s

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
            f"{option}: write earliest, a duration such as 2h, or a time such as 2026-01-31T12:00:00Z"
        )
    return round(when.timestamp() * 1000)


def place(text: str) -> "At":
    """`topic:partition:offset`, or as `parse_at` says. Raises typer.BadParameter."""
    from consumer.commands.dlq.selection import parse_at

    try:
        return parse_at(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from None
