"""Fields that a registry's rules encrypt before a record is written. Part of `decode`.

Confluent, "Client-side field level encryption": a schema's `ruleSet` has domain rules of type ENCRYPT. A rule encrypts
the text and bytes of fields that have one of its tags, or of all if it names none: in lists and maps too, and of each
branch of a union. A field has the tags of its own `confluent:tags`, and those that the schema's metadata gives to a
path. What is read of such a field without its key is ciphertext: its digest would be one of nothing that is known.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from consumer.core.decode.logical_types import ENCRYPTED_NAME

_CIPHERED: Final = frozenset({"string", "bytes"})
"""The types that Confluent's executor encrypts; it leaves others as they are."""
_RECORDS: Final = frozenset({"record", "error"})
_WILDCARDS: Final = re.compile(r"\*\*|\*|\?|[^*?]+")


class Encryption(Struct, frozen=True):
    """What the rules of a schema encrypt."""

    of_rules: tuple[frozenset[str], ...]
    """The tags of each rule; of one without any, every field is meant."""
    of_paths: Mapping[str, frozenset[str]] = {}
    """The metadata's tags: full name of a field, in which `*`, `**` and `?` stand for others → tags."""

    def encrypts(self, full_name: str, tags: Iterable[str]) -> bool:
        """Whether a field's text is encrypted.

        Args:
            full_name: of its record, a dot, and its own.
            tags: those that stand at the field itself.
        """
        every = {*tags, *(tag for path, more in self.of_paths.items() if _is_like(path, full_name) for tag in more)}
        return any(not wanted or wanted & every for wanted in self.of_rules)


def marked(text: str, encryption: Encryption) -> str:
    """The same schema, in which the types of encrypted fields say so; text that is no JSON stays as it is."""
    try:
        document = json.loads(text)
        return json.dumps(_marked(document, "", encryption))
    except (ValueError, RecursionError):
        return text  # what is wrong with it is found when it is made ready


def encrypted_fields(named: Mapping[str, Any]) -> list[str]:
    """Full names of the fields of these types that are marked."""
    return [
        f"{name}.{field['name']}"
        for name, node in named.items()
        for field in node.get("fields", ())
        if _is_marked(field["type"])
    ]


def _is_marked(node: object) -> bool:
    if isinstance(node, list):
        return any(map(_is_marked, node))
    if not isinstance(node, dict):
        return False
    inner = (node.get(name) for name in ("items", "values"))
    return node.get("logicalType") == ENCRYPTED_NAME or any(map(_is_marked, inner))


def _marked(node: Any, space: str, encryption: Encryption) -> Any:
    """A type in which fields are marked, as deep as it goes."""
    if isinstance(node, list):
        return [_marked(each, space, encryption) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") in _RECORDS:
        full_name, inner_space = _names(node, space)
        fields = [_marked_field(each, full_name, inner_space, encryption) for each in _dicts(node.get("fields"))]
        return {**node, "fields": fields}
    inner = {name: _marked(node[name], space, encryption) for name in ("type", "items", "values") if name in node}
    return {**node, **inner}


def _marked_field(field: dict[str, Any], record: str, space: str, encryption: Encryption) -> dict[str, Any]:
    kind = _marked(field.get("type"), space, encryption)
    tags = field.get("confluent:tags")
    own = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    if encryption.encrypts(f"{record}.{field.get('name')}", own):
        kind = _ciphered(kind)
    return {**field, "type": kind}


def _ciphered(node: Any) -> Any:
    """A field's type, in which text and bytes are marked; the fields of a record within have tags of their own."""
    if isinstance(node, list):
        return [_ciphered(each) for each in node]
    if isinstance(node, str):
        return {"type": node, "logicalType": ENCRYPTED_NAME} if node in _CIPHERED else node
    if not isinstance(node, dict) or node.get("type") in _RECORDS:
        return node
    if node.get("type") in _CIPHERED:
        return {**node, "logicalType": ENCRYPTED_NAME}
    return {**node, **{name: _ciphered(node[name]) for name in ("type", "items", "values") if name in node}}


def _names(node: Mapping[str, Any], space: str) -> tuple[str, str]:
    """A record's full name, and the namespace that its fields' types are in."""
    name, own_space = str(node.get("name", "")), node.get("namespace")
    if "." not in name:
        inner = own_space if isinstance(own_space, str) else space
        name = f"{inner}.{name}" if inner else name
    return name, name.rpartition(".")[0]


def _dicts(fields: object) -> Iterator[dict[str, Any]]:
    if not isinstance(fields, Sequence) or not all(isinstance(each, dict) for each in fields):
        raise ValueError("no fields")
    yield from fields


def _is_like(path: str, name: str) -> bool:
    """`*` stands for any part between dots, `**` for any text, `?` for one character (Confluent's wildcards)."""
    pattern = "".join(_PATTERNS.get(part, re.escape(part)) for part in _WILDCARDS.findall(path))
    return re.fullmatch(pattern, name) is not None


_PATTERNS: Final = {"**": ".*", "*": r"[^.]*", "?": r"[^.]"}
