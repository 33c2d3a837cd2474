"""Why an event may have been accepted more than once. Pure.

The sender was not told of an acceptance; or between two acceptances something made the group read records again, and
this record was not committed before that began.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.chaos.offsets import Place
from tests.chaos.watch import Commits, Look
from tests.chaos.world import Disturbance

Position = tuple[str, int, int]
"""Topic, partition, offset."""

UNHEARD: Final = "acceptance not heard of"
LOST_PARTITIONS: Final = "partitions lost"
MOVED_PARTITIONS: Final = "partitions moved"

REPEATS: Final[Mapping[str, float]] = {
    "kill -9": 3,
    "SIGSTOP, SIGCONT": 10,
    "broker stopped": 20,
    "broker killed": 20,
    "broker hangs": 20,
    "broker slow": 20,
    "broker resets": 20,
    "leaders move": 20,
    "no leader at a restart": 20,
    "topic made again": 20,
    "rights taken": 20,
    "TLS failure": 3,  # ends connections whose answers are on their way
    LOST_PARTITIONS: 5,
}
"""Faults after which records not yet committed are read again → seconds after their end in which that may begin."""
MOVES: Final[Mapping[str, float]] = {
    "SIGTERM and restart": 15,
    "member joins": 15,
    "member leaves": 15,
    MOVED_PARTITIONS: 5,
}
"""What moves partitions in good order: records are read again only if another fault kept some unsettled meanwhile."""
_SEEN: Final = frozenset({LOST_PARTITIONS, MOVED_PARTITIONS})
BEFORE_MOVES_S: Final = 30.0
"""How long before a move that fault may have ended: what waited for it is tried by and by, and a batch with a refused
event in it is halved again and again, each of which a busy machine stretches. A drain does not wait for the rest."""


@dataclass(frozen=True)
class Arrival:
    """One acceptance of an event by TikTok."""

    at_s: float
    is_answered: bool


@dataclass(frozen=True)
class Cause:
    """A time in which records not yet committed may have come to be read again, or answers to be lost."""

    kind: str
    begin_s: float
    end_s: float
    committed: Mapping[Place, int]
    """What the group had committed before it began, as far as that was seen."""

    def explains(self, first_s: float, second_s: float, records: Sequence[Position]) -> bool:
        """Whether it lies between two acceptances of an event, one of whose records was not committed then."""
        is_between = self.begin_s <= second_s and self.end_s >= first_s
        return is_between and any(offset >= self.committed.get((topic, n), 0) for topic, n, offset in records)


def why_again(
    arrivals: Iterable[Arrival], records: Sequence[Position], parked_s: float | None, causes: Sequence[Cause]
) -> list[str | None]:
    """For each acceptance after the first what explains it best; None where nothing does.

    Args:
        parked_s: when the event was first parked, Unix seconds: from then on there is a record more of it.
    """
    in_order = sorted(arrivals, key=lambda arrival: arrival.at_s)
    from_s = math.inf if parked_s is None else parked_s
    return [_why(first, second, from_s, records, causes) for first, second in pairwise(in_order)]


def _why(
    first: Arrival, second: Arrival, from_s: float, records: Sequence[Position], causes: Sequence[Cause]
) -> str | None:
    if not first.is_answered:
        return UNHEARD
    found = [cause for cause in causes if cause.explains(min(first.at_s, from_s), second.at_s, records)]
    # What came from outside rather than what processes saw of it, and of several the last.
    return max(found, key=lambda cause: (cause.kind not in _SEEN, cause.begin_s)).kind if found else None


def causes_of(disturbances: Sequence[Disturbance], looks: Sequence[Look], commits: Sequence[Commits]) -> list[Cause]:
    """All that may explain something."""
    seen = [*disturbances, *_seen_moves(looks)]
    return [
        Cause(each.kind, each.begin_s, each.end_s + after_s, _committed_before(each.begin_s, commits))
        for each in seen
        if (after_s := _after_s(each, seen)) is not None
    ]


def _after_s(each: Disturbance, seen: Iterable[Disturbance]) -> float | None:
    """For how long after its end it may still show; None if it explains nothing."""
    if each.kind in MOVES:
        return MOVES[each.kind] if _coincides(each, seen) else None
    return REPEATS.get(each.kind)


def _coincides(move: Disturbance, seen: Iterable[Disturbance]) -> bool:
    """True if some fault other than a move was in force, or had been not long before."""
    end_s = move.end_s + MOVES[move.kind]
    return any(
        each.kind not in MOVES and each.begin_s <= end_s and each.end_s + BEFORE_MOVES_S >= move.begin_s
        for each in seen
    )


def _seen_moves(looks: Sequence[Look]) -> Iterable[Disturbance]:
    """What processes say of partitions that they lost or gave away, also without a fault of ours: a busy machine."""
    by_process: dict[str, list[Look]] = {}
    for look in looks:
        by_process.setdefault(look.process, []).append(look)
    for of_one in by_process.values():
        for before, after in pairwise(of_one):
            if after.lost > before.lost:
                yield Disturbance(LOST_PARTITIONS, before.at_s - 15, after.at_s)
            elif after.moved > before.moved:
                yield Disturbance(MOVED_PARTITIONS, before.at_s, after.at_s)


def _committed_before(at_s: float, commits: Sequence[Commits]) -> Mapping[Place, int]:
    place = bisect_left(commits, at_s, key=lambda seen: seen.at_s)
    return commits[place - 1].offsets if place else {}
