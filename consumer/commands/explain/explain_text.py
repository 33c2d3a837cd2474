"""An explanation for people, in a terminal: wide or narrow, in colours where there are any.

It shows the record's own values, which is what it is for: to the person who asked, about a record they gave. What
could steer a terminal is shown as an escape. Access tokens do not come near this module.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from json import dumps
from typing import Final
from uuid import UUID

import msgspec
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from consumer.commands.explain.explain_window import WindowVerdict
from consumer.commands.explain.explain_words import DROPS, of_note, of_reason, worded_text
from consumer.commands.explain.explainer import Explained, ExplainedEvent, RuleStory
from consumer.commands.explain.field_story import FieldStory
from consumer.commands.explain.rule_story import Unmet
from consumer.core.dedupe.submissions import DedupeResult
from consumer.core.model import Note, Rejection
from consumer.core.remarks import match_keys
from consumer.core.tiktok_event import FIELD_BIT
from consumer.terminal import printable, several

WIDE: Final = 118
"""From this many columns on, a field takes one line."""
NARROW: Final = 70
"""Below, what becomes of a field stands under it, not next to it."""
_GOOD, _BAD, _WARN, _DIM, _NAME = "green", "red", "yellow", "dim", "cyan"
_LONGEST: Final = 200
_THEME: Final = "ansi_dark"
"""The terminal's own colours, which can be read on its background, light or dark."""
_PRODUCT: Final = "properties.contents["
ALL_FIELDS: Final = sum(FIELD_BIT.values())
_WINDOW: Final = {
    DedupeResult.FIRST: "first of its key: sent",
    DedupeResult.MERGED: "merged into the event of offset {of}, which was not sent yet",
    DedupeResult.FORWARDED: "forwarded: it has fields that the event of offset {of} lacked",
    DedupeResult.DUPLICATE: "a duplicate of the event of offset {of}: not sent",
    DedupeResult.UNKEYED: "has no key, so it is sent without deduplication",
    DedupeResult.TOO_OLD: "older than the window: sent without deduplication",
}


def show(console: Console, explained: Explained, number: int, of: int, window: Sequence[WindowVerdict] = ()) -> None:
    """Print one record's way."""
    console.print(Line(Text(_title(explained, number, of), style="bold"), align="left"))
    for part in _parts(explained, window, console.width):
        console.print(part)
    console.print()


def _title(explained: Explained, number: int, of: int) -> str:
    at = explained.record.position
    return f"{at.topic}[{at.partition}] offset {at.offset}" if explained.has_position else f"record {number} of {of}"


def _parts(explained: Explained, window: Sequence[WindowVerdict], width: int) -> Iterator[RenderableType]:
    yield _labelled("decode", _decode(explained))
    yield _labelled("decision", _decision(explained))
    told = {story.rule.name for story in explained.rules}
    for rejection in explained.decision.rejections:
        if rejection.rule not in told:
            yield _rejection(rejection)
    events = {each.event.rule: each for each in explained.events}
    verdicts = {each.rule: each for each in window}
    rejections = {each.rule: each for each in explained.decision.rejections}
    for story in explained.rules:
        yield Text()
        name = story.rule.name
        yield from _rule(story, events.get(name), rejections.get(name), width)
        if name in verdicts:
            yield _labelled("window", Text(_window(verdicts[name]), _GOOD))


def _decode(explained: Explained) -> Text:
    record = explained.record
    size = several(len(record.value or b""), "byte")
    if explained.decoded is not None:
        return Text.assemble(
            f"{explained.read_as}, {size}", (f", {several(len(explained.decoded.fields), 'field')}", _DIM)
        )
    return Text("no value" if record.value is None else f"{explained.read_as}, {size}: not decoded")


