"""Every command that README and docs tell people to type is one there is, with options that it has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from consumer.cli.command_line import app

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TYPED: Final = re.compile(r"tiktok-consumer ([a-z]+)(?![\w./-])((?: +[^\s`|#&]+)*)")


def typed(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Command and its words, up to a pipe, a comment or the end of the code."""
    for found in TYPED.finditer(page.read_text()):
        yield found[1], [word.strip(",.;:)(") for word in found[2].split()]


def options_of(command: str, words: list[str]) -> set[str]:
    """All spellings of the options of a command, or of the command of a group that the words name."""
    found = get_command(app).commands[command]  # type: ignore[attr-defined]  # a group, since it has several
    for word in words:
        found = getattr(found, "commands", {}).get(word, found)
    return {"-h", "--help", *(option for parameter in found.params for option in parameter.opts)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_can_be_typed(page: Path) -> None:
    for command, words in typed(page):
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert options <= options_of(command, words), f"tiktok-consumer {command} {' '.join(words)}"


def test_there_are_commands_on_the_pages() -> None:
    assert sum(len(list(typed(page))) for page in PAGES) > 20
