"""docs/configuration.md, made from the JSON Schema: `python -m consumer.config.reference [--check]`.

`--check` writes nothing and fails when the file is not what would be written.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from consumer.config.reference.generated import write_or_check
from consumer.config.reference.json_schema import json_schema
from consumer.config.rules.source_forms import FORMS

DOCUMENT: Final = "docs/configuration.md"
_INTRODUCTION: Final = """# Configuration

Written by `python -m consumer.config.reference`; change the descriptions in `consumer/config`, not this page.

One YAML 1.2 file: `--config FILE`, else `$TIKTOK_CONSUMER_CONFIG`, else `./consumer.yaml`. Unknown and duplicate keys
are errors; every problem is reported at once, each with its place, its line and its remedy.

- `no`, `off`, `NO` and `12:30` are text; only `true` and `false` are true and false.
- `${NAME}` and `${NAME:-default}` inside a value are replaced from the environment; the default also stands for an
  empty variable. `$${` is a plain `${`; any other `${` is an error, `$` alone is text.
- Durations are written `250ms`, `5s`, `5m`, `48h`, `28d`; sizes `512KiB`, `1MiB`.
- Relative paths start at the folder of the file. Functions (`call`) are looked up there first, then among the
  installed packages, and in the directory where the service was started.
- `tiktok-consumer schema` prints the JSON Schema of this file; with it, editors complete and check what you write.
  `tiktok-consumer check` finds what only the schemas, the cluster and the registry know.
- `check` warns of a constant that could never be sent (`const`, `default`, a result of `values`, `region`): each is
  tried as `run` would. So it does of a field of a type that its parameter never takes, as a boolean in `external_id`.
