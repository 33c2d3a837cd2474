"""How `run` gets on, as it tells in its log."""

import io
from typing import Final

import pytest
from structlog.testing import capture_logs

from consumer.config.loading import parse
from consumer.metrics import Metrics
from consumer.progress import AT_A_TERMINAL_EVERY_S, EVERY_S, RunProgress, StartLine
from consumer.service.publish.published import ServiceSnapshot

START: Final = StartLine(
    "web-events", "g", "localhost:9092", "https://business-api.tiktok.com", "http://localhost:9464/"
)
FILE: Final = """
kafka: {bootstrap_servers: "b:1", topics: [one, two], group_id: g}
pixels: {shop: {pixel_code: C, access_token: t}}
rules: [{name: all, pixel: shop}]
"""


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def published(read: int, accepted: int = 0) -> ServiceSnapshot:
    metrics = Metrics()
    metrics.inc("records_read", ("one",), read)
    metrics.inc("events", ("shop", "accepted"), accepted)
    metrics.inc("events", ("shop", "shadow"), 4)
    metrics.set("records_in_flight", 3)
    metrics.set("lag", 7, ("one", "0"))
    return ServiceSnapshot(metrics.snapshot(), 0.0, unready=("starting",))


@pytest.mark.parametrize(("stream", "every_s"), [(io.StringIO(), EVERY_S), (Terminal(), AT_A_TERMINAL_EVERY_S)])
def test_a_line_now_and_then_says_how_it_goes(stream: io.StringIO, every_s: float) -> None:
    clock = Clock()
    progress = RunProgress(START, clock, stream)

    with capture_logs() as lines:
        clock.s += every_s - 0.1
        progress.step(published(10))
        clock.s += 0.1
        progress.step(published(600, 500))
        progress.step(published(700, 500))
        clock.s += every_s
        progress.step(published(1200, 500))

    assert [(line["event"], line["read"], line["read_per_s"]) for line in lines] == [
        ("run.progress", 600, round(600 / every_s, 1)),
        ("run.progress", 1200, round(600 / every_s, 1)),
    ]
    first = lines[0]
    assert (first["accepted"], first["in_flight"], first["lag"], first["not_ready"]) == (500, 3, 7, ["starting"])


def test_at_a_terminal_it_says_in_words_what_it_reads_where_it_sends_and_where_its_page_is() -> None:
    terminal = Terminal()

    with capture_logs() as lines:
        RunProgress(START, Clock(), terminal).begin()

    said = terminal.getvalue()
    assert lines == []
    assert "web-events" in said
    assert "https://business-api.tiktok.com" in said
    assert "http://localhost:9464/" in said


def test_elsewhere_it_is_a_line_of_the_log() -> None:
    with capture_logs() as lines:
        RunProgress(START, Clock(), io.StringIO()).begin()

    (line,) = lines
    assert (line["event"], line["reads"], line["group"]) == ("run.started", "web-events", "g")


@pytest.mark.parametrize(
    ("listen", "page"),
    [
        ("0.0.0.0:9464", "http://localhost:9464/"),
        ("127.0.0.1:1", "http://127.0.0.1:1/"),
        ("[::]:9464", "http://localhost:9464/"),
        ("[::1]:9464", "http://[::1]:9464/"),
    ],
)
def test_the_page_is_where_one_can_open_it(listen: str, page: str) -> None:
    settings = parse(FILE + f'http: {{listen: "{listen}"}}', {})

    assert StartLine.of(settings, is_dry=False).page == page


def test_where_any_port_may_be_taken_the_page_is_at_the_one_that_was() -> None:
    settings = parse(FILE + 'http: {listen: "127.0.0.1:0"}', {})

    assert StartLine.of(settings, is_dry=False, port=40123).page == "http://127.0.0.1:40123/"


def test_it_says_what_is_sent_where() -> None:
    settings = parse(FILE, {})

    assert StartLine.of(settings, is_dry=False).sends_to == "https://business-api.tiktok.com"
    assert StartLine.of(settings, is_dry=True).sends_to.startswith("nothing")
    assert StartLine.of(settings, is_dry=False).reads == "one, two"


def test_a_dry_run_ends_with_its_counts_and_no_other_does() -> None:
    metrics = Metrics()
    metrics.inc("records_read", ("one",), 9)
    metrics.inc("events", ("shop", "shadow"), 5)
    with capture_logs() as lines:
        RunProgress(START, Clock(), io.StringIO(), is_dry=True).end(ServiceSnapshot(metrics.snapshot(), 0.0))
        RunProgress(START, Clock(), io.StringIO()).end(ServiceSnapshot(metrics.snapshot(), 0.0))

    (line,) = lines
    assert (line["event"], line["read"], line["would_send"], line["would_reject"]) == ("run.counted", 9, 5, {})
