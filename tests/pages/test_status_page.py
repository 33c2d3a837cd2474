"""The status page of a real `run`, as a person sees it."""

import hashlib
import json
import os
import re
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.axe import faults
from tests.support.browser import Scheme, copied, tab
from tests.support.kafka import Cluster
from tests.support.processes import run_command
from tests.support.registry import Registry
from tests.support.sandbox import Sandbox
from tests.support.scene import Scene, scene_of
from tests.support.stream import StreamSettings, make_bad, make_purchases, make_stream
from tests.support.stream_config import BLOG, PIXELS, RULES, SHOP
from tests.support.topics import Kafka


def live(page: Page) -> None:
    expect(page.locator("#live")).to_have_text("Ready")


def expect_count(page: Page, stage: str, number: int) -> None:
    """Of the stage's box."""
    expect(page.locator(f'.stage[data-key="{stage}"] [data-part=count]')).to_have_text(f"{number:,}")


def expect_settled(page: Page, records: int) -> None:
    """The page shows the end, with all its numbers: what it shows first may be from just before."""
    expect_count(page, "read", records)
    expect(page.locator("#ledger-words")).to_have_text("Every record read is settled.")


def test_shows_what_flowed_and_that_the_ledger_is_even(scene: Scene, browser: Browser, axe: str) -> None:
    stream = make_stream(StreamSettings(count=500), scene.schema_ids())
    scene.produce(stream)
    service = scene.run()
    scene.wait_until_settled()

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        live(page)
        expect_settled(page, 500)
        expect(page.locator("#balance")).to_have_text("adds up ✓")
        expect(page.locator('#way [data-key="settle"] .on')).to_have_text("all settled")
        expect_count(page, "validate", sum(len(made.keys) for made in stream))
        expect(page.locator('#way [data-key="deliver"] .on')).to_have_text("all accepted")
        dropped = sum(1 for made in stream if not made.keys and not made.reason)
        expect(page.locator('#ledger [data-key="dropped"]')).to_have_attribute("title", f"{dropped} records")
        rows = page.locator("#partitions tr").all_inner_texts()
        assert [row.split()[0] for row in rows[:4]] == [f"{scene.topic}[{n}]" for n in range(4)], "its own come after"
        expect(page.locator("#past canvas")).to_have_count(4)
        expect(page.locator('#pixels [data-key="shop"] .badge')).to_have_text("open")
        assert faults(page, axe) == []
        assert opened.complaints == []


def test_times_match_keys_and_fields_left_out_are_of_all_workers(scene: Scene, browser: Browser, axe: str) -> None:
    rules = [{**RULES[0], "map": {**RULES[0]["map"], "user": {"email": "customer.email", "phone": "customer.email"}}}]
    scene.produce(make_purchases(40, scene.schema_ids()))
    service = scene.run("--workers", "2", rules=rules)
    scene.wait_until_settled()

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        live(page)
        expect(page.locator("#request-times li")).to_have_count(3)
        for key, share in {"email": "100 %", "phone": "0 %", "any of them": "100 %"}.items():
            expect(page.locator("#key-bars .bar", has_text=key).locator(".share")).to_have_text(share)
        expect(page.locator("#fields > li")).to_have_text(re.compile("^40user.phone a national number"))
        page.get_by_role("link", name="40 fields left out").click()
        expect(page.locator("#fields-title")).to_be_in_viewport()
        assert faults(page, axe) == []
        assert opened.complaints == []


