"""Nothing is lost, whatever happens. `make chaos` runs it for CHAOS_MINUTES; without them one short run of a fixed
seed. CHAOS_SEED repeats one run.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from tests.chaos.plan import MORE_KINDS
from tests.chaos.report import Outcome, table
from tests.chaos.run import Settings, run
from tests.chaos.servers import Servers

SHORT_SEED: Final = 8
"""It draws much, and nothing that takes a minute to recover from, as a pixel that answers `forbidden` does."""
_MINUTES: Final = float(os.environ.get("CHAOS_MINUTES", "0"))
_SEED: Final = os.environ.get("CHAOS_SEED")
_SHORT: Final = Settings(faults_s=25, every_s=2.5, without=frozenset(MORE_KINDS))
_LONG: Final = Settings(faults_s=90, every_s=4)


@pytest.mark.server
@pytest.mark.timeout(0)
def test_loses_nothing_whatever_happens(tmp_path: Path) -> None:
    outcomes: list[Outcome] = []
    with Servers.started(tmp_path) as servers, _telling(outcomes):
        for seed in _seeds():
            outcome = run(seed, servers, tmp_path / f"seed-{seed}", _LONG if _MINUTES or _SEED else _SHORT)
            _tell(outcome.line)
            outcomes.append(outcome)
    assert not [outcome.line for outcome in outcomes if outcome.verdict.faults]
    assert _has_struck(outcomes)


def _seeds() -> Iterator[int]:
    if _SEED:
        yield int(_SEED)
    elif not _MINUTES:
        yield SHORT_SEED
    else:
        end_s = time.monotonic() + _MINUTES * 60
        yield from (seed for seed, _ in zip(count(int(time.time())), iter(lambda: time.monotonic() < end_s, False)))


@contextmanager
def _telling(outcomes: list[Outcome]) -> Iterator[None]:
    """The table at the end, also where one run could not be brought to its end."""
    try:
        yield
    finally:
        if outcomes:
            _tell(table(outcomes))


def _has_struck(outcomes: list[Outcome]) -> bool:
    """So that a suite which injects nothing cannot pass."""
    return all(outcome.injected.total() >= 5 and outcome.verdict.events > 1000 for outcome in outcomes)


def _tell(text: str) -> None:
    print(f"\n{text}", flush=True)  # noqa: T201 - what the suite is for
