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
GROUP_TEXTS: Final[Mapping[str, str]] = {
    "user": "Who: what TikTok matches by. Identifiers are hashed by the service.",
    "page": "Where.",
    "properties": "What was looked at or bought. One product only? Its price, quantity … may stand here.",
}
