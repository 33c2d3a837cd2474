"""A browser, and what looks at its pages. Kafka, the sandbox and `scene` are as for the system tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.axe import axe_source
from tests.support.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()
