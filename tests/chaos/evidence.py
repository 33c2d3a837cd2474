"""Gathering what a run has left behind, once everything is settled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tests.chaos.causes import Arrival, Position
from tests.chaos.judge import Evidence
from tests.chaos.offsets import Offsets
from tests.chaos.stream import Known, copies
from tests.chaos.watch import Watching
from tests.chaos.world import PIXELS, World
from tests.support.http_clients import http_client
from tests.support.letters import letter
from tests.support.sandbox import Key
from tests.support.stream import expected_letters

_PAGE: Final = 5000


def own_topics(group: str) -> tuple[str, ...]:
    """The topics that a group writes for itself and reads too (docs/dead-letters.md, docs/architecture.md §8)."""
    return (f"{group}.replay", *(f"{group}.parked.{pixel}" for pixel in PIXELS))


def gathered(
    world: World,
    known: Known,
    places: Mapping[int, tuple[int, int]],
    watching: Watching,
    problems: Sequence[str],
) -> Evidence:
    """Everything that the judge looks at."""
    scene = world.scene
    records, times = _records(scene.topic, known, places)
    for key, position in world.extras.records():
        records[key], times[key] = [position], 1
    parked_s = _parked(world, records)
    offsets = Offsets(world.servers.cluster.direct, scene.group, world.topics, own_topics(scene.group))
    return Evidence(
        records=records,
        copies=times,
        parked_s=parked_s,
        arrivals=_arrivals(scene.sandbox.url),
        letters=Counter(map(letter, scene.dead_letters())),
        expected_letters=expected_letters(known.stream),
        committed=offsets.committed(),
        ends=offsets.ends(),
        disturbances=world.chronicle.disturbances,
        commits=watching.commits,
        looks=watching.looks,
        problems=problems,
    )


def _records(
    topic: str, known: Known, places: Mapping[int, tuple[int, int]]
) -> tuple[dict[Key, list[Position]], Counter[Key]]:
    found: dict[Key, list[Position]] = {}
    times: Counter[Key] = Counter()
    for key, number in copies(known.stream):
        times[key] += 1
        found.setdefault(key, []).append((topic, *places[number]))
    return found, times


def _parked(world: World, records: dict[Key, list[Position]]) -> dict[Key, float]:
    """Add the parked records to those of their events; when each event was first parked."""
    by_id: dict[tuple[str, str], list[Key]] = {}
    for key in records:
        by_id.setdefault((key[0], key[2]), []).append(key)
    first_s: dict[Key, float] = {}
    for pixel, code in PIXELS.items():
        for stored in world.scene.kafka.read_all(f"{world.scene.group}.parked.{pixel}"):
            event_id = (stored.key or b"").decode()
            for key in by_id.get((code, event_id), ()):
                records[key].append((stored.topic, stored.partition, stored.offset))
                first_s[key] = min(first_s.get(key, float("inf")), stored.timestamp_ms / 1000)
    return first_s


def _arrivals(sandbox_url: str) -> dict[Key, list[Arrival]]:
    """Every acceptance there was, by event."""
    found: dict[Key, list[Arrival]] = {}
    after = 0
    with http_client(base_url=sandbox_url, timeout=60) as client:
        while page := client.get(f"/sandbox/events?limit={_PAGE}&after={after}").raise_for_status().json():
            for event in page:
                key = (event["pixel"], event["event"], event["event_id"] or "")
                found.setdefault(key, []).append(Arrival(event["received_at"], event["answered"]))
            after = page[-1]["seq"]
    return found
