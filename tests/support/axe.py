"""axe-core, which finds what keeps people with a screen reader or poor sight out of a page."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.parts.axe import AXE

_BAD: Final = ("serious", "critical")


def axe_source() -> str:
    """The library as text."""
    return AXE.path().read_text()


def faults(page: Page, source: str) -> list[str]:
    """Serious and critical faults of the page as it stands: rule, and the first element at fault."""
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in _BAD]
