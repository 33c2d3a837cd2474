"""`run` ÷ floor: CPU an event in the default configuration, by as many interleaved pairs as asked for.

python -m bench floor [REPEATS]
"""

from dataclasses import dataclass
from typing import Final

from bench.ground import Servers
from bench.processes import Cost, cost, python
from bench.sample import SCHEMA_FILES

RECORDS: Final = 100_000


@dataclass(frozen=True)
class Pair:
    """One measurement of both, one right after the other: the machine was as busy for the one as for the other."""

    floor_us: float
    run: Cost

    @property
    def ratio(self) -> float:
        return self.run.cpu_us / self.floor_us


def pair(ground: Servers, schema: str, partitions: int) -> Pair:
    topic = ground.topic(schema, partitions, RECORDS)
    floor_us = floor(ground, schema, topic)
    return Pair(floor_us, cost(ground, ground.config(schema, topic), RECORDS))


def floor(ground: Servers, schema: str, topic: str) -> float:
    """CPU microseconds a record of the floor."""
    wanted = str(RECORDS - 1_000)
    return python("bench.floor", ground.kafka.bootstrap, topic, str(SCHEMA_FILES[schema]), wanted)


def main(ground: Servers, repeats: int) -> None:
    for _ in range(repeats):
        for schema in SCHEMA_FILES:
            found = pair(ground, schema, 4)
            print(
                f"{schema}: run {found.run.cpu_us:.1f} µs ÷ floor {found.floor_us:.1f} µs = {found.ratio:.2f}; "
                f"{found.run.per_s:,.0f} events/s, {found.run.peak_mib:.0f} MiB",
                flush=True,
            )
