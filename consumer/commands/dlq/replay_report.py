"""What a replay did, or would do. Counting is pure; for people it is printed in 80 columns."""

from collections import Counter
from typing import Any

from msgspec import Struct, field
from rich.console import Console
from rich.text import Text

from consumer.commands.dlq.replay_decision import Age, SkipReason
from consumer.commands.explain.explain_words import of_reason
from consumer.core.reasons import RejectReason
from consumer.terminal import several

OLD = {
    Age.COUNTED_TWICE: "older than 48 hours: if TikTok has had them, it counts them twice",
    Age.UNMATCHED: "older than 28 days: TikTok will hardly match them to anybody",
}


class Report(Struct):
    """One replay."""

    topic: str
    """Where letters are replayed to; empty: where each came from."""
    is_dry: bool = False
    replayed: int = 0
    """Acknowledged; in a dry run, those that would be."""
    left: Counter[SkipReason] = field(default_factory=Counter)
    still_rejected: Counter[RejectReason] = field(default_factory=Counter)
    """Why the configuration would still reject what is left for that."""
    ages: Counter[Age] = field(default_factory=Counter)
    refused_by_tiktok: int = 0
    """Replayed though only TikTok can say whether they are fixed."""
    unacknowledged: int = 0
    stopped: str = ""
    """Why it ended before its end; empty: it did not."""

    @property
    def is_whole(self) -> bool:
        return not self.stopped


def as_json(report: Report) -> dict[str, Any]:
    """All of it."""
    return {
        "dry_run": report.is_dry,
        "to": report.topic or "origin",
        "replayed": report.replayed,
        "left": {left.name.lower(): report.left[left] for left in SkipReason if report.left[left]},
        "still_rejected": {str(reason): count for reason, count in report.still_rejected.most_common()},
        "older_than_48h": report.ages[Age.COUNTED_TWICE] + report.ages[Age.UNMATCHED],
        "older_than_28d": report.ages[Age.UNMATCHED],
        "unacknowledged": report.unacknowledged,
        "stopped": report.stopped or None,
    }


def show(console: Console, report: Report) -> None:
    """Print it."""
    verb = "would be replayed" if report.is_dry else "replayed"
    where = f"to {report.topic}" if report.topic else "to where they came from"
    console.print(Text(f"{several(report.replayed, 'dead letter')} {verb} {where}", "bold"))
    for left, count in report.left.most_common():
        console.print(Text.assemble((f"{count:>9,} ", "yellow"), f"left alone: {left}"))
    for reason, count in report.still_rejected.most_common():
        console.print(f"{count:>9,} of these: {reason} → {of_reason(reason)}")
    for age, words in OLD.items():
        if report.ages[age]:
            console.print(Text(f"warning: {report.ages[age]:,} {words}", "yellow"))
    if report.refused_by_tiktok:
        console.print(
            f"note: TikTok itself refused {report.refused_by_tiktok:,} of them; whether that is fixed, only it can say"
        )
    if report.unacknowledged:
        console.print(
            Text(
                f"{report.unacknowledged:,} more were written without an answer; the next replay looks whether "
                "they are there",
                "red",
            )
        )
    if report.stopped:
        console.print(Text(f"stopped before the end: {report.stopped}; the same command continues from here", "red"))
