"""The Test Events page, fed by a real `run`, as a person uses it."""

import json
import re
import statistics
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.axe import faults
from tests.support.browser import Scheme, Tab, tab
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene
from tests.support.stream import make_purchases

SOON_MS: Final = 20_000
WITHIN_S: Final = 2.0
TRACK: Final = "/open_api/v1.3/event/track/"
EMAIL: Final = "a" * 64
PHONE: Final = "b" * 64


@pytest.fixture
def events(sandbox: Sandbox, browser: Browser) -> Iterator[Tab]:
    """The page, connected; it must have had nothing to complain of in the end."""
    with tab(browser, f"{sandbox.url}/") as opened:
        expect(opened.page.locator("#live")).to_have_text("Live", timeout=SOON_MS)
        yield opened
        assert opened.complaints == []


def event(event_id: str, name: str = "Purchase", **more: Any) -> dict[str, Any]:
    return {"event": name, "event_time": int(time.time()), "event_id": event_id, **more}


def send(sandbox: Sandbox, *data: dict[str, Any], pixel: str = "SHOP", code: str | None = None) -> int:
    """A request as any sender's; the code answered."""
    body = {"event_source": "web", "event_source_id": pixel, "data": data}
    body |= {"test_event_code": code} if code else {}
    headers = {"Access-Token": "any", "Content-Type": "application/json"}
    answer = httpx2.post(sandbox.url + TRACK, json=body, headers=headers, timeout=20, trust_env=False)
    return int(answer.json()["code"])


def rows(page: Page) -> Locator:
    return page.locator("#events > li")


def shown_ids(page: Page) -> list[str]:
    """The ids of the rows, newest first."""
    return [text.split(" ")[0] for text in page.locator("#events .id").all_text_contents()]


def opened_row(page: Page, event_id: str) -> Locator:
    """Open an event; its details."""
    row = rows(page).filter(has=page.locator(".id", has_text=re.compile(rf"^{event_id} ")))
    row.locator("summary").click()
    expect(row.get_by_text("Exactly as sent")).to_be_visible()
    return row.locator(".detail")


def test_an_event_produced_to_the_topic_appears_within_two_seconds(scene: Scene, events: Tab) -> None:
    scene.run()
    ids = scene.schema_ids()
    scene.produce(make_purchases(1, ids))
    expect(rows(events.page)).to_have_count(1, timeout=SOON_MS)  # schemas are looked up, connections made

    took_s = []
    for number in range(1, 6):
        begun_s = time.monotonic()
        scene.produce(make_purchases(1, ids, first=number))
        expect(rows(events.page)).to_have_count(number + 1, timeout=SOON_MS)
        took_s.append(time.monotonic() - begun_s)

    assert statistics.median(took_s) < WITHIN_S, took_s


