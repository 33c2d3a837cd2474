"""`make pictures`: both pages as a kept demo shows them, in light, in the dark and on a phone, into docs/pictures/."""

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium, tab
from tests.support.http_clients import HTTP
from tests.support.processes import Process
from tests.support.wait import wait_until

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST_BYTES: Final = 200_000
SAMPLES: Final = 18
"""Three minutes: enough of the past to be seen."""
PATIENCE_S: Final = 300.0
FORMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "light": {"width": 1280, "height": 1060},
    "dark": {"width": 1280, "height": 1060, "scheme": "dark"},
    "phone": {"width": 380, "height": 1500},
}


def main() -> int:
    """Run the demo, wait until there is something to see, and take the pictures. Returns the exit code."""
    with tempfile.TemporaryDirectory() as folder, closing(_Demo(Path(folder))) as demo, chromium() as browser:
        demo.wait_until_it_has_a_past()
        demo.hold_one_pixel()
        for form, options in FORMS.items():
            _take(browser, demo.status, f"status-{form}", options, lambda page: None)
            _take(browser, demo.events, f"events-{form}", options, _open_a_merged_copy)
    return 0


class _Demo(Process):
    """A kept demo, and where its pages are."""

    def __init__(self, folder: Path) -> None:
        super().__init__(["demo", "--keep"], folder, "demo")
        wait_until(lambda: "Still running" in self.stdout.read_text(), PATIENCE_S, what="the demo is kept")
        text = self.stdout.read_text()
        self.status, self.events = (
            re.findall(rf"{name} +(http://\S+)", text)[0] for name in ("status page", "Test Events page")
        )

    def wait_until_it_has_a_past(self) -> None:
        wait_until(lambda: len(self._status()["history"]) >= SAMPLES, PATIENCE_S, what="a past to show", every_s=1)

    def hold_one_pixel(self) -> None:
        """Let the sandbox know the token of one pixel alone."""
        pixels = HTTP.get(f"{self.events}sandbox/summary").json()["by_pixel"]
        tokens = {"made-up-token": [max(pixels, key=pixels.get)]}
        HTTP.put(f"{self.events}sandbox/tokens", json=tokens).raise_for_status()
        wait_until(self._is_one_held, PATIENCE_S, what="a pixel is held")

    def _is_one_held(self) -> bool:
        return any(pixel["state"] == "held" for pixel in self._status()["pixels"].values())

    def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = HTTP.get(f"{self.status}api/status").json()
        return found

    def close(self) -> None:
        self.stop()


def _open_a_merged_copy(page: Page) -> None:
    page.goto(urljoin(page.url, "/?kind=copies"))
    expect(page.locator("#events summary").first).to_be_visible()
    page.locator("#pause").click()
    page.locator("#events summary").first.click()
    expect(page.get_by_text("What TikTok makes of them")).to_be_visible()


def _take(browser: Browser, url: str, name: str, options: Mapping[str, Any], act: Callable[[Page], None]) -> None:
    file = PICTURES / f"{name}.png"
    with tab(browser, url, **options) as opened:
        expect(opened.page.locator("#live")).to_have_text(re.compile("Live|Ready"))
        expect(opened.page.locator("#past canvas, #events > li").first).to_be_visible()
        act(opened.page)
        opened.page.screenshot(path=file, animations="disabled")
    size = file.stat().st_size
    assert size < LARGEST_BYTES, f"{file.name} is too large: {size} bytes"
    print(f"{file.relative_to(Path.cwd())}: {size // 1000} KB")  # noqa: T201  # what the command is for


if __name__ == "__main__":
    sys.exit(main())
