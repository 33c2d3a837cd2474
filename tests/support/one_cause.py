"""A fixture of many tests that could not be set up is one error: the tests after the first are skipped, and say why.

pytest keeps what such a fixture raised and raises that very object again for each test: by it the cause is known.
"""

from collections.abc import Generator
from typing import Final

import pytest

_FIRST: Final = pytest.StashKey[dict[int, tuple[BaseException, str]]]()
"""By identity of what was raised: itself, so that no other object takes its place; and the test that told of it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "setup" and report.failed and call.excinfo is not None:
        raised = call.excinfo.value
        _, teller = item.config.stash.setdefault(_FIRST, {}).setdefault(id(raised), (raised, item.nodeid))
        if teller != item.nodeid:
            report.outcome = "skipped"
            report.longrepr = (
                str(item.path),
                item.location[1] or 0,
                f"Skipped: the same cause as the error of {teller}",
            )
    return report