def test_filters_by_name_id_field_pixel_code_and_kind(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    send(sandbox, event("order-1", user={"email": EMAIL}), event("order-2", properties={"currency": "EUR"}))
    send(sandbox, event("look-1", "ViewContent"), pixel="BLOG", code="TEST1")
    send(sandbox, event("order-1", user={"phone": PHONE}))
    expect(rows(page)).to_have_count(4, timeout=SOON_MS)

    def found(*ids: str, **choices: str) -> None:
        page.get_by_role("button", name="Reset").click()
        for name, value in choices.items():
            field = page.locator(f"#filter [name={name}]")
            if field.evaluate("it => it.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        texts = [re.compile(rf"^{each} ") for each in ids]
        expect(page.locator("#events .id")).to_have_text(texts, timeout=SOON_MS)

    found("order-1", "look-1", "order-2", "order-1")
    found("order-1", "order-2", "order-1", name="purch")
    found("look-1", id="LOOK")
    found("order-1", field="user.email")
    found("look-1", pixel="BLOG")
    found("look-1", code="TEST1")
    found("order-1", "order-2", "order-1", code="-")
    found("order-1", kind="copies")
    found("look-1", "order-2", kind="unmatched")
    found("order-2", name="purch", id="order-2", pixel="SHOP")
    found(id="nobody")
    expect(page.locator("#nothing")).to_have_text("Nothing passes the filter.")


def test_a_paused_list_stays_as_it_is_and_can_still_be_filtered(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    send(sandbox, event("1"), event("2", "Lead"))
    expect(rows(page)).to_have_count(2, timeout=SOON_MS)

    page.get_by_role("button", name="Pause").click()
    send(sandbox, event("3"))
    expect(page.locator("#shown")).to_have_text("3 newest of 3, paused", timeout=SOON_MS)
    assert shown_ids(page) == ["2", "1"]
    page.locator("#filter [name=name]").fill("Lead")
    assert shown_ids(page) == ["2"]

    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Pause").click()
    assert shown_ids(page) == ["3", "2", "1"]


def test_an_event_opens_to_its_exact_json_with_every_field_explained(sandbox: Sandbox, events: Tab, axe: str) -> None:
    sent = event("order-1", "purchase", user={"email": EMAIL, "external_id": "c" * 64}, properties={"value": 5})
    send(sandbox, sent)
    detail = opened_row(events.page, "order-1")

    exact = detail.get_by_role("region", name="The event's JSON").inner_text()
    assert json.loads(exact) == sent
    paths = detail.locator(".parts dt").all_inner_texts()
    assert paths == ["event", "event_time", "event_id", "user.email", "user.external_id", "properties.value"]
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
    expect(rows(events.page)).to_have_count(2, timeout=SOON_MS)

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

    expect(detail).to_contain_text("What TikTok makes of them", timeout=SOON_MS)


def test_the_coverage_is_of_what_the_filter_shows(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("1", user={"email": EMAIL}), event("2", user={"email": EMAIL, "phone": PHONE}))
    send(sandbox, event("3", "Lead"), event("4", "Lead", user={"phone": PHONE}))
    page = events.page
    expect(rows(page)).to_have_count(4, timeout=SOON_MS)

    def share(key: str) -> str:
        return page.locator("#coverage .bar", has_text=key).locator(".share").inner_text()

    assert [share(key) for key in ("email", "phone", "any of them")] == ["50 %", "50 %", "75 %"]
    page.locator("#filter [name=name]").fill("Lead")
    assert [share(key) for key in ("email", "phone", "any of them")] == ["0 %", "50 %", "50 %"]
    expect(page.locator("#coverage-of")).to_have_text("in 2 events")


def test_misbehaves_as_the_form_says_until_it_is_cleared(sandbox: Sandbox, events: Tab, axe: str) -> None:
    page = events.page
    page.get_by_role("tab", name="Misbehave").click()
    page.locator("#misbehave [name=code]").fill("50002")
    page.locator("#misbehave [name=for_next]").fill("1")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#faults li")).to_contain_text("50002", timeout=SOON_MS)
    assert faults(page, axe) == []

    assert send(sandbox, event("1")) == 50002
    assert send(sandbox, event("1")) == 0
    page.get_by_role("tab", name="Refused").click()
    expect(page.locator("#refusals > li")).to_have_count(1, timeout=SOON_MS)
    expect(page.locator("#refusals > li .badge")).to_have_text("50002")
    assert faults(page, axe) == []


def test_a_misbehaviour_can_be_taken_back(sandbox: Sandbox, events: Tab) -> None:
    page = events.page
    page.get_by_role("tab", name="Misbehave").click()
    page.locator("#misbehave [name=status]").fill("503")
    page.locator("#misbehave [name=code]").fill("")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#faults li")).to_have_count(1, timeout=SOON_MS)

    page.get_by_role("button", name="Remove").click()

    expect(page.locator("#no-faults")).to_be_visible(timeout=SOON_MS)
    assert send(sandbox, event("1")) == 0


def test_a_refused_request_has_its_reason_and_the_event_at_fault(sandbox: Sandbox, events: Tab) -> None:
    assert send(sandbox, event("fine"), {**event("x"), "event_id": 7}) == 40002
    page = events.page
    page.get_by_role("tab", name="Refused").click()
    refused = page.locator("#refusals > li")

    expect(refused).to_have_count(1, timeout=SOON_MS)
    expect(refused.locator(".message")).to_contain_text("Batch.1.event_id")
    refused.locator("summary").click()
    assert json.loads(refused.get_by_role("region", name="The event at fault").inner_text())["event_id"] == 7


def test_a_body_by_hand_is_answered_and_shown(events: Tab, axe: str) -> None:
    page = events.page
    page.get_by_role("tab", name="Try").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#try-answer")).to_contain_text('"code":0', timeout=SOON_MS)
    assert faults(page, axe) == []

    page.get_by_role("tab", name="Events").click()
    expect(rows(page)).to_have_count(1, timeout=SOON_MS)
    expect(rows(page)).to_contain_text("Purchase")


def test_everything_can_be_reached_by_keyboard(sandbox: Sandbox, events: Tab) -> None:
    send(sandbox, event("order-1"))
    page = events.page
    expect(rows(page)).to_have_count(1, timeout=SOON_MS)

    page.locator("#tab-events").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Refused")).to_be_focused()
    expect(page.locator("#panel-refused")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.locator("#events summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Exactly as sent")).to_be_visible(timeout=SOON_MS)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (380, "light"), (380, "dark")])
def test_is_for_everyone_on_a_phone_and_in_the_dark(
    sandbox: Sandbox, browser: Browser, axe: str, width: int, scheme: Scheme
) -> None:
    send(sandbox, event("order-1", "MyOwnEvent", user={"email": EMAIL}), event("order-2"))
    send(sandbox, event("order-1", "MyOwnEvent", user={"phone": PHONE}))
    send(sandbox, {"event": "Lead"})
    with tab(browser, f"{sandbox.url}/", width=width, scheme=scheme) as opened:
        page = opened.page
        expect(rows(page)).to_have_count(3, timeout=SOON_MS)
        opened_row(page, "order-2")
        found = faults(page, axe)
        for name in ("refused", "misbehave", "try"):
            page.locator(f"#tab-{name}").click()
            found += faults(page, axe)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert found == []
        assert opened.complaints == []
