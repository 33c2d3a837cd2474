"""What `top` shows of a made-up status, in 80 columns."""

import io
from collections.abc import Mapping
from typing import Any, Final

import pytest
from msgspec import structs
from rich.console import Console

from consumer.commands.top.fitted import Fitted
from consumer.commands.top.screen import ago, screen
from consumer.commands.top.status_reader import service_url
from consumer.status.model import (
    ConnectionStatus,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    RejectedReason,
    Sample,
    Status,
)

NOW_S: Final = 1_790_000_000.0
URL: Final = "http://127.0.0.1:9464"
STATUS: Final = Status(
    at=NOW_S,
    started_at=NOW_S - 7200,
    version="0.3.0",
    group="tiktok-events",
    ready=True,
    ledger=LedgerStatus(read=12_345, settled={"sent": 12_000, "rejected": 15}, in_flight=300, oldest_s=4.0),
    partitions=(
        PartitionStatus("orders", 0, "reading", 9, 8, 70, 1.0),
        PartitionStatus("orders", 1, "unknown", None, None, None, 0),
    ),
    pixels={
        "shop": PixelStatus("open", NOW_S - 60, "", "", None, 0, {"accepted": 11_000, "forwarded": 7, "merged": 5}),
        "blog": PixelStatus("held", NOW_S - 600, "40105: the token is refused", "replace the token", None, 12),
    },
    connections=(
        ConnectionStatus("kafka", "broker:9092", True, NOW_S - 7000),
        ConnectionStatus("tiktok", "https://example.com", False, NOW_S - 90, "timeout", NOW_S - 1),
    ),
    rejected_reasons=(
        RejectedReason(
            "map.call", 45, NOW_S - 900, NOW_S - 30, "field total", "tiktok-consumer explain --topic orders"
        ),
    ),
    history=(Sample(int(NOW_S), 120.5, 118.0, 0.5, 70, 300),),
)


def shown(status: Status | str | None, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(screen(URL, status))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    return text


def test_says_what_flows_how_late_and_how_much() -> None:
    text = shown(STATUS)

    assert text.startswith("FLOWING  tiktok-events  version 0.3.0  up 2 h")
    assert ["total", "12,345", "11,007", "45", "70", "300", "4", "s"] in [line.split() for line in text.splitlines()]
    assert ["a", "second", "120.5", "118.0", "0.5"] in [line.split() for line in text.splitlines()]


def test_dead_letters_are_those_of_all_reasons_however_many_rules_rejected_a_record() -> None:
    other = RejectedReason("decode.utf8", 5, NOW_S - 900, NOW_S - 30, "bytes", "explain")
    two = shown(structs.replace(STATUS, rejected_reasons=(*STATUS.rejected_reasons, other)))

    assert ["total", "12,345", "11,007", "50", "70", "300", "4", "s"] in [line.split() for line in two.splitlines()]


def test_says_what_is_away_and_which_pixel_is_not_open_since_when_and_what_to_do() -> None:
    text = shown(STATUS)

    assert "AWAY" in text
    assert "since 1 min  https://example.com  timeout" in text
    assert "since 10 min 12 waiting 40105: the token is refused; replace the token" in " ".join(text.split())


def test_says_why_records_are_rejected_and_what_explains_it() -> None:
    text = shown(STATUS)

    assert "45  map.call  last 30 s ago: field total" in text
    assert "tiktok-consumer explain --topic orders" in text


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"breaker_open": True}, "STOPPED: most records are rejected"),
        ({"ready": False, "reasons": ("the window is filled",)}, "NOT READY"),
        ({"history": ()}, "WAITING"),
        ({"history": (), "partitions": (), "ledger": LedgerStatus()}, "UP TO DATE"),
        ({"history": (), "partitions": STATUS.partitions[1:], "ledger": LedgerStatus()}, "WAITING"),
    ],
)
def test_begins_with_the_state_that_matters_most(changes: Mapping[str, Any], state: str) -> None:
    text = shown(structs.replace(STATUS, **changes))

    assert text.startswith(state)
    assert ("not ready: the window is filled" in text) == (state == "NOT READY")


def test_an_empty_status_one_not_asked_yet_and_one_away_are_shown() -> None:
    assert shown(Status()).startswith("NOT READY")
    assert shown(None) == f"{URL}: asking\n"
    assert shown(f"{URL} is away") == f"{URL} is away\n"