def test_a_held_pixel_appears_with_its_remedy_and_opens_with_a_new_token(
    scene: Scene, browser: Browser, axe: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("an-old-token")
    scene.sandbox.allow_tokens({"a-new-token": [SHOP], "token-of-the-blog": [BLOG]})
    shop = {"pixel_code": SHOP, "access_token_file": str(token), "access_token": None}
    service = scene.run(pixels={"shop": shop, "blog": PIXELS["blog"]})

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        live(page)
        scene.produce(make_purchases(20, scene.schema_ids()))
        held = page.locator('#pixels [data-key="shop"]')
        expect(held.locator(".badge")).to_have_text("held")
        expect(held.locator("[data-part=why]")).to_contain_text(
            "TikTok says 40105: Invalid or incorrect access token. Next try"
        )
        expect(held.locator("[data-part=remedy]")).to_contain_text("access_token_file is read again automatically")
        expect(held.locator("[data-part=since]")).to_contain_text("since")
        expect(held.locator("[data-part=counts]")).to_contain_text("20 events waiting")
        expect(page.locator('#pixels [data-key="blog"] .badge')).to_have_text("open")
        expect(page.locator("#closed")).to_have_text("shop is held. What to do")
        assert faults(page, axe) == []

        token.write_text("a-new-token")
        expect(held.locator(".badge")).to_have_text("open")
        expect(held.locator("[data-part=remedy]")).to_be_hidden()
        expect(page.locator("#closed")).to_be_hidden()
        expect(held.locator("[data-part=counts]")).to_contain_text("20 accepted")
        assert opened.complaints == []


def test_when_nothing_can_be_sent_it_says_so_before_anything_else(scene: Scene, browser: Browser, axe: str) -> None:
    pixels = {name: {**pixel, "hold": True} for name, pixel in PIXELS.items()}
    service = scene.start(pixels=pixels)
    service.wait_until_unready()

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        expect(page.locator("#live")).to_have_text("Not ready")
        trouble = page.get_by_role("alert")
        expect(trouble).to_contain_text("every pixel is unavailable or held")
        expect(page.locator('#pixels [data-key="shop"] [data-part=remedy]')).to_contain_text("hold: false")
        assert faults(page, axe) == []
        assert opened.complaints == []


def test_a_rejected_record_has_the_command_that_explains_it(scene: Scene, browser: Browser) -> None:
    [(partition, offset)] = scene.produce(make_bad(["normalize.event_time"], scene.schema_ids()))
    service = scene.run()

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        rejected = page.locator("#rejected > li")
        expect(rejected).to_have_count(1)
        expect(rejected).to_contain_text("normalize.event_time")
        expect(rejected).to_contain_text(f"{scene.topic}[{partition}] offset {offset}")
        expect(rejected).to_contain_text("rule purchases")
        command = copied(page.get_by_role("button", name=f"Copy the command for offset {offset}"))

    program, *arguments = shlex.split(command)
    assert program == "tiktok-consumer"
    explained = run_command(*arguments, "--json", folder=scene.folder)
    said = json.loads(explained.stdout)
    assert said["position"] == {"topic": scene.topic, "partition": partition, "offset": offset}
    assert [each["reason"] for each in said["rejected"]] == ["normalize.event_time"]


def test_each_rule_and_each_reason_say_what_became_of_records(scene: Scene, browser: Browser, axe: str) -> None:
    stream = make_stream(StreamSettings(count=200, bad=0.2), scene.schema_ids())
    scene.produce(stream)
    service = scene.run(dead_letter={"breaker": {"share": 1.0}})
    scene.wait_until_settled()
    bad = [made.reason for made in stream if made.reason]

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        live(page)
        expect_settled(page, 200)
        rules = page.locator("#rules tr")
        names = list(json.loads(page.request.get(f"{service.url}/api/status").text())["rules"])
        expect(rules).to_have_count(len(names))
        sent = [int(text.replace(",", "")) for text in rules.locator("[data-part=sent]").all_inner_texts()]
        assert sum(sent) == scene.sandbox.events_accepted()
        assert "when[0]" in page.locator("#rules").inner_text()
        reasons = page.locator("#rejected-reasons > li")
        expect(reasons).to_have_count(len(set(bad)))
        counts = [int(text.split()[0]) for text in reasons.locator("[data-part=count]").all_inner_texts()]
        assert sum(counts) == len(bad)
        assert counts == sorted(counts, reverse=True)
        expect(page.locator('#connections [data-key="kafka"] [data-part=state]')).to_have_text("connected")
        expect(page.locator('#connections [data-key="tiktok"] [data-part=state]')).to_contain_text("not TikTok itself")
        expect(page.locator("#away")).to_be_hidden()
        assert faults(page, axe) == []
        assert opened.complaints == []


def test_with_the_breaker_open_the_reasons_come_first(scene: Scene, browser: Browser) -> None:
    scene.produce(make_bad(["normalize.event_time"] * 60, scene.schema_ids()))
    service = scene.start(dead_letter={"breaker": {"share": 0.5, "of_last": 50}})
    service.wait_until_unready()

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        first = page.locator("#reasons-section")
        expect(first).to_have_class("first")
        expect(first).to_contain_text("normalize.event_time")
        top, way = first.bounding_box(), page.locator("#way").bounding_box()
        assert top is not None
        assert way is not None
        assert top["y"] < way["y"]


def test_says_that_the_service_is_away_and_goes_on_when_it_is_back(scene: Scene, browser: Browser) -> None:
    service = scene.run()

    with tab(browser, f"{service.url}/") as opened:
        live(opened.page)
        opened.page.context.set_offline(True)
        expect(opened.page.locator("#live")).to_contain_text("The service does not answer; as of")
        opened.page.context.set_offline(False)
        live(opened.page)


def test_an_idle_service_says_what_it_waits_for_and_which_configuration_runs(scene: Scene, browser: Browser) -> None:
    service = scene.run()
    file = scene.folder / "run-1.yaml"

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        live(page)
        expect(page.locator("#idle")).to_have_text(f"It waits for the first record in {scene.topic}.")
        configuration = page.locator("#configuration")
        expect(configuration.locator("[data-part=file]")).to_have_text("run-1.yaml")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        expect(configuration.locator("[data-part=hash]")).to_have_text(digest)
        expect(configuration.locator("[data-part=since]")).to_have_text(re.compile(r"since .+ \d\d:\d\d:\d\d UTC"))

        scene.produce(make_purchases(1, scene.schema_ids()))
        expect(page.locator("#idle")).to_contain_text("It has read everything")
        assert opened.complaints == []


def test_a_registry_that_is_away_is_said_with_its_address_and_the_partitions_that_wait(
    scene: Scene, browser: Browser, axe: str
) -> None:
    scene.produce(make_purchases(20, scene.schema_ids()))
    service = scene.run(avro={"registry": {"url": "http://127.0.0.1:2"}})

    with tab(browser, f"{service.url}/") as opened:
        page = opened.page
        away = page.locator("#away")
        expect(away).to_contain_text("Schema registry does not answer at http://127.0.0.1:2")
        expect(page.locator('#connections [data-key="registry"] [data-part=state]')).to_have_text("away")
        expect(page.locator("#partitions")).to_contain_text("paused: awaits schema id")
        expect(page.locator("#idle")).to_be_hidden()
        assert faults(page, axe) == []
        assert opened.complaints == []


@pytest.mark.timeout(400)
def test_a_broker_that_is_away_is_said_before_anything_else(
    registry: Registry, sandbox: Sandbox, browser: Browser, axe: str, tmp_path: Path
) -> None:
    with Cluster() as cluster:
        kafka = Kafka(cluster.bootstrap)
        kafka.create_topic("events", 4)
        with scene_of(kafka, registry, sandbox, tmp_path, "events") as scene:
            service = scene.run()
            with tab(browser, f"{service.url}/") as opened, stopped(cluster.brokers[0].pid):
                page = opened.page
                expect(page.locator("#live")).to_have_text("Not ready", timeout=80_000)
                expect(page.locator("#away")).to_contain_text(f"Kafka does not answer at {cluster.bootstrap}, since")
                expect(page.locator('#connections [data-key="kafka"] [data-part=state]')).to_have_text("away")
                away, rest = page.locator("#away").bounding_box(), page.locator("#connections").bounding_box()
                assert away is not None
                assert rest is not None
                assert away["y"] < rest["y"]
                assert faults(page, axe) == []
                assert opened.complaints == []


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_dry_run_says_that_it_is_one(scene: Scene, browser: Browser) -> None:
    service = scene.run("--dry-run")

    with tab(browser, f"{service.url}/") as opened:
        expect(opened.page.locator("#mode")).to_contain_text("sends and commits nothing")


def test_on_a_phone_the_details_begin_within_two_screens_also_with_a_pixel_held_and_records_rejected(
    scene: Scene, browser: Browser, axe: str
) -> None:
    scene.produce(make_purchases(20, scene.schema_ids()))
    scene.produce(make_bad(["normalize.event_time", "decode.left_over"] * 3, scene.schema_ids()))
    scene.sandbox.allow_tokens({"token-of-the-blog": [BLOG]})
    service = scene.run(dead_letter={"breaker": {"share": 1.0}})
    scene.wait_until_rejected(6)

    with tab(browser, f"{service.url}/", width=390, height=844) as opened:
        page = opened.page
        live(page)
        expect(page.locator("#closed")).to_have_text("shop is held. What to do")
        expect(page.locator("#past canvas")).to_have_count(4)
        expect(page.locator("#reasons-title")).to_contain_text("2 reasons, 6 dead letters")
        first_detail = page.locator("#flow").bounding_box()
        assert first_detail is not None
        assert first_detail["y"] <= 2 * 844
        page.locator("#reasons-title").click()
        expect(page.locator("#rejected-reasons > li")).to_have_count(2)
        assert faults(page, axe) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (380, "light"), (380, "dark"), (700, "light")])
def test_is_for_everyone_on_a_phone_and_in_the_dark(
    scene: Scene, browser: Browser, axe: str, width: int, scheme: Scheme
) -> None:
    scene.produce(make_stream(StreamSettings(count=100, bad=0.2), scene.schema_ids()))
    service = scene.run()
    scene.wait_until_settled()

    with tab(browser, f"{service.url}/", width=width, scheme=scheme) as opened:
        page = opened.page
        live(page)
        expect(page.locator("#past canvas")).to_have_count(4)
        assert faults(page, axe) == []
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert faults(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page must not scroll sideways"
        assert opened.complaints == []
