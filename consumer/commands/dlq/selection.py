"""Which dead letters are meant. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from consumer.commands.dlq.dead_letter import DeadLetterRecord
from consumer.core.model import Position, TopicPartition

_AT: Final = re.compile(r"([A-Za-z0-9._-]+):(\d{1,9})(?::(\d{1,18})(?:-(\d{1,18}))?)?")
_ANY_OFFSET: Final = 1 << 62


class At(Struct, frozen=True):
    """Part of a partition: of a dead-letter topic, or of the topic that the records came from."""

    topic: str
    partition: int
    first: int = 0
    last: int = _ANY_OFFSET
    """Inclusive."""

    def holds(self, position: Position) -> bool:
        return (self.topic, self.partition) == (position.topic, position.partition) and (
            self.first <= position.offset <= self.last
        )


def parse_at(text: str) -> At:
    """`topic:partition`, `topic:partition:offset` or `topic:partition:first-last`.

    Raises:
        ValueError: anything else.
    """
    found = _AT.fullmatch(text)
    if found is None:
        raise ValueError("write TOPIC:PARTITION, TOPIC:PARTITION:OFFSET or TOPIC:PARTITION:FIRST-LAST")
    topic, partition, first, last = found.groups()
    if first is None:
        return At(topic, int(partition))
    return At(topic, int(partition), int(first), int(last if last is not None else first))


class Selection(Struct, frozen=True):
    """What the filters say: all must hold; of one filter's values, one must. None at all: every letter."""

    reasons: tuple[str, ...] = ()
    """Whole, as `map.call`, or a stage alone, as `map`."""
    rules: tuple[str, ...] = ()
    pixels: tuple[str, ...] = ()
    since_ms: int | None = None
    """Written at that time or later: Unix milliseconds."""
    until_ms: int | None = None
    """Written before that time."""
    places: tuple[At, ...] = ()
    times: tuple[str | None, str | None] = (None, None)
    """The two times as they were typed: `2h` is another moment each time."""

    def takes(self, letter: DeadLetterRecord) -> bool:
        """Whether this letter is meant."""
        record = letter.record
        return (
            (not self.reasons or letter.reason in self.reasons or letter.reason.partition(".")[0] in self.reasons)
            and (not self.rules or record.rule in self.rules)
            and (not self.pixels or letter.pixel in self.pixels)
            and (self.since_ms is None or letter.written_ms >= self.since_ms)
            and (self.until_ms is None or letter.written_ms < self.until_ms)
            and (not self.places or any(at.holds(record.position) or at.holds(record.origin) for at in self.places))
        )

    def narrowed(self, partition: TopicPartition, low: int, high: int) -> tuple[int, int]:
        """The part of a dead-letter partition's log that can hold such letters, as far as places alone say."""
        own = [at for at in self.places if (at.topic, at.partition) == partition]
        if not own or len(own) < len(self.places):
            return low, high
        return max(low, min(at.first for at in own)), min(high, max(at.last for at in own) + 1)


def unknown_stages(reasons: Iterable[str], known: Iterable[str]) -> list[str]:
    """Of the reasons asked for, those that no letter can have: neither a reason nor the stage of one."""
    all_known = set(known)
    all_known |= {reason.partition(".")[0] for reason in all_known}
    return [reason for reason in reasons if reason not in all_known]
