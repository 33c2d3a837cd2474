"""The command: reads the outcomes topic, and prints what became of an event, an order or a record."""

from collections.abc import Callable
from typing import Final, TextIO

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from consumer import wiring
from consumer.commands.away import away_sentence
from consumer.commands.dlq.selection import At
from consumer.commands.explain.explain_command import console_for
from consumer.commands.outcomes.order_records import positions_of_order
from consumer.commands.outcomes.outcome_topic import NoTopicError, read_outcomes
from consumer.config import Settings
from consumer.core.errors import ConfigError, Unreachable
from consumer.core.model import Position
from consumer.core.settle.outcome_record import OutcomeRecord
from consumer.exit_codes import OK, UNFINISHED
from consumer.terminal import complain, printable

_STYLES: Final = {"rejected": "red", "parked": "yellow", "shadow": "yellow"}


class OutcomeQuery(Struct, frozen=True):
    """Whose outcomes: exactly one of the three is given."""

    event_id: str | None = None
    order_id: str | None = None
    at: At | None = None
    """Where a record first stood."""
    since_ms: int | None = None
    """Read no further back than this Unix time in milliseconds."""

    @property
    def label(self) -> str:
        if self.event_id is not None:
            return f"event_id {self.event_id}"
        if self.at is not None:
            return f"record {self.at.topic}:{self.at.partition}:{self.at.first}"
        return f"order {self.order_id}"


def outcomes(settings: Settings, query: OutcomeQuery, out: TextIO, *, is_json: bool) -> int:
    """Print what became of it, oldest first. Returns the exit code.

    Raises:
        ConfigError: no outcomes topic is configured.
    """
    topic = settings.outcomes.topic
    if topic is None:
        raise ConfigError(["outcomes.topic: missing; name the topic that `run` writes outcomes to"])
    try:
        found = read_outcomes(settings, topic, query.since_ms, _meant(settings, query))
    except Unreachable as away:
        complain(away_sentence(away, wiring.addresses_of(settings)))
        return UNFINISHED
    except NoTopicError:
        complain(f"No outcomes yet: there is no topic {topic}, which `run` makes when it starts.")
        return OK
    if is_json:
        for each in found:
            out.write(msgspec.json.encode(each).decode() + "\n")
    else:
        show(console_for(out), query.label, found)
    return OK


def _meant(settings: Settings, query: OutcomeQuery) -> Callable[[OutcomeRecord], bool]:
    """Whether an outcome is of what is asked for."""
    at = query.at
    if at is not None:
        return lambda told: at.holds(_position(told))
    if query.order_id is not None:
        positions = positions_of_order(settings, query.order_id, query.since_ms)
        return lambda told: _position(told) in positions
    return lambda told: told.event_id == query.event_id


def _position(told: OutcomeRecord) -> Position:
    return Position(told.position.topic, told.position.partition, told.position.offset)


def show(console: Console, label: str, history: list[OutcomeRecord]) -> None:
    """Print it for people, in 80 columns."""
    if not history:
        console.print(f"Nothing is known of {printable(label)}.")
        return
    console.print(Text(printable(label), "bold"))
    for told in history:
        console.print(
            Text.assemble(
                f"{told.time[:19]}Z  ",
                (f"{printable(told.outcome):<10}", _STYLES.get(told.outcome, "green")),
                printable(f"{told.event or '–'}  pixel {told.pixel or '–'}  rule {told.rule or '–'}"),
            )
        )
        for name, text in _more(told, label).items():
            console.print(Text(f"{'':22}{name} {printable(text)}", "dim"))


def _more(told: OutcomeRecord, label: str) -> dict[str, str]:
    at = told.position
    more = {
        "event_id": None if label.startswith("event_id ") else told.event_id,
        "record": f"{at.topic}:{at.partition}:{at.offset}",
        "reason": told.reason,
        "request": told.request_id,
    }
    return {name: text for name, text in more.items() if text}
