"""The engine, and the image built by it, once a run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.parts.bases import PYTHON
from tests.support.engine import Engine
from tests.support.image import Image, base_of, build

_TIMEOUT_S: Final = 900
"""The first test of a run waits for the engine and the image, too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine that knows our base image by its name."""
    with Engine(Path(tempfile.mkdtemp(prefix="engine-"))) as running:
        running.load(PYTHON.path(), base_of())
        yield running


@pytest.fixture(scope="session")
def image(engine: Engine) -> Image:
    return build(engine, "tiktok-events-consumer:test")
