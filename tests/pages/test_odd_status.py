"""The status page of a service that hangs, and of a status that is rarely seen: a real one that the test changes."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.axe import faults
from tests.support.browser import tab
from tests.support.processes import Service
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import scene_of
from tests.support.stream import make_bad, make_purchases
from tests.support.topics import Kafka

HISTORY: Final = {
    "read_per_s": 2.0,
    "accepted_per_s": 2.0,
    "rejected_per_s": 0.0,
    "lag": 10_000_000,
    "in_flight": 3,
    "delay_s": 0.8,
}


@pytest.fixture(scope="module")
def service(kafka: Kafka, sandbox_process: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One run for all of this: 20 events accepted, 2 records rejected."""
    sandbox_process.reset()
    topic, folder = kafka.new_topic("events", partitions=4), tmp_path_factory.mktemp("odd")
    with Registry() as registry, scene_of(kafka, registry, sandbox_process, folder, topic) as scene:
        ids = scene.schema_ids()
        scene.produce(make_purchases(20, ids))
        scene.produce(make_bad(["normalize.event_time", "decode.left_over"], ids))
        service = scene.run(dead_letter={"breaker": {"share": 1.0}})
        scene.wait_until_rejected(2)
        scene.wait_until_settled()
        yield service


class Told:
    """What the page is told in place of the service's own status; a second has gone by at each answer."""

    def __init__(self, service: Service) -> None:
        answer = service.get("/api/status")
        assert answer is not None
        self.status: dict[str, Any] = answer.json()

    def answer(self, route: Route) -> None:
        self.status["at"] += 1
        route.fulfill(json=self.status)


@contextmanager
def showing(browser: Browser, service: Service, told: Told, width: int = 1280) -> Iterator[Page]:
    """The page, with what it is told."""
    with tab(browser, "about:blank", width=width) as opened:
        opened.page.route("**/api/status", told.answer)
        opened.page.goto(f"{service.url}/")
        expect(opened.page.locator("#partitions tr").first).to_be_attached()
        yield opened.page
        opened.page.unroute_all(behavior="wait")
        assert opened.complaints == []


def open_all(page: Page) -> None:
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")


def expect_next_answer(page: Page) -> None:
    """Until the page has shown one more answer."""
    up = page.locator("[data-about=up]")
    expect(up).not_to_have_text(up.inner_text())


def is_within(inner: Locator, outer: Locator) -> bool:
    within, around = inner.bounding_box(), outer.bounding_box()
    assert within is not None
    assert around is not None
    return within["x"] >= around["x"] and within["x"] + within["width"] <= around["x"] + around["width"] + 1


def test_a_service_that_takes_requests_and_answers_none_is_not_called_ready(service: Service, browser: Browser) -> None:
    with tab(browser, f"{service.url}/") as opened:
        live = opened.page.locator("#live")
        expect(live).to_have_text("Ready")
        service.send(signal.SIGSTOP)
        try:
            expect(live).to_have_text(re.compile(r"The service does not answer; as of .+ \d\d:\d\d:\d\d UTC"))
        finally:
            service.send(signal.SIGCONT)
        expect(live).to_have_text("Ready")


def test_whoever_comes_back_to_the_page_sees_what_is_so_now(service: Service, browser: Browser) -> None:
    told = Told(service)
    with showing(browser, service, told) as page:
        page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isAway ?? false })")
        page.evaluate("window.isAway = true")
        expect_next_answer(page)
        expect_next_answer(page)  # from here on it asks every ten seconds
        with page.expect_request("**/api/status", timeout=5000):
            page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")


def test_a_rule_has_sent_what_was_accepted_and_forwarded_and_no_other_copies(
    service: Service, browser: Browser
) -> None:
    told = Told(service)
    outcomes = {"accepted": 50, "forwarded": 6, "merged": 700, "duplicate": 800, "removed": 900, "shadow": 1000}
    told.status["rules"]["purchases"]["events"] = outcomes
    with showing(browser, service, told) as page:
        rule = page.locator('#rules [data-key="purchases"]')
        expect(rule.locator("[data-part=sent]")).to_have_text("56")
        expect(rule.locator("[data-part=events]")).to_have_text("3,456")


def test_an_alert_says_the_same_for_as_long_as_nothing_changes(service: Service, browser: Browser) -> None:
    told = Told(service)
    now = told.status["at"]
    told.status["connections"][0] |= {"connected": False, "since": now - 5, "error": "refused", "error_at": now}
    with showing(browser, service, told) as page:
        away = page.locator("#away")
        expect(away).to_have_text(re.compile(r"Kafka does not answer at \S+, since \d\d:\d\d:\d\d UTC: refused\."))
        said = away.inner_text()
        expect_next_answer(page)
        expect_next_answer(page)
        assert away.inner_text() == said


