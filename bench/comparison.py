"""Everything that needs Kafka, interleaved, and what came of it: one value, for the report."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

from bench import delay, stages
from bench.against_floor import RECORDS, Pair, pair
from bench.delay import Delay
from bench.ground import Servers
from bench.processes import Cost, cost, python
from bench.sample import SCHEMA_FILES
from tests.parts.part import CHECKOUT

OTHERS_PYTHON: Final = CHECKOUT / ".cache/others/bin/python"
PARTITIONS: Final = (4, 16)
OTHERS_RECORDS: Final = 20_000
"""The others are slow; their cost an event does not depend on how many there are."""
REPEATS: Final = 3
K = TypeVar("K")
V = TypeVar("V")


@dataclass
class Findings:
    """By schema and partitions, or by schema, or by number of workers; one entry a repetition."""

    pairs: dict[tuple[str, int], list[Pair]] = field(default_factory=dict)
    naive_us: dict[str, list[float]] = field(default_factory=dict)
    quix_us: dict[str, list[float]] = field(default_factory=dict)
    workers: dict[int, list[Cost]] = field(default_factory=dict)
    delay: Delay | None = None
    stages_us: dict[str, dict[str, float]] = field(default_factory=dict)


def compared(ground: Servers, repeats: int = REPEATS) -> Findings:
    """Each repetition measures everything once, so that a slow minute of the machine is nobody's alone."""
    found = Findings()
    for repeat in range(repeats):
        for schema in SCHEMA_FILES:
            for partitions in PARTITIONS:
                _add(found.pairs, (schema, partitions), pair(ground, schema, partitions))
            _add(found.naive_us, schema, other(ground, "bench.naive", schema, Path(sys.executable)))
            _add(found.quix_us, schema, other(ground, "bench.quix", schema, OTHERS_PYTHON))
        for workers in (1, 2):
            _add(found.workers, workers, with_workers(ground, workers))
        print(f"repetition {repeat + 1} of {repeats} is done", file=sys.stderr, flush=True)
    found.delay = delay.measured(ground)
    found.stages_us = {schema: stages.measured(schema) for schema in SCHEMA_FILES}
    return found


def other(ground: Servers, module: str, schema: str, program: Path) -> float:
    """CPU microseconds a record of something else that does the same job."""
    topic = ground.topic(schema, 4, RECORDS)
    addresses = ground.registry.url, ground.tiktok.url
    return python(module, ground.kafka.bootstrap, topic, schema, *addresses, str(OTHERS_RECORDS), program=program)


def with_workers(ground: Servers, workers: int) -> Cost:
    """Of more records, since a group of several takes seconds to settle."""
    topic = ground.topic("flat", 16, 2 * RECORDS)
    return cost(ground, ground.config("flat", topic), 2 * RECORDS, ("--workers", str(workers)))


def _add(table: dict[K, list[V]], key: K, value: V) -> None:
    table.setdefault(key, []).append(value)


@dataclass(frozen=True)
class Spread:
    """The median, and between what the values lay."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))
