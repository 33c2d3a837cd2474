"""A rehearsal: what rules would make of many records. Counting is pure; for people it is printed in 80 columns."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field, structs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.commands.explain.explain_words import worded_text
from consumer.commands.explain.field_story import HashedText
from consumer.commands.explain.rule_story import FailedCondition
from consumer.core.model import Decision, Event, Note, Position
from consumer.core.reasons import PROBLEMS
from consumer.core.remarks import match_keys
from consumer.terminal import printable, several

_MOST_LINES = 12
_BAR = 20
_MOST_TEXTS = 5
"""Of a field: those that most events share, which is where a placeholder shows itself."""


class RuleTally(Struct):
    """What became of the records that one rule held for."""

    events: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Field without index, and problem → events."""
    remarks: Counter[str] = field(default_factory=Counter)
    """What events lack that TikTok takes all the same → events."""
    match_keys: Counter[str] = field(default_factory=Counter)
    failed: Counter[FailedCondition] = field(default_factory=Counter)
    """The condition that failed first → records that the rule does not hold for."""
    texts: dict[str, Counter[HashedText]] = field(default_factory=dict)
    """Field → what was hashed there, if that is to be shown → events."""
    firsts: dict[str, Position] = field(default_factory=dict)
    """Reason → the first record that was rejected for it."""

    @property
    def holds(self) -> int:
        return self.events + self.rejected.total()


class Rehearsal:
    """Counts decisions."""

    def __init__(self, rules: Iterable[str]) -> None:
        self.rules = {name: RuleTally() for name in rules}
        self.records = 0
        self.dropped: Counter[str] = Counter()
        self.undecoded: Counter[str] = Counter()
        self.firsts: dict[str, Position] = {}
        """Reason → the first record that could not be decoded for it."""

    def add(
        self, decision: Decision, at: Position, failed: Mapping[str, FailedCondition] = MappingProxyType({})
    ) -> None:
        """Count one record.

        Args:
            failed: rule → the first of its conditions that failed.
        """
        self.records += 1
        if decision.dropped is not None:
            self.dropped[str(decision.dropped)] += 1
        for rejection in decision.rejections:
            tally = self.rules.get(rejection.rule or "")
            (self.undecoded if tally is None else tally.rejected)[str(rejection.reason)] += 1
            (self.firsts if tally is None else tally.firsts).setdefault(str(rejection.reason), at)
        for event in decision.events:
            self._add(self.rules[event.rule], event)
        for rule, condition in failed.items():
            self.rules[rule].failed[condition] += 1

    def add_text(self, rule: str, text: HashedText) -> None:
        """Count what a rule's event was given its digest of."""
        self.rules[rule].texts.setdefault(_bare(text.field), Counter())[text] += 1

    def _add(self, tally: RuleTally, event: Event) -> None:
        tally.events += 1
        tally.match_keys.update(match_keys(event.fields))
        tally.remarks.update(map(str, event.remarks))
        tally.left_out.update({(_without_index(note), str(note.problem)) for note in event.notes if note.is_dropped})


def _without_index(note: Note) -> str:
    return _bare(note.field)


def _bare(path: str) -> str:
    head, bracket, tail = path.partition("[")
    return head + tail.partition("]")[2] if bracket else head


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """All counts."""
    return {
        "records": rehearsal.records,
        "dropped": dict(rehearsal.dropped),
        "undecoded": dict(rehearsal.undecoded),
        "firsts": _places(rehearsal.firsts),
        "rules": [
            {
                "rule": name,
                "holds": tally.holds,
                "events": tally.events,
                "rejected": dict(tally.rejected),
                "firsts": _places(tally.firsts),
                "left_out": [{"field": f, "problem": p, "events": n} for (f, p), n in tally.left_out.most_common()],
                "remarks": dict(tally.remarks),
                "match_keys": dict(tally.match_keys),
                "failed_first": [
                    {"condition": condition.place, "text": condition.text, "records": number}
                    for condition, number in tally.failed.most_common()
                ],
                **_texts_json(tally),
            }
            for name, tally in rehearsal.rules.items()
        ],
    }


