"""No page that a browser on this machine shows reads the status or the sandbox's events, or changes anything there.

By a name that its owner lets point here for a moment (DNS rebinding), or by a request across sites.
"""

import socket
from collections.abc import Iterator
from typing import Final

import httpx2
import pytest

from consumer.adapters.http_server import application, serving
from consumer.sandbox import Sandbox
from consumer.sandbox.application import is_own_host
from consumer.service.publish.published import ServiceSnapshot
from tests.support.http_clients import HTTP, http_client
from tests.support.ports import LOOPBACK

NOW_S: Final = 1000.0


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    headers = {"Access-Token": "made-up", "Content-Type": "application/json"}
    with Sandbox() as sandbox, http_client(base_url=sandbox.url, headers=headers, timeout=30) as made:
        yield made


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:9464", 200),
        ("LOCALHOST.", 200),
        ("127.0.0.1:9464", 200),
        ("10.1.2.3", 200),
        ("[::1]:9464", 200),
        ("[fe80::1]", 200),
        (socket.gethostname(), 200),
        ("events.example.com", 200),
        ("events.example.com:443", 200),
        ("attacker.example", 421),
        ("127.0.0.1.attacker.example:9464", 421),
        ("localhost.attacker.example", 421),
        ("notlocalhost", 421),
        ("", 421),
    ],
)
def test_the_status_is_shown_under_a_name_of_its_own_alone(host: str, status: int) -> None:
    app = application(lambda: ServiceSnapshot({}, NOW_S), lambda: NOW_S, hosts=["Events.example.com"])
    with serving(app, LOOPBACK, 0) as port:
        url = f"http://{LOOPBACK}:{port}"
        answer = HTTP.get(f"{url}/api/status", headers={"host": host})
        probe = HTTP.get(f"{url}/healthz", headers={"host": host})

    assert answer.status_code == status
    assert ("http.hosts" in answer.text) == (status == 421)
    assert probe.status_code == 200  # probes and scrapes come by whatever name


BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}


@pytest.mark.parametrize(
    "foreign",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        BROWSER,
        {**BROWSER, "Origin": "https://evil.example.com"},
    ],
)
def test_pages_of_other_sites_change_nothing_here(client: httpx2.Client, foreign: dict[str, str]) -> None:
    assert client.post("/sandbox/faults", json=[{"do": {"code": 1}}], headers=foreign).status_code == 403
    assert client.put("/sandbox/tokens", json={}, headers=foreign).status_code == 403
    assert client.delete("/sandbox/events", headers=foreign).status_code == 403
    assert client.get("/sandbox/summary", headers=foreign).status_code == 200
    assert client.get("/sandbox/faults").json() == []


def test_the_sandboxs_own_page_may_write(client: httpx2.Client) -> None:
    own = {**BROWSER, "Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}

    assert client.delete("/sandbox/events", headers=own).status_code == 204


@pytest.mark.parametrize("path", ["/", "/sandbox/events", "/sandbox/stream", "/sandbox/search", "/static/main.js"])
def test_a_name_that_was_made_to_point_here_shows_nothing(client: httpx2.Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "rebound.evil.example.com:8080"})

    assert answer.status_code == 403
    assert "Host is not a name of this machine" in answer.text


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "box", "a.localhost", "pc.local"])
def test_is_shown_under_names_that_nobody_can_register(name: str) -> None:
    assert is_own_host(name)
    assert is_own_host(f"{name}:8080")


@pytest.mark.parametrize("name", ["", ":80", "example.com", "127.0.0.1.example.com", "localhost.example.com:80", "a.b"])
def test_is_not_shown_under_names_that_somebody_could_register(name: str) -> None:
    assert not is_own_host(name)
