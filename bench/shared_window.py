"""What the shared window costs on top of a partition's own: microseconds an event that is claimed, and confirmed after.

    python -m bench.shared_window [EVENTS]

Starts a redis-server of its own. "Here" is CPU time of this process, all of its threads; "Redis" is CPU time of the
server; "waits" is what the deciding thread spends, waiting included. Copies cost less: they are not confirmed.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import redis

from bench.window import STEP, WINDOW_MS, made
from consumer.adapters.redis_window import RedisWindow
from consumer.core.dedupe.shared_protocol import OWNER_BYTES, Lifetimes, prefix_of
from consumer.core.dedupe.shared_window import SharedClaims
from consumer.core.model import EventOutcome, Item

WALL_MS = 1 << 41
PATIENT_S = 10.0


@contextmanager
def redis_server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program = shutil.which("redis-server") or sys.exit("install redis-server")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not is_up(port):
        time.sleep(0.05)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def is_up(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def decide(shared: SharedClaims, store: RedisWindow, items: list[Item]) -> None:
    """One step of the service: ask about what was read, tell of what was accepted since the last."""
    for item in items:
        shared.add(item)
    while (question := shared.question(time.monotonic(), WALL_MS)) is not None:
        for item, _ in shared.take_answer(question, store.ask(question), time.monotonic()):
            shared.accepted(item)
        if not shared.has_unasked:
            return


def redis_cpu_s(client: redis.Redis) -> float:
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])


def main(events: int) -> None:
    shared = SharedClaims(
        forward_new_fields=True,
        window_s=WINDOW_MS / 1000,
        name=partial(os.urandom, OWNER_BYTES),
        random=lambda: 0.5,
    )
    with redis_server() as url, redis.Redis.from_url(url) as client:
        store = RedisWindow(url, prefix_of("bench"), Lifetimes(WINDOW_MS), PATIENT_S)
        decide(shared, store, [])
        here_s = waits_s = 0.0
        there_s = redis_cpu_s(client)
        for start in range(0, events, STEP):
            pairs = made(start * 4, STEP, 1000, start * 4)
            items = [Item(event, [record], [EventOutcome.ACCEPTED], 0.0) for record, event in pairs]
            began, cpu = time.perf_counter(), time.process_time()
            decide(shared, store, items)
            here_s += time.process_time() - cpu
            waits_s += time.perf_counter() - began
        there_s = redis_cpu_s(client) - there_s
        store.close(1.0)
    micro = 1e6 / events
    print(f"{here_s * micro:.2f} µs an event here, {there_s * micro:.2f} in Redis, waits {waits_s * micro:.2f} in all")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
