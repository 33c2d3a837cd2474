"""The Test Events page, fed by a real `run`, as a person uses it."""

import hashlib
import json
import re
import signal
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.axe import faults
from tests.support.browser import Scheme, Tab, copied, tab
from tests.support.http_clients import HTTP
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene
from tests.support.stream import make_purchases

WITHIN_S: Final = 2.0
TRACK: Final = "/open_api/v1.3/event/track/"
EMAIL: Final = "a" * 64
PHONE: Final = "b" * 64


@pytest.fixture
def events(sandbox: Sandbox, browser: Browser) -> Iterator[Tab]:
    """The page, connected; it must have had nothing to complain of in the end."""
    with tab(browser, f"{sandbox.url}/") as opened:
        expect(opened.page.locator("#live")).to_have_text("Live")
        yield opened
        assert opened.complaints == []


def event(event_id: str, name: str = "Purchase", **more: Any) -> dict[str, Any]:
    return {"event": name, "event_time": int(time.time()), "event_id": event_id, **more}


def send(sandbox: Sandbox, *data: dict[str, Any], pixel: str = "SHOP", code: str | None = None) -> int:
    """A request as any sender's; the code answered."""
    body = {"event_source": "web", "event_source_id": pixel, "data": data}
    body |= {"test_event_code": code} if code else {}
    headers = {"Access-Token": "any", "Content-Type": "application/json"}
    answer = HTTP.post(sandbox.url + TRACK, json=body, headers=headers, timeout=20)
    return int(answer.json()["code"])


def rows(page: Page) -> Locator:
    return page.locator("#events > li")


def shown_ids(page: Page) -> list[str]:
    """The ids of the rows, newest first."""
    return [text.split(" ")[0] for text in page.locator("#events .id").all_text_contents()]


def opened_row(page: Page, event_id: str) -> Locator:
    """Open the one event of this id; its details, also once copies of it have rows of their own."""
    row = rows(page).filter(has=page.locator(".id", has_text=re.compile(rf"^{event_id} "))).locator("details")
    row = page.locator(f"#events [data-seq='{row.get_attribute('data-seq')}']")
    row.locator("summary").click()
    expect(row.get_by_text("Exactly as sent")).to_be_visible()
    return row.locator(".detail")


def test_an_event_produced_to_the_topic_appears_within_two_seconds(scene: Scene, events: Tab) -> None:
    scene.run()
    ids = scene.schema_ids()
    scene.produce(make_purchases(1, ids))
    expect(rows(events.page)).to_have_count(1)  # schemas are looked up, connections made

    took_s = []
    for number in range(1, 6):
        begun_s = time.monotonic()
        scene.produce(make_purchases(1, ids, first=number))
        expect(rows(events.page)).to_have_count(number + 1)
        took_s.append(time.monotonic() - begun_s)

    # All that it waits for is in each of them; what a busy machine adds is not.
    assert min(took_s) < WITHIN_S, took_s


def choose(page: Page, **choices: str) -> None:
    """Fill the filter's fields, all others reset."""
    page.get_by_role("button", name="Reset").click()
    for name, value in choices.items():
        field = page.locator(f"#filter [name={name}]")
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def expect_rows(page: Page, *ids: str) -> None:
    texts = [re.compile(rf"^{each} ") for each in ids]
    expect(page.locator("#events .id")).to_have_text(texts)


