"""Fixtures that several files of this folder use."""

import pytest

from tests.support.image import Image, build


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, built once a run."""
    return build(tmp_path_factory.mktemp("image"))
