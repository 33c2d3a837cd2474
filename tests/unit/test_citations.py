"""What comments and documents cite is in the repository: documents, their sections, the promises."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_CITED: Final = re.compile(r"(?P<document>(?:[\w-]+/)*[\w-]+\.md)(?:`?\)?,? §(?P<section>\d+))?")
_PROMISE: Final = re.compile(r"\bpromise (?P<number>\d+)\b")
_HEADING: Final = re.compile(r"^## (?P<number>\d+)\. ", re.M)
FOLDERS: Final = ("consumer", "tests", "bench", "scripts", "docs", "deploy")
SUFFIXES: Final = frozenset({".py", ".md", ".js", ".html", ".yaml", ".toml", ".sh"})
FOREIGN: Final = frozenset({"nowhere.md", "page.md", "licenses.md"})
"""Names in tests of documents that are not there, and a page that `make licenses` writes into dist/."""


def files() -> Iterator[Path]:
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "pyproject.toml", "Makefile"))
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "node_modules" not in path.parts:
                yield path


def found(path: Path, document: str) -> Path | None:
    places = (path.parent / document, ROOT / document, ROOT / "docs" / document)
    return next((place for place in places if place.is_file()), None)


def sections(document: Path) -> set[str]:
    return set(_HEADING.findall(document.read_text()))


def faults(path: Path) -> Iterator[str]:
    for line_number, line in enumerate(path.read_text().splitlines(), 1):
        for cited in _CITED.finditer(line):
            if cited["document"].rpartition("/")[2] in FOREIGN or "://" in line[: cited.start()].rpartition(" ")[2]:
                continue
            document = found(path, cited["document"].removeprefix("blob/main/"))
            where = f"{path.relative_to(ROOT)}:{line_number}"
            if document is None:
                yield f"{where}: no {cited['document']}"
            elif cited["section"] and cited["section"] not in sections(document):
                yield f"{where}: {cited['document']} has no section {cited['section']}"


def test_every_document_and_section_that_is_cited_is_there() -> None:
    assert [fault for path in files() for fault in faults(path)] == []


def test_every_promise_that_is_cited_is_made() -> None:
    promises = (ROOT / "docs" / "architecture.md").read_text().partition("## 3. ")[2].partition("\n## ")[0]
    made = set(re.findall(r"^(\d+)\. ", promises, re.M))
    cited = {(str(path.relative_to(ROOT)), number) for path in files() for number in _PROMISE.findall(path.read_text())}

    assert len(made) == 12
    assert {(path, number) for path, number in cited if number not in made} == set()


def test_a_citation_of_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = ROOT / "docs" / "architecture.md"

    assert sections(page) >= {"1", "4", "11"}
    assert "99" not in sections(page)
    assert found(page, "nowhere.md") is None
