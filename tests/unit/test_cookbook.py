"""Each recipe of docs/cookbook.md makes of its record what it says."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from consumer.commands.cases import run_cases
from consumer.commands.check import Level, check
from consumer.config import load

PAGE: Final = Path(__file__).parents[2] / "docs" / "cookbook.md"
CONFIG: Final = """
kafka: {bootstrap_servers: 'localhost:9092', topics: [web-events], group_id: tiktok-events}
avro: {framing: plain, schema: record.avsc}
"""
PIXELS: Final = "pixels: {shop: {pixel_code: C, access_token: made-up}}\n"
_SECTION: Final = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TYPES: Final = {str: "string", bool: "boolean", int: "long", float: "double"}


class Recipe(NamedTuple):
    """What a section shows, in this order."""

    rules: str
    record: dict[str, Any]
    shown: Any
    """One event, or a list of several; each in part."""


def recipes() -> Iterator[Any]:
    for title, text in _SECTION.findall(PAGE.read_text()):
        (_, rules), (_, record), (_, shown) = _BLOCK.findall(text)
        yield pytest.param(Recipe(rules, json.loads(record), json.loads(shown)), id=title)


def schema_of(value: Any, name: str) -> Any:
    """An Avro schema that fits a value of a record."""
    match value:
        case dict():
            fields = [{"name": key, "type": schema_of(each, f"{name}_{key}")} for key, each in value.items()]
            return {"type": "record", "name": name, "fields": fields}
        case list():
            return {"type": "array", "items": schema_of(value[0], name)}
        case _:
            return _TYPES[type(value)]


def holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], each) for key, each in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("recipe", list(recipes()))
def test_a_recipe_makes_what_it_shows(recipe: Recipe, tmp_path: Path) -> None:
    schema = schema_of(recipe.record.get("value", recipe.record), recipe.record.get("$schema", "com.example.Any"))
    (tmp_path / "record.avsc").write_text(json.dumps(schema))
    config = CONFIG + ("" if "pixels:" in recipe.rules else PIXELS) + recipe.rules
    (tmp_path / "consumer.yaml").write_text(config)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "recipe.record.json").write_text(json.dumps(recipe.record))
    settings = load(tmp_path / "consumer.yaml", {"TIKTOK_ACCESS_TOKEN": "made-up"})

    assert [str(each) for each in check(settings, offline=True, rate=None) if each.level is Level.ERROR] == []
    said = io.StringIO()
    assert run_cases(settings, tmp_path / "cases", said, is_update=True) == 0, said.getvalue()
    came = json.loads((tmp_path / "cases" / "recipe.expected.json").read_text())

    shown = recipe.shown if isinstance(recipe.shown, list) else [recipe.shown]
    assert holds(came, shown), json.dumps(came, indent=1)


def test_the_page_shows_what_shops_ask_for() -> None:
    assert len(list(recipes())) >= 10
