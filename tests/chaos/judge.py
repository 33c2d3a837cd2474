"""What a run proves, from what was written, accepted, rejected, committed and disturbed. Pure.

An event may be accepted once for each of its records (copies that differ are forwarded, so that TikTok can merge
them). Once more is right only where a fault explains it (`causes`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.chaos.causes import Arrival, Position, causes_of, why_again
from tests.chaos.offsets import Place
from tests.chaos.watch import Commits, Look
from tests.chaos.world import Disturbance
from tests.support.letters import Letter
from tests.support.sandbox import Key
from tests.support.stalls import Progress, stalls

MOST_RESIDENT_MIB: Final = 200.0
"""A process of this size of limits stays far below; without bounds it would grow with what waits."""
MOST_GROWN_MIB: Final = 64.0
"""From a process's first seconds to its last: what may be in flight, and the window, have room in it."""
_TELLING_LOOKS: Final = 20
"""So many of one process, a second apart, say whether it grows; the median of a quarter of them at either end."""


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
    causes: Mapping[str, int]
    """How many of those each kind of fault explains."""
    unexplained: int
    """Events accepted again for which there is no cause."""
    most_resident_mib: float
    most_grown_mib: float
    """Of the process that grew most."""
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
    unexplained, causes = _again(evidence, {key: more for key, more in repeats.items() if more > 0})
    resident_mib = max((look.resident_mib for look in evidence.looks), default=0.0)
    grown_mib = _grown_mib(evidence.looks)
    return Verdict(
        events=len(evidence.copies),
        lost=len(lost),
        repeated=sum(more for more in repeats.values() if more > 0),
        forwarded=sum(min(len(evidence.arrivals.get(key, ())), copies) - 1 for key, copies in evidence.copies.items())
        + len(lost),
        causes=causes,
        unexplained=len(unexplained),
        most_resident_mib=resident_mib,
        most_grown_mib=grown_mib,
        faults=[
            *_some("lost", lost),
            *_some("accepted, and not expected", [key for key in evidence.arrivals if key not in evidence.copies]),
            *_some("accepted again without a cause", unexplained),
            *_letters(evidence),
            *_offsets(evidence),
            *_stalls(evidence),
            *_some("uneven ledger", [look for look in evidence.looks if look.unaccounted]),
            *_some("breaker open", [look for look in evidence.looks if look.breaker_open]),
            *([f"{resident_mib:.0f} MiB of memory"] if resident_mib > MOST_RESIDENT_MIB else []),
            *([f"grown by {grown_mib:.0f} MiB of memory"] if grown_mib > MOST_GROWN_MIB else []),
            *evidence.problems,
        ],
    )


def _again(evidence: Evidence, repeats: Mapping[Key, int]) -> tuple[list[Key], Counter[str]]:
    """Events accepted again without a cause, and how often each cause explains another one."""
    known = causes_of(evidence.disturbances, evidence.looks, evidence.commits)
    unexplained: list[Key] = []
    causes: Counter[str] = Counter()
    for key, more in repeats.items():
        why = why_again(evidence.arrivals[key], evidence.records[key], evidence.parked_s.get(key), known)
        explained = [kind for kind in why if kind is not None]
        causes.update(explained[:more])
        if len(explained) < more:
            unexplained.append(key)
    return unexplained, causes


def _grown_mib(looks: Sequence[Look]) -> float:
    by_process: dict[str, list[float]] = {}
    for look in looks:
        by_process.setdefault(look.process, []).append(look.resident_mib)
    telling = [each for each in by_process.values() if len(each) >= _TELLING_LOOKS]
    quarters = [(each[: len(each) // 4], each[-(len(each) // 4) :]) for each in telling]
    return max((median(last) - median(first) for first, last in quarters), default=0.0)


def _some(what: str, found: Sequence[object]) -> list[str]:
    return [f"{len(found)} × {what}, such as {list(found[:3])}"] if found else []


def _letters(evidence: Evidence) -> list[str]:
    missing = [letter for letter in evidence.expected_letters if not evidence.letters[letter]]
    foreign = [letter for letter in evidence.letters if letter not in evidence.expected_letters]
    return [*_some("dead letter missing", missing), *_some("dead letter not expected", foreign)]


def _stalls(evidence: Evidence) -> list[str]:
    """Where nothing settled for a minute. Of the stream's own topics only: a closed pixel's parked ones may wait."""
    faults = [(each.begin_s, each.end_s) for each in evidence.disturbances]
    topics = {topic for positions in evidence.records.values() for topic, _, _ in positions[:1]}
    looks = sorted(evidence.looks, key=lambda look: look.at_s)
    settled: dict[str, float] = {}
    seen, place = [], 0
    for commit in evidence.commits:
        while place < len(looks) and looks[place].at_s <= commit.at_s:
            settled[looks[place].process] = looks[place].settled
            place += 1
        behind = sum(end - commit.offsets.get(p, 0) for p, end in commit.ends.items() if p[0] in topics)
        seen.append(Progress(commit.at_s, hash((*settled.items(), *commit.offsets.items())), behind))
    return stalls(seen, faults)


def _offsets(evidence: Evidence) -> list[str]:
    behind = [
        f"{partition}: {evidence.committed.get(partition, 0)} of {end}"
        for partition, end in evidence.ends.items()
        if evidence.committed.get(partition, 0) != end
    ]
    return _some("partition not committed to its end", behind)
