"""The status page's numbers: where records go, how long requests take, match keys and fields left out."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from consumer.status.merging import merged
from consumer.status.model import (
    STAGES,
    DroppedField,
    LedgerStatus,
    PixelStatus,
    RequestsStatus,
    RequestTimes,
    RuleStatus,
    Stage,
)
from tests.support.browser import chromium
from tests.support.status_board import NOW, board_of, shown, status


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_the_ledger_says_how_records_ended_as_shares_and_what_is_not_settled(browser: Browser) -> None:
    board = board_of(ledger=LedgerStatus(10_000, {"sent": 9_000, "dropped": 990, "rejected": 1, "parked": 0}, 2, 7))

    with shown(browser, board) as page:
        words = page.locator("#ledger-words")
        expect(words).to_have_text("Every record read is settled, but 7 in flight and 2 released, to be read again.")
        rows = [" ".join(text.split()) for text in page.locator("#ledger li").all_inner_texts()]
        assert rows == ["sent 90 %", "dropped 9.9 %", "rejected < 0.1 %", "released < 0.1 %", "in flight < 0.1 %"]
        bar = page.locator("#ledger-bar > span").evaluate_all("spans => spans.map((span) => span.offsetWidth)")
        assert bar == sorted(bar, reverse=True)
        assert min(bar) >= 3, "the smallest part can be seen"
        board.status = status(ledger=LedgerStatus(5, {"sent": 5}))
        expect(words).to_have_text("Every record read is settled.")
        expect(page.locator("#ledger li")).to_have_count(1)


def way_of(page: Page) -> dict[str, str]:
    """What goes on, by stage."""
    rows = page.locator("#way > li").all()
    return {row.locator(".name").inner_text(): " ".join(row.locator(".on").inner_text().split()) for row in rows}


def test_what_goes_on_is_a_number_only_where_it_is_a_new_one(browser: Browser) -> None:
    stages = (
        Stage("read", 1000, 5),
        Stage("decode", 950, rejected=20, notes={"tombstones": 30}),
        Stage("route", 900, notes={"no rule": 50}),
        Stage("map", 900),
        Stage("normalize", 896, rejected=4, notes={"fields left out": 70}),
        Stage("validate", 896, notes={"shadow": 6, "remarks": 12}),
        Stage("dedupe", None, notes={"merged": 8, "duplicate": 2}),
        Stage("batch", None),
        Stage("deliver", 880, notes={"accepted": 3, "throttled": 1}),
        Stage("settle", 1000, notes={"sent": 880, "merged": 8}),
    )

    with shown(browser, board_of(stages=stages)) as page:
        expect(page.locator("#way > li")).to_have_count(len(STAGES))
        assert way_of(page) == {
            "read": "1,000 records", "decode": "the rest", "route": "900 events made", "map": "all",
            "normalize": "the rest", "validate": "890 events to send", "dedupe": "the rest", "batch": "all",
            "deliver": "880 accepted", "settle": "all settled",
        }  # fmt: skip
        chips = [row.locator(".chips li").all_inner_texts() for row in page.locator("#way > li").all()]
        assert chips == [
            ["5 in Kafka"], ["20 rejected", "30 tombstones"], ["50 no rule"], [], ["4 rejected", "70 fields left out"],
            ["6 shadow", "12 remarks"], ["8 merged", "2 duplicate"], [], [], [],
        ]  # fmt: skip


def test_events_that_all_pass_are_not_counted_at_each_stage(browser: Browser) -> None:
    passed = {"dedupe": None, "batch": None}
    stages = tuple(Stage(name, passed.get(name, 500)) for name in STAGES)

    with shown(browser, board_of(stages=stages)) as page:
        expect(page.locator("#way > li")).to_have_count(len(STAGES))
        texts = list(way_of(page).values())
        assert texts == ["500 records", "all", "500 events made", *["all"] * 5, "all accepted", "all settled"]


def test_parked_events_leave_at_deliver(browser: Browser) -> None:
    pixels = {name: PixelStatus("held", NOW, "w", "r", None, 0, {"parked": 3}) for name in ("shop", "blog")}

    with shown(browser, board_of(pixels=pixels)) as page:
        expect(page.locator('#way [data-key="deliver"] .chips')).to_have_text("6 parked")


EDGES: Final = ("0.1", "0.5", "20.0", "+Inf")


def times(*counts: int) -> RequestTimes:
    by_edge = dict(zip(EDGES, counts, strict=True))
    return RequestTimes(304.2, sum(counts), 0.1432, 0.5 if sum(counts[:2]) >= 0.95 * sum(counts) else None, by_edge)


def test_requests_say_how_long_they_took_lately_and_how_they_were_answered(browser: Browser) -> None:
    results = {"accepted": 1234, "throttled": 2, "refused": 0}
    board = board_of(requests=RequestsStatus(1, 4, 8, results, times(900, 95, 5, 0)))

    with shown(browser, board) as page:
        expect(page.locator("#requests-of")).to_have_text("the last 5 min")
        figures = page.locator("#request-times li")
        expect(figures).to_have_text(["answered1,000", "mean143 ms", "95 % within500 ms"])
        expect(page.locator("#results li")).to_have_text(["1,234 accepted", "2 throttled"])
        board.status = status(requests=RequestsStatus(recent=times(1, 0, 0, 1)))
        expect(figures).to_have_text(["answered2", "mean143 ms", "more than 5 % took> 20 s"])
        board.status = status(requests=RequestsStatus(recent=RequestTimes(42.0)))
        expect(figures).to_have_text(["answered0"])
        expect(page.locator("#requests-of")).to_have_text("the last 42 s")
        expect(page.locator("#request-results")).to_be_hidden()


def keyed(accepted: int, **keys: int) -> PixelStatus:
    return PixelStatus("open", NOW, "", "", None, 0, {"accepted": accepted - 1, "forwarded": 1}, match_keys=keys)


def test_match_keys_are_shares_of_accepted_events_of_all_pixels_and_of_each(browser: Browser) -> None:
    shop, blog = keyed(100, email=80, phone=100, none=0), keyed(300, email=20, phone=0, none=200)
    board = board_of(pixels={"shop": shop})

    with shown(browser, board) as page:
        bars = page.locator("#key-bars .bar")
        expect(bars.filter(has_text="email").locator(".share")).to_have_text("80 %")
        expect(page.locator("#keys-by-pixel")).to_be_hidden()
        board.status = merged([status(pixels={"shop": shop, "blog": blog}), status(pixels={"shop": shop})])
        shares = {"email": "36 %", "phone": "40 %", "ttp": "0 %", "any of them": "60 %"}
        for key, share in shares.items():
            expect(bars.filter(has_text=key).locator(".share")).to_have_text(share)
        expect(page.get_by_role("progressbar", name="email")).to_have_js_property("value", 0.36)
        page.get_by_text("By pixel").click()
        rows = [text.split("\t") for text in page.locator("#keys-by-pixel tbody tr").all_inner_texts()]
        assert [row[:3] for row in rows] == [["shop", "80 %", "100 %"], ["blog", "6.7 %", "0 %"]]
        board.status = status(pixels={"shop": PixelStatus("open", NOW, "", "", None, 0)})
        expect(page.locator("#keys-of")).to_have_text("no event is accepted yet")
        expect(page.locator("#key-bars")).to_be_hidden()


def test_match_keys_and_fields_left_out_are_said_of_each_rule(browser: Browser) -> None:
    paid = RuleStatus({"accepted": 10}, match_keys={"email": 5, "none": 5}, dropped_fields=1200)
    views = RuleStatus({"accepted": 4}, match_keys={"ttp": 4, "none": 0})
    board = board_of(rules={"paid": paid})

    with shown(browser, board) as page:
        expect(page.locator("#rules [data-part=left-out]")).to_have_text("1,200")
        expect(page.locator("#keys-by-rule")).to_be_hidden()
        board.status = merged([status(rules={"paid": paid, "views": views}), status(rules={"paid": paid})])
        page.get_by_text("By rule").click()
        rows = page.locator("#keys-by-rule tbody tr")
        expect(rows).to_have_count(2)
        assert [text.split("\t")[:2] for text in rows.all_inner_texts()] == [["paid", "50 %"], ["views", "0 %"]]
        expect(page.locator("#rules tr").first.locator("[data-part=left-out]")).to_have_text("2,400")


def test_fields_left_out_are_said_with_what_to_do_and_only_where_there_are_any(browser: Browser) -> None:
    fields = tuple(DroppedField(f"user.f{n}", "not_e164", 2000 - n, "not a phone", "send a plus") for n in range(6))
    board = board_of()

    with shown(browser, board) as page:
        section = page.locator("#fields-section")
        expect(section).to_be_hidden()
        board.status = status(dropped_fields=fields)
        rows = page.locator("#fields > li")
        expect(rows).to_have_count(4)
        expect(rows.first).to_have_text("2,000user.f0 not a phonesend a plus")
        page.get_by_role("button", name="Show all 6").click()
        expect(rows).to_have_count(6)
        board.status = status()
        expect(section).to_be_hidden()
