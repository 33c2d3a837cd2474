"""What the suite prints: a line a run, and at the end a table that can be put into the README as it is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.judge import Verdict
from tests.chaos.stream import JUMPS


@dataclass(frozen=True)
class Outcome:
    """One run, judged."""

    seed: int
    about: str
    """What was drawn for it: group protocol, https or not, and so on."""
    length_s: float
    records: int
    bad: int
    """Of them, those that must become dead letters."""
    injected: Counter[str]
    recovered_s: float
    """Seconds from the end of the last fault until everything was settled."""
    verdict: Verdict

    @property
    def line(self) -> str:
        verdict = self.verdict
        well = "; ".join(verdict.faults) if verdict.faults else "all is well"
        causes = ", ".join(f"{count} {cause}" for cause, count in Counter(verdict.causes).most_common(3))
        return (
            f"seed {self.seed} ({self.about}): {self.length_s:.0f} s, {self.injected.total()} faults, "
            f"{self.records} records, {verdict.events} events, {verdict.lost} lost, "
            f"{verdict.repeated} accepted again ({verdict.unexplained} without a cause; {causes}), "
            f"recovered in {self.recovered_s:.0f} s, at most {verdict.most_resident_mib:.0f} MiB, "
            f"grown by {verdict.most_grown_mib:.0f}: {well}"
        )


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: the faults by kind, then the sums, then each seed."""
    injected = sum((outcome.injected for outcome in outcomes), Counter[str]())
    causes = sum((Counter(outcome.verdict.causes) for outcome in outcomes), Counter[str]())
    verdicts = [outcome.verdict for outcome in outcomes]
    events = sum(verdict.events for verdict in verdicts)
    repeated = sum(verdict.repeated for verdict in verdicts)
    recovered = sorted(outcome.recovered_s for outcome in outcomes)
    sums = {
        "runs": f"{len(outcomes)}, {sum(outcome.length_s for outcome in outcomes) / 60:.0f} minutes in all",
        "faults": f"{injected.total()} of {len(injected)} kinds",
        "records, events": f"{sum(outcome.records for outcome in outcomes):,}, {events:,}",
        "bad records, each a dead letter": f"{sum(outcome.bad for outcome in outcomes):,}",
        "jumps of the records' clocks": f"{JUMPS * len(outcomes)}",
        "lost": f"{sum(verdict.lost for verdict in verdicts)}",
        "accepted again": f"{repeated:,} ({repeated / max(1, events):.2%}), "
        f"without a cause {sum(verdict.unexplained for verdict in verdicts)}",
        "seconds to recover": f"median {recovered[len(recovered) // 2]:.0f}, longest {recovered[-1]:.0f}",
        "most memory of a process": f"{max(verdict.most_resident_mib for verdict in verdicts):.0f} MiB, "
        f"grown by at most {max(verdict.most_grown_mib for verdict in verdicts):.0f} MiB",
    }
    return "\n".join(
        [
            *_rows(("fault", "times"), injected.most_common()),
            "",
            *_rows(("", "all runs"), sums.items()),
            "",
            *_rows(("accepted again after", "events"), causes.most_common()),
            "",
            *_rows(("seed", "faults", "events", "lost", "again", "s to recover"), map(_row, outcomes)),
        ]
    )


def _row(outcome: Outcome) -> tuple[object, ...]:
    verdict = outcome.verdict
    return (
        outcome.seed,
        outcome.injected.total(),
        verdict.events,
        verdict.lost,
        verdict.repeated,
        round(outcome.recovered_s),
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]
