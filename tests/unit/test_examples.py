"""Every configuration that README, docs and examples show is one that `check` takes.

A block of YAML whose keys are sections of the configuration is one of ours. One that shows some sections only is put
into the least there is; the other blocks are other programs'.
"""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from consumer.commands.check import Level, check
from consumer.config import parse
from consumer.config.sections import SECTION_BY_KEY
from tests.support.certificate import self_signed

ROOT: Final = Path(__file__).parents[2]
OF_THEIR_OWN: Final = {ROOT / "docs" / "cookbook.md", ROOT / "docs" / "tutorial.md"}
"""For records of other schemas: test_cookbook.py, test_tutorial.py."""
PAGES: Final = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - OF_THEIR_OWN)
FILES: Final = sorted(ROOT.glob("deploy/examples/*.yaml"))
OURS: Final = frozenset(SECTION_BY_KEY) | {"rules", "elements"}
LEAST: Final = {
    "kafka": "kafka: {bootstrap_servers: 'localhost:9092', topics: [web-events], group_id: tiktok-events}",
    "pixels": "pixels: {shop: {pixel_code: C, access_token: t}}",
    "rules": "rules: [{name: everything, pixel: shop}]",
}
_BLOCK: Final = re.compile(r"^( *)```ya?ml[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{([A-Z_]+)\}")
_OF_THE_MACHINE: Final = re.compile(r"/etc/tiktok/\S+")
"""Certificates and keys, which the client looks into at once."""
_VALUES: Final = {"REDIS_URL": "redis://redis.example.com:6379/0", "SCHEMA_REGISTRY_URL": "http://registry.example.com"}


def blocks(page: Path) -> list[str]:
    """The configurations on a page, without their indentation."""
    found = (re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in _BLOCK.findall(page.read_text()))
    return [text for text in found if keys_of(text) & OURS]


def keys_of(text: str) -> set[str]:
    document: Any = YAML(typ="safe", pure=True).load(text)
    return set(document) if isinstance(document, dict) else set()


def whole(text: str) -> str:
    """The block with what it leaves out."""
    return "\n".join([text, *(line for key, line in LEAST.items() if key not in keys_of(text))])


def faults(path: Path) -> list[str]:
    text = path.read_text()
    environ = {name: _VALUES.get(name, "made-up") for name in _VARIABLE.findall(text)}
    findings = check(parse(text, environ, path), offline=True, rate=None)
    return [str(finding) for finding in findings if finding.level is Level.ERROR]


@pytest.mark.parametrize(
    ("page", "text"),
    [pytest.param(page, text, id=f"{page.name}-{n}") for page in PAGES for n, text in enumerate(blocks(page), 1)],
)
def test_a_configuration_on_a_page_can_be_used(page: Path, text: str, tmp_path: Path) -> None:
    file = tmp_path / "consumer.yaml"
    (tmp_path / "shop.token").write_text("made-up")
    file.write_text(_OF_THE_MACHINE.sub(str(self_signed(tmp_path / "certificate.pem")), whole(text)))

    assert faults(file) == [], page


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_example_can_be_used(file: Path) -> None:
    assert faults(file) == []


def test_the_pages_that_should_show_configurations_do() -> None:
    assert {page.name for page in PAGES if blocks(page)} >= {"README.md", "adobe.md", "brokers.md"}
    assert len(FILES) >= 4


def test_a_block_of_another_program_is_left_alone_and_a_fragment_made_whole(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("- x\n\n  ```yaml\n  scrape_configs: []\n  ```\n\n  ```yaml\n  dedupe: {window: 1m}\n  ```\n")

    assert blocks(page) == ["dedupe: {window: 1m}\n"]
    page.write_text(whole(blocks(page)[0]))
    assert faults(page) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_example_makes_two_members_one_where_a_variable_is_not_set(path: Path) -> None:
    assert "group.instance.id: ${HOSTNAME}" in path.read_text() or "group.instance.id" not in path.read_text()
