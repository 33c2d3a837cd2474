"""The JSON Schema of the file as written, for editors: the sections from their models, the rest from here."""

from collections.abc import Mapping
from typing import Any, Final

from consumer.config.parameters import GROUPS, TOP
from consumer.config.settings import Settings
from consumer.config.sources import KINDS, UNITS
from consumer.core.model import CONTENT_FIELDS

JsonSchema = dict[str, Any]

_SOURCE: Final[JsonSchema] = {"$ref": "#/$defs/Source"}
_CONDITION: Final[JsonSchema] = {"$ref": "#/$defs/Condition"}
_SCALAR: Final[JsonSchema] = {"type": ["string", "number", "boolean"]}
_FROM_ENVIRONMENT: Final[JsonSchema] = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}",
    "description": "`${NAME}` or `${NAME:-default}`: replaced from the environment.",
}
_CONSTRAINED: Final = frozenset({"pattern", "enum"})
_NOT_TEXT: Final = frozenset({"integer", "number", "boolean"})
_SOURCE_KEYS: Final[Mapping[str, JsonSchema]] = {
    "path": {
        "description": 'Where the value stands in the record: `a.b[0].c`, `a["x.y"]`, `$headers.NAME`; of a list, '
        "the first that is present and not empty.",
        "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": _SOURCE}],
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
    "equals": ("Is this value.", _SCALAR),
    "not_equals": ("Is another value of the same kind.", _SCALAR),
    "in": ("Is one of these values.", {"type": "array", "minItems": 1, "items": _SCALAR}),
    "not_in": (
        "Is a value of the same kind as these, but none of them.",
        {"type": "array", "minItems": 1, "items": _SCALAR},
    ),
    "contains": ("Text with this part, a list with this item, or a map with this key.", _SCALAR),
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
PARAMETER_TEXTS: Final[Mapping[str, str]] = {
    "event": "Name of the event, such as Purchase. Needed.",
    "event_time": "When it happened: ISO 8601 text, an Avro timestamp, or a number with `unit`. Needed.",
    "event_id": "Id of the event, the same one the browser's pixel sends: copies are found by it.",
    "limited_data_use": "true: TikTok shall restrict what it does with the event.",
    "email": "Email address or addresses; trimmed, put into lower case and hashed.",
    "phone": "Phone number or numbers; brought to E.164 and hashed. National numbers need `region`.",
    "external_id": "Your id of the customer, or several; trimmed and hashed.",
    "ttclid": "TikTok's click id. Left out, it is read from the page's URL.",
    "ttp": "The `_ttp` cookie.",
    "ip": "The customer's public IP address, or an X-Forwarded-For list.",
    "user_agent": "The browser's user agent.",
    "locale": "Language and region, such as en-US (BCP 47).",
    "first_name": "First name; hashed.",
    "last_name": "Last name; hashed.",
    "city": "City; sent in plain lower case.",
    "state": "State or province; sent in plain lower case.",
    "country": "Country, as two letters (ISO 3166); sent in lower case.",
    "zip_code": "Postal code; hashed.",
    "url": "URL of the page where the event happened.",
    "referrer": "URL of the page before.",
    "content_ids": "Ids of the products, as a list.",
    "content_type": "`product` or `product_group`.",
    "currency": "ISO 4217 code, such as USD. Never made up.",
    "value": "Total of the order. Left out, the sum of price × quantity where every product has both.",
    "num_items": "Number of products.",
    "search_string": "What the customer searched for.",
    "description": "A description of the product or page.",
    "order_id": "Id of the order.",
    "shop_id": "Id of the shop.",
    "customer_type": "`new` or `returning`.",
    "status": "Status of the order.",
    "query": "Older name of search_string, and sent as that.",
    "price": "Price of one.",
    "quantity": "How many; a whole number above 0.",
    "content_id": "Id of the product.",
    "content_category": "Category of the product.",
    "content_name": "Name of the product.",
    "brand": "Brand of the product.",
}


def json_schema() -> JsonSchema:
    """Draft 2020-12; each key with its meaning and default."""
    schema = Settings.model_json_schema(by_alias=True, mode="validation")
    del schema["properties"]["path"]
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
            {"type": "array", "minItems": 1, "items": _SOURCE},
            _object("A source with options.", _SOURCE_KEYS) | {"oneOf": one_kind},
        ],
    }


def _condition() -> JsonSchema:
    tests = {name: {"description": text, **OPERATOR_TEXTS[name][1]} for name, (text, _) in OPERATOR_TEXTS.items()}
    field = {
        "description": "What is compared. Absent or null: every operator is false, save `exists: false`.",
        **_SOURCE,
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
            "anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array"}],
        },
        "map": {
            "description": "TikTok parameter → source. Left out, and for what it leaves out, names map to themselves "
            "when the record is of the shipped schema.",
            "$ref": "#/$defs/Map",
        },
    }
    return _object("Makes one event of every record it holds for.", properties) | {"required": ["name", "pixel"]}


def _map() -> JsonSchema:
    groups = {name: _object(_GROUP_TEXTS[name], _parameters(inner)) for name, inner in GROUPS.items()}
    groups["properties"]["properties"] |= {"contents": _contents(), **_parameters(CONTENT_FIELDS)}
    return _object("TikTok's parameters and where their values come from.", {**_parameters(TOP), **groups})


_GROUP_TEXTS: Final[Mapping[str, str]] = {
    "user": "Who: what TikTok matches by. Identifiers are hashed by the service.",
    "page": "Where.",
    "properties": "What was looked at or bought. One product only? Its price, quantity … may stand here.",
}


def _contents() -> JsonSchema:
    each = {"description": "The list of products; the other paths here start at one of its items.", **_SOURCE}
    return _object("The products.", {"each": each, **_parameters(CONTENT_FIELDS)}) | {"required": ["each"]}


def _parameters(names: tuple[str, ...]) -> JsonSchema:
    return {name: {"description": PARAMETER_TEXTS[name], **_SOURCE} for name in names}


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
    if not (schema.get("type") in _NOT_TEXT or _CONSTRAINED & schema.keys()):
        return schema
    about: JsonSchema = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    return {**about, "anyOf": [rest, {"$ref": "#/$defs/FromEnvironment"}]}