def test_filters_by_name_field_warning_pixel_code_and_kind(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    send(sandbox, event("order-1", user={"email": EMAIL}), event("order-2", properties={"currency": "EUR"}))
    send(sandbox, event("look-1", "ViewContent"), pixel="BLOG", code="TEST1")
    send(sandbox, event("order-1", user={"phone": PHONE}))
    expect(rows(page)).to_have_count(4)

    def found(*ids: str, **choices: str) -> None:
        choose(page, **choices)
        expect_rows(page, *ids)

    found("order-1", "look-1", "order-2", "order-1")
    found("order-1", "order-2", "order-1", name="Purchase")
    found("order-1", field="user.email")
    found("look-1", pixel="BLOG")
    found("look-1", code="TEST1")
    found("order-1", "order-2", "order-1", code="-")
    found("order-1", kind="copies")
    found("look-1", "order-2", kind="unmatched")
    found("look-1", "order-2", warning="user – no match key: TikTok cannot know whose event this is")
    found("order-2", name="Purchase", q="order-2", pixel="SHOP")
    found(q="nobody")
    expect(page.locator("#nothing")).to_have_text("Nothing passes the filter.")


def test_searches_everything_also_what_comes_later_and_what_was_hashed(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    address = {"email": hashlib.sha256(b"alice@example.com").hexdigest()}
    send(sandbox, event("1", user=address), event("2", properties={"value": 19.5, "currency": "EUR"}))
    send(sandbox, event("3", properties={"order_id": "A-77", "description": "Café"}), pixel="BLOG")
    expect(rows(page)).to_have_count(3)

    for query, ids in {
        "a-77": ["3"],
        "19.5 eur": ["2"],
        "CAFÉ": ["3"],
        "Alice@example.com": ["1"],
        "blog purchase": ["3"],
        "blog eur": [],
    }.items():
        choose(page, q=query)
        expect_rows(page, *ids)

    choose(page, q="A-77")
    expect_rows(page, "3")
    send(sandbox, event("4", properties={"order_id": "A-77"}), event("5"))
    expect_rows(page, "4", "3")


def test_a_row_says_what_it_is_worth_of_which_order_and_when(sandbox: Sandbox, events: Tab) -> None:
    paid = {"value": 19.5, "currency": "EUR", "order_id": "A-77"}
    send(sandbox, event("1", properties=paid), event("2", properties={"value": 3}), event("3"))
    page = events.page
    expect(page.locator("#events .value")).to_have_text(["", "3 without currency", "19.5 EUR"])
    expect(page.locator("#events .id").last).to_have_text("1 · order A-77 · SHOP")
    expect(page.locator("#events .time").last).to_have_text(
        re.compile(r"\d{1,2} \w{3,4}, \d\d:\d\d:\d\d UTC .*\d s ago")
    )
    expect(page.locator("#events .time").last).to_have_text(re.compile(r"([1-5]\d|[6-9]) s ago"))


def test_counts_by_name_and_by_warning_filter_when_clicked(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    send(sandbox, event("1"), event("2", user={"email": EMAIL}), event("3", "Lead", user={"email": EMAIL}))
    expect(rows(page)).to_have_count(3)
    names, warnings = page.locator("#by-name button"), page.locator("#by-warning button")
    assert [text.split("\n") for text in names.all_inner_texts()] == [["2", "Purchase"], ["1", "Lead"]]
    no_value = warnings.filter(has_text="properties.value – missing")
    expect(no_value.locator(".count")).to_have_text("2")

    no_value.click()
    expect_rows(page, "2", "1")
    expect(no_value).to_have_attribute("aria-pressed", "true")
    expect(names).to_have_count(1)
    warnings.filter(has_text="user – no match key").click()
    expect_rows(page, "1")
    warnings.filter(has_text="user – no match key").click()
    expect_rows(page, "3", "2", "1")
    names.filter(has_text="Lead").click()
    expect_rows(page, "3")


def test_a_reload_and_a_link_show_the_same_filter_and_open_event(sandbox: Sandbox, browser: Browser) -> None:
    send(sandbox, event("old"), *[event(f"order-{number}") for number in range(1, 120)], event("x", "Lead"))
    with tab(browser, f"{sandbox.url}/") as opened:
        page = opened.page
        choose(page, name="Purchase", q="old")
        expect_rows(page, "old")
        opened_row(page, "old")
        page.get_by_role("button", name="Reset").click()
        page.locator("#by-name button", has_text="Purchase").click()
        page.wait_for_url(re.compile(r"\?name=Purchase&open=\w+\.\d+"))
        link = page.url
        page.reload()
        _expect_the_old_one_open(page)
        # What is still being loaded, a reload breaks off.
        assert [each for each in opened.complaints if not each.startswith(f"failed: {sandbox.url}/")] == []
    with tab(browser, link) as shared:
        _expect_the_old_one_open(shared.page)
        choose(shared.page, q="order-7")
        shared.page.wait_for_url(re.compile(r"\?q=order-7"))
        other_run = re.sub(r"open=\w+\.", "open=1.", link)
        shared.page.goto(other_run)
        expect(shared.page.locator("#gone")).to_be_visible()
        opened_row(shared.page, "order-119")
        expect(shared.page.locator("#gone")).to_be_hidden()


def _expect_the_old_one_open(page: Page) -> None:
    """It is older than the fifty newest, and stands below them."""
    expect(rows(page)).to_have_count(51)
    expect(page.locator("#filter [name=name]")).to_have_value("Purchase")
    last = rows(page).last
    expect(last.locator(".id")).to_have_text(re.compile("^old "))
    expect(last.get_by_text("Exactly as sent")).to_be_visible()
    expect(last.locator("summary")).to_be_in_viewport()


def test_a_paused_list_looks_paused_stays_and_can_still_be_filtered(sandbox: Sandbox, events: Tab, axe: str) -> None:
    page = events.page
    send(sandbox, event("1"), event("2", "Lead"))
    expect(rows(page)).to_have_count(2)

    page.get_by_role("button", name="Pause").click()
    send(sandbox, event("3"))
    expect(page.locator("#live")).to_have_text("Paused")
    expect(page.locator("#paused")).to_contain_text(
        re.compile(r"Paused at \d\d:\d\d:\d\d UTC. 1 newer event not shown.")
    )
    assert faults(page, axe) == []
    expect(page.locator("#shown")).to_have_text("2 newest of 2")
    assert shown_ids(page) == ["2", "1"]
    page.locator("#filter [name=name]").select_option("Lead")
    assert shown_ids(page) == ["2"]

    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Resume the list").click()
    expect_rows(page, "3", "2", "1")
    expect(page.locator("#paused")).to_be_hidden()
    expect(page.locator("#live")).to_have_text("Live")


def test_forgets_everything_only_when_that_is_confirmed(sandbox: Sandbox, events: Tab, axe: str) -> None:
    page = events.page
    send(sandbox, event("1"), event("2"))
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 events on this page")
    expect(page.get_by_role("button", name="Keep them")).to_be_focused()
    assert faults(page, axe) == []

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Forget all").click()
    page.get_by_role("button", name="Keep them").click()
    assert sandbox.events_accepted() == 2
    page.get_by_role("button", name="Forget all").click()
    page.get_by_role("button", name="Forget them").click()
    expect(page.locator("#nothing")).to_contain_text("Nothing accepted yet")
    assert sandbox.events_accepted() == 0


def test_products_are_a_table_and_what_is_missing_stands_among_the_fields(sandbox: Sandbox, events: Tab) -> None:
    contents = [{"content_id": "sku-1", "price": 9.75}, {"price": 3, "brand": "Acme"}]
    send(sandbox, event("1", user={"email": EMAIL}, properties={"contents": contents, "currency": "EUR"}))
    detail = opened_row(events.page, "1")

    expect(detail.locator(".products tr").first).to_have_text(re.compile("#.*content_id.*price.*brand"))
    cells = [row.locator("td").all_inner_texts() for row in detail.locator(".products tbody tr").all()]
    assert [[cell.strip() for cell in row] for row in cells] == [["sku-1", "9.75", "–"], ["missing", "3", "Acme"]]
    missing = detail.locator(".parts .missing")
    expect(missing.filter(has_text="properties.value")).to_contain_text("missing: see the warning")
    expect(missing.filter(has_text="user.phone")).to_contain_text("not sent, but recommended")
    expect(missing.filter(has_text="user.email")).to_have_count(0)
    expect(detail.locator(".parts dt", has_text="contents")).to_have_count(0)


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_the_json_is_copied_as_it_was_sent(sandbox: Sandbox, events: Tab, has_clipboard: bool) -> None:
    sent = event("1", user={"email": EMAIL})
    send(sandbox, sent)
    page = events.page
    if not has_clipboard:  # as on a page that came by plain HTTP from another machine
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")

    assert json.loads(copied(opened_row(page, "1").get_by_role("button", name="Copy JSON"))) == sent


def test_an_event_opens_to_its_exact_json_with_every_field_explained(sandbox: Sandbox, events: Tab, axe: str) -> None:
    sent = event("order-1", "purchase", user={"email": EMAIL, "external_id": "c" * 64}, properties={"value": 5})
    send(sandbox, sent)
    detail = opened_row(events.page, "order-1")

    exact = detail.get_by_role("region", name="The event's JSON").inner_text()
    assert json.loads(exact) == sent
    paths = detail.locator(".parts dt").all_inner_texts()
    sent_paths = ["event", "event_time", "event_id", "user.email", "user.external_id", "properties.value"]
    assert paths[: len(sent_paths)] == sent_paths
    assert {"user.phone", "page.url", "properties.currency"} <= set(paths[len(sent_paths) :])
    assert len([use for use in detail.locator(".parts .use").all_inner_texts() if use.strip()]) == len(paths)
    expect(detail.locator(".parts > div", has_text="user.email")).to_contain_text("hashed right")
    assert detail.locator(".chips").first.all_inner_texts() == ["email\nexternal id"]
    warnings = "\n".join(detail.locator(".warnings li").all_inner_texts())
    for expected in ("only by case", "page.url", "properties.currency"):
        assert expected in warnings
    assert faults(events.page, axe) == []


def test_copies_are_shown_as_what_tiktok_would_make_of_them(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("order-1", user={"email": EMAIL}))
    send(sandbox, event("order-1", user={"phone": PHONE}))
    expect(rows(events.page)).to_have_count(2)

    expect(events.page.locator("#events .badge", has_text="merged copy")).to_have_count(1)
    expect(events.page.locator("#events [data-copies]:visible")).to_have_text("+1 copy")
    events.page.locator("#filter [name=kind]").select_option("copies")
    detail = opened_row(events.page, "order-1")
    expect(detail).to_contain_text("fills in: user.phone")
    merged = json.loads(detail.get_by_role("region", name="The merged event").inner_text())
    assert merged["user"] == {"email": EMAIL, "phone": PHONE}


def test_an_open_event_learns_of_its_copy(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("order-1", user={"email": EMAIL}))
    detail = opened_row(events.page, "order-1")
    expect(detail).not_to_contain_text("What TikTok makes of them")

    send(sandbox, event("order-1", user={"phone": PHONE}))

    expect(rows(events.page)).to_have_count(2)
    expect(detail).to_contain_text("What TikTok makes of them")


def test_the_coverage_is_of_what_the_filter_shows(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("1", user={"email": EMAIL}), event("2", user={"email": EMAIL, "phone": PHONE}))
    send(sandbox, event("3", "Lead"), event("4", "Lead", user={"phone": PHONE}))
    page = events.page
    expect(rows(page)).to_have_count(4)

    def share(key: str) -> str:
        return page.locator("#coverage .bar", has_text=key).locator(".share").inner_text()

    assert [share(key) for key in ("email", "phone", "any of them")] == ["50 %", "50 %", "75 %"]
    page.locator("#filter [name=name]").select_option("Lead")
    assert [share(key) for key in ("email", "phone", "any of them")] == ["0 %", "50 %", "50 %"]
    expect(page.locator("#coverage-of")).to_have_text("in 2 events")


def test_misbehaves_as_the_form_says_until_it_is_cleared(sandbox: Sandbox, events: Tab, axe: str) -> None:
    page = events.page
    page.get_by_role("tab", name="Misbehave").click()
    page.locator("#misbehave [name=code]").fill("50002")
    page.locator("#misbehave [name=for_next]").fill("1")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#faults li")).to_contain_text("50002")
    assert faults(page, axe) == []

    assert send(sandbox, event("1")) == 50002
    assert send(sandbox, event("1")) == 0
    page.get_by_role("tab", name="Refused").click()
    expect(page.locator("#refusals > li")).to_have_count(1)
    expect(page.locator("#refusals > li .badge")).to_have_text("50002")
    assert faults(page, axe) == []


def test_a_misbehaviour_can_be_taken_back(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    page.get_by_role("tab", name="Misbehave").click()
    page.locator("#misbehave [name=status]").fill("503")
    page.locator("#misbehave [name=code]").fill("")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#faults li")).to_have_count(1)

    page.get_by_role("button", name="Remove").click()

    expect(page.locator("#no-faults")).to_be_visible()
    assert send(sandbox, event("1")) == 0


def test_a_refused_request_has_its_reason_and_the_event_at_fault(sandbox: Sandbox, events: Tab) -> None:
    assert send(sandbox, event("fine"), {**event("x"), "event_id": 7}) == 40002
    page = events.page
    page.get_by_role("tab", name="Refused").click()
    refused = page.locator("#refusals > li")

    expect(refused).to_have_count(1)
    expect(refused.locator(".message")).to_contain_text("Batch.1.event_id")
    refused.locator("summary").click()
    assert json.loads(refused.get_by_role("region", name="The event at fault").inner_text())["event_id"] == 7


def test_a_body_by_hand_is_answered_and_shown(events: Tab, axe: str) -> None:
    page = events.page
    page.get_by_role("tab", name="Try").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#try-answer")).to_contain_text('"code":0')
    assert faults(page, axe) == []

    page.get_by_role("tab", name="Events").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Purchase")


def test_everything_can_be_reached_by_keyboard(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("order-1"))
    page = events.page
    expect(rows(page)).to_have_count(1)

    page.locator("#tab-events").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Refused")).to_be_focused()
    expect(page.locator("#panel-refused")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.locator("#events summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Exactly as sent")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (380, "light"), (380, "dark")])
def test_is_for_everyone_on_a_phone_and_in_the_dark(
    sandbox: Sandbox, browser: Browser, axe: str, width: int, scheme: Scheme
) -> None:
    send(sandbox, event("order-1", "MyOwnEvent", user={"email": EMAIL}), event("order-2"))
    send(sandbox, event("order-1", "MyOwnEvent", user={"phone": PHONE}))
    send(sandbox, {"event": "Lead"})
    with tab(browser, f"{sandbox.url}/", width=width, scheme=scheme) as opened:
        page = opened.page
        expect(rows(page)).to_have_count(3)
        if width < 700:  # else what can be folded is open, and has no handle
            for handle in page.locator("details.fold > summary").all():
                handle.click()
        opened_row(page, "order-2")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page must not scroll sideways"
        found = faults(page, axe)
        for name in ("refused", "misbehave", "try"):
            page.locator(f"#tab-{name}").click()
            found += faults(page, axe)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert found == []
        assert opened.complaints == []


def test_a_search_that_failed_is_tried_again(sandbox: Sandbox, browser: Browser) -> None:
    with tab(browser, f"{sandbox.url}/") as opened:
        page = opened.page
        send(sandbox, event("old"), event("needle-1"))
        expect(rows(page)).to_have_count(2)
        page.route("**/sandbox/search*", lambda route: route.abort())
        choose(page, q="needle")
        expect(page.locator("#nothing")).to_have_text("The search failed: Failed to fetch")
        page.unroute_all(behavior="wait")
        expect_rows(page, "needle-1")
        send(sandbox, event("needle-2"))
        expect_rows(page, "needle-2", "needle-1")


@pytest.mark.parametrize("ahead_s", [-3600, 3600])
def test_ages_are_right_also_where_the_browsers_clock_is_wrong(
    sandbox: Sandbox, browser: Browser, ahead_s: int
) -> None:
    send(sandbox, event("1"))
    with tab(browser, "about:blank") as opened:
        opened.page.clock.install(time=time.time() + ahead_s)
        opened.page.goto(f"{sandbox.url}/")
        expect(opened.page.locator("#events .time")).to_have_text(re.compile(r"UTC [1-9]\d? s ago$"))


@pytest.mark.parametrize("width", [380, 720, 800, 1280])
def test_warnings_and_what_is_recommended_are_whole(sandbox: Sandbox, browser: Browser, width: int) -> None:
    send(sandbox, event("1", "MyOwnEvent"))
    with tab(browser, f"{sandbox.url}/", width=width) as opened:
        page = opened.page
        opened_row(page, "1")
        page.evaluate("for (const fold of document.querySelectorAll('details.fold')) fold.open = true")
        for text in page.locator("#by-warning .of").all():
            assert text.evaluate("(it) => it.scrollWidth <= it.clientWidth"), text.inner_text()
        for value in page.locator(".parts .missing dd").all():
            assert value.evaluate("(it) => it.scrollWidth <= it.clientWidth"), value.inner_text()


def test_open_events_have_names_of_their_own(sandbox: Sandbox, events: Tab, axe: str) -> None:
    contents = {"contents": [{"content_id": "sku-1"}]}
    send(sandbox, event("1", properties=contents), event("2", properties=contents))
    opened_row(events.page, "1")
    opened_row(events.page, "2")
    assert faults(events.page, axe, "landmark-unique") == []


def test_a_button_keeps_the_focus_while_its_misbehaviour_strikes(sandbox: Sandbox, events: Tab) -> None:
    sandbox.misbehave({"do": {"code": 50002}})
    page = events.page
    page.get_by_role("tab", name="Misbehave").click()
    page.get_by_role("button", name="Remove").focus()
    assert send(sandbox, event("1")) == 50002
    expect(page.locator("#faults li")).to_contain_text("struck 1 time")
    expect(page.get_by_role("button", name="Remove")).to_be_focused()


def test_a_sandbox_that_hangs_is_not_called_live(sandbox: Sandbox, events: Tab) -> None:
    live = events.page.locator("#live")
    sandbox.send(signal.SIGSTOP)
    try:
        expect(live).to_have_text("The sandbox does not answer")
    finally:
        sandbox.send(signal.SIGCONT)
    expect(live).to_have_text("Live")
