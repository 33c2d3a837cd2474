"""The folder of a demo is gone afterwards, and the log is where it was before."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from consumer.commands.demo.demo_folder import demo_folder


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_whatever_ends_a_demo_can_be_logged_and_leaves_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    path, within = Path(), ""

    def broken_off() -> None:
        nonlocal path, within
        with demo_folder() as folder:
            logging.getLogger("x").warning("within")
            path, within = folder.path, folder.log.read_text("utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    logging.getLogger("x").warning("afterwards")

    said = capsys.readouterr().err
    assert "within" in within
    assert ("within" in said, "afterwards" in said, "Traceback" in said) == (False, True, False)
    assert not path.exists()


def test_a_demo_that_found_something_leaves_its_log_and_says_where() -> None:
    out = io.StringIO()

    with demo_folder() as folder:
        folder.keep(Console(file=out))

    assert str(folder.log) in out.getvalue().replace("\n", "")
    assert folder.log.exists()
    folder.log.unlink()
    folder.path.rmdir()
