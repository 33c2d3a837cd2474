"""Parts are fetched once, whole, and again after a failure; a test that lacks one says so in a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parts import part as parts
from tests.parts import prebuilt as prebuilding
from tests.parts.part import TRIES, Part, program
from tests.parts.prebuilt import either


class Source:
    """Where a part comes from; the first fetches fail, each after it has left half a file."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.asked = failures, 0

    def fetch(self, folder: Path) -> None:
        self.asked += 1
        (folder / "tool").write_text("half")
        if self.asked <= self.failures:
            raise OSError("the registry did not answer")
        (folder / "tool").write_text("whole")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Source], Part]:
    monkeypatch.setattr(parts, "CHECKOUT", tmp_path)
    return lambda source: Part("The tool", tmp_path / ".cache/tools/tool", source.fetch)


def test_a_part_that_is_there_is_not_fetched_again(made: Callable[[Source], Part]) -> None:
    source = Source()
    part = made(source)

    assert (part.make(), part.make()) == (True, False)
    assert source.asked == 1
    assert part.path().read_text() == "whole"


def test_a_fetch_that_fails_is_tried_again_after_ever_longer_waits(made: Callable[[Source], Part]) -> None:
    waits: list[float] = []
    part = made(Source(failures=TRIES - 1))

    assert part.make(waits.append)
    assert waits == [5.0, 10.0, 20.0]
    assert [each.name for each in part.place.parent.iterdir()] == ["tool"]


def test_what_fails_to_the_last_leaves_nothing_and_says_why(made: Callable[[Source], Part]) -> None:
    part = made(Source(failures=TRIES))

    with pytest.raises(OSError, match="the registry did not answer"):
        part.make(lambda _: None)

    assert list(part.place.parent.iterdir()) == []


def test_a_test_without_its_part_says_which_and_how_to_get_it(made: Callable[[Source], Part]) -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        made(Source()).path()

    assert str(failed.value) == "The tool is not in .cache/tools: `make parts` fetches it."


def test_a_test_without_its_program_says_which_and_how_to_get_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="The program no-such-thing is missing: scripts/system-parts"):
        program("no-such-thing")


def says(version: str) -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        programs = folder / "programs"
        programs.mkdir()
        (programs / "tool").write_text(f"#!/bin/sh\necho tool v{version}")
        (programs / "tool").chmod(0o755)

    return fetch


def builds(folder: Path) -> None:
    (folder / "tool").write_text("built")


def fails(_: Path) -> None:
    raise OSError("there is none for this processor")


@pytest.mark.parametrize(
    ("prebuilt", "is_built"), [(says("3.5.3"), False), (says("3.50.1"), True), (says("13.5.3"), True), (fails, True)]
)
def test_a_program_is_built_only_if_there_is_none_of_its_version(
    prebuilt: Callable[[Path], None], is_built: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prebuilding, "_PLACE", tmp_path / "taken")
    monkeypatch.setattr(parts, "_FIRST_WAIT_S", 0.0)
    built = Part("tool", tmp_path / "tool", builds)
    tool = either(built, "3.5", "version", Part("programs", tmp_path / "programs", prebuilt))

    tool.make()

    assert (tool.path().read_text() == "built") is is_built
