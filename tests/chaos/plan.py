"""Which faults strike when, drawn from a seed. Pure: the same seed and length make the same plan."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """How long a fault of this kind lasts at least and at most, and what no two faults may strike at once."""

    least_s: float
    most_s: float
    about: str = ""


SESSION_S: Final = 8.0
"""Session timeout of the group's members, in either protocol."""

_KINDS: Final[dict[str, Kind]] = {
    # Processes. The time is how long the process is away.
    "kill -9": Kind(0, 6),
    "SIGTERM and restart": Kind(0, 6),
    "SIGSTOP, SIGCONT": Kind(SESSION_S + 2, SESSION_S + 8),
    "member joins": Kind(0, 0),
    "member leaves": Kind(0, 0),
    # Kafka. One broker of three at a time, so that its cluster can do what it promises.
    "broker stopped": Kind(3, 12, "broker"),
    "broker killed": Kind(3, 12, "broker"),
    "broker hangs": Kind(3, SESSION_S + 6, "broker"),
    "broker slow": Kind(5, 15, "broker"),
    "broker resets": Kind(2, 8, "broker"),
    "leaders move": Kind(0, 0, "broker"),
    "dead letters refused": Kind(4, 15, "letters"),
    # TikTok, for all pixels.
    "HTTP 503": Kind(3, 12, "tiktok"),
    "HTTP 429": Kind(3, 10, "tiktok"),
    "40100 in 200": Kind(3, 10, "tiktok"),
    "40100 in 401": Kind(3, 10, "tiktok"),
    "50000 in 200": Kind(3, 10, "tiktok"),
    "timeout after acceptance": Kind(4, 10, "tiktok"),
    "timeout": Kind(4, 10, "tiktok"),
    "reset after acceptance": Kind(3, 10, "tiktok"),
    "reset": Kind(3, 10, "tiktok"),
    "half a body after acceptance": Kind(3, 10, "tiktok"),
    "half a body": Kind(3, 10, "tiktok"),
    "HTML": Kind(3, 10, "tiktok"),
    "nothing": Kind(3, 10, "tiktok"),
    "slow answers": Kind(5, 15, "tiktok"),
    "TLS failure": Kind(3, 10, "tiktok"),
    # One pixel of two.
    "pixel unavailable": Kind(8, 20, "pixel"),
    "pixel forbidden": Kind(5, 10, "pixel"),
    "token revoked": Kind(8, 20, "pixel"),
    # The rest.
    "registry away": Kind(4, 15, "registry"),
    "registry hangs": Kind(4, 15, "registry"),
    "Redis killed": Kind(2, 8, "redis"),
}
MORE_KINDS: Final[dict[str, Kind]] = {
    "SIGHUP": Kind(0, 0),
    "no leader at a restart": Kind(6, 14, "broker"),
    "topic made again": Kind(0, 0, "again"),
    "aborted transactions": Kind(0, 0, "transactions"),
    "broken envelopes": Kind(0, 0),
    "rights taken": Kind(4, 12, "rights"),
    "JSON 503 of a proxy": Kind(3, 10, "tiktok"),
    "JSON 429 of a proxy": Kind(3, 10, "tiktok"),
    "JSON 500 with code 0": Kind(3, 10, "tiktok"),
    "both pixels closed": Kind(8, 16, "pixel"),
    "Redis fails over": Kind(0, 0, "redis"),
}
"""Those that the short run leaves out: it is to stay short, and what it draws the same."""
KINDS: Final = {**_KINDS, **MORE_KINDS}


@dataclass(frozen=True)
class Planned:
    kind: str
    at_s: float
    """Seconds after the start of the run."""
    for_s: float
    pick: float
    """From 0 up to 1: which of several targets."""


def plan(seed: int, length_s: float, every_s: float, without: frozenset[str] = frozenset()) -> list[Planned]:
    """Faults one after another about every `every_s`, several in force at a time, all over within `length_s`.

    Kinds come from a shuffled deck, so that a run sees as many of them as it can. Faults about the same thing
    never overlap: such a one waits in the deck for its turn.
    """
    draw = random.Random(seed)
    return sorted(_dealt(draw, length_s, every_s, [kind for kind in KINDS if kind not in without]), key=_when)


def _when(planned: Planned) -> float:
    return planned.at_s


def _dealt(draw: random.Random, length_s: float, every_s: float, kinds: list[str]) -> Iterator[Planned]:
    deck: list[str] = []
    free_at_s: dict[str, float] = {}
    at_s = 0.0
    while (at_s := at_s + draw.uniform(0.3, 1.7) * every_s) < length_s:
        if len(deck) < len(kinds):
            deck += draw.sample(kinds, len(kinds))
        place = next((n for n, kind in enumerate(deck) if free_at_s.get(KINDS[kind].about, 0.0) <= at_s), None)
        if place is None:
            continue
        kind = deck.pop(place)
        for_s = min(draw.uniform(*KINDS[kind][:2]), max(0.0, length_s - at_s))
        if KINDS[kind].about:
            free_at_s[KINDS[kind].about] = at_s + for_s + 1
        yield Planned(kind, round(at_s, 2), round(for_s, 2), draw.random())
