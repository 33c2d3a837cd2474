"""Ports on the loopback address for the servers that tests start."""

import os
import random
import socket
from itertools import islice
from pathlib import Path

from tests.support.run import RUN

LOOPBACK = "127.0.0.1"

_OUTSIDE_THE_EPHEMERAL_RANGE = range(20_000, 32_000)
"""Linux hands out 32768 and up to outgoing connections. A server that is down for a while must not lose its
port to one of them, nor may a client that keeps trying be connected to itself."""


def free_ports(count: int) -> list[int]:
    """`count` different ports that nothing listens on at the moment, and that are given to nobody else of this run."""
    candidates = random.SystemRandom().sample(_OUTSIDE_THE_EPHEMERAL_RANGE, k=count * 20)
    free = list(islice((port for port in candidates if _is_free(port) and _is_taken_first(port)), count))
    if len(free) < count:
        raise RuntimeError(f"fewer than {count} free ports on {LOOPBACK}")
    return free


def free_port() -> int:
    """One port, as `free_ports` gives them."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return not _fails_to_bind(probe, port)


def _fails_to_bind(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind((LOOPBACK, port))
    except OSError:
        return True
    return False


def _is_taken_first(port: int) -> bool:
    """A server binds its port seconds after it was chosen, and may be down for a while: all that time it is free."""
    if RUN not in os.environ:
        return True
    try:
        Path(os.environ[RUN], f"port-{port}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
