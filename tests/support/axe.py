"""axe-core, which finds what keeps people with a screen reader or poor sight out of a page."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.parts.axe import AXE

_BAD: Final = ("serious", "critical")


def axe_source() -> str:
    """The library as text."""
    return AXE.path().read_text()


def faults(page: Page, source: str, rule: str | None = None) -> list[str]:
    """Serious and critical faults of the page as it stands, or all of one rule; each with the first element."""
    page.evaluate(source)
    if rule is not None:
        only: list[dict[str, Any]] = page.evaluate(
            "async (rule) => (await axe.run({ runOnly: [rule] })).violations", rule
        )
        return _words(only)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return _words([each for each in found if each["impact"] in _BAD])


def _words(found: list[dict[str, Any]]) -> list[str]:
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
