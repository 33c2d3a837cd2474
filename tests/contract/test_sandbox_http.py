"""The sandbox over real HTTP: what TikTok's path answers, every misbehaviour, and the sandbox's own paths."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from consumer.sandbox import Sandbox, SandboxSettings
from tests.support.http_clients import HTTP, http_client
from tests.support.wait import wait_until

Json = dict[str, Any]
TRACK = "/open_api/v1.3/event/track/"
HEADERS = {"Access-Token": "made-up", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """One for all tests, cleared after each."""
    yield shared
    with http_client(base_url=shared.url) as client:
        for path in ("faults", "tokens", "rate", "refuse", "events"):
            client.delete(f"/sandbox/{path}").raise_for_status()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    with http_client(base_url=sandbox.url, headers=HEADERS, timeout=30) as made:
        yield made


def event(event_id: object = "1", name: str = "Purchase") -> Json:
    return {"event": name, "event_time": int(time.time()), "event_id": event_id}


def body(*events: Json, pixel: str = "P") -> Json:
    return {"event_source": "web", "event_source_id": pixel, "data": list(events or (event(),))}


def send(client: httpx2.Client, *events: Json, pixel: str = "P") -> httpx2.Response:
    return client.post(TRACK, json=body(*events, pixel=pixel))


def misbehave(client: httpx2.Client, do: Json, **when: object) -> None:
    client.put("/sandbox/faults", json=[{"do": do, **when}]).raise_for_status()


def accepted(client: httpx2.Client, **ask: str | int) -> list[str]:
    return [kept["event_id"] for kept in client.get("/sandbox/events", params=ask).json()]


def test_accepts_a_right_request_with_tiktoks_envelope(client: httpx2.Client) -> None:
    answer = send(client, event("1"), event("2"))

    assert answer.status_code == 200
    assert answer.json() == {"code": 0, "message": "OK", "request_id": answer.json()["request_id"], "data": {}}
    assert accepted(client) == ["1", "2"]


def test_refuses_with_status_200_and_a_code_and_takes_none_of_the_batch(client: httpx2.Client) -> None:
    answer = send(client, event("1"), event(2))

    assert answer.status_code == 200
    assert answer.json()["code"] == 40002
    assert answer.json()["message"] == "Batch.1.event_id: Not a valid string"
    assert accepted(client) == []


def test_the_trailing_slash_matters(client: httpx2.Client) -> None:
    assert client.post(TRACK.rstrip("/"), json=body()).status_code == 404
    assert client.get(TRACK).status_code == 405


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Access-Token": ""}, 40104),
        ({"Access-Token": "Bearer made-up"}, 40105),
        ({"Content-Type": "text/plain"}, 40002),
        ({"Content-Type": "application/json; charset=utf-8"}, 0),
    ],
)
def test_headers_matter(client: httpx2.Client, headers: dict[str, str], code: int) -> None:
    answer = client.post(TRACK, content=json.dumps(body()), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (200, code)


def test_a_request_without_the_token_header_is_told_so(sandbox: Sandbox) -> None:
    assert HTTP.post(sandbox.url + TRACK, json=body()).json()["code"] == 40104


def test_tokens_can_be_configured_revoked_and_restored(client: httpx2.Client) -> None:
    def codes() -> list[int]:
        return [send(client, pixel=pixel).json()["code"] for pixel in ("P", "Q")]

    client.put("/sandbox/tokens", json={"made-up": ["P"]}).raise_for_status()
    assert codes() == [0, 40001]
    client.post("/sandbox/tokens", json={"made-up": None}).raise_for_status()
    assert codes() == [40105, 40105]
    client.post("/sandbox/tokens", json={"made-up": ["P", "Q"]}).raise_for_status()
    assert codes() == [0, 0]


def test_a_thousand_events_go_and_one_more_does_not(client: httpx2.Client) -> None:
    thousand = [event(str(number)) for number in range(1000)]

    assert send(client, *thousand).json()["code"] == 0
    assert send(client, *thousand, event("one more")).json()["code"] == 40002
    assert client.get("/sandbox/summary").json()["events"] == 1000


def test_a_body_over_ten_mebibytes_is_too_large(client: httpx2.Client) -> None:
    answer = client.post(TRACK, content=b" " * (10 * 1024 * 1024 + 1))

    assert answer.status_code == 413
    assert "code" not in answer.text
    assert send(client).json()["code"] == 0  # on the same connection


def test_refuses_events_that_only_tiktok_finds_guilty(client: httpx2.Client) -> None:
    client.put("/sandbox/refuse", json={"event_ids": ["guilty"], "code": 40000}).raise_for_status()

    assert send(client, event("innocent"), event("guilty")).json()["code"] == 40000
    assert send(client, event("innocent")).json()["code"] == 0
    assert accepted(client) == ["innocent"]


def test_limits_the_rate_with_an_envelope_or_with_a_status(client: httpx2.Client) -> None:
    client.put("/sandbox/rate", json={"per_second": 0.01}).raise_for_status()
    assert [send(client).json()["code"] for _ in range(2)] == [0, 40100]

    client.put("/sandbox/rate", json={"per_second": 0.01, "code": None, "status": 429, "retry_after": 7})
    answer = send(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert "code" not in answer.text


def test_answers_any_code_in_any_status(client: httpx2.Client) -> None:
    misbehave(client, {"code": 40100, "status": 401, "message": "QPS", "retry_after": 3}, for_next=1)

    answer = send(client)

    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (401, 40100, "QPS")
    assert answer.headers["retry-after"] == "3"
    assert accepted(client) == []
    assert send(client).json()["code"] == 0


@pytest.mark.parametrize(
    ("do", "status", "content"),
    [
        ({"status": 503}, 503, b"status 503"),
        ({"status": 429, "retry_after": "Wed, 21 Oct 2037 07:28:00 GMT"}, 429, b"status 429"),
        ({"body": "html", "status": 502}, 502, b"<h1>Bad Gateway</h1>"),
        ({"body": "garbage"}, 200, b"\x00\xff"),
        ({"body": "empty"}, 200, b""),
        ({"text": '{"code": "0"}'}, 200, b'{"code": "0"}'),
    ],
)
def test_answers_what_is_not_the_envelope(client: httpx2.Client, do: Json, status: int, content: bytes) -> None:
    misbehave(client, do)

    answer = send(client)

    assert answer.status_code == status
    assert content in answer.content
    assert answer.headers.get("retry-after") == do.get("retry_after")
    assert accepted(client) == []


def test_answers_late_but_rightly(client: httpx2.Client) -> None:
    misbehave(client, {"latency_ms": 150})
    begin_s = time.monotonic()

    assert send(client).json()["code"] == 0
    assert time.monotonic() - begin_s >= 0.15
    assert accepted(client) == ["1"]


@pytest.mark.parametrize(
    ("do", "error"),
    [
        ({"end": "reset"}, httpx2.ReadError),
        ({"end": "close"}, httpx2.RemoteProtocolError),
        ({"body": "half"}, httpx2.RemoteProtocolError),
        ({"end": "hang"}, httpx2.ReadTimeout),
    ],
)
@pytest.mark.parametrize("accept", [False, True])
def test_gives_no_whole_answer(client: httpx2.Client, do: Json, error: type[Exception], accept: bool) -> None:
    misbehave(client, {**do, "accept": accept}, for_next=1)

    with pytest.raises(error):
        client.post(TRACK, json=body(), timeout=httpx2.Timeout(60, read=0.3 if error is httpx2.ReadTimeout else 60))
    wait_until(lambda: client.get("/sandbox/summary").json()["requests"] == 1, 60, what="the request has come")

    assert accepted(client) == (["1"] if accept else [])
    assert client.get("/sandbox/keys", params={"unanswered": 1}).json() == ({"P|Purchase|1": 1} if accept else {})
    assert send(client, event("2")).json()["code"] == 0


def raw_answer(sandbox: Sandbox) -> tuple[bytes, bool]:
    """What a request brings on the bare socket, and whether it ended with a reset."""
    content = json.dumps(body()).encode()
    head = f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nAccess-Token: t\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1])), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        got = b""
        try:
            while part := connection.recv(65536):
                got += part
        except ConnectionResetError:
            return got, True
        return got, False


def test_a_reset_is_a_reset_and_a_close_is_a_close(client: httpx2.Client, sandbox: Sandbox) -> None:
    misbehave(client, {"end": "reset"})
    assert raw_answer(sandbox) == (b"", True)
    misbehave(client, {"end": "close"})
    assert raw_answer(sandbox) == (b"", False)


def test_half_a_body_promises_more_than_it_gives(client: httpx2.Client, sandbox: Sandbox) -> None:
    misbehave(client, {"body": "half", "accept": True})

    got, was_reset = raw_answer(sandbox)

    head, _, content = got.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert (len(content), was_reset) == (promised // 2, False)
    assert content.startswith(b'{"code":0')


def test_accepts_and_then_answers_as_if_it_had_not(client: httpx2.Client) -> None:
    misbehave(client, {"status": 504, "accept": True})

    assert send(client).status_code == 504
    assert [kept["answered"] for kept in client.get("/sandbox/events").json()] == [False]
    assert client.get("/sandbox/summary").json()["unanswered"] == 1


def test_accepts_nothing_bad_even_when_told_to_accept(client: httpx2.Client) -> None:
    misbehave(client, {"status": 504, "accept": True})

    assert send(client, event(5)).status_code == 504
    assert accepted(client) == []


def test_misbehaves_to_one_pixel_only_and_says_how_often(client: httpx2.Client) -> None:
    misbehave(client, {"code": 40001}, match={"pixel": "Q"})

    assert [send(client, pixel=pixel).json()["code"] for pixel in ("P", "Q", "Q")] == [0, 40001, 40001]
    assert [one["struck"] for one in client.get("/sandbox/faults").json()] == [2]
    assert client.post("/sandbox/faults", json=[{"do": {"code": 1}}]).json()[1]["struck"] == 0
    assert client.delete("/sandbox/faults").json() == []


def test_tells_what_it_accepted(client: httpx2.Client) -> None:
    send(client, event("1"), event("2"))
    send(client, event("1"), event("1", "Lead"), pixel="Q")
    send(client, event("1"))
    before = client.get("/sandbox/events", params={"limit": 1}).json()[0]["seq"]

    assert accepted(client, after=before + 1) == ["1", "1", "1"]
    assert accepted(client, pixel="Q", limit=1) == ["1"]
    assert accepted(client, event_id="2") == ["2"]
    assert client.get("/sandbox/keys").json() == {
        "P|Purchase|1": 2,
        "P|Purchase|2": 1,
        "Q|Purchase|1": 1,
        "Q|Lead|1": 1,
    }
    assert client.get("/sandbox/summary").json() == {
        "requests": 3,
        "by_answer": {"0": 3},
        "events": 5,
        "by_pixel": {"P": 3, "Q": 2},
        "by_event": {"Purchase": 4, "Lead": 1},
        "duplicates": 1,
        "unanswered": 0,
        "kept": 5,
    }


def test_keeps_each_event_exactly_as_it_was_sent(client: httpx2.Client) -> None:
    exact = (
        '{"event" : "Purchase","event_time":1780000000 , "event_id":"\\u00e9", "properties":{"value":1.50,"x":null}}'
    )
    whole = f'{{"event_source":"web","event_source_id":"P","test_event_code":"TEST1","data":[{exact}]}}'

    answer = client.post(TRACK, content=whole).json()

    assert answer["code"] == 0
    assert exact in client.get("/sandbox/events").text
    kept = client.get("/sandbox/events").json()[0]
    assert (kept["test_event_code"], kept["request_id"]) == ("TEST1", answer["request_id"])
    assert abs(kept["received_at"] - time.time()) < 60


def test_tells_what_it_refused_and_why(client: httpx2.Client) -> None:
    send(client, event(1))
    misbehave(client, {"status": 503})
    send(client)

    by_request, told = client.get("/sandbox/refusals").json()[-2:]

    assert (by_request["message"], by_request["is_told"]) == ("Batch.0.event_id: Not a valid string", False)
    assert json.loads(by_request["event"])["event_id"] == 1
    assert (told["status"], told["code"], told["is_told"], told["event"]) == (503, None, True, None)
    assert client.get("/sandbox/summary").json()["by_answer"] == {"40002": 1, "status 503": 1}


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "/sandbox/faults", '[{"do": {"cod": 1}}]'),
        ("POST", "/sandbox/faults", "{"),
        ("PUT", "/sandbox/tokens", '{"t": "P"}'),
        ("POST", "/sandbox/tokens", "[]"),
        ("PUT", "/sandbox/rate", '{"per_second": 0}'),
        ("PUT", "/sandbox/refuse", '{"event_ids": "x"}'),
        ("GET", "/sandbox/events?after=x", ""),
        ("GET", "/sandbox/events?limit=-1", ""),
        ("GET", "/sandbox/refusals?after=x", ""),
        ("GET", f"/sandbox/events?after={'9' * 30}", ""),
        ("GET", f"/sandbox/events?limit={'9' * 5000}", ""),
        ("GET", f"/sandbox/refusals?after={'9' * 5000}", ""),
        ("GET", f"/sandbox/search?q=a&after={'9' * 30}", ""),
        ("PUT", "/sandbox/rate", '{"per_second": 1e400}'),
        ("PUT", "/sandbox/faults", '[{"do": {"latency_ms": 1e400}}]'),
    ],
)
def test_says_what_is_wrong_with_what_it_is_told(client: httpx2.Client, method: str, path: str, content: str) -> None:
    answer = client.request(method, path, content=content)

    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("number", ["9" * 18, str(2**63 - 1), "9" * 30, "9" * 5000, "x", "-1"])
def test_an_event_that_never_was_is_not_found_whatever_its_number(client: httpx2.Client, number: str) -> None:
    assert client.get(f"/sandbox/events/{number}").status_code == 404
    assert client.get("/sandbox/events", params={"after": 2**63 - 1, "limit": 2**63 - 1}).json() == []


def test_is_healthy(client: httpx2.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_outlives_a_sender_that_goes_away_in_the_middle(client: httpx2.Client, sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]))) as connection:
        connection.sendall(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\nhalf".encode())

    assert send(client).json()["code"] == 0


def test_stops_at_once_though_requests_hang() -> None:
    with Sandbox() as running, http_client(base_url=running.url, headers=HEADERS) as client:
        misbehave(client, {"end": "hang"})
        waiting = socket.create_connection(("127.0.0.1", int(running.url.rsplit(":", 1)[1])))
        content = json.dumps(body())
        waiting.sendall(f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode())
        while client.get("/sandbox/faults").json()[0]["struck"] == 0:
            time.sleep(0.01)
        begin_s = time.monotonic()

    assert time.monotonic() - begin_s < 10
    waiting.close()


def test_can_be_asked_from_the_process_that_runs_it_also_after_it_stopped() -> None:
    running = Sandbox(settings=SandboxSettings(keep=1))
    with running, http_client(base_url=running.url, headers=HEADERS) as client:
        send(client, event("1"), event("2"))
        assert running.summary().events == 2

    assert [kept.event_id for kept in running.events()] == ["2"]
    assert running.keys() == {"P|Purchase|1": 1, "P|Purchase|2": 1}


def test_without_checks_it_counts_and_judges_nothing() -> None:
    settings = SandboxSettings(has_checks=False, latency_ms=50)
    with Sandbox(settings=settings) as running, http_client(base_url=running.url) as client:
        begin_s = time.monotonic()

        assert send(client, event(1), event(2)).json()["code"] == 0

        assert time.monotonic() - begin_s >= 0.05
        assert running.summary().by_pixel == {"P": 2}
        assert running.events() == []
        assert client.post(TRACK, content="{").json()["code"] == 40002


def test_says_at_once_that_a_port_is_taken(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=int(sandbox.url.rsplit(":", 1)[1]))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serves_in_the_foreground_until_it_is_told_to_stop(end: signal.Signals) -> None:
    program = "from consumer.sandbox import serve; print(serve(0, on_ready=lambda url: print(url, flush=True)))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert HTTP.get(f"{url}/healthz").status_code == 200

        process.send_signal(end)

        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == f"{int(end)}\n"
