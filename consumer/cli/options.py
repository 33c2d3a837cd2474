"""Options that several commands have. Imports nothing that takes long: every command reads this."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

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


MOST: Final = 1_000_000_000
"""Of whatever is counted: more than anyone means, and less than any library fails at."""
MOST_PARTITION: Final = 999_999_999
MOST_OFFSET: Final = 999_999_999_999_999_999
"""As in a PLACE: nine and eighteen digits."""
_LEAST_RATE: Final = 0.001


def rate_per_s(text: str) -> float:
    """A number of events a second. Raises typer.BadParameter: none, or one that nobody means, such as `inf`."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not _LEAST_RATE <= rate <= MOST:  # which `nan` is not, either
        raise typer.BadParameter(f"write a number from {_LEAST_RATE} to {MOST}")
    return rate


def unix_ms(option: str, text: str, now_s: float) -> int:
    """`earliest`, a duration before now, or a time → Unix milliseconds; 0 means the beginning, also what is before.

    Raises:
        typer.BadParameter: anything else.
    """
    from consumer.config.units import duration_s

    if text == "earliest":
        return 0
    try:
        return max(0, round((now_s - duration_s(text)) * 1000))
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
        when_s = None if when.tzinfo is None else when.timestamp()
    except ValueError:
        when_s = None
    if when_s is None:
        raise typer.BadParameter(
            f"{option}: write earliest, a duration such as 2h, or a time such as 2026-01-31T12:00:00Z"
        )
    return max(0, round(when_s * 1000))


def place(text: str) -> "At":
    """`topic:partition:offset`, or as `parse_at` says. Raises typer.BadParameter."""
    from consumer.commands.dlq.selection import parse_at

    try:
        return parse_at(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from None
