"""The endpoints of `run` over a real socket (docs/status.md): they show what was published, no more."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx2
import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from consumer.adapters.http_server import application, serving
from consumer.metrics import Metrics
from consumer.service.publish.published import STUCK_AFTER_S, ServiceSnapshot
from consumer.status.model import LedgerStatus, Status
from consumer.web import SHARED, STATUS, Files
from tests.support.http_clients import HTTP, http_client
from tests.support.ports import LOOPBACK, free_port

NOW_S: Final = 1000.0
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"


class Board:
    """What was published last; a test puts up something else."""

    def __init__(self) -> None:
        self.published = ServiceSnapshot({}, NOW_S, unready=())


@contextmanager
def listening(board: Board) -> Iterator[httpx2.Client]:
    with (
        serving(application(lambda: board.published, lambda: NOW_S), LOOPBACK, 0) as port,
        http_client(base_url=f"http://{LOOPBACK}:{port}") as client,
    ):
        yield client


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def client(board: Board) -> Iterator[httpx2.Client]:
    with listening(board) as client:
        yield client


def numbers() -> Metrics:
    metrics = Metrics()
    metrics.inc("records_read", ("web-events",), 3)
    metrics.set("records_in_flight", 2)
    metrics.observe("request_seconds", 0.15)
    return metrics


def test_healthy_while_the_loop_turns(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S - STUCK_AFTER_S)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "reasons": []})


def test_unhealthy_when_the_loop_is_stuck(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S - STUCK_AFTER_S - 1)

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"healthy": False, "reasons": ["the loop has not turned for 61 s"]}


def test_healthy_while_a_drain_holds_the_loop_for_as_long_as_it_said(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S - 300, busy_until_s=NOW_S)
    assert client.get("/healthz").status_code == 200

    board.published = ServiceSnapshot({}, NOW_S - 300, busy_until_s=NOW_S - STUCK_AFTER_S - 1)
    assert client.get("/healthz").status_code == 503


def test_unhealthy_when_a_request_will_never_be_answered(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S, stuck_request_since_s=NOW_S - 45)

    assert client.get("/healthz").json()["reasons"] == ["a request has been under way for 45 s"]


def test_ready_or_not_with_the_reasons(board: Board, client: httpx2.Client) -> None:
    assert client.get("/readyz").json() == {"ready": True, "reasons": []}

    board.published = ServiceSnapshot(
        {}, NOW_S, unready=("dead letters cannot be written", "offsets cannot be committed")
    )
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["dead letters cannot be written", "offsets cannot be committed"]


def test_not_ready_and_healthy_before_the_first_step(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S)

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_unready_is_not_unhealthy_since_a_restart_would_not_mend_it(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot({}, NOW_S, unready=("every pixel is unavailable or held",))

    assert client.get("/healthz").status_code == 200


def test_metrics_are_in_the_format_of_prometheus(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot(numbers().snapshot(), NOW_S)

    answer = client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    samples = {(s.name, *s.labels.values()): s.value for family in prometheus(answer.text) for s in family.samples}
    assert samples["tiktok_consumer_records_read_total", "web-events"] == 3
    assert samples[("tiktok_consumer_records_in_flight",)] == 2
    assert samples["tiktok_consumer_request_seconds_bucket", "0.2"] == 1


def test_metrics_are_answered_whatever_version_of_a_format_is_asked_for(client: httpx2.Client) -> None:
    answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=x"})

    assert answer.status_code == 200


def test_metrics_are_in_the_format_of_openmetrics_when_asked_for(board: Board, client: httpx2.Client) -> None:
    board.published = ServiceSnapshot(numbers().snapshot(), NOW_S)

    answer = client.get("/metrics", headers={"accept": OPENMETRICS})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    parsed = openmetrics(answer.text)  # type: ignore[no-untyped-call]  # the library's own
    names = {family.name for family in parsed}
    assert {"tiktok_consumer_records_read", "tiktok_consumer_request_seconds"} <= names


def test_a_scrape_is_of_one_moment(board: Board, client: httpx2.Client) -> None:
    metrics = numbers()
    board.published = ServiceSnapshot(metrics.snapshot(), NOW_S)
    metrics.inc("records_read", ("web-events",), 100)

    assert 'records_read_total{topic="web-events"} 3.0' in client.get("/metrics").text


def test_the_status_is_json(board: Board, client: httpx2.Client) -> None:
    status = Status(ready=True, group="tiktok-events", ledger=LedgerStatus(read=3, in_flight=3))
    board.published = ServiceSnapshot({}, NOW_S, status=status)

    answer = client.get("/api/status")

    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(answer.content, type=Status) == status


def test_the_status_is_for_our_own_page_alone(client: httpx2.Client) -> None:
    headers = client.get("/api/status").headers

    assert "access-control-allow-origin" not in headers
    assert headers["cache-control"] == "no-cache"


def test_the_page_is_served_with_a_policy_that_lets_nothing_foreign_in(client: httpx2.Client) -> None:
    page = client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_every_file_that_the_page_and_its_scripts_ask_for_is_there_and_none_is_too_many(client: httpx2.Client) -> None:
    scripts = [*STATUS.glob("*.js"), SHARED / "dom.js"]
    sources = client.get("/").text + "".join(file.read_text() for file in scripts)
    names = {*re.findall(r'"/static/([^"]+)"', sources), *re.findall(r'from "\./([^"]+)"', sources)}

    assert names == Files(STATUS).names - {"index.html"}
    assert {client.get(f"/static/{name}").status_code for name in names} == {200}


@pytest.mark.parametrize("path", ["/static/none.js", "/static/..%2f__init__.py", "/static/%2e%2e/__init__.py"])
def test_no_other_file_is_served(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_loads_nothing_from_outside_and_makes_no_markup_of_text() -> None:
    own = [file for file in STATUS.iterdir() if not file.name.startswith("uPlot.")]
    assert len(own) > 10
    for file in own:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|\son\w+=|style=", text), (
            file
        )


def test_there_is_nothing_else_and_nothing_to_be_changed(client: httpx2.Client) -> None:
    assert client.get("/metrics/x").status_code == 404
    assert client.post("/readyz").status_code == 405


def test_the_port_is_free_again_afterwards_and_its_thread_is_gone() -> None:
    port = free_port()
    for _ in range(2):
        with serving(application(lambda: Board().published, lambda: NOW_S), LOOPBACK, port) as bound:
            assert bound == port
    assert "http" not in {thread.name for thread in threading.enumerate()}


def test_an_address_that_is_taken_is_an_error_of_the_system() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match="in use"),
            serving(application(lambda: Board().published, lambda: NOW_S), LOOPBACK, port),
        ):
            pass


def test_listens_on_ipv6_as_well() -> None:
    board = Board()
    with serving(application(lambda: board.published, lambda: NOW_S), "::1", 0) as port:
        assert HTTP.get(f"http://[::1]:{port}/readyz").status_code == 200


def test_metrics_tell_when_the_process_began_and_what_memory_it_takes(client: httpx2.Client) -> None:
    families = {family.name: family for family in prometheus(client.get("/metrics").text)}

    [started] = families["process_start_time_seconds"].samples
    assert time.time() - 3600 * 24 < started.value <= time.time() + 60
    assert families["process_resident_memory_bytes"].samples[0].value > 1e6
