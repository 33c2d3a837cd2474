"""The command: reads the outcomes topic, and prints the history of one event."""

import sys
from contextlib import closing
from typing import Final, TextIO

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from consumer import wiring
from consumer.adapters.kafka.kafka_admin import KafkaCluster
from consumer.commands.away import away_sentence
from consumer.commands.dlq.topic_reader import Logs
from consumer.commands.explain.explain_command import console_for
from consumer.commands.progress_bar import Bar
from consumer.config import Settings, kafka_clients
from consumer.core.errors import ConfigError, Unreachable
from consumer.core.settle.outcome_record import OutcomeRecord, parse_outcome
from consumer.exit_codes import OK, UNFINISHED
from consumer.terminal import printable

_STYLES: Final = {"rejected": "red", "parked": "yellow", "shadow": "yellow"}


class _Found(Struct, frozen=True):
    told: OutcomeRecord
    written_ms: int


def outcomes(settings: Settings, event_id: str, since_ms: int | None, out: TextIO, *, is_json: bool) -> int:
    """Print what became of an event, oldest first. Returns the exit code.

    Args:
        since_ms: read no further back than this Unix time in milliseconds.

    Raises:
        ConfigError: no outcomes topic is configured.
    """
    topic = settings.outcomes.topic
    if topic is None:
        raise ConfigError(["outcomes.topic: missing; name the topic that `run` writes outcomes to"])
    try:
        found = _read(settings, topic, event_id, since_ms)
    except Unreachable as away:
        print(away_sentence(away, wiring.addresses_of(settings)), file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return UNFINISHED
    if is_json:
        for each in found:
            out.write(msgspec.json.encode(each.told).decode() + "\n")
    else:
        show(console_for(out), event_id, [each.told for each in found])
    return OK


def _read(settings: Settings, topic: str, event_id: str, since_ms: int | None) -> list[_Found]:
    """All of it is read: which partition an event_id is in depends on how many there were when it was written."""
    key = event_id.encode()
    cluster = KafkaCluster(kafka_clients.consumer_properties(settings))
    partitions = [(topic, number) for number in range(cluster.topics().get(topic, 0))]
    if not partitions:
        raise Unreachable(f"there is no topic {topic}; `run` makes it when it starts")
    with closing(Logs(settings, settings.kafka.group_id)) as logs:
        ranges = {}
        for partition, bounds in cluster.bounds(partitions).items():
            start = None if since_ms is None else logs.offset_at(partition, since_ms)
            ranges[partition] = bounds.low if start is None else max(bounds.low, start), bounds.high
        with Bar("outcomes", sum(high - low for low, high in ranges.values())) as bar:
            mine = [record for record in bar.watched(logs.records(ranges)) if record.key == key]
    told = ((parse_outcome(record.value), record.timestamp_ms) for record in mine)
    found = [_Found(each, at_ms) for each, at_ms in told if each is not None and each.event_id == event_id]
    return sorted(found, key=lambda each: (each.told.time, each.written_ms))


def show(console: Console, event_id: str, history: list[OutcomeRecord]) -> None:
    """Print it for people, in 80 columns."""
    if not history:
        console.print(f"Nothing is known of event_id {printable(event_id)}.")
        return
    console.print(Text(f"event_id {printable(event_id)}", "bold"))
    for told in history:
        console.print(
            Text.assemble(
                f"{told.time[:19]}Z  ",
                (f"{printable(told.outcome):<10}", _STYLES.get(told.outcome, "green")),
                printable(f"{told.event or '–'}  pixel {told.pixel or '–'}  rule {told.rule or '–'}"),
            )
        )
        for name, text in _more(told).items():
            console.print(Text(f"{'':22}{name} {printable(text)}", "dim"))


def _more(told: OutcomeRecord) -> dict[str, str]:
    at = told.position
    more = {
        "record": f"{at.topic}:{at.partition}:{at.offset}",
        "reason": told.reason,
        "request": told.request_id,
    }
    return {name: text for name, text in more.items() if text}
