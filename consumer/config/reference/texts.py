"""What the keys of a rule mean, for editors and docs/configuration.md. The sections' texts stand in their models."""

from collections.abc import Mapping
from typing import Any, Final

from consumer.config.rules.source_parser import UNITS

JsonSchema = dict[str, Any]

SOURCE: Final[JsonSchema] = {"$ref": "#/$defs/Source"}
SCALAR: Final[JsonSchema] = {"type": ["string", "number", "boolean"]}
SOURCE_KEYS: Final[Mapping[str, JsonSchema]] = {
    "path": {
        "description": 'Where the value stands in the record: `a.b[0].c`, `a["x.y"]`, `$headers.NAME`; of a list, '
        "the first that is present and not empty.",
        "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": SOURCE}],
    },
    "element": {"description": "The name of a source under `elements`.", "type": "string"},
    "const": {"description": "This very value, in every event."},
    "call": {
        "description": "A Python function of the record (a dict): pure, deterministic, for what nothing else can say. "
        "Found among the installed packages, then in the current directory.",
        "type": "string",
        "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    },
    "default": {"description": "Taken where the value is absent or null."},
    "lower": {"description": "Whether text is put into lower case.", "type": "boolean", "default": False},
    "trim": {"description": "Whether blanks around text are removed.", "type": "boolean", "default": False},
    "values": {
        "description": "From the record's values to TikTok's. A value that is not listed counts as absent.",
        "type": "object",
        "minProperties": 1,
    },
    "unit": {
        "description": "Of a time given as a plain number: seconds, milliseconds or microseconds. Only in event_time.",
        "enum": list(UNITS),
    },
    "region": {
        "description": "The country of phone numbers written without country code, such as US. Only in user.phone.",
        "type": "string",
        "pattern": "^[A-Z]{2}$",
    },
}
OPERATOR_TEXTS: Final[Mapping[str, tuple[str, JsonSchema]]] = {
    "equals": ("Is this value.", SCALAR),
    "not_equals": ("Is another value of the same kind.", SCALAR),
    "in": ("Is one of these values.", {"type": "array", "minItems": 1, "items": SCALAR}),
    "not_in": (
        "Is a value of the same kind as these, but none of them.",
        {"type": "array", "minItems": 1, "items": SCALAR},
    ),
    "contains": ("Text with this part, a list with this item, or a map with this key.", SCALAR),
    "starts_with": ("Text that begins so.", {"type": "string", "minLength": 1}),
    "ends_with": ("Text that ends so.", {"type": "string", "minLength": 1}),
    "matches": ("Text in which this regular expression (RE2) is found.", {"type": "string"}),
    "less_than": ("Comes before this number or time.", {"type": ["number", "string"]}),
    "at_most": ("Is this number or time, or comes before it.", {"type": ["number", "string"]}),
    "greater_than": ("Comes after this number or time.", {"type": ["number", "string"]}),
    "at_least": ("Is this number or time, or comes after it.", {"type": ["number", "string"]}),
    "exists": ("true: is there and not null. false: is absent or null.", {"type": "boolean"}),
    "is_true": ("true: is true. false: is false, and there.", {"type": "boolean"}),
}