def _texts_json(tally: RuleTally) -> dict[str, Any]:
    """Nothing unless texts are to be shown."""
    shown = [
        {**structs.asdict(text), "events": number}
        for texts in tally.texts.values()
        for text, number in texts.most_common(_MOST_TEXTS)
    ]
    return {"hashed": shown} if shown else {}


def _places(firsts: Mapping[str, Position]) -> dict[str, list[int]]:
    """Reason → partition and offset."""
    return {reason: [at.partition, at.offset] for reason, at in firsts.items()}


def show(console: Console, rehearsal: Rehearsal) -> None:
    """Print it for people."""
    console.print(Text(f"A rehearsal on {several(rehearsal.records, 'record')}", "bold"))
    _lines(console, "dropped", rehearsal.dropped, rehearsal.records, "yellow")
    _lines(console, "not decoded", _pointed(rehearsal.undecoded, rehearsal.firsts), rehearsal.records, "red")
    for name, tally in rehearsal.rules.items():
        console.print()
        share = _percent(tally.holds, rehearsal.records)
        console.print(
            Text.assemble(
                "rule ",
                (name, "bold"),
                f" holds for {tally.holds:,} ({share}), {several(tally.events, 'event')}",
            )
        )
        failed = {f"{condition.place}: {printable(condition.text)}": n for condition, n in tally.failed.items()}
        _lines(console, "first unmet", Counter(failed), rehearsal.records, "yellow")
        _lines(console, "rejected", _pointed(tally.rejected, tally.firsts), tally.holds, "red")
        left_out = {f"{where}: {_WORDS.get(problem, problem)}": n for (where, problem), n in tally.left_out.items()}
        _lines(console, "left out", Counter(left_out), tally.events, "yellow")
        remarked = {_WORDS[remark]: number for remark, number in tally.remarks.items()}
        _lines(console, "remarks", Counter(remarked), tally.events, "yellow")
        _coverage(console, tally)
        for path, texts in tally.texts.items():
            shown = Counter({f"{path}: {worded_text(text)}": n for text, n in texts.most_common(_MOST_TEXTS)})
            _lines(console, "hashed most", shown, tally.events, "green")


def _pointed(counts: Counter[str], firsts: Mapping[str, Position]) -> Counter[str]:
    """Each reason with where to look: `explain` takes partition and offset."""
    places = {why: f"{at.topic}[{at.partition}] offset {at.offset}" for why, at in firsts.items()}
    return Counter({f"{why}, first at {places[why]}": number for why, number in counts.items()})


_WORDS = {str(problem): words for problem, (words, _) in PROBLEMS.items()}


def _lines(console: Console, label: str, counts: Counter[str], of: int, style: str) -> None:
    if not counts:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for width in (13, 9, 7):
        table.add_column(width=width, justify="left" if width == 13 else "right")
    table.add_column(overflow="fold")
    for place, (what, number) in enumerate(counts.most_common(_MOST_LINES)):
        table.add_row(f"  {label}" if not place else "", f"{number:,}", _percent(number, of), Text(what, style))
    if len(counts) > _MOST_LINES:
        table.add_row("", "", "", f"and {len(counts) - _MOST_LINES:,} more")
    console.print(table)


def _coverage(console: Console, tally: RuleTally) -> None:
    """What TikTok could find people by."""
    if not tally.events:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for width in (13, 17, 7):
        table.add_column(width=width, no_wrap=True, justify="right" if width == 7 else "left")
    longest = max(0, min(_BAR, console.width - 44))
    table.add_column(width=longest)
    for place, (key, number) in enumerate(tally.match_keys.most_common()):
        bar = "█" * round(longest * number / tally.events)
        style = "red" if key == "none" else "green"
        table.add_row("  match keys" if not place else "", key, _percent(number, tally.events), Text(bar, style))
    console.print(table)


def _percent(number: int, of: int) -> str:
    return f"{100 * number / of:.1f}%" if of else "–"
