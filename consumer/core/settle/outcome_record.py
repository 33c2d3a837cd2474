"""The outcomes topic: one JSON record for what became of each event. Part of `settle`.

It holds an event_id, which is what it is for, and no other value of a record.
"""

from typing import Final

import msgspec
from msgspec import Struct

from consumer.core.model import Event, EventOutcome, Position, Record, Rejection
from consumer.core.settle.envelope import place_of


class OutcomePosition(Struct, frozen=True, gc=False):
    """Where the record first stood."""

    topic: str
    partition: int
    offset: int


class OutcomeRecord(Struct, frozen=True, gc=False):
    """What became of one event, or of one rule's try to make one."""

    position: OutcomePosition
    rule: str | None
    pixel: str | None
    event: str | None
    """TikTok's name of it; None where the record was rejected before it had one."""
    event_id: str | None
    outcome: str
    """As `events_total` spells it."""
    time: str
    """ISO 8601, UTC: when it was so."""
    reason: str | None = None
    """Of one that was rejected."""
    request_id: str | None = None
    """TikTok's, where it has answered."""

    @property
    def key(self) -> bytes:
        """The record's key: the event_id, so that an event's history is in one partition; else its position."""
        if self.event_id is not None:
            return self.event_id.encode()
        return place_of(Position(self.position.topic, self.position.partition, self.position.offset)).encode()

    @property
    def body(self) -> bytes:
        return _ENCODER.encode(self)


def outcome_of(
    record: Record, event: Event, rule: str, outcome: EventOutcome, time: str, *, request_id: str | None = None
) -> OutcomeRecord:
    """What became of an event.

    Args:
        rule: the one that made this record's event: a copy may be another's.
    """
    at = record.origin
    place = OutcomePosition(at.topic, at.partition, at.offset)
    return OutcomeRecord(place, rule, event.pixel, event.event, event.event_id, str(outcome), time, None, request_id)


def outcome_of_rejection(record: Record, rejection: Rejection, event: Event | None, time: str) -> OutcomeRecord:
    """What became of an event that is a dead letter now; `event` is None if it was rejected before it was one."""
    at = record.origin
    return OutcomeRecord(
        OutcomePosition(at.topic, at.partition, at.offset),
        rejection.rule,
        rejection.pixel,
        None if event is None else event.event,
        None if event is None else event.event_id,
        str(EventOutcome.REJECTED),
        time,
        str(rejection.reason),
        rejection.request_id,
    )


def parse_outcome(body: bytes | None) -> OutcomeRecord | None:
    """Read one back. None if it is no outcome record."""
    try:
        return _DECODER.decode(body or b"")
    except msgspec.DecodeError:
        return None


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(OutcomeRecord)
