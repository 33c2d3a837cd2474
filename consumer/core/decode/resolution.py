"""What is written by one schema, as a value of another: Avro's "Schema Resolution". Part of `decode`.

fastavro resolves; here schemas are made ready for it.
"""

from typing import Any

from consumer.core.decode.logical_types import FASTAVROS_NAME, converter
from consumer.core.decode.schema import INNER, RECORDS, Schema, parsed_for_fastavro
from consumer.core.rules.selection import ReadSelection


def for_fastavro(schema: Schema, selection: ReadSelection) -> Any:
    """A reader schema as fastavro resolves to it; of a record, the fields that are read."""
    named = {name: _converted(node) for name, node in schema.named.items()}
    tops = [parsed_for_fastavro(named[each], named) for each in schema.branches]
    if schema.is_union:
        return tops
    fields = [field for field in tops[0]["fields"] if selection.of(field["name"]) is not None]
    return {**tops[0], "fields": fields}


def written_for_fastavro(schema: Schema, branch: str) -> Any:
    """A writer's schema as fastavro resolves it, with conversions that never raise. An enum's symbols are a dict,
    since of a list it takes the index -1 for the last; of unions too, so its values are proven sound before."""
    named = {name: _converted(node) for name, node in schema.named.items()}
    for name, node in named.items():
        if node["type"] == "enum":
            named[name] = {**node, "symbols": dict(enumerate(node["symbols"]))}
    return parsed_for_fastavro(named[branch], named)


def _converted(node: Any) -> Any:
    if isinstance(node, str):
        return _converted({"type": node}) if node == "float" else node
    if isinstance(node, list):
        return [_converted(each) for each in node]
    changes: dict[str, object] = {inner: _converted(node[inner]) for inner in INNER if inner in node}
    if node["type"] in RECORDS:
        changes["fields"] = [{**field, "type": _converted(field["type"])} for field in node["fields"]]
    convert = converter(node) if node["type"] not in RECORDS else None
    if convert is not None:
        changes |= {"logicalType": FASTAVROS_NAME, "convert": convert}
    return {name: value for name, value in node.items() if name != "logicalType"} | changes
