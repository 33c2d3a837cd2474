"""The status page over statuses that a test makes up: many partitions, many workers, everything wrong at once."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from consumer.status.merging import merged
from consumer.status.model import LedgerStatus, PartitionStatus, Rejected, RejectedReason, Sample, WindowStatus
from consumer.web import SHARED, STATUS
from tests.support.browser import chromium
from tests.support.status_board import NOW, Board, board_of, partition, shown, status

AT_FIRST: Final = 24
"""Partitions shown before a person asks for all."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def rejected(offset: int, at: float = NOW - 90) -> Rejected:
    return Rejected(at, "web-events", 0, offset, "all", "shop", "map.call", "raised", None, None, f"explain {offset}")


def test_says_how_long_it_is_up_and_in_how_many_workers(browser: Browser) -> None:
    board = Board()
    board.status = merged([status(), status()])

    with shown(browser, board) as page:
        expect(page.locator("#about")).to_contain_text("3 d 4 h")
        expect(page.locator("[data-about=workers]")).to_have_text("2")
        expect(page.locator('#ledger [data-key="sent"]')).to_have_attribute("title", "14 records")
        board.status = status()
        expect(page.locator("[data-about=workers]")).to_be_hidden()


def test_of_very_many_partitions_it_shows_those_that_lag_most_and_all_when_asked(browser: Browser) -> None:
    partitions = tuple(partition(number, lag=number) for number in range(200))

    with shown(browser, board_of(partitions=partitions)) as page:
        rows = page.locator("#partitions tr")
        expect(rows).to_have_count(AT_FIRST)
        assert rows.first.inner_text().startswith(f"web-events[{200 - AT_FIRST}]")
        page.get_by_role("button", name="Show all 200 partitions").click()
        expect(rows).to_have_count(200)
        page.get_by_role("button", name="that lag most").click()
        expect(rows).to_have_count(AT_FIRST)


def test_a_partition_whose_position_is_not_known_is_among_those_that_lag_most(browser: Browser) -> None:
    unknown = [
        PartitionStatus(topic, 9, "unknown", None, None, None, 0.0) for topic in ("events", "tiktok-events.parked.shop")
    ]
    partitions = (*(partition(number, lag=number) for number in range(200)), *unknown)

    with shown(browser, board_of(partitions=partitions)) as page:
        names = page.locator("#partitions th").all_inner_texts()
        assert names[-2:] == ["events[9]", "tiktok-events.parked.shop[9]"]
        assert len(names) == AT_FIRST
        cells = page.locator("#partitions tr").last.locator("td")
        expect(cells).to_have_text(["not read: its position is not known", "–", "0", "–", "–"])
        expect(page.locator("#idle")).to_be_hidden()


def test_the_services_own_topics_come_after_the_events(browser: Browser) -> None:
    own = partition(0, topic="tiktok-events.parked.shop", state="closed")

    with shown(browser, board_of(partitions=(own, partition(0, lag=None)))) as page:
        names = page.locator("#partitions th").all_inner_texts()
        assert names == ["web-events[0]", "tiktok-events.parked.shop[0]"]
        expect(page.locator("#partitions tr").first).to_contain_text("–")
        expect(page.locator("#partitions tr").last).to_contain_text("paused: its pixel is closed")


def test_a_ledger_that_does_not_add_up_is_said_to(browser: Browser) -> None:
    board = board_of(ledger=LedgerStatus(11, {"sent": 7}, in_flight=1))

    with shown(browser, board) as page:
        expect(page.locator("#balance")).to_have_text("✗ does not add up")
        expect(page.locator("#ledger-words")).to_have_text("11 read, and not 7 settled + 0 released + 1 in flight.")
        board.status = status()
        expect(page.locator("#balance")).to_have_text("adds up ✓")


def test_what_is_wrong_comes_and_goes(browser: Browser) -> None:
    board = board_of(ready=False, reasons=("dead letters cannot be written", "offsets cannot be committed"))

    with shown(browser, board) as page:
        expect(page.get_by_role("alert").locator("li")).to_have_text(list(board.status.reasons))
        expect(page.locator("#live")).to_have_text("Not ready")
        board.status = status()
        expect(page.locator("#trouble")).to_be_hidden()
        expect(page.locator("#live")).to_have_text("Ready")


