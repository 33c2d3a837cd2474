"""What a person reads at the end: expected against seen, in 80 columns."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.commands.demo.accounting import Accounts, Line
from consumer.commands.demo.demo_run import DemoResult
from consumer.commands.demo.samples import DemoSample
from consumer.core.settle.ledger import RecordOutcome

_WIDTH = 46
"""Of what a line is about, where the terminal has room for it."""
_LEAST_WIDTH = 8
_FIGURES = 9


def show_samples(console: Console, samples: Sequence[DemoSample]) -> None:
    """What was written to Kafka."""
    table = _table(console.width, "Records written to Kafka", "number", "must end as")
    for (kind, outcome), number in _kinds(samples).items():
        table.add_row(kind, str(number), outcome.label)
    console.print(table)


def _kinds(samples: Sequence[DemoSample]) -> Counter[tuple[str, RecordOutcome]]:
    found = Counter((sample.kind, sample.outcome) for sample in samples)
    return Counter(dict(sorted(found.items(), key=lambda item: (item[0][1], -item[1]))))


def show_accounts(console: Console, accounts: Accounts, seen: DemoResult) -> None:
    """What became of it."""
    for title, lines in (
        ("The ledger: how each record ended", accounts.ledger),
        ("Events that the sandbox accepted, by pixel", accounts.accepted),
        ("Dead letters, read back from web-events.dlq", accounts.letters),
        ("And besides", accounts.proofs),
    ):
        console.print()
        console.print(_compared(console.width, title, lines))
    answers = ", ".join(f"{number} × {answer}" for answer, number in sorted(seen.summary.by_answer.items()))
    console.print(
        f"\n{seen.summary.requests} requests, answered {answers}. (0: accepted. 50002: busy, so the same again. 40002: "
        "refused, so the batch was halved until the guilty event stood alone.)"
    )
    console.print()
    verdict = "Everything is accounted for" if accounts.is_even else "NOT everything is accounted for"
    style = "bold green" if accounts.is_even else "bold red"
    console.print(Text(f"{verdict}, in {seen.elapsed_s:.1f} s.", style))


def _compared(columns: int, title: str, lines: Sequence[Line]) -> Table:
    table = _table(columns, title, "expected", "seen")
    for line in lines:
        mark = Text(f"{line.seen:.0f} ✓", "green") if line.is_right else Text(f"{line.seen:.0f} ✗", "bold red")
        table.add_row(Text(line.what), f"{line.expected:.0f}", mark)
    return table


def _table(columns: int, title: str, *figures: str) -> Table:
    """A table whose figures are whole in so many columns: what they are about is folded."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1), header_style="dim")
    widths = [max(_FIGURES, len(name)) for name in figures]
    left = columns - sum(width + 2 for width in widths) - 2
    table.add_column("", width=min(_WIDTH, max(_LEAST_WIDTH, left)), overflow="fold")
    for name, width in zip(figures, widths, strict=True):
        table.add_column(name, justify="right", width=width, overflow="fold")
    return table


def show_next(console: Console) -> None:
    """What to try now."""
    console.print("\nTry next:", style="bold")
    for command, what in (
        ("tiktok-consumer demo --keep", "the same, left running: watch it in a browser"),
        ("tiktok-consumer sandbox --port 8080", "the stand-in for TikTok, for your own configuration"),
        ("tiktok-consumer explain --file record.json", "what becomes of a record of yours, and why"),
    ):
        console.print(Text.assemble("  ", (command, "cyan"), "\n      ", what))
    console.print("  README, “Quick start”: the service against your own Kafka.")


def show_addresses(console: Console, sandbox: str, status: str, broker: str, config: Path) -> None:
    """Where everything is, while it is kept running."""
    console.print("\nStill running, with a few more visitors a second, until Ctrl-C:", style="bold")
    for name, what in (
        ("Test Events page", f"{sandbox}/"),
        ("status page", f"{status}/"),
        ("its metrics", f"{status}/metrics"),
        ("broker", broker),
        ("configuration", str(config)),
    ):
        console.print(Text.assemble("  ", f"{name:<18}", (what, "cyan")), soft_wrap=True)
    command = f"tiktok-consumer explain -c {config} --topic web-events --partition 0 --offset 3"
    console.print(Text.assemble("  ", f"{'explain a record':<18}", (command, "cyan")), soft_wrap=True)
