"""`dlq show`: one letter, its record decoded, and what would become of it now.

It shows the record's own values, as `explain` does: to the person who asked, about the letter they named.
"""

from typing import Any

import msgspec
from msgspec import structs
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from consumer.commands.dlq import dlq_list
from consumer.commands.dlq.dead_letter import DeadLetterRecord
from consumer.commands.dlq.replay_decision import SkipReason
from consumer.commands.explain.explain_text import show as show_explained
from consumer.commands.explain.explainer import Explained
from consumer.commands.explain.explainer import as_json as explained_json
from consumer.core.model import Record
from consumer.terminal import printable, several

_HEX_BYTES = 64
"""Of a value that cannot be decoded, so many are shown: framing and first fields."""


def from_origin(record: Record) -> Record:
    """The record as if it had been read where it came from: an explanation names that place."""
    return structs.replace(record, position=record.origin)


def as_json(letter: DeadLetterRecord, explained: Explained | SkipReason) -> dict[str, Any]:
    """What the letter says, its record, and what `explain --json` says of it; `now` is null if its value is gone."""
    told = dlq_list.as_json(letter)
    if isinstance(explained, SkipReason):
        return {**told, "record": None, "left": str(explained), "now": None}
    fields = None if explained.decoded is None else explained.decoded.fields
    return {**told, "record": fields, "left": None, "now": explained_json(explained)}


def show(console: Console, letter: DeadLetterRecord, explained: Explained | SkipReason) -> None:
    """Print it for people."""
    console.print(Text(f"Dead letter {letter.place}", "bold"))
    console.print(_told(letter))
    if isinstance(explained, SkipReason):
        console.print(Text(f"Its record: {explained}.", "yellow"))
        console.print()
        return
    left_out = "" if explained.decoded is None else ", without fields that are null"
    console.print(Text.assemble(("Its record", "bold"), (left_out, "dim")))
    console.print(Padding(_record(explained), (0, 0, 1, 2)))
    console.print(Text("What would become of it now", "bold"))
    show_explained(console, explained, 1, 1)


def _told(letter: DeadLetterRecord) -> RenderableType:
    record = letter.record
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    rows: dict[str, Text | str | None] = {
        "reason": Text(f"{printable(letter.reason)}: {printable(letter.detail)}", "red"),
        "origin": letter.origin,
        "rule": record.rule or "any",
        "pixel": letter.pixel or "–",
        "TikTok": f"code {letter.code}, request {letter.request_id}" if letter.code or letter.request_id else None,
        "failed": letter.failed_at or dlq_list.moment(letter.written_ms),
        "replayed": f"{several(record.replays, 'time')} before" if record.replays else "never before",
        "value": f"left out for its size, {several(letter.value_bytes or 0, 'byte')}" if letter.is_short else None,
    }
    for name, told in rows.items():
        if told is not None:
            table.add_row(name, told if isinstance(told, Text) else Text(printable(told)))
    return Padding(table, (0, 0, 1, 2))


def _without_nulls(value: object) -> object:
    """A wide schema's record is mostly fields that are not there."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _record(explained: Explained) -> RenderableType:
    if explained.decoded is not None:
        text = msgspec.json.format(msgspec.json.encode(_without_nulls(explained.decoded.fields)), indent=2).decode()
        return Syntax(printable(text, is_multiline=True), "json", background_color="default", word_wrap=True)
    value = explained.record.value or b""
    begin = value[:_HEX_BYTES].hex(" ")
    more = f" … {len(value) - _HEX_BYTES:,} more" if len(value) > _HEX_BYTES else ""
    return Text(f"cannot be decoded; {several(len(value), 'byte')}: {begin}{more}")