"""
_TYPE_BY_PATTERN: Final = {"ms|s|m|h|d": "duration", "KiB": "size", "[0-9]{1,5}": "host:port"}
_DEFINED: Final = ("Source", "Condition", "Map")
_ALIKE: Final = ("Source", "Condition")
"""Forms that share keys: each key stands once."""
_TITLES: Final = {
    "Source": "Sources: anything to the right of a TikTok parameter, and `field` in a condition",
    "Condition": "Conditions",
    "Map": "TikTok's parameters",
}
_ABOUT: Final = {
    "Source": 'A path such as `a.b[0].c` or `a["x.y"]`; a list of sources, of which the first that is present and not '
    "empty counts, and, for an identifier, is no placeholder (docs/tiktok.md §2); "
    "or a mapping with one of `path`, `element`, `const`, `cel`, `call`, and options. `$key`, "
    "`$timestamp`, `$topic`, `$partition`, `$offset`, `$headers.NAME` read the Kafka record (key and headers as text; "
    "a key that Confluent's Avro serialiser has framed is decoded: a plain value, or a record's only field; other "
    "bytes count as absent, and are noted as `not_text` where they are mapped), `$schema` is the full name of its "
    "Avro type. "
    "Options work in this order: `trim`, `lower`, `values`, `scale`, `default`, then `unit` or `region`.",
    "Condition": "`{field: SOURCE, OPERATOR: operand}`, or `any`, `all`, `not` around others. Where the field is "
    "absent or null, every operator is false, except `exists: false`; so it is where the field is of another kind than "
    "the operand.",
    "Map": "The keys of a rule's `map`. To the right of each stands a source.",
}
_Schema = Mapping[str, Any]


def reference() -> str:
    """The whole page, in Markdown."""
    schema = json_schema()
    parts = [_INTRODUCTION]
    loose = {key: inner for key, inner in schema["properties"].items() if _section(inner, schema) is None}
    for key, inner in schema["properties"].items():
        if key not in loose:
            parts.append(
                _heading(f"`{key}`", _about(inner, schema)) + _table(_rows("", _section(inner, schema), schema))
            )
    top = {**schema, "properties": {key: inner for key, inner in loose.items() if key not in ("elements", "rules")}}
    parts.append(_heading("Keys of their own", "") + _table(_rows("", top, schema)))
    parts.append(_heading("`elements`", loose["elements"]["description"]))
    parts.append(
        _heading("`rules`", loose["rules"]["description"]) + _table(_rows("", schema["$defs"]["RuleSection"], schema))
    )
    parts.extend(
        _heading(_TITLES[name], _ABOUT[name]) + _table(_defined_rows(name, schema["$defs"][name], schema))
        for name in _DEFINED
    )
    return "\n".join(parts)


def _heading(title: str, about: str) -> str:
    return f"## {title}\n\n{about}\n\n" if about else f"## {title}\n\n"


def _about(inner: _Schema, schema: _Schema) -> str:
    section = _section(inner, schema)
    return str(inner.get("description") or (section or {}).get("description", ""))


def _section(inner: _Schema, schema: _Schema) -> _Schema | None:
    """The object that a key holds: itself, or what each of its names holds; None for plain values and sources."""
    for candidate in (inner, inner.get("additionalProperties"), *inner.get("anyOf", ())):
        found = _defined(candidate, schema) if isinstance(candidate, dict) else {}
        if "properties" in found and found is not schema["$defs"]["Map"]:
            return found
    return inner if "properties" in inner else None


def _rows(prefix: str, section: _Schema | None, schema: _Schema) -> Iterator[tuple[str, str, str, str]]:
    if section is None:
        return
    for key, inner in section.get("properties", {}).items():
        nested = _section(inner, schema)
        if nested is not None:
            yield from _rows(f"{prefix}{key}.", nested, schema)
            continue
        default = "needed" if key in section.get("required", ()) else _default(inner)
        yield f"`{prefix}{key}`", _type(inner), default, inner.get("description", "")


def _defined(schema: _Schema, whole: _Schema) -> _Schema:
    found: _Schema = whole["$defs"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return found


def _defined_rows(name: str, definition: _Schema, schema: _Schema) -> Iterator[tuple[str, str, str, str]]:
    rows = {
        key: (key, kind, "" if name in _ALIKE and default == "needed" else default, meaning)
        for branch in definition.get("anyOf", [definition])
        for key, kind, default, meaning in _rows("", _defined(branch, schema) or branch, schema)
    }
    yield from sorted(rows.values(), key=_is_option) if name == "Source" else rows.values()


def _is_option(row: tuple[str, str, str, str]) -> bool:
    return row[0].strip("`") not in FORMS


def _table(rows: Iterator[tuple[str, str, str, str]]) -> str:
    head = "| key | value | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def _default(inner: _Schema) -> str:
    default = inner.get("default")
    return (
        "" if default is None or default == {} else f"`{default if isinstance(default, str) else json.dumps(default)}`"
    )


def _type(inner: _Schema) -> str:
    return ", or ".join(dict.fromkeys(name for branch in _branches(inner) if (name := _plain_type(branch))))


def _branches(inner: _Schema) -> Iterator[_Schema]:
    for branch in inner.get("anyOf", [inner]):
        if "anyOf" in branch:
            yield from _branches(branch)
        elif branch.get("type") != "null":
            yield branch


def _plain_type(branch: _Schema) -> str:
    if "$ref" in branch:
        name = branch["$ref"].rpartition("/")[2]
        return "" if name == "FromEnvironment" else name.lower()
    if "enum" in branch:
        return ", ".join(f"`{value}`" for value in branch["enum"] if value is not None)
    for part, name in _TYPE_BY_PATTERN.items():
        if part in branch.get("pattern", ""):
            return name
    kinds = branch.get("type", "anything")
    named = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return " or ".join(_WORDS.get(kind, kind) + _bounds(branch) for kind in named)


_WORDS: Final = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "object": "mapping",
    "array": "list",
}


def _bounds(branch: _Schema) -> str:
    words = {"minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "up to {}"}
    said = [text.format(f"{branch[key]:g}") for key, text in words.items() if key in branch]
    return f" {' '.join(said)}" if said else ""


def main(arguments: list[str]) -> int:
    """Write the page, or see whether it is current: 1 if not."""
    return write_or_check({DOCUMENT: reference()}, Path(), "python -m consumer.config.reference", arguments)
