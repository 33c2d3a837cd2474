"""The JSON Schema of the file as written, for editors: made of the models of its sections."""

import json
from typing import Any, Final

from consumer.config.settings import Settings

JsonSchema = dict[str, Any]

SCHEMA_ID: Final = "https://tiktok-events-consumer.github.io/tiktok-events-consumer/consumer.schema.json"
"""Where the documents' site has it; `make docs` puts it there."""

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
    for name in ("path", "source"):
        del schema["properties"][name]
    del schema["$defs"]["ConfigurationSource"]
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    whole = {**named, **schema, "title": "tiktok-consumer"}
    altered: JsonSchema = _tidied(whole)
    altered["$defs"]["FromEnvironment"] = _FROM_ENVIRONMENT
    return altered


def json_schema_text() -> str:
    """The file that editors read."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _tidied(schema: Any) -> Any:
    """Without what pydantic adds and no editor needs; `${NAME}` allowed wherever more than plain text is asked for.

    A text may be a pixel's name and a path: the loader distinguishes forms, not by fitting one schema only.
    """
    if isinstance(schema, list):
        return [_tidied(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        "anyOf" if name == "oneOf" else name: {key: _tidied(inner) for key, inner in value.items()}
        if name in ("properties", "$defs")
        else _tidied(value)
        for name, value in schema.items()
        if (name != "title" or "$schema" in schema) and value is not True
    }
    return _or_from_environment(tidy)


def _or_from_environment(schema: JsonSchema) -> JsonSchema:
    if str(schema.get("type")) not in _NOT_TEXT and not _CONSTRAINED & schema.keys():
        return schema
    about: JsonSchema = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    return {**about, "anyOf": [rest, {"$ref": "#/$defs/FromEnvironment"}]}