def _decision(explained: Explained) -> Text:
    decision = explained.decision
    if decision.dropped is not None:
        return Text(f"drop: {DROPS[decision.dropped]}", _WARN)
    live = sum(not event.is_shadow for event in decision.events)
    shadow, rejected = len(decision.events) - live, len(decision.rejections)
    is_whole = any(rejection.rule is None for rejection in decision.rejections)  # no rule came to make an event of it
    parts = [
        (f"send {several(live, 'event')}", _GOOD) if live else None,
        (f"{several(shadow, 'event')} in shadow, counted and not sent", _WARN) if shadow else None,
        (f"reject {'the record' if is_whole else several(rejected, 'event')}: dead letter", _BAD) if rejected else None,
    ]
    return Text("; ").join(Text(text, style) for text, style in filter(None, parts))


# ── a rule ──────────────────────────────────────────────────────────────────────────────────────


def _rule(
    story: RuleStory, event: ExplainedEvent | None, rejection: Rejection | None, width: int
) -> Iterator[RenderableType]:
    yield _rule_line(story, event)
    for unmet in story.unmet:
        yield Padding(_unmet(unmet), (0, 0, 0, 2))
    if story.fields:
        yield Padding(_fields(story.fields, _faults(event), width), (0, 0, 0, 2))
    if rejection is not None:
        yield _rejection(rejection)
    if event is not None:
        yield from _event(event)


def _faults(event: ExplainedEvent | None) -> dict[str, str] | None:
    if event is None:
        return None
    return {n.field: of_note(n.field, n.problem, event.event.event)[0] for n in event.notes if n.is_dropped}


def _rule_line(story: RuleStory, event: ExplainedEvent | None) -> Text:
    mode = " (shadow)" if story.rule.is_shadow else ""
    head = Text.assemble("rule ", (story.rule.name, "bold"), mode)
    if story.trace.holds:
        code = f", pixel code {printable(event.event.pixel_code)}" if event is not None else ""
        pixel = f" → pixel {story.trace.pixel}{code}" if story.trace.pixel else ""
        return head.append(" holds", _GOOD).append(pixel)
    return head.append(" does not hold" if story.unmet else " could not be decided", _WARN)


def _unmet(unmet: Unmet) -> Text:
    line = Text.assemble((f"{unmet.place}: ", _DIM), printable(unmet.text))
    if unmet.is_comparison:
        found = "nothing there" if unmet.found is None else printable(_as_json(unmet.found))
        line.append(f"; the record has {found}{', which `values` does not list' * unmet.is_unlisted}", _WARN)
    return line


