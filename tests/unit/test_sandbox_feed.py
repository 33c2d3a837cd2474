"""What the page is told next, and that it never falls behind for good."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from consumer.sandbox.api import Api, SandboxSettings
from consumer.sandbox.event_feed import Feed
from consumer.sandbox.rules.judge import ValidEvent
from consumer.sandbox.state.event_store import Mark, ReceivedRequest


def accept(api: Api, *event_ids: str) -> None:
    body = msgspec.json.encode({"event": "Purchase", "event_time": 1_780_000_000})
    api.store.accept(ReceivedRequest(1000.5, "r", "P", None), [ValidEvent("Purchase", one, body) for one in event_ids])


def read(feed: Feed, mark: Mark) -> tuple[list[tuple[str, Any]], Mark]:
    """The next messages, decoded: name and data; of rows only the event_ids."""
    messages, mark = feed.news(mark)
    told = []
    for message in messages:
        head, data = message.decode().removesuffix("\n\n").split("\n")
        name = head.removeprefix("event: ")
        decoded = json.loads(data.removeprefix("data: "))
        told.append((name, [row[5] for row in decoded] if name == "rows" else decoded))
    return told, mark


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_begins_with_the_newest_rows_and_goes_on_in_chunks() -> None:
    api = Api(SandboxSettings())
    feed = Feed(api, rows=10, chunk=4)
    accept(api, *numbers(1, 30))
    mark = feed.begin()

    told = []
    for _ in range(4):
        messages, mark = read(feed, mark)
        told.append(messages)

    assert told == [[("rows", numbers(21, 24))], [("rows", numbers(25, 28))], [("rows", numbers(29, 30))], []]


def test_a_page_that_cannot_keep_up_skips_to_the_newest() -> None:
    api = Api(SandboxSettings())
    feed = Feed(api, rows=10, chunk=4)
    mark = feed.begin()
    accept(api, *numbers(1, 30))

    told, mark = read(feed, mark)

    assert told == [("rows", numbers(27, 30))]
    assert read(feed, mark)[0] == []


def test_says_nothing_when_nothing_happened() -> None:
    feed = Feed(Api(SandboxSettings()))

    assert feed.news(feed.begin())[0] == []


def test_says_that_all_was_forgotten_before_it_tells_what_came_after() -> None:
    api = Api(SandboxSettings())
    feed = Feed(api)
    mark = feed.begin()
    accept(api, "1")
    _, mark = read(feed, mark)

    api.store.clear()
    accept(api, "2")

    assert read(feed, mark)[0] == [("clear", None), ("rows", ["2"])]


def test_does_not_wait_for_rows_that_were_forgotten() -> None:
    api = Api(SandboxSettings())
    feed = Feed(api)
    mark = feed.begin()
    accept(api, "1")
    api.store.clear()

    told, mark = read(feed, mark)

    assert told == [("clear", None)]
    assert mark == api.store.mark()


def test_merges_no_copy_whose_first_is_no_longer_kept() -> None:
    api = Api(SandboxSettings(keep=2))
    feed = Feed(api)
    accept(api, "1", "1")
    assert feed.detail(2) is not None
    accept(api, "1")

    detail = feed.detail(3)

    assert detail is not None
    assert (detail.fate, detail.first_seq, detail.merged) == ("merged", 1, None)
    assert [copy.seq for copy in detail.copies] == [2, 3]


def test_keeps_the_event_names_to_itself_since_there_may_be_many() -> None:
    api = Api(SandboxSettings())
    accept(api, "1")

    assert Feed(api).state().summary.by_event == {}
    assert api.store.summary().by_event == {"Purchase": 1}


@pytest.mark.parametrize("rest", ["", "/", "/1", "/1/2", "/1/2/x", "/1/2/3/4", "/1/-2/3", "/1/2/" + "9" * 5000])
def test_a_page_that_resumes_where_no_page_was_begins_anew(rest: str) -> None:
    api = Api(SandboxSettings())
    accept(api, "1")

    async def first() -> bytes:
        stream = Feed(api).stream(api.run_id + rest)
        return await anext(stream) + await anext(stream)

    assert b"event: clear" in asyncio.run(first())
