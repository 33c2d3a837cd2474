"""Whoever reaches the sandbox's port takes little of its memory and time, and keeps nobody else out."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from consumer.sandbox import Sandbox
from consumer.sandbox.connections import MOST_CONNECTIONS, REQUEST_WITHIN_S, SandboxConnection
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state import event_store
from consumer.sandbox.state.event_store import MOST_NAMES, OTHERS, ReceivedRequest, Store
from tests.support.cpu import allowed_s
from tests.support.http_clients import HTTP, http_client
from tests.support.process_costs import cpu_s, peak_bytes
from tests.support.sandbox import Sandbox as SandboxProcess
from tests.support.slow_clients import HALF, ask_json, connected, dripped_for_s, is_closed_within, many_files

MIB: Final = 1 << 20
ATTACKERS: Final = 1100
TRACK: Final = "/open_api/v1.3/event/track/"
PATHS: Final = (
    *(TRACK, "/healthz", "/", "/static/main.js", "/nowhere", "/sandbox/events/1", "/sandbox/stream"),
    *(f"/sandbox/{name}" for name in ("faults", "tokens", "rate", "refuse", "events", "refusals", "summary", "keys")),
)
HEADERS: Final = {"Access-Token": "made-up", "Content-Type": "application/json"}


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with Sandbox() as sandbox, http_client(base_url=sandbox.url, headers=HEADERS, timeout=30) as made:
        yield made


@pytest.fixture
def process(tmp_path: Path) -> Iterator[SandboxProcess]:
    """`tiktok-consumer sandbox`, just started."""
    running = SandboxProcess(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def asking(process: SandboxProcess) -> Iterator[httpx2.Client]:
    with http_client(base_url=process.url, headers=HEADERS, timeout=60) as made:
        yield made


@pytest.fixture
def attackers() -> Iterator[None]:
    """Enough files for their ends of the connections."""
    with many_files(4 * ATTACKERS):
        yield


def event(event_id: str, **more: object) -> dict[str, Any]:
    return {"event": "Purchase", "event_time": int(time.time()), "event_id": event_id, **more}


def send(client: httpx2.Client, *events: dict[str, Any], pixel: str = "P") -> int:
    body = {"event_source": "web", "event_source_id": pixel, "data": list(events)}
    return int(client.post(TRACK, json=body).json()["code"])


def head_of(method: str, path: str, length: int) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in HEADERS.items())]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


# ── connections ─────────────────────────────────────────────────────────────────────────────────


def test_the_bounds_are_those_of_the_document() -> None:
    assert (MOST_CONNECTIONS, REQUEST_WITHIN_S) == (500, 10.0)


@pytest.mark.usefixtures("attackers")
@pytest.mark.parametrize("said", [b"", HALF], ids=["nothing", "half a request"])
def test_connections_that_ask_nothing_keep_nobody_out(
    process: SandboxProcess, asking: httpx2.Client, said: bytes
) -> None:
    memory, spent_s = peak_bytes(process.pid), cpu_s(process.pid)
    idle = [connected(process.port, said) for _ in range(ATTACKERS)]
    try:
        for number in range(5):
            assert send(asking, event(str(number))) == 0
            assert HTTP.get(f"{process.url}/healthz").status_code == 200
        assert len(os.listdir(f"/proc/{process.pid}/fd")) <= MOST_CONNECTIONS + 20
        assert is_closed_within(idle[0], 5.0)  # the oldest gave way
        assert is_closed_within(idle[-1], REQUEST_WITHIN_S + 5.0)  # and the newest, which says nothing more
    finally:
        for connection in idle:
            connection.close()

    assert peak_bytes(process.pid) - memory < 32 * MIB
    assert cpu_s(process.pid) - spent_s < allowed_s(3.0)
    assert process.stderr.stat().st_size < 10_000


@pytest.mark.parametrize("begun", [HALF, head_of("POST", TRACK, 100_000), head_of("GET", "/sandbox/stream", 100_000)])
def test_a_request_that_is_not_whole_in_time_is_closed_however_it_drips(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(SandboxConnection, "within_s", 0.5)
    connection = connected(client.base_url.port or 0, begun)
    assert 0.4 < dripped_for_s(connection, 5.0) < 3.0
    connection.close()


def test_a_sender_that_pauses_and_a_page_that_is_open_stay(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SandboxConnection, "within_s", 0.5)
    sender = connected(client.base_url.port or 0)
    with client.stream("GET", "/sandbox/stream") as page:
        for _ in range(3):
            ask_json(sender, "/sandbox/summary")
            time.sleep(0.8)
        send(client, event("late"))
        lines = page.iter_lines()
        assert any("late" in line for line in lines)
    sender.close()


def test_an_answer_that_is_awaited_gives_way_to_nobody(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.sandbox.connections.MOST_CONNECTIONS", 5)
    client.put("/sandbox/faults", json=[{"do": {"latency_ms": 1500}}]).raise_for_status()
    content = json.dumps({"event_source": "web", "event_source_id": "P", "data": [event("1")]}).encode()
    port = client.base_url.port or 0
    awaited = connected(port, head_of("POST", TRACK, len(content)) + content)
    time.sleep(0.3)
    idle = [connected(port, HALF) for _ in range(20)]

    awaited.settimeout(10)
    assert awaited.recv(65536).startswith(b"HTTP/1.1 200")
    for connection in [awaited, *idle]:
        connection.close()


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_body_is_kept_whole_on_no_path(process: SandboxProcess, asking: httpx2.Client, method: str) -> None:
    """600 MB took 1.25 GB."""
    memory = peak_bytes(process.pid)
    for path in PATHS:
        head = head_of(method, path, 600 * MIB)
        with contextlib.suppress(ConnectionError, TimeoutError), connected(process.port, head) as connection:
            for _ in range(50):
                connection.sendall(b"x" * MIB)

    assert send(asking, event("1")) == 0
    assert peak_bytes(process.pid) - memory < 48 * MIB


def test_many_bodies_at_once_have_so_much_room_and_no_more(process: SandboxProcess, asking: httpx2.Client) -> None:
    """200 took 2.1 GB."""
    memory, waiting = peak_bytes(process.pid), []
    for _ in range(60):
        waiting.append(connected(process.port, head_of("POST", TRACK, 9 * MIB)))
        waiting[-1].sendall(b"x" * (8 * MIB))
    assert asking.post(TRACK, content=b" " * (2 * MIB)).status_code in (200, 503)
    for connection in waiting:
        connection.close()

    assert peak_bytes(process.pid) - memory < (128 + 64) * MIB
    while asking.post(TRACK, content=b" " * (9 * MIB)).status_code == 503:
        time.sleep(0.1)  # until it has seen that they went


@pytest.mark.parametrize("path", ["faults", "tokens", "rate", "refuse"])
def test_what_tells_the_sandbox_how_to_behave_is_bounded(client: httpx2.Client, path: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 16)

    answer = client.put(f"/sandbox/{path}", content=endless())

    assert answer.status_code == 413
    assert "longer than 1048576 bytes" in answer.json()["error"]


@pytest.mark.parametrize("path", ["faults", "tokens"])
def test_what_is_added_bit_by_bit_is_bounded_as_well(client: httpx2.Client, path: str) -> None:
    def addition(number: int) -> Any:
        name = f"{number}-" + "y" * 500_000
        return [{"do": {"code": 1, "text": name}}] if path == "faults" else {name: ["P"]}

    answers = [client.post(f"/sandbox/{path}", json=addition(number)).status_code for number in range(4)]

    assert answers[2:] == [413, 413]
    assert answers[0] in (200, 204)


# ── what is kept ────────────────────────────────────────────────────────────────────────────────


def test_large_events_are_kept_for_so_much_memory_and_no_more(process: SandboxProcess, asking: httpx2.Client) -> None:
    memory = peak_bytes(process.pid)
    for number in range(50):
        assert send(asking, event(str(number), properties={"description": "x" * (6 * MIB)})) == 0
    summary = asking.get("/sandbox/summary").json()
    kept = peak_bytes(process.pid) - memory
    slow = [connected(process.port, b"GET /sandbox/events HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(5)]
    time.sleep(2.0)

    assert summary["events"] == 50
    assert 10 < summary["kept"] < 50
    assert kept < (256 + 96) * MIB
    assert peak_bytes(process.pid) - memory - kept < (5 * 16 + 64) * MIB, "of answers that nobody reads"
    for connection in slow:
        connection.close()


@pytest.mark.parametrize(
    "refused", [{"event_source_id": "P" * (5 * MIB)}, {"data": [{"event": "E" * (5 * MIB), "event_time": 1.5}]}]
)
def test_refused_requests_are_kept_shortened(
    process: SandboxProcess, asking: httpx2.Client, refused: dict[str, Any]
) -> None:
    """100 whose pixel had 9 MiB took a gigabyte."""
    memory = peak_bytes(process.pid)
    for _ in range(40):
        body = {"event_source": "web", "event_source_id": "P", "data": [], **refused}
        assert asking.post(TRACK, json=body).json()["code"] == 40002

    assert peak_bytes(process.pid) - memory < 64 * MIB
    assert len(asking.get("/sandbox/refusals").content) < MIB


def test_too_many_keys_to_count_each_are_said_to_be(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_store, "MOST_KEY_CHARACTERS", 100)
    assert send(client, *(event(f"{number}-{'x' * 40}") for number in range(3))) == 0
    assert client.get("/sandbox/keys").status_code == 507
    assert "--forget-keys" in client.get("/sandbox/keys").json()["error"]
    assert client.get("/sandbox/summary").json()["events"] == 3

    client.delete("/sandbox/events").raise_for_status()
    send(client, event("1"))

    assert client.get("/sandbox/keys").json() == {"P|Purchase|1": 1}


def test_of_very_many_pixels_and_names_the_sum_is_enough() -> None:
    store = Store(10, forgets_keys=True)
    for number in range(MOST_NAMES + 50):
        request = ReceivedRequest(0.0, "r", f"P{number}", None)
        store.accept(request, [ValidEvent(f"E{number}", None, b"{}")])
    store.accept(ReceivedRequest(0.0, "r", "P" * 5000, None), [ValidEvent("E" * 5000, None, b"{}")])
    summary = store.summary()

    assert (summary.by_pixel[OTHERS], summary.by_event[OTHERS]) == (51, 51)
    assert summary.events == MOST_NAMES + 51
