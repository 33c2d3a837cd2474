"""The JSON Schema of the file as written, for editors: the sections from their models, the rest from here."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

from consumer.config.reference.texts import (
    OPERATOR_TEXTS,
    SOURCE,
    SOURCE_KEYS,
    JsonSchema,
)
from consumer.config.rules.parameters import GROUPS
from consumer.config.rules.source_parser import KINDS
from consumer.config.settings import Settings
from consumer.core.tiktok_event import OLDER_NAMES, PARAMETERS, SECTIONS, Form, parameters_of

_CONDITION: Final[JsonSchema] = {"$ref": "#/$defs/Condition"}
_FROM_ENVIRONMENT: Final[JsonSchema] = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}",
    "description": "`${NAME}` or `${NAME:-default}`: replaced from the environment.",
}
_CONSTRAINED: Final = frozenset({"pattern", "enum"})
_NOT_TEXT: Final = frozenset({"integer", "number", "boolean"})


def json_schema() -> JsonSchema:
    """Draft 2020-12; each key with its meaning and default."""
    schema = Settings.model_json_schema(by_alias=True, mode="validation")
    del schema["properties"]["path"]
    schema["properties"]["elements"]["additionalProperties"] = SOURCE
    schema["properties"]["rules"]["items"] = {"$ref": "#/$defs/Rule"}
    definitions = {**schema.pop("$defs"), **_definitions()}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "tiktok-consumer",
        "$defs": definitions,
    }
    altered: JsonSchema = _tidied(whole)
    altered["$defs"]["FromEnvironment"] = _FROM_ENVIRONMENT
    return altered


def _definitions() -> JsonSchema:
    return {
        "Source": _source(),
        "Condition": _condition(),
        "Conditions": {"anyOf": [_CONDITION, {"type": "array", "items": _CONDITION}]},
        "Rule": _rule(),
        "Map": _map(),
    }


def _source() -> JsonSchema:
    one_kind = [{"required": [kind]} for kind in KINDS]
    return {
        "description": "A path, a list of which the first present and not empty counts, or a mapping with options.",
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": SOURCE},
            _object("A source with options.", SOURCE_KEYS) | {"oneOf": one_kind},
        ],
    }


def _condition() -> JsonSchema:
    tests = {name: {"description": text, **OPERATOR_TEXTS[name][1]} for name, (text, _) in OPERATOR_TEXTS.items()}
    field = {
        "description": "What is compared. Absent or null: every operator is false, save `exists: false`.",
        **SOURCE,
    }
    groups: JsonSchema = {
        "any": {"description": "At least one must hold.", "type": "array", "minItems": 1, "items": _CONDITION},
        "all": {"description": "Each must hold.", "type": "array", "minItems": 1, "items": _CONDITION},
        "not": {"description": "Must not hold.", "$ref": "#/$defs/Conditions"},
    }
    test = _object("One comparison.", {"field": field, **tests})
    return {
        "description": "One comparison, or any, all, not around others.",
        "anyOf": [
            test | {"required": ["field"], "minProperties": 2, "maxProperties": 2},
            *(_object(inner["description"], {name: inner}) | {"required": [name]} for name, inner in groups.items()),
        ],
    }


def _rule() -> JsonSchema:
    properties: JsonSchema = {
        "name": {"description": "Your name for the rule; it stands in metrics and dead letters.", "type": "string"},
        "mode": {
            "description": "`live`, or `shadow`: decide and count, send nothing.",
            "enum": ["live", "shadow"],
            "default": "live",
        },
        "when": {
            "description": "Conditions that all must hold. Left out: the rule always holds.",
            "$ref": "#/$defs/Conditions",
        },
        "pixel": {
            "description": "A pixel's name, or `{path: …}`: the pixel whose code the record names.",
            "anyOf": [{"type": "string"}, SOURCE],
        },
        "map": {
            "description": "TikTok parameter → source. Left out, and for what it leaves out, names map to themselves "
            "when the record is of the shipped schema.",
            "$ref": "#/$defs/Map",
        },
    }
    return _object("Makes one event of every record it holds for.", properties) | {"required": ["name", "pixel"]}


def _map() -> JsonSchema:
    groups = {name: _object(inspect.getdoc(SECTIONS[name]) or "", _parameters(name)) for name in GROUPS}
    groups["properties"]["properties"] |= {"contents": _contents(), **_parameters("properties.contents")}
    return _object("TikTok's parameters and where their values come from.", {**_parameters(""), **groups})


def _contents() -> JsonSchema:
    each = {"description": "The list of products; the other paths here start at one of its items.", **SOURCE}
    inner = {"each": each, **_parameters("properties.contents")}
    return _object(PARAMETERS["properties.contents"].about, inner) | {"required": ["each"]}


def _parameters(section: str) -> JsonSchema:
    """What may be mapped of a section, but the products, whose fields are mapped one by one."""
    texts = {name: each.about for name, each in parameters_of(section).items() if each.form is not Form.CONTENTS}
    for older, path in OLDER_NAMES.items():
        if path.rpartition(".")[0] == section:
            newer = path.rpartition(".")[2]
            texts[older.rpartition(".")[2]] = f"Older name of {newer}, and sent as that."
    return {name: {"description": text, **SOURCE} for name, text in texts.items()}


def _object(description: str, properties: Mapping[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": dict(properties),
    }


def _tidied(schema: Any) -> Any:
    """Without the titles that pydantic makes of names; `${NAME}` allowed wherever more than plain text is asked for."""
    if isinstance(schema, list):
        return [_tidied(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        name: {key: _tidied(inner) for key, inner in value.items()}
        if name in ("properties", "$defs")
        else _tidied(value)
        for name, value in schema.items()
        if name != "title" or "$schema" in schema
    }
    return _or_from_environment(tidy)


def _or_from_environment(schema: JsonSchema) -> JsonSchema:
    if str(schema.get("type")) not in _NOT_TEXT and not _CONSTRAINED & schema.keys():
        return schema
    about: JsonSchema = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    return {**about, "anyOf": [rest, {"$ref": "#/$defs/FromEnvironment"}]}
