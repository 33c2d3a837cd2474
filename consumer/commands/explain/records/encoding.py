"""A value that was fitted to a schema → its Avro bytes, with the branch of each union that was chosen.

fastavro chooses a branch by itself, except where a value is given with its branch's name, which only named types and
plain primitives have. So for writing, each branch is a type with a name.
"""

from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_writer

from consumer.core.decode.schema import INNER, RECORDS, Schema, parsed_for_fastavro

_VALUE: Final = "value"


def chosen(branch: Any, value: object) -> tuple[str, object]:
    """A union's value for `AvroEncoder`, by the branch that it has in `Schema.named`."""
    return _name(branch), value


class AvroEncoder:
    """Writes records of a schema."""

    def __init__(self, schema: Schema) -> None:
        named: dict[str, Any] = {}
        for name, node in schema.named.items():
            named[name] = _writable(node, named)
        top = _writable(schema.name or list(schema.branches), named)
        # A record of one field is written as that field.
        holder = {"type": "record", "name": "", "fields": [{"name": _VALUE, "type": top}]}
        self._schema = parsed_for_fastavro(holder, named)

    def encoded(self, value: object) -> bytes:
        """The bytes of a value that `fitted` gave. Raises one of `AVRO_FAULTS` if it cannot be written."""
        buffer = BytesIO()
        schemaless_writer(buffer, self._schema, {_VALUE: value})
        return buffer.getvalue()


def _name(branch: Any) -> str:
    return repr(branch)


def _writable(node: Any, named: dict[str, Any]) -> Any:
    """A type whose unions are lists of names, and in `named` what these mean."""
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        named.update({_name(each): _writable(each, named) for each in node})
        return [_name(each) for each in node]
    changes: dict[str, object] = {inner: _writable(node[inner], named) for inner in INNER if inner in node}
    if node["type"] in RECORDS:
        changes["fields"] = [{**field, "type": _writable(field["type"], named)} for field in node["fields"]]
    return {**node, **changes}
