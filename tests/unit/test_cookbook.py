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
from consumer.config import Settings, load

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
            kinds = {key: ["null", schema_of(each, f"{name}_{key}")] for key, each in value.items()}
            return {"type": "record", "name": name, "fields": [{"name": key, "type": kinds[key]} for key in kinds]}
        case list():
            return {"type": "array", "items": schema_of(value[0], name)}
        case _:
            return _TYPES[type(value)]


def with_one_null(value: Any) -> Iterator[Any]:
    """The record without each of its values in turn."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(value, dict):
            yield {**value, key: None}
        for other in with_one_null(inner):
            yield {**value, key: other} if isinstance(value, dict) else [*value[:key], other, *value[key + 1 :]]


def holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], each) for key, each in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


def written(recipe: Recipe, folder: Path, case: Any) -> Settings:
    """The recipe's configuration, with a case of these records, in a folder."""
    schema = schema_of(recipe.record.get("value", recipe.record), recipe.record.get("$schema", "com.example.Any"))
    (folder / "record.avsc").write_text(json.dumps(schema))
    config = CONFIG + ("" if "pixels:" in recipe.rules else PIXELS) + recipe.rules
    (folder / "consumer.yaml").write_text(config)
    (folder / "cases").mkdir()
    (folder / "cases" / "recipe.record.json").write_text(json.dumps(case))
    return load(folder / "consumer.yaml", {"TIKTOK_ACCESS_TOKEN": "made-up"})


@pytest.mark.parametrize("recipe", list(recipes()))
def test_a_recipe_makes_what_it_shows(recipe: Recipe, tmp_path: Path) -> None:
    settings = written(recipe, tmp_path, recipe.record)

    assert [str(each) for each in check(settings, offline=True, rate=None) if each.level is Level.ERROR] == []
    said = io.StringIO()
    assert run_cases(settings, tmp_path / "cases", said, is_update=True) == 0, said.getvalue()
    came = json.loads((tmp_path / "cases" / "recipe.expected.json").read_text())

    shown = recipe.shown if isinstance(recipe.shown, list) else [recipe.shown]
    assert holds(came, shown), json.dumps(came, indent=1)


@pytest.mark.parametrize("recipe", list(recipes()))
def test_no_function_or_expression_of_a_recipe_fails_on_a_null(recipe: Recipe, tmp_path: Path) -> None:
    record = recipe.record
    inner = list(with_one_null(record.get("value", record)))
    records = [{**record, "value": each} for each in inner] if "value" in record else inner
    settings = written(recipe, tmp_path, records)

    assert run_cases(settings, tmp_path / "cases", io.StringIO(), is_update=True) == 0
    came = (tmp_path / "cases" / "recipe.expected.json").read_text()

    assert '"map.' not in came


def test_the_page_shows_what_shops_ask_for() -> None:
    assert len(list(recipes())) >= 10
