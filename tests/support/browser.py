"""Chromium without a window, driven by Playwright; what a page complained of is kept.

Debian's `chromium-headless-shell` takes a third of the CPU of the whole `chromium`; CHROMIUM names another.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
_ARGUMENTS: Final = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    # Nothing but the pages under test is to be asked for.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=30_000)
"""Five seconds, Playwright's own patience, are too few for a browser on a busy machine."""
Scheme = Literal["light", "dark"]
_NOTE_TEXTS: Final = """button => {
  button.said = [];
  const note = () => button.said.push(button.textContent);
  new MutationObserver(note).observe(button, { childList: true, characterData: true, subtree: true });
}"""


@dataclass
class Tab:
    """A page, and what it said on its console or failed to load."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, url: str, *, width: int = 1280, height: int = 900, scheme: Scheme = "light") -> Iterator[Tab]:
    """A page of its own, opened at `url`."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB", timezone_id="UTC"
    )
    try:
        opened = Tab(context.new_page())
        opened.listen()
        opened.page.goto(url)
        yield opened
    finally:
        context.close()


def copied(button: Locator) -> str:
    """Press a button that copies, and says so: what the clipboard has then.

    It says so for two seconds, within which a busy machine may not look: what it says is noted in the page.
    """
    page, element = button.page, button.element_handle()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    element.evaluate(_NOTE_TEXTS)
    element.click()
    page.wait_for_function("button => button.said.includes('Copied')", arg=element)
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text
