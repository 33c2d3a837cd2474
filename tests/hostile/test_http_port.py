"""Whoever reaches the port of `run` takes few descriptors, little memory and no time of delivery (docs/limits.md)."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from structlog.testing import capture_logs

from consumer.adapters.http_limits import MOST_CONNECTIONS, REQUEST_WITHIN_S, LimitedConnection
from consumer.adapters.http_server import application, serving
from consumer.service.publish.published import ServiceSnapshot
from tests.support.cpu import allowed_s
from tests.support.http_clients import HTTP
from tests.support.ports import LOOPBACK
from tests.support.slow_clients import HALF, ask_json, connected, dripped_for_s, is_closed_within, many_files

NOW_S: Final = 1000.0
MIB: Final = 1 << 20
ATTACKERS: Final = 1100
DESCRIPTORS: Final = 1024
"""What a process may have open where nobody raised it."""
FOR_DELIVERY: Final = DESCRIPTORS - MOST_CONNECTIONS - 64
_PROGRAM: Final = r"""
import json, logging, resource, socket, sys
from pathlib import Path
from consumer import logs
from consumer.adapters.http_server import application, serving
from consumer.service.publish.published import ServiceSnapshot

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
logs.set_up("info", "json")
with serving(application(lambda: ServiceSnapshot({}, 1000.0, unready=()), lambda: 1000.0), "127.0.0.1", 0) as port:
    memory, spent_s = peak(), cpu_s()
    print(port, flush=True)
    sys.stdin.readline()
    delivery = [socket.socket() for _ in range(int(sys.argv[1]))]
    print(json.dumps({"opened": len(delivery), "grown": peak() - memory, "cpu_s": cpu_s() - spent_s}), flush=True)
"""


def published() -> ServiceSnapshot:
    return ServiceSnapshot({}, NOW_S, unready=())


def status_of(port: int) -> int:
    return HTTP.get(f"http://{LOOPBACK}:{port}/readyz").status_code


@pytest.fixture
def port() -> Iterator[int]:
    with serving(application(published, lambda: NOW_S), LOOPBACK, 0) as port:
        yield port


def test_the_bounds_are_those_of_the_document() -> None:
    assert (MOST_CONNECTIONS, REQUEST_WITHIN_S) == (100, 10.0)


@contextmanager
def alone(sockets: int) -> Iterator[tuple[int, Callable[[], dict[str, float]]]]:
    """The port in a fresh process: its number, and what ends it and tells what it took.

    Args:
        sockets: how many it opens at the end, as delivery would.
    """
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _PROGRAM, str(sockets)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        def taken() -> dict[str, float]:
            out, err = process.communicate("now\n", timeout=60)
            assert process.returncode == 0, err
            return {**json.loads(out), "logged": len(err)}

        yield port, taken


@pytest.fixture
def attackers() -> Iterator[None]:
    """Enough files for their ends of the connections."""
    with many_files(4 * ATTACKERS):
        yield


@pytest.mark.usefixtures("attackers")
@pytest.mark.parametrize("said", [b"", HALF], ids=["nothing", "half a request"])
def test_delivery_has_its_descriptors_whoever_connects(said: bytes) -> None:
    """Such connections took all 1,024, and 462 MB of log were written in a minute."""
    with alone(sockets=FOR_DELIVERY) as (port, taken):
        idle = [connected(port, said) for _ in range(ATTACKERS)]
        time.sleep(1.0)
        answered = [status_of(port) for _ in range(5)]
        found = taken()
        for connection in idle:
            connection.close()

    assert answered == [200] * 5
    assert found["opened"] == FOR_DELIVERY
    assert found["grown"] < 16 * MIB
    assert found["cpu_s"] < allowed_s(3.0)
    assert found["logged"] < 10_000


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_is_kept_on_no_path(method: str) -> None:
    paths = ["/", "/metrics", "/healthz", "/readyz", "/api/status", "/static/x", "/nowhere"]
    with alone(sockets=0) as (port, taken):
        for path in paths:
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {600 * MIB}\r\n\r\n"
            with contextlib.suppress(ConnectionError, TimeoutError), connected(port, head.encode()) as connection:
                for _ in range(60):
                    connection.sendall(b"x" * MIB)
        assert status_of(port) == 200
        found = taken()

    assert found["grown"] < 16 * MIB


@pytest.mark.parametrize("said", [b"", HALF], ids=["nothing", "half a request"])
def test_connections_that_ask_nothing_take_few_descriptors_and_keep_nobody_out(port: int, said: bytes) -> None:
    before = len(os.listdir("/proc/self/fd"))
    idle = [connected(port, said) for _ in range(MOST_CONNECTIONS * 4)]
    try:
        for _ in range(20):
            assert HTTP.get(f"http://{LOOPBACK}:{port}/healthz").status_code == 200
        taken = len(os.listdir("/proc/self/fd")) - before - len(idle)  # without the test's own
        assert taken <= MOST_CONNECTIONS + 5
        assert is_closed_within(idle[0], 5.0)  # the oldest gave way
        assert not is_closed_within(idle[-1], 0.1)
    finally:
        for connection in idle:
            connection.close()


def test_a_request_that_is_not_whole_in_time_is_closed_however_it_drips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LimitedConnection, "within_s", 0.5)
    with serving(application(published, lambda: NOW_S), LOOPBACK, 0) as port:
        connection = connected(port, HALF)
        assert 0.4 < dripped_for_s(connection, 5.0) < 3.0
        connection.close()


def test_a_connection_that_is_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedConnection, "within_s", 1.0)
    with serving(application(published, lambda: NOW_S), LOOPBACK, 0) as port:
        connection = connected(port)
        for _ in range(6):
            ask_json(connection, "/readyz")
            time.sleep(0.3)
        connection.close()


def test_the_end_does_not_wait_for_connections() -> None:
    with serving(application(published, lambda: NOW_S), LOOPBACK, 0) as port:
        idle = [connected(port, HALF) for _ in range(10)]
        begun_s = time.monotonic()

    assert time.monotonic() - begun_s < 4.0
    for connection in idle:
        connection.close()


def test_where_descriptors_are_short_it_says_so_once_a_minute_and_serves_again_afterwards(port: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = [socket.socket() for _ in range(5)]
    with capture_logs() as lines:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")), hard))
        try:
            for connection in waiting:
                connection.connect((LOOPBACK, port))
            time.sleep(2.5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for connection in waiting:
        connection.close()

    assert [line["event"] for line in lines] == ["http.accept_failed"]
    assert HTTP.get(f"http://{LOOPBACK}:{port}/readyz").status_code == 200