def test_nothing_of_a_status_can_steer_the_terminal() -> None:
    text = shown(structs.replace(STATUS, group="g\x1b[2J", version="\x9b1"))

    assert "\x1b" not in text
    assert "\x9b" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (86_400 * 3, "3 d")]
)
def test_a_time_span_has_one_unit(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize("width", [80, 60, 40, 30])
def test_no_figure_is_cut_however_narrow_the_terminal(width: int) -> None:
    words = shown(STATUS, width).split()

    assert not [word for word in words if "…" in word]
    assert {"12,345", "11,007", "120.5", "118.0", "45", "0.5", "70", "300"} <= set(words)


def on_terminal(height: int, *statuses: Status | str | None, width: int = 80) -> list[str]:
    """The lines of a terminal of that height, in which nothing scrolls."""
    console = Console(file=io.StringIO(), width=width, height=height)
    drawn = console.render_lines(Fitted([(URL, status) for status in statuses], "q ends it"), pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in drawn]


def with_pixels(*, open_ones: int, held: int) -> Status:
    pixels = {f"open-{number}": STATUS.pixels["shop"] for number in range(open_ones)}
    return structs.replace(STATUS, pixels=pixels | {f"held-{number}": STATUS.pixels["blog"] for number in range(held)})


def test_in_a_terminal_what_needs_a_person_is_shown_and_the_open_pixels_as_far_as_they_fit() -> None:
    lines = on_terminal(24, with_pixels(open_ones=39, held=1))
    text = "\n".join(lines)

    assert len(lines) == 24
    assert "replace the token" in text
    assert "45  map.call" in text
    shown = text.count("pixel open-")
    assert 0 < shown < 39
    assert f"… and {39 - shown} open" in text
    assert lines[-1] == "q ends it"


def test_a_screen_that_fits_is_shown_whole_and_one_of_many_reasons_says_how_many_more() -> None:
    reasons = tuple(structs.replace(STATUS.rejected_reasons[0], reason=f"map.r{number}") for number in range(5))

    assert "… and" not in "\n".join(on_terminal(24, STATUS))
    assert "  … and 2 more reasons" in on_terminal(40, structs.replace(STATUS, rejected_reasons=reasons))


@pytest.mark.parametrize("height", [1, 2, 3, 5, 10, 15, 24, 60])
@pytest.mark.parametrize("services", [1, 3, 12])
def test_the_hint_is_shown_however_low_the_terminal_and_many_the_pixels(height: int, services: int) -> None:
    lines = on_terminal(height, *[with_pixels(open_ones=3, held=40)] * services)

    assert lines[-1] == "q ends it"
    assert len(lines) <= height
    assert height < 3 or any("and" in line for line in lines)


def test_in_a_low_terminal_a_held_pixel_goes_before_dead_letters() -> None:
    text = "\n".join(on_terminal(12, with_pixels(open_ones=39, held=1)))

    assert "replace the token" in text
    assert "… and 39 open" in text
    assert "… and dead letters for 1 reason" in text


def test_pixels_that_are_not_open_and_do_not_fit_are_counted() -> None:
    text = "\n".join(on_terminal(24, with_pixels(open_ones=3, held=40)))

    assert f"… and {40 - text.count('pixel held-')} not open, 3 open" in text
    assert "45  map.call" in text


def test_a_service_that_does_not_answer_leaves_its_lines_to_the_others() -> None:
    lines = on_terminal(24, f"{URL} is away", with_pixels(open_ones=39, held=1))

    assert lines[:2] == [f"{URL} is away", ""]
    assert len(lines) == 24


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_command_that_is_wider_than_the_terminal_can_be_copied_into_a_shell(width: int) -> None:
    command = (
        "tiktok-consumer explain --config /etc/tiktok-consumer/consumer.yaml --topic orders --partition 1 --offset 733"
    )
    reason = structs.replace(STATUS.rejected_reasons[0], explain=command)

    text = shown(structs.replace(STATUS, rejected_reasons=(reason,)), width)

    assert " ".join(text[text.index("tiktok-consumer explain") :].replace("\\\n", " ").split()) == command


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:9464", "http://127.0.0.1:9464"),
        ("[::1]:9464", "http://[::1]:9464"),
        (":9464", "http://localhost:9464"),
        ("consumer-0.consumer:80", "http://consumer-0.consumer:80"),
        ("http://consumer", "http://consumer"),
        ("https://consumer:443/behind/a/proxy", "https://consumer:443/behind/a/proxy"),
    ],
)
def test_a_service_is_named_by_its_url_or_as_http_listen_has_it(text: str, url: str) -> None:
    assert service_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "foo", "ftp://x", "http://", "http://x:99999", "x:y", "x:99999", "[::1", "a b:80", "::1"]
)
def test_anything_else_is_no_service(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        service_url(text)
