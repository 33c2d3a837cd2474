"""Ports on the loopback address for the servers that tests start."""

import random
import socket

LOOPBACK = "127.0.0.1"

_OUTSIDE_THE_EPHEMERAL_RANGE = range(20_000, 32_000)
"""Linux hands out 32768 and up to outgoing connections. A server that is down for a while must not lose its
port to one of them, nor may a client that keeps trying be connected to itself."""


def free_ports(count: int) -> list[int]:
    """`count` different ports that nothing listens on at the moment."""
    candidates = random.SystemRandom().sample(_OUTSIDE_THE_EPHEMERAL_RANGE, k=count * 20)
    free = [port for port in candidates if _is_free(port)][:count]
    if len(free) < count:
        raise RuntimeError(f"fewer than {count} free ports on {LOOPBACK}")
    return free


def free_port() -> int:
    """One port that nothing listens on at the moment."""
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