def test_lists_are_changed_in_place_so_that_focus_stays(browser: Browser) -> None:
    board = board_of(rejected=(rejected(5), rejected(4)))

    with shown(browser, board) as page:
        page.get_by_role("button", name="Copy the command for offset 4").focus()
        board.status = status(rejected=(rejected(6), rejected(5), rejected(4)))
        expect(page.locator("#rejected > li")).to_have_count(3)
        expect(page.get_by_role("button", name="Copy the command for offset 4")).to_be_focused()
        assert [text.split()[-1] for text in page.locator("#rejected .line1 code").all_inner_texts()] == ["6", "5", "4"]


def test_twenty_rejected_records_are_shown_when_asked_and_never_more(browser: Browser) -> None:
    board = board_of(rejected=(rejected(1),) * 20)  # alike, as a record may be that is rejected again and again

    with shown(browser, board) as page:
        items = page.locator("#rejected > li")
        expect(items).to_have_count(3)
        page.get_by_role("button", name="Show all 20").click()
        expect(items).to_have_count(20)
        board.status = status(at=NOW + 100, rejected=board.status.rejected)
        expect(items.first).to_contain_text("3 min 10 s ago")
        expect(items).to_have_count(20)


def test_a_record_that_three_rules_reject_is_three_dead_letters(browser: Browser) -> None:
    reason = RejectedReason("map.call", 15, NOW - 90, NOW - 30, "raised", "explain 4")
    board = board_of(ledger=LedgerStatus(5, {"rejected": 5}), rejected=(rejected(4),) * 15, rejected_reasons=(reason,))

    with shown(browser, board) as page:
        expect(page.locator("#reasons-of")).to_have_text("1 reason, 15 dead letters")
        expect(page.locator("#rejected-reasons [data-part=count]")).to_have_text("15 dead letters")
        expect(page.locator("#rejected-of")).to_have_text("the 3 newest of 15")
        expect(page.locator('#ledger [data-key="rejected"]')).to_have_attribute("title", "5 records")


def test_the_past_is_drawn_with_its_highest_and_newest_values(browser: Browser) -> None:
    history = tuple(
        Sample(int(NOW) - 10 * age, 100.0, 50.0 + age, 0.25, 1234, 7, 2.5 if age else None)
        for age in range(90, -1, -10)
    )
    hours = tuple(Sample(int(NOW) - 120 * age, 1.0, 3.0, 0.0, 5, 0, 1.0) for age in range(9, -1, -1))

    with shown(browser, board_of(history=history, history_hours=hours)) as page:
        figures = page.locator("#past figure")
        expect(figures).to_have_count(4)
        assert {figure.get_attribute("aria-label") for figure in figures.all()} == {
            "Events accepted per second: now 50, highest 140",
            "Dead letters per second: now 0.25, highest 0.25",
            "Lag in records: now 1,234, highest 1,234",
            "Seconds from Kafka to acceptance, mean: now –, highest 2.5",
        }
        page.get_by_role("button", name="6 hours").click()
        expect(figures.first).to_have_attribute("aria-label", "Events accepted per second: now 3, highest 3")
        figures.first.locator(".u-over").hover()
        expect(figures.first.locator(".u-legend .u-value").last).to_have_text("3")
        expect(figures.nth(2).locator(".u-legend .u-value").last).to_have_text("5")  # one cursor for all


def test_limits_say_how_far_it_is_to_them(browser: Browser) -> None:
    with shown(browser, board_of(window=WindowStatus(1, 90.0, is_warm=False))) as page:
        limits = page.locator("#limits").inner_text()
    for text in ("1 of 4", "lowered from 8", "1 of 50", "the oldest for 2 s", "1.5 KiB of 1 MiB", "being filled in"):
        assert text in limits


def test_on_a_phone_the_details_are_closed_until_they_are_asked_for(browser: Browser) -> None:
    with shown(browser, board_of(), width=380) as page:
        expect(page.locator("details.fold[open]")).to_have_count(0)
        expect(page.locator("#way")).to_be_visible()
        page.get_by_role("heading", name="Requests to TikTok").click()
        expect(page.locator("#request-times")).to_be_visible()
    with shown(browser, board_of()) as page:
        expect(page.locator("details.fold:not([open])")).to_have_count(0)


def test_script_and_style_are_small() -> None:
    files = [file for place in (SHARED, STATUS) for file in place.iterdir() if file.suffix in {".js", ".css"}]

    assert sum(file.stat().st_size for file in files) < 150 * 1024
