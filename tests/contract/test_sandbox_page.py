"""What the Test Events page is served: its files, one event in full, and the stream of news."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import consumer.sandbox
from consumer.sandbox import Sandbox, SandboxSettings
from consumer.web import SHARED, STATUS
from tests.support.http_clients import http_client

Json = dict[str, Any]
STATIC = Path(consumer.sandbox.__file__).parent / "static"
FILES = [*STATIC.iterdir(), *(file for file in SHARED.iterdir() if file.suffix in {".css", ".js", ".svg"})]
TRACK = "/open_api/v1.3/event/track/"
HASH = "a" * 64
MOST_BYTES = 150 * 1024


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    headers = {"Access-Token": "made-up", "Content-Type": "application/json"}
    with Sandbox() as sandbox, http_client(base_url=sandbox.url, headers=headers, timeout=30) as made:
        yield made


def event(event_id: str | None = "1", **more: object) -> Json:
    return {"event": "Purchase", "event_time": int(time.time()), **({"event_id": event_id} if event_id else {}), **more}


def send(client: httpx2.Client, *events: Json, code: str | None = None) -> int:
    body: Json = {"event_source": "web", "event_source_id": "P", "data": list(events)}
    if code:
        body["test_event_code"] = code
    return int(client.post(TRACK, json=body).json()["code"])


class News:
    """The stream, read message by message."""

    def __init__(self, client: httpx2.Client, resume: str | None = None) -> None:
        headers = {"Last-Event-ID": resume} if resume else {}
        self._context = client.stream("GET", "/sandbox/stream", headers=headers)
        self._lines = self._context.__enter__().iter_lines()
        self.last_id = ""

    def next(self, name: str) -> Any:
        """The data of the next message of this name; those of other names are skipped."""
        current = ""
        for line in self._lines:
            kind, _, rest = line.partition(": ")
            if kind == "event":
                current = rest
            elif kind == "id":
                self.last_id = rest
            elif kind == "data" and current == name:
                return json.loads(rest)
        raise AssertionError(f"the stream ended without {name}")

    def until_id(self) -> str:
        """The id behind the messages read."""
        return next(line[4:] for line in self._lines if line.startswith("id: "))

    def close(self) -> None:
        self._context.__exit__(None, None, None)


@pytest.fixture
def news(client: httpx2.Client) -> Iterator[News]:
    made = News(client)
    yield made
    made.close()


def test_serves_the_page_with_a_policy_that_lets_nothing_foreign_in(client: httpx2.Client) -> None:
    page = client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_serves_every_file_that_the_page_and_its_scripts_ask_for(client: httpx2.Client) -> None:
    sources = client.get("/").text + "".join(file.read_text() for file in FILES if file.suffix == ".js")
    names = {*re.findall(r'"/static/([^"]+)"', sources), *re.findall(r'from "\./([^"]+)"', sources)}

    assert names == {file.name for file in FILES} - {"index.html"}
    types = {name: client.get(f"/static/{name}").headers["content-type"].partition(";")[0] for name in names}
    assert {types["main.js"], types["page.css"], types["icon.svg"]} == {"text/javascript", "text/css", "image/svg+xml"}


@pytest.mark.parametrize("page", [STATIC, STATUS])
def test_script_and_style_of_a_page_are_small(page: Path) -> None:
    files = [file for folder in (page, SHARED) for file in folder.iterdir() if file.suffix in {".css", ".js"}]

    assert 10_000 < sum(file.stat().st_size for file in files) < MOST_BYTES


@pytest.mark.parametrize("path", ["/static/none.js", "/static/..%2fpage.py", "/static/%2e%2e/page.py", "/static/"])
def test_serves_nothing_else(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_loads_nothing_from_outside_and_makes_no_markup_of_text() -> None:
    for file in FILES:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "").replace("https://shop.example.com", "")
        assert not re.search(r"https?://", text), file
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|\son\w+=|style=", text), (
            file
        )


def test_news_begin_with_what_is_there_and_go_on_with_what_comes(client: httpx2.Client) -> None:
    send(client, event("1", user={"email": HASH}), code="TEST1")
    news = News(client)
    hello = news.next("hello")

    kinds = news.next("kinds")
    [[seq, _, pixel, code, name, event_id, fate, first, keys, warnings, answered, fields, *worth]] = news.next("rows")

    assert (pixel, code, name, event_id, fate, answered) == ("P", "TEST1", "Purchase", "1", "first", True)
    assert seq == first
    assert abs(hello["at"] - time.time()) < 60
    assert [key for place, key in enumerate(hello["match_keys"]) if keys >> place & 1] == ["email"]
    present = [field for place, field in enumerate(hello["fields"]) if fields >> place & 1]
    assert present == ["event", "event_time", "event_id", "user.email"]
    assert kinds["first"] == 0
    warned = [kinds["kinds"][number]["field"] for number in warnings]
    assert warned == ["page.url", "properties.value", "properties.contents"]
    assert worth == [None, None, None]

    begin_s = time.monotonic()
    send(client, event("1"), event("2"))
    assert [(row[5], row[6], row[7]) for row in news.next("rows")] == [("1", "merged", seq), ("2", "first", seq + 2)]
    assert time.monotonic() - begin_s < 10
    news.close()


def test_news_tell_of_refusals_and_of_what_the_sandbox_is_told(client: httpx2.Client, news: News) -> None:
    assert news.next("state")["summary"]["requests"] == 0
    assert send(client, event(user={"email": "alice@example.com"})) == 40062

    [refused] = news.next("refusals")
    assert refused["message"].startswith("Batch.0.user.email")

    client.put("/sandbox/faults", json=[{"do": {"code": 50000}}])
    state = news.next("state")
    while not state["faults"]:
        state = news.next("state")
    assert state["faults"][0] == {"fault": {"do": {"code": 50000}}, "struck": 0}


def test_news_say_when_everything_was_forgotten(client: httpx2.Client, news: News) -> None:
    send(client, event("1"))
    news.next("rows")

    client.delete("/sandbox/events")
    news.next("clear")
    send(client, event("1"))

    assert [row[6] for row in news.next("rows")] == ["first"]


def test_news_go_on_where_they_broke_off(client: httpx2.Client) -> None:
    send(client, event("1"))
    first = News(client)
    first.next("rows")
    resume = first.until_id()
    first.close()
    send(client, event("2"))

    again = News(client, resume)

    assert [row[5] for row in again.next("rows")] == ["2"]
    again.close()


def test_news_of_an_earlier_run_start_over(client: httpx2.Client) -> None:
    send(client, event("1"))

    again = News(client, "earlier/1/5/5")

    again.next("clear")
    assert [row[5] for row in again.next("rows")] == ["1"]
    again.close()


def test_tells_everything_about_one_event_and_its_copies(client: httpx2.Client) -> None:
    properties = {"value": 1, "contents": [{"content_id": "a"}], "odd": None}
    send(client, event("1", properties=properties))
    send(client, event("1", user={"ttp": "c"}, properties={"currency": "EUR"}))
    first, copy = client.get("/sandbox/events").json()

    detail = client.get(f"/sandbox/events/{copy['seq']}").json()

    assert json.loads(detail["exact"])["user"] == {"ttp": "c"}
    assert detail["match_keys"] == ["ttp"]
    assert (detail["fate"], detail["first_seq"]) == ("merged", first["seq"])
    assert [(one["seq"], one["filled"]) for one in detail["copies"]] == [
        (first["seq"], []),
        (copy["seq"], ["user.ttp", "properties.currency"]),
    ]
    assert detail["merged"]["properties"] == {**properties, "currency": "EUR"}
    assert detail["parts"][0]["path"] == "event"
    assert detail["warnings"]


def test_an_event_without_copies_has_nothing_merged(client: httpx2.Client) -> None:
    send(client, event("1"), event(None))

    details = [client.get(f"/sandbox/events/{kept['seq']}").json() for kept in client.get("/sandbox/events").json()]

    assert [(detail["fate"], detail["copies"], detail["merged"]) for detail in details] == [
        ("first", [], None),
        ("no_id", [], None),
    ]


def test_an_event_that_is_no_longer_kept_is_not_found() -> None:
    headers = {"Access-Token": "made-up"}
    with (
        Sandbox(settings=SandboxSettings(keep=1)) as sandbox,
        http_client(base_url=sandbox.url, headers=headers) as client,
    ):
        send(client, event("1"), event("1"))

        assert client.get("/sandbox/events/1").status_code == 404
        assert client.get("/sandbox/events/2").json()["merged"] is None
        assert client.get("/sandbox/events/3").status_code == 404


def test_shows_an_event_with_a_number_that_no_float_holds(client: httpx2.Client) -> None:
    exact = '{"event":"x","event_time":1780000000,"properties":{"odd":1e999}}'
    body = f'{{"event_source":"web","event_source_id":"P","data":[{exact}]}}'
    assert client.post(TRACK, content=body).json()["code"] == 0

    assert client.get("/sandbox/events/1").json()["exact"] == exact


def test_finds_events_by_any_text(client: httpx2.Client) -> None:
    send(client, event("1", properties={"order_id": "A-77"}), event("2"))

    first = client.get("/sandbox/search", params={"q": "a-77"}).json()
    send(client, event("3", properties={"order_id": "A-77"}))
    again = client.get("/sandbox/search", params={"q": "a-77", "after": first["through"]}).json()

    assert (first, again) == ({"found": [1], "through": 2}, {"found": [3], "through": 3})


@pytest.mark.parametrize("asked", [{"q": "x" * 301}, {"q": "x", "after": "-1"}, {"q": "x", "after": "²"}])
def test_a_search_is_bounded(client: httpx2.Client, asked: dict[str, str]) -> None:
    assert client.get("/sandbox/search", params=asked).status_code == 400


def test_stops_at_once_though_pages_are_open() -> None:
    sandbox = Sandbox()
    with http_client(base_url=sandbox.url, timeout=30) as client:
        with sandbox:
            news = News(client)
            news.next("state")
            begin_s = time.monotonic()
        assert time.monotonic() - begin_s < 10
        with pytest.raises(AssertionError, match="the stream ended"):
            news.next("rows")
