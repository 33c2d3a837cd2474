"""CPU and memory of a process and its children, as Linux counts them; and one `run` from start to end of a topic."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.ground import Servers
from tests.parts.part import CHECKOUT
from tests.support import process_costs
from tests.support.metrics import Metrics
from tests.support.processes import Service, environment
from tests.support.wait import wait_until

LOOK_EVERY_S: Final = 1.0
"""A look costs the process a scrape, some milliseconds: oftener, and it would show in the cost of an event."""
RUN_TIMEOUT_S: Final = 600.0


def family(pid: int) -> list[int]:
    """The process and its children, and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_s(pid: int) -> float:
    """CPU seconds that the process and its children have used so far."""
    return sum(map(process_costs.cpu_s, family(pid)))


def peak_bytes(pid: int) -> int:
    """The most memory that one of them has held at once."""
    return max(map(process_costs.peak_bytes, family(pid)))


@dataclass(frozen=True)
class Look:
    at_s: float
    cpu_s: float
    settled: float
    is_ready: bool


@dataclass(frozen=True)
class Cost:
    """Of a `run` in steady state."""

    cpu_us: float
    """CPU microseconds a record, of all its processes and threads."""
    per_s: float
    """Records settled a second."""
    peak_mib: float
    """Of the largest of its processes."""
    keys: float
    """In the dedupe window at the end."""


def python(module: str, *arguments: str, program: Path = Path(sys.executable)) -> float:
    """What a module of ours prints: CPU microseconds a record."""
    command = [str(program), "-m", module, *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-3000:]}")
    return float(done.stdout.split()[-1])


@contextmanager
def service(config: dict[str, Any], ground: Servers, arguments: Sequence[str] = ()) -> Iterator[Service]:
    group = config["kafka"]["group_id"]
    running = Service(config, ground.folder, group, arguments, env={})  # started as users start it, not forked
    try:
        yield running
    except BaseException:
        print(running.tail(), file=sys.stderr)
        raise
    finally:
        if running.is_running and running.stop():
            print(running.tail(), file=sys.stderr)


def cost(ground: Servers, config: dict[str, Any], count: int, arguments: Sequence[str] = ()) -> Cost:
    """Let a `run` settle `count` records that are there already.

    Not counted are the first fifth, and what is before all workers have their place in the group.
    """
    with service(config, ground, arguments) as running:
        looks: list[Look] = []

        def is_done() -> bool:
            looks.append(_look(running, was_ready=bool(looks) and looks[-1].is_ready))
            return looks[-1].settled >= count

        wait_until(is_done, RUN_TIMEOUT_S, what=f"{count} records are settled", every_s=LOOK_EVERY_S)
        peak = peak_bytes(running.pid) / (1 << 20)
        keys = running.metrics().value("window_keys")
    first = next(look for look in looks if look.settled >= count / 5 and look.is_ready)
    last = [look for look in looks if look.settled < count][-1]
    if last.settled - first.settled < count / 5:
        raise RuntimeError(f"too few records for a steady state: {looks}")
    settled = last.settled - first.settled
    return Cost((last.cpu_s - first.cpu_s) / settled * 1e6, settled / (last.at_s - first.at_s), peak, keys)


def _look(running: Service, *, was_ready: bool) -> Look:
    answer = running.get("/metrics")
    settled = 0.0 if answer is None else Metrics.parse(answer.text).value("records_settled_total")
    return Look(time.monotonic(), cpu_s(running.pid), settled, was_ready or running.is_ready())
