"""The status page over statuses that a test makes up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from consumer.adapters.http_server import application, serving
from consumer.service.publish.published import ServiceSnapshot
from consumer.status.model import (
    STAGES,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    RequestsStatus,
    Stage,
    Status,
    WindowStatus,
)
from tests.support.browser import tab
from tests.support.ports import LOOPBACK

NOW: Final = 1_790_000_000.0


class Board:
    """What is published; a test puts up something else."""

    def __init__(self) -> None:
        self.status = Status()

    def latest(self) -> ServiceSnapshot:
        return ServiceSnapshot({}, time.monotonic(), status=self.status)


@contextmanager
def shown(browser: Browser, board: Board, width: int = 1280) -> Iterator[Page]:
    """The page; it must have had nothing to complain of in the end."""
    app = application(board.latest, time.monotonic)
    with serving(app, LOOPBACK, 0) as port, tab(browser, f"http://{LOOPBACK}:{port}/", width=width) as opened:
        expect(opened.page.locator("#live")).not_to_have_text("Connecting")
        yield opened.page
        assert opened.complaints == []


def partition(number: int, lag: int | None = 0, topic: str = "web-events", state: str = "reading") -> PartitionStatus:
    return PartitionStatus(topic, number, state, 100, 100, lag, 12.345)


def status(**differs: object) -> Status:
    whole = Status(
        at=NOW,
        started_at=NOW - 3 * 86_400 - 4 * 3600,
        version="1.2.3",
        group="tiktok-events",
        ready=True,
        stages=tuple(Stage(name, 1234) for name in STAGES),
        ledger=LedgerStatus(10, {"sent": 7, "rejected": 1}, 1, 1, 1536, 50, 1 << 20, 2.0),
        partitions=(partition(0),),
        pixels={"shop": PixelStatus("open", NOW - 60, "", "", None, 0, {"accepted": 7})},
        requests=RequestsStatus(1, 4, 8, {"accepted": 7}),
        window=WindowStatus(7, 120.0),
    )
    return structs.replace(whole, **differs)


def board_of(**differs: object) -> Board:
    board = Board()
    board.status = status(**differs)
    return board