def _fields(fields: Sequence[FieldStory], faults: Mapping[str, str] | None, width: int) -> RenderableType:
    """`faults`: a field that was left out → why; None if there is no event at all."""
    if width < NARROW:
        return Group(*(line for each in fields for line in _stacked(each, faults)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, expand=width >= WIDE)
    if width >= WIDE:
        table.add_column("TikTok's field", no_wrap=True)
        for name, ratio in (("from", 3), ("value", 3), ("sent", 2)):
            table.add_column(name, overflow="fold", ratio=ratio)
        for each in fields:
            table.add_row(Text(_name(each), _NAME), printable(each.source or "–"), _raw(each), _sent(each, faults))
        return table
    table.add_column("TikTok's field ← from", overflow="fold", ratio=1)
    table.add_column("value → sent", overflow="fold", ratio=1)
    for each in fields:
        table.add_row(_titled(each, "\n"), _became(each, faults, "\n"))
    return table


def _stacked(story: FieldStory, faults: Mapping[str, str] | None) -> Iterator[RenderableType]:
    yield _titled(story, " ")
    yield Padding(_became(story, faults, " "), (0, 0, 0, 4))


def _titled(story: FieldStory, between: str) -> Text:
    title = Text(_name(story), _NAME)
    return (
        title
        if story.source in (story.field, None)
        else title.append(f"{between}← {printable(story.source or '')}", _DIM)
    )


def _became(story: FieldStory, faults: Mapping[str, str] | None, between: str) -> Text:
    is_nothing = story.raw is None and story.sent is None
    return _raw(story) if is_nothing else Text.assemble(_raw(story), f"{between}→ ", _sent(story, faults))


def _name(story: FieldStory) -> str:
    """A product's fields without what they all begin with: they are long as it is."""
    is_of_product = story.field.startswith(_PRODUCT)
    return story.field.removeprefix("properties.") if is_of_product else story.field


def _raw(story: FieldStory) -> Text:
    if story.unlisted is not None:
        return Text(f"{_value(story.unlisted)}, which `values` does not list", _WARN)
    return Text(_value(story.raw)) if story.raw is not None else Text("nothing", _DIM)


def _sent(story: FieldStory, faults: Mapping[str, str] | None) -> Text:
    if story.sent is None:
        if story.raw is None or faults is None:
            return Text("–", _DIM)
        why = faults.get(story.field)
        return Text(f"left out: {why}" if why else "left out", _BAD)
    if story.hashed:
        return Text("\n").join(Text(worded_text(each), _GOOD) for each in story.hashed)
    if story.is_hashed:
        hashes = story.sent if isinstance(story.sent, list) else [story.sent]
        return Text(", ".join(f"{each[:12]}…" for each in hashes) + " (hashed)", _GOOD)
    value = _value(story.sent)
    if story.raw is None:
        return Text(f"{value} (filled in)", _GOOD)
    return Text("as it is" if value == _value(story.raw) else value, _GOOD)


def _rejection(rejection: Rejection) -> RenderableType:
    text = Text.assemble(
        (f"{rejection.reason}: {printable(rejection.detail)}", _BAD), f"\n→ {of_reason(rejection.reason)}"
    )
    return _labelled("rejected", text)


# ── an event ────────────────────────────────────────────────────────────────────────────────────


def _event(explained: ExplainedEvent) -> Iterator[RenderableType]:
    event = explained.event
    for label, is_dropped, style in (("left out", True, _BAD), ("remarks", False, _WARN)):
        notes = [note for note in explained.notes if note.is_dropped is is_dropped]
        if notes:
            told = ((_where(note), *of_note(note.field, note.problem, event.event)) for note in notes)
            yield _labelled(label, _notes(told, style))
    keys = match_keys(event.fields)
    yield _labelled("match keys", _match_keys(keys))
    key = (event.pixel_code, event.event_id or "", event.event)
    without = Text("none: sent without deduplication", _WARN)
    yield _labelled("dedupe key", Text(printable(" · ".join(key))) if explained.has_key else without)
    body = printable(msgspec.json.format(event.body, indent=2).decode(), is_multiline=True)
    yield Padding(Text("in data[]", "bold"), (0, 0, 0, 2))
    yield Padding(Syntax(body, "json", theme=_THEME, background_color="default", word_wrap=True), (0, 0, 0, 4))


def _match_keys(keys: Sequence[str]) -> Text:
    """What TikTok can find the person by, and what it could besides."""
    found = Text(", ".join(keys), _WARN if tuple(keys) == ("none",) else _GOOD)
    lacking = [key for key in match_keys(ALL_FIELDS) if key not in keys]
    return found.append(f"; more would be {', '.join(lacking)}", _DIM) if lacking else found


def _notes(notes: Iterable[tuple[str, str, str]], style: str) -> Text:
    lines = (
        Text.assemble((field, _NAME), ": ", (text, style), f" → {remedy}" if remedy else "")
        for field, text, remedy in notes
    )
    return Text("\n").join(lines)


def _where(note: Note) -> str:
    return note.field if note.count == 1 else f"{note.field} and {note.count - 1} more"


def _window(verdict: WindowVerdict) -> str:
    of = "an earlier record" if verdict.of_offset is None else str(verdict.of_offset)
    return _WINDOW[verdict.outcome].format(of=of)


# ── plain parts ─────────────────────────────────────────────────────────────────────────────────


def _labelled(label: str, content: RenderableType) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=10, no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_row(label, Group(content))
    return Padding(table, (0, 0, 0, 2))


def _value(value: object) -> str:
    """A value in one line, as JSON where it can be."""
    text = printable(str(value) if isinstance(value, str | date | Decimal | UUID) else _as_json(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _as_json(value: object) -> str:
    return dumps(value, ensure_ascii=False, default=_plainly)


def _plainly(value: object) -> object:
    if isinstance(value, bytes):
        return several(len(value), "byte")
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else str(value)