def test_the_next_letter_of_a_reason_leaves_the_focus_on_its_button(service: Service, browser: Browser) -> None:
    told = Told(service)
    first, second = told.status["rejected_reasons"]
    with showing(browser, service, told) as page:
        listed = page.locator(f'#rejected-reasons > li[data-key="{second["reason"]}"]')
        listed.get_by_role("button").focus()
        newer = {**second, "count": first["count"] + 1, "detail": "a newer one", "explain": "explain the newer one"}
        told.status["rejected_reasons"] = [newer, first]
        expect(listed.locator("code")).to_have_text("explain the newer one")
        expect(listed).to_contain_text("The last one: a newer one")
        expect(page.locator("#rejected-reasons > li").first).to_contain_text(second["reason"])
        expect(listed.get_by_role("button")).to_be_focused()


def test_a_link_opens_what_is_folded_and_a_wider_window_opens_all(service: Service, browser: Browser) -> None:
    told = Told(service)
    [normalize] = [stage for stage in told.status["stages"] if stage["name"] == "normalize"]
    normalize["notes"] = {"fields left out": 40}
    told.status["dropped_fields"] = [left_out(40)]
    with showing(browser, service, told, width=375) as page:
        expect(page.locator("#fields > li")).to_be_hidden()
        page.get_by_role("link", name="40 fields left out").click()
        expect(page.locator("#fields > li")).to_be_in_viewport()
        page.set_viewport_size({"width": 1280, "height": 900})
        expect(page.locator("details.fold:not([open])")).to_have_count(0)


def left_out(count: int) -> dict[str, Any]:
    return {"field": "user.phone", "problem": "phone", "count": count, "text": "not a phone number", "remedy": "mend"}


@pytest.mark.parametrize("width", [375, 1280])
def test_large_numbers_are_whole(service: Service, browser: Browser, width: int) -> None:
    told = Told(service)
    told.status["dropped_fields"] = [left_out(1_234_567)]
    told.status["history"] = [{**HISTORY, "at": told.status["at"] - 10 * ago} for ago in range(30, 0, -1)]
    with showing(browser, service, told, width=width) as page:
        open_all(page)
        lines = page.locator("#fields .count").evaluate(
            "(it) => it.getBoundingClientRect().height / parseFloat(getComputedStyle(it).lineHeight)"
        )
        assert round(lines) == 1
        axis = page.locator("figure", has_text="Lag in records").locator(".u-axis").last
        expect(axis).to_be_attached()
        text_px = page.evaluate(
            "() => { const it = document.createElement('canvas').getContext('2d');"
            " it.font = '12px system-ui'; return it.measureText('10,000,000').width; }"
        )
        assert float(axis.evaluate("(it) => it.clientWidth")) >= text_px + 10  # and a gap to the chart


def test_match_keys_by_pixel_and_by_rule_fit_into_their_box(service: Service, browser: Browser) -> None:
    told = Told(service)
    for each in (*told.status["pixels"].values(), *told.status["rules"].values()):
        each["events"] = {"accepted": 1000}
        each["match_keys"] = dict.fromkeys(("email", "phone", "external_id", "ttclid", "ip_and_user_agent"), 347)
    with showing(browser, service, told, width=1440) as page:
        open_all(page)
        for box in page.locator("#key-tables .scrolled").all():
            assert box.evaluate("(it) => it.scrollWidth <= it.clientWidth")
        styles = page.locator("#key-tables summary").evaluate_all(
            "(all) => all.map((it) => getComputedStyle(it).color)"
        )
        assert len(styles) == 2
        assert styles[0] == styles[1]


@pytest.mark.parametrize("width", [375, 1440])
def test_long_names_take_lines_and_leave_the_numbers_in_sight(service: Service, browser: Browser, width: int) -> None:
    told = Told(service)
    told.status["rules"] = {"r" * 150: told.status["rules"]["purchases"]}
    for partition in told.status["partitions"]:
        partition["topic"] = "prod.eu-central-1.checkout.order-completed.v3.avro.public"
    with showing(browser, service, told, width=width) as page:
        open_all(page)
        partition = page.locator("#partitions tr").first
        assert is_within(partition.locator("[data-part=lag]"), page.locator("#partitions-box"))
        box = page.get_by_role("region", name="Table of rules")
        for cell in ("events", "sent") if width == 375 else ("events", "sent", "rejected", "left-out", "missed"):
            assert is_within(box.locator(f"[data-part={cell}]"), box), cell


def test_no_two_regions_have_the_same_name(service: Service, browser: Browser, axe: str) -> None:
    with showing(browser, service, Told(service)) as page:
        open_all(page)
        assert faults(page, axe, "landmark-unique") == []


def test_what_is_chosen_looks_so_also_where_colours_are_forced(service: Service, browser: Browser) -> None:
    with showing(browser, service, Told(service)) as page:
        page.emulate_media(forced_colors="active")
        grounds = page.locator("[data-span]").evaluate_all(
            "(all) => all.map((it) => getComputedStyle(it).backgroundColor)"
        )
        assert grounds[0] != grounds[1]
