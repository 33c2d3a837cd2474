"""`dlq list`: how many letters there are of what, and the last of them."""

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.commands.dlq.dead_letter import DeadLetterRecord, LetterState
from consumer.terminal import printable, several

Kind = tuple[str, str, str]
"""Reason, rule and pixel; empty where a letter has none."""


class Span(Struct):
    """When letters of one kind were written, Unix milliseconds."""

    first_ms: int
    last_ms: int


class Tally(Struct):
    """Counts letters, and keeps the last of them."""

    keep: int
    counts: Counter[Kind] = field(default_factory=Counter)
    spans: dict[Kind, Span] = field(default_factory=dict)
    short: int = 0
    """Written without their value."""
    open: Counter[Kind] = field(default_factory=Counter)
    """Those of them that were not replayed."""
    states: Counter[LetterState] = field(default_factory=Counter)
    _last: list[tuple[int, int, DeadLetterRecord, LetterState]] = field(default_factory=list)

    def add(self, letter: DeadLetterRecord, state: LetterState = LetterState.OPEN) -> None:
        """Count one letter."""
        self.states[state] += 1
        kind = letter.reason, letter.record.rule or "", letter.pixel or ""
        span = self.spans.setdefault(kind, Span(letter.written_ms, letter.written_ms))
        span.first_ms, span.last_ms = min(span.first_ms, letter.written_ms), max(span.last_ms, letter.written_ms)
        self.counts[kind] += 1
        self.open[kind] += state is LetterState.OPEN
        self.short += letter.is_short
        heapq.heappush(self._last, (letter.written_ms, self.counts.total(), letter, state))
        if len(self._last) > self.keep:
            heapq.heappop(self._last)

    def by_reason(self) -> list[tuple[Kind, int]]:
        """All kinds, the reason with most letters first."""
        of_reason: Counter[str] = Counter()
        for (reason, _, _), count in self.counts.items():
            of_reason[reason] += count
        return sorted(self.counts.items(), key=lambda each: (-of_reason[each[0][0]], each[0][0], -each[1], each[0]))

    def last(self) -> list[tuple[DeadLetterRecord, LetterState]]:
        """The last letters, newest first."""
        return [(letter, state) for _, _, letter, state in sorted(self._last, key=lambda each: each[:2], reverse=True)]


def last_of(
    found: Iterable[tuple[DeadLetterRecord, LetterState]], number: int
) -> list[tuple[DeadLetterRecord, LetterState]]:
    """The last written, in the order of their writing; no more in memory than these."""
    newest = heapq.nlargest(number, enumerate(found), key=lambda each: (each[1][0].written_ms, each[0]))
    return [each for _, each in reversed(newest)]


def as_json(letter: DeadLetterRecord) -> dict[str, Any]:
    """What a letter says of itself; no value of its record."""
    record = letter.record
    return {
        "letter": letter.place,
        "origin": letter.origin,
        "reason": letter.reason,
        "detail": letter.detail,
        "rule": record.rule,
        "pixel": letter.pixel,
        "code": letter.code,
        "request_id": letter.request_id,
        "failed_at": letter.failed_at or None,
        "written_at": moment(letter.written_ms),
        "replays": record.replays,
        "value_bytes": letter.value_bytes if letter.value_bytes is not None else len(record.value or b""),
        "has_value": not letter.is_short,
    }


def moment(at_ms: int) -> str:
    """A time as ISO 8601, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_WHOLE_TIMES: Final = 60
"""Columns of a terminal that has room for a time in one line."""


def show(console: Console, tally: Tally, topics: tuple[str, ...]) -> None:
    """Print the counts, then the last letters, in 80 columns."""
    total = tally.counts.total()
    console.print(Text(f"{several(total, 'dead letter')} in {', '.join(topics)}", "bold"))
    if not total:
        return
    is_replayed = tally.states[LetterState.OPEN] < total
    if is_replayed:
        console.print(", ".join(f"{count:,} {state}" for state in LetterState if (count := tally.states[state])))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("letters", justify="right", no_wrap=True)
    if is_replayed:
        table.add_column("open", justify="right", no_wrap=True)
    for name in ("reason", "rule", "pixel"):
        table.add_column(name, overflow="fold")
    table.add_column("last written", no_wrap=console.width >= _WHOLE_TIMES, overflow="fold")
    for kind, count in tally.by_reason():
        reason, rule, pixel = map(printable, kind)
        counts = (f"{count:,}", f"{tally.open[kind]:,}") if is_replayed else (f"{count:,}",)
        table.add_row(*counts, Text(reason, "red"), rule or "–", pixel or "–", moment(tally.spans[kind].last_ms))
    console.print(table)
    if tally.short:
        console.print(f"{tally.short:,} of them were written without their value, for their size.")
    _show_last(console, tally)


def _show_last(console: Console, tally: Tally) -> None:
    last = tally.last()
    if not last:
        return
    console.print()
    console.print(Text(f"The last {len(last)}; `tiktok-consumer dlq show PLACE` decodes one", "bold"))
    for letter, state in last:
        console.print(
            Text.assemble((letter.place, "cyan"), f"  {moment(letter.written_ms)}  ", (printable(letter.reason), "red"))
        )
        came = f"  from {letter.origin}" + (f", replayed {letter.record.replays}×" if letter.record.replays else "")
        came += "" if state is LetterState.OPEN else f", {state}"
        console.print(Text(f"{came}: {printable(letter.detail)}", "dim"))
