"""Whether a dead letter may be replayed, and what is to be said about it. Pure."""

from enum import StrEnum
from typing import Final

from consumer.commands.dlq.dead_letter import DeadLetterRecord
from consumer.core.model import Decision

TIKTOK_FORGETS_S: Final = 48 * 3600.0
"""For so long TikTok drops copies of an event (docs/tiktok.md §5)."""
MATCHING_REACHES_S: Final = 28 * 86400.0
"""So far back TikTok matches events (docs/tiktok.md §1)."""


class SkipReason(StrEnum):
    """Why letters are left alone: one or many."""

    REPLAYED = "replayed before"
    TOO_OFTEN = "replayed as often as --max-replays allows"
    NOT_FIXED = "still rejected by the configuration"
    DROPPED = "sent by no live rule"
    GONE = "written without a value, and gone from the origin's log"
    CHANGED = "written without a value, and the origin's log has another record there"
    TOO_LARGE = "larger than the topic takes"


class Age(StrEnum):
    """How old an event is, where that matters."""

    FRESH = "fresh"
    COUNTED_TWICE = "older than 48 hours"
    UNMATCHED = "older than 28 days"


def may_replay(letter: DeadLetterRecord, max_replays: int) -> SkipReason | None:
    """The guard against loops. None: it may be replayed."""
    return SkipReason.TOO_OFTEN if letter.record.replays >= max_replays else None


def is_fixed(decision: Decision) -> SkipReason | None:
    """Whether the configuration now makes something of it. None: it does.

    A record of which one rule's event is sent and another's rejected counts as fixed: in doubt, send. The rest of it
    becomes a dead letter again, one that names its rule.
    """
    if any(not event.is_shadow for event in decision.events):
        return None
    return SkipReason.NOT_FIXED if decision.rejections else SkipReason.DROPPED


def is_rejected_by_running(letter: DeadLetterRecord, running_since_s: float | None) -> bool:
    """Whether the service that runs now has rejected it itself: so it still has the configuration that did so.

    What TikTok refused is no fault of a configuration.
    """
    is_ours = not letter.reason.startswith("deliver.")
    return is_ours and running_since_s is not None and letter.written_ms / 1000 > running_since_s


def age_of(letter: DeadLetterRecord, decision: Decision | None, now_s: float) -> Age:
    """How old its events are: by their own time where they are known, else by the origin's timestamp.

    Args:
        now_s: wall clock, Unix seconds.
    """
    times_s = [event.event_time_s for event in decision.events] if decision is not None else []
    at_s = min(times_s, default=letter.record.timestamp_ms / 1000)
    age_s = now_s - at_s if at_s >= 0 else 0.0
    if age_s > MATCHING_REACHES_S:
        return Age.UNMATCHED
    return Age.COUNTED_TWICE if age_s > TIKTOK_FORGETS_S else Age.FRESH


class ReplayRate:
    """Letters a second, evenly.

    Args:
        per_s: None: as fast as it goes.
    """

    def __init__(self, per_s: float | None, now_s: float) -> None:
        self._gap_s = 1 / per_s if per_s else 0.0
        self._next_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Take the next turn: how long to wait for it. What was missed is not made up for."""
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + self._gap_s
        return at_s - now_s
