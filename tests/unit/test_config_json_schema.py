"""The JSON Schema and the reference page."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from consumer.config import parse
from consumer.config.document import read_document
from consumer.config.problems import Problems
from consumer.config.reference import page as reference_page
from consumer.config.reference.json_schema import json_schema
from consumer.core.route.operators import OPERATORS
from consumer.core.tiktok_event import PARAMETERS

EXAMPLES = sorted(Path("deploy/examples").glob("*.yaml"))
SCHEMA = json_schema()
_KINDS = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def is_valid(value: Any, schema: Mapping[str, Any]) -> bool:
    """What of JSON Schema this schema uses, as the standard says it."""
    if "$ref" in schema and not is_valid(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]):
        return False
    kinds = schema.get("type", list(_KINDS))
    return (
        any(_KINDS[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds))
        and ("enum" not in schema or value in schema["enum"])
        and ("anyOf" not in schema or any(is_valid(value, branch) for branch in schema["anyOf"]))
        and ("oneOf" not in schema or sum(is_valid(value, branch) for branch in schema["oneOf"]) == 1)
        and _is_valid_by_kind(value, schema)
    )


def _is_valid_by_kind(value: Any, schema: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None and len(value) >= schema.get("minLength", 0)
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(
            is_valid(item, schema.get("items", {})) for item in value
        )
    return _is_valid_object(value, schema) if isinstance(value, dict) else _is_in_bounds(value, schema)


def _is_valid_object(value: dict[str, Any], schema: Mapping[str, Any]) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    return (
        all(name in value for name in schema.get("required", ()))
        and schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value))
        and (others is not False or value.keys() <= known.keys())
        and all(is_valid(inner, known.get(name, others or {})) for name, inner in value.items())
    )


def _is_in_bounds(value: Any, schema: Mapping[str, Any]) -> bool:
    return not isinstance(value, int | float) or (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and value > schema.get("exclusiveMinimum", value - 1)
    )


def document(text: str) -> dict[str, Any]:
    """As an editor sees it: variables are not replaced."""
    return read_document(text.replace("${", "$${"), {}, Problems())


def objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for inner in schema.values():
            yield from objects(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from objects(inner)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_load_and_fit_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "http://example.com")
    environ |= {name: "redis://example.com" for name in environ if name == "REDIS_URL"}

    assert parse(text, environ, path).rules
    assert is_valid(document(text), SCHEMA)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


BASE = EXAMPLES[0].with_name("minimal.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "batch: {max_events: 1001}",
        "batch: {max_wait: 5}",
        'batch: {max_wait: "${WAIT}"}',
        "batch: {max_size: 5}",
        "dedupe: {store: disk}",
        "log: {level: loud}",
        "elements: {a: {path: b, lowre: true}}",
        "elements: {a: {path: b, const: c}}",
        "elements: {a: 5}",
        "http: {listen: localhost}",
    ],
)
def test_refuses_what_the_loader_refuses(text: str) -> None:
    is_fine = "${" in text

    assert is_valid(document(BASE + text + "\n"), SCHEMA) is is_fine


def test_every_key_has_a_description() -> None:
    bare = [
        name
        for each in objects(SCHEMA)
        for name, inner in each["properties"].items()
        if "description" not in inner and "$ref" not in inner
    ]

    assert bare == []
    assert all("description" in each for name, each in SCHEMA["$defs"].items() if name != "Conditions")


def test_every_operator_and_parameter_of_the_core_is_a_key() -> None:
    assert set(SCHEMA["$defs"]["ComparisonForm"]["properties"]) == {"field", *OPERATORS}
    for path, parameter in PARAMETERS.items():
        section, _, name = path.rpartition(".")
        keys = SCHEMA["$defs"][f"{section.rpartition('.')[2].title()}Map"]["properties"]
        assert keys[name]["description"] == parameter.about


def test_says_which_draft_it_is_of() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["additionalProperties"] is False
    assert "path" not in SCHEMA["properties"]


def test_defaults_stand_as_they_are_written() -> None:
    dedupe = SCHEMA["$defs"]["DedupeSection"]["properties"]

    assert dedupe["window"]["default"] == "5m"
    assert SCHEMA["$defs"]["BatchSection"]["properties"]["max_bytes"]["default"] == "1MiB"


def test_the_reference_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference_page.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_a_stale_page_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert reference_page.main(["--check"]) == 1
    assert "is stale; run" in capsys.readouterr().err
    assert reference_page.main([]) == 0
    assert reference_page.main(["--check"]) == 0


def test_the_page_has_every_key() -> None:
    page = reference_page.reference()

    for key in (
        "`window`",
        "`backoff.first`",
        "`breaker.share`",
        "`registry.url`",
        "`user.email`",
        "`matches`",
        "`region`",
    ):
        assert f"| {key} |" in page
    for section in SCHEMA["properties"]:
        assert f"`{section}`" in page


def _keys(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{place}{key}"
            yield from _keys(inner, f"{place}{key}.")


def _sections(schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for key, inner in schema.get("properties", {}).items():
        yield f"{place}{key}"
        for branch in (inner, *inner.get("anyOf", ())):
            name = branch.get("$ref", "").rpartition("/")[2]
            yield from _sections(SCHEMA["$defs"].get(name, {}), f"{place}{key}.")


def test_one_example_has_every_key_there_is_with_its_default() -> None:
    text = Path("deploy/examples/everything.yaml").read_text("utf-8")
    written = document(text)
    environ = {"TIKTOK_PIXEL_CODE": "C", "TIKTOK_ACCESS_TOKEN": "t"}
    given = parse(text, environ, Path("deploy/examples/everything.yaml"))
    needed = {key: written[key] for key in ("kafka", "avro", "pixels", "elements", "rules")}

    assert set(_sections(SCHEMA)) <= set(_keys(written))
    without = read_document(text, environ, Problems())
    plain = parse(json.dumps({key: without[key] for key in needed}), {}, Path("deploy/examples/everything.yaml"))
    assert given == plain
