"""What an offered event is, and the submissions of a key that copies of it settle with. Part of `dedupe`."""

from collections.abc import Iterable
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Final

from msgspec import Struct

from consumer.core.model import Event, EventOutcome, Item, Record


class DedupeResult(StrEnum):
    """What an offered event is."""

    FIRST = "first"
    MERGED = "merged"
    """It changed an unsent event."""
    FORWARDED = "forwarded"
    DUPLICATE = "duplicate"
    UNKEYED = "unkeyed"
    """Sent, without a claim: it has no event_id of its own, or there is no window."""
    TOO_OLD = "too_old"
    """Sent, without a claim: the watermark has passed its record by more than the window."""


class OfferedEvent(Struct, frozen=True, gc=False):
    """What to do with an offered event's record."""

    outcome: DedupeResult
    item: Item | None
    """What the record settles with; None: it is settled at once, as a duplicate."""
    is_to_batch: bool = False
    """True: `item` is new and moves to the batch now. False: it waits here (`ready`), or is another record's."""
    old_bytes: int = 0
    """More than 0 exactly if `item` was merged into after it had gone to the batch: the size its body had."""


class Submission(Struct, gc=False, eq=False):
    """An event sent, or to be sent, for a key."""

    item: Item | None
    """None once it is accepted."""
    time_ms: int
    offset: int
    fields: int


_SETTLED: Final = OfferedEvent(DedupeResult.DUPLICATE, None)


def alone(outcome: DedupeResult, event: Event, record: Record, now_s: float) -> OfferedEvent:
    return OfferedEvent(outcome, Item(event, [record], [EventOutcome.ACCEPTED], now_s), True)


def settle_with_existing(submissions: list[Submission], wanted: int, copy: Item) -> OfferedEvent | None:
    """Let a copy settle with what was accepted, or else with the oldest submission that, with that, has all it has.

    None if no one submission has all of it: were it to settle with one of several, the refusal of another would lose
    fields.
    """
    accepted = [submission for submission in submissions if submission.item is None]
    missing = wanted & ~fields_of_all(accepted)
    if accepted and not missing:
        return _SETTLED
    for submission in submissions:
        if submission.item is not None and not missing & ~submission.fields:
            return attached(submission.item, copy, DedupeResult.DUPLICATE)
    return None


def attached(item: Item, copy: Item, outcome: DedupeResult, old_bytes: int = 0) -> OfferedEvent:
    """Let a copy's record settle with an item."""
    item.records.append(copy.records[0])
    item.copy_rules.append(copy.event.rule)
    item.outcomes.append(EventOutcome.MERGED if outcome is DedupeResult.MERGED else EventOutcome.DUPLICATE)
    return OfferedEvent(outcome, item, False, old_bytes)


def fields_of_all(submissions: Iterable[Submission]) -> int:
    """What these submissions have, together."""
    return reduce(or_, [submission.fields for submission in submissions], 0)
