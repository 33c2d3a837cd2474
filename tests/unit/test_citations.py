"""What comments and documents cite is in the repository: documents, their sections, the promises."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
_CITED: Final = re.compile(r"(?P<document>(?:[\w-]+/)*[\w-]+\.md)(?P<sections>(?:(?:`?\)?,?| and|,) §\d+)*)")
_OTHER_STYLE: Final = re.compile(r"\.md`?\)?,? (?:sections?|chapter) \d")
_OWN_SECTION: Final = re.compile(r"(?<!\.md )(?<!\.md` )(?<!and )§(?P<section>\d+)")
_PATH: Final = re.compile(r"`((?:[\w-]+/)+(?:[\w-]+\.\w+)?)`")
_MODULE: Final = re.compile(r"`((?:[\w-]+/)*\w+\.py)`")
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
            if path.suffix in SUFFIXES and "node_modules" not in path.parts and path != Path(__file__):
                yield path


def found(path: Path, document: str) -> Path | None:
    places = (path.parent / document, ROOT / document, ROOT / "docs" / document)
    return next((place for place in places if place.is_file()), None)


def sections(document: Path) -> set[str]:
    return set(_HEADING.findall(document.read_text()))


def faults(path: Path) -> Iterator[str]:
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    for line_number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{shown}:{line_number}"
        for cited in _CITED.finditer(line):
            if cited["document"].rpartition("/")[2] in FOREIGN or "://" in line[: cited.start()].rpartition(" ")[2]:
                continue
            document = found(path, cited["document"].removeprefix("blob/main/"))
            if document is None:
                yield f"{where}: no {cited['document']}"
            else:
                missing = set(re.findall(r"\d+", cited["sections"])) - sections(document)
                yield from (f"{where}: {cited['document']} has no section {number}" for number in sorted(missing))
        if _OTHER_STYLE.search(line):
            yield f"{where}: a section is cited as §1"


def test_every_document_and_section_that_is_cited_is_there() -> None:
    assert [fault for path in files() for fault in faults(path)] == []


def test_every_promise_that_is_cited_is_made() -> None:
    promises = (ROOT / "docs" / "architecture.md").read_text().partition("## 3. ")[2].partition("\n## ")[0]
    made = set(re.findall(r"^(\d+)\. ", promises, re.M))
    cited = {(str(path.relative_to(ROOT)), number) for path in files() for number in _PROMISE.findall(path.read_text())}

    assert len(made) == 12
    assert {(path, number) for path, number in cited if number not in made} == set()


def test_the_page_of_the_architecture_cites_sections_that_it_has() -> None:
    page = ROOT / "docs" / "architecture.md"
    cited = {found["section"] for found in _OWN_SECTION.finditer(page.read_text())}

    assert cited
    assert cited <= sections(page)


def test_each_module_that_a_document_names_is_there() -> None:
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    pages = [page for page in files() if page.suffix == ".md"]
    named = {(page.name, name) for page in pages for name in _MODULE.findall(page.read_text())}

    assert named
    assert {(page, name) for page, name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)} == set()


def test_each_path_that_the_page_of_the_architecture_names_is_there() -> None:
    named = set(_PATH.findall((ROOT / "docs" / "architecture.md").read_text()))
    missing = {path for path in named if not any((ROOT / root / path).exists() for root in ("", "consumer", "docs"))}

    assert len(named) > 30
    assert missing == {"rules/", "checks/", "reference/"}  # of consumer/config/, beside which they are named


def test_comments_say_which_section_of_what_tiktok_asks_for_they_mean() -> None:
    without = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "consumer").rglob("*.py"))
        for line in path.read_text().splitlines()
        if "tiktok.md" in line and "docs/tiktok.md §" not in line
    ]

    assert without == ["consumer/config/settings.py"]  # a text for users, who get the page


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("See docs/nothing.md.", "page.py:1: no docs/nothing.md"),
        ("docs/architecture.md §99", "page.py:1: docs/architecture.md has no section 99"),
        ("(docs/tiktok.md §1 and §98)", "page.py:1: docs/tiktok.md has no section 98"),
        ("fine\n[limits](docs/tiktok.md), §97", "page.py:2: docs/tiktok.md has no section 97"),
        ("tiktok.md, section 1", "page.py:1: a section is cited as §1"),
    ],
)
def test_a_citation_of_what_is_not_there_is_found(text: str, fault: str, tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(text)

    assert list(faults(page)) == [fault]


def test_a_citation_of_what_is_there_is_no_fault(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text("docs/architecture.md §4, README.md, docs/tiktok.md §1 and §2 (promise 8)")

    assert list(faults(page)) == []
