"""What a run proves, from what was written, accepted, rejected, committed and disturbed. Pure.

An event may be accepted once for each of its records (copies that differ are forwarded, so that TikTok can merge
them). Once more is right only where a fault explains it: the sender was not told of an acceptance, or between two
acceptances something made the group read records again, and this record was not committed before that began.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tests.chaos.offsets import Place
from tests.chaos.watch import Commits, Look
from tests.chaos.world import Disturbance
from tests.support.letters import Letter
from tests.support.sandbox import Key

Position = tuple[str, int, int]
"""Topic, partition, offset."""

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
MOST_RESIDENT_MIB: Final = 300.0
"""A process of this size of limits stays far below; without bounds it would grow with what waits."""


@dataclass(frozen=True)
class Arrival:
    """One acceptance of an event by TikTok."""

    at_s: float
    is_answered: bool


@dataclass(frozen=True)
class Evidence:
    """Everything there is to know of a run once it has settled."""

    records: Mapping[Key, Sequence[Position]]
    """Each expected event → its records in the topic, and those parked of them."""
    copies: Mapping[Key, int]
    """Each expected event → how many records in the topic carry it."""
    parked_s: Mapping[Key, float]
    """When an event was first parked, Unix seconds: from then on there is a record more of it."""
    arrivals: Mapping[Key, Sequence[Arrival]]
    letters: Counter[Letter]
    expected_letters: Counter[Letter]
    committed: Mapping[Place, int]
    ends: Mapping[Place, int]
    disturbances: Sequence[Disturbance]
    commits: Sequence[Commits]
    looks: Sequence[Look]
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    events: int
    """Expected, each once."""
    lost: int
    repeated: int
    """Acceptances beyond one a record."""
    forwarded: int
    """Acceptances of copies, which are right."""
    unexplained: int
    most_resident_mib: float
    faults: list[str] = field(default_factory=list)
    """What must not be, in words; empty if all is well."""


def judge(evidence: Evidence) -> Verdict:
    """Weigh the evidence."""
    repeats = {
        key: len(arrivals) - evidence.copies[key]
        for key, arrivals in evidence.arrivals.items()
        if key in evidence.copies
    }
    lost = [key for key in evidence.copies if not evidence.arrivals.get(key)]
    unexplained = _unexplained(evidence, [key for key, more in repeats.items() if more > 0])
    resident_mib = max((look.resident_mib for look in evidence.looks), default=0.0)
    return Verdict(
        events=len(evidence.copies),
        lost=len(lost),
        repeated=sum(more for more in repeats.values() if more > 0),
        forwarded=sum(min(len(evidence.arrivals.get(key, ())), copies) - 1 for key, copies in evidence.copies.items())
        + len(lost),
        unexplained=len(unexplained),
        most_resident_mib=resident_mib,
        faults=[
            *_some("lost", lost),
            *_some("accepted, and not expected", [key for key in evidence.arrivals if key not in evidence.copies]),
            *_some("accepted again without a cause", unexplained),
            *_letters(evidence),
            *_offsets(evidence),
            *_some("uneven ledger", [look for look in evidence.looks if look.unaccounted]),
            *_some("breaker open", [look for look in evidence.looks if look.breaker_open]),
            *([f"{resident_mib:.0f} MiB of memory"] if resident_mib > MOST_RESIDENT_MIB else []),
            *evidence.problems,
        ],
    )


def _some(what: str, found: Sequence[object]) -> list[str]:
    return [f"{len(found)} × {what}, such as {list(found[:3])}"] if found else []


def _letters(evidence: Evidence) -> list[str]:
    missing = [letter for letter in evidence.expected_letters if not evidence.letters[letter]]
    foreign = [letter for letter in evidence.letters if letter not in evidence.expected_letters]
    return [*_some("dead letter missing", missing), *_some("dead letter not expected", foreign)]


def _offsets(evidence: Evidence) -> list[str]:
    behind = [
        f"{partition}: {evidence.committed.get(partition, 0)} of {end}"
        for partition, end in evidence.ends.items()
        if evidence.committed.get(partition, 0) != end
    ]
    return _some("partition not committed to its end", behind)


# ── accepted again ──────────────────────────────────────────────────────────────────────────────


def _unexplained(evidence: Evidence, keys: Iterable[Key]) -> list[Key]:
    causes = [
        _Cause(each.begin_s, each.end_s, _committed_before(each.begin_s, evidence.commits))
        for each in causes_of(evidence.disturbances, evidence.looks)
    ]
    return [key for key in keys if not _is_explained(key, evidence, causes)]


def causes_of(disturbances: Sequence[Disturbance], looks: Sequence[Look]) -> Iterable[Disturbance]:
    """The times in which records not yet committed may come to be read again, or sent without an answer heard."""
    seen = [*disturbances, *_seen_moves(looks)]
    for each in seen:
        if each.kind in REPEATS:
            yield Disturbance(each.kind, each.begin_s, each.end_s + REPEATS[each.kind])
        elif each.kind in MOVES and _coincides(each, seen):
            yield Disturbance(each.kind, each.begin_s, each.end_s + MOVES[each.kind])


def _coincides(move: Disturbance, seen: Iterable[Disturbance]) -> bool:
    """True if some fault other than a move was in force, or had been moments before."""
    end_s = move.end_s + MOVES[move.kind]
    return any(
        each.kind not in MOVES and each.begin_s <= end_s and each.end_s + MOVES[move.kind] >= move.begin_s
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


@dataclass(frozen=True)
class _Cause:
    begin_s: float
    end_s: float
    committed: Mapping[Place, int]
    """What the group had committed before it began, as far as that was seen."""

    def explains(self, first_s: float, second_s: float, records: Sequence[Position]) -> bool:
        is_between = self.begin_s <= second_s and self.end_s >= first_s
        return is_between and any(offset >= self.committed.get((topic, n), 0) for topic, n, offset in records)


def _is_explained(key: Key, evidence: Evidence, causes: Sequence[_Cause]) -> bool:
    arrivals = sorted(evidence.arrivals[key], key=lambda arrival: arrival.at_s)
    parked_s = evidence.parked_s.get(key, math.inf)
    without = sum(
        first.is_answered
        and not any(cause.explains(min(first.at_s, parked_s), second.at_s, evidence.records[key]) for cause in causes)
        for first, second in pairwise(arrivals)
    )
    return without < evidence.copies[key]


def _committed_before(at_s: float, commits: Sequence[Commits]) -> Mapping[Place, int]:
    place = bisect_left(commits, at_s, key=lambda seen: seen.at_s)
    return commits[place - 1].offsets if place else {}
