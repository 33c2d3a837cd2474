"""Which schema a value was written with, and where in the value its Avro begins.

The framing is configured, never sniffed: a plain record may begin with a zero byte. A *token* is the run
of bytes that names the schema; looking it up is all that a record of a known schema costs.

- confluent: the header `__value_schema_id`, if there is one (the value is then bare Avro), else the value's
  first five bytes. The header holds 1 and a GUID's 16 bytes, or, as in a value, 0 and an id of four bytes,
  most significant first. (Confluent's serialisers; their own readers take both from the header.)
- single_object: C3 01 and the CRC-64-AVRO of the schema's parsing canonical form, eight bytes, least
  significant first (Avro specification, "Single-object encoding").
- plain: nothing; there is one schema.
"""

from collections.abc import Callable
from typing import Final, Literal
from uuid import UUID

from consumer.core.errors import RecordRejected
from consumer.core.model import Headers, SchemaGuid, SchemaId, SchemaKey
from consumer.core.reasons import RejectReason

Framing = Literal["confluent", "single_object", "plain"]
Split = Callable[[Headers, bytes], tuple[bytes, int]]
"""Headers and value → the token and the index where Avro begins."""

SCHEMA_HEADER: Final = "__value_schema_id"
KEY_SCHEMA_HEADER: Final = "__key_schema_id"
SINGLE_OBJECT_MARKER: Final = b"\xc3\x01"
_ID_MAGIC: Final = 0
_GUID_MAGIC: Final = 1


def split_confluent(headers: Headers, value: bytes) -> tuple[bytes, int]:
    """A header without content counts as absent. Of several the last counts, as for Kafka's `lastHeader`."""
    token = None
    for name, content in headers:
        if name == SCHEMA_HEADER:
            token = content
    return (value[:5], 5) if token is None else (token, 0)


def split_key(headers: Headers, key: bytes) -> tuple[bytes, int] | None:
    """The token of a key that a serialiser of Confluent's has framed, and where its Avro begins; None for any other.

    A number's bytes begin with zeros, too, and ids with 1.
    """
    token = None
    for name, content in headers:
        if name == KEY_SCHEMA_HEADER:
            token = content
    if token is not None:
        return (token, 0) if _is_token(token) else None
    return (key[:5], 5) if len(key) > 5 and key[0] == _ID_MAGIC and key[1:5] != bytes(4) else None


def _is_token(content: bytes) -> bool:
    return (len(content) == 5 and content[0] == _ID_MAGIC) or (len(content) == 17 and content[0] == _GUID_MAGIC)


def split_single_object(_headers: Headers, value: bytes) -> tuple[bytes, int]:
    return value[:10], 10


def split_plain(_headers: Headers, _value: bytes) -> tuple[bytes, int]:
    return b"", 0


SPLITS: Final[dict[Framing, Split]] = {
    "confluent": split_confluent,
    "single_object": split_single_object,
    "plain": split_plain,
}


def token_of(key: SchemaKey) -> bytes:
    """What records of this schema carry."""
    if isinstance(key, SchemaId):
        return bytes([_ID_MAGIC]) + key.id.to_bytes(4, "big")
    return bytes([_GUID_MAGIC]) + UUID(key.guid).bytes


def key_of(token: bytes) -> SchemaKey:
    """The schema that a record in Confluent's framing asks for.

    Raises:
        RecordRejected: `decode.framing`, where the token is neither an id's nor a GUID's.
    """
    if len(token) == 5 and token[0] == _ID_MAGIC:
        return SchemaId(int.from_bytes(token[1:], "big"))
    if len(token) == 17 and token[0] == _GUID_MAGIC:
        return SchemaGuid(str(UUID(bytes=token[1:])))
    raise RecordRejected(
        RejectReason.DECODE_FRAMING,
        f"neither the header {SCHEMA_HEADER} nor the first five bytes name a schema of a registry; see avro.framing",
    )


def named(key: SchemaKey) -> str:
    """A schema as people look it up."""
    return f"id {key.id}" if isinstance(key, SchemaId) else f"GUID {key.guid}"


def unknown_fingerprint(token: bytes) -> RecordRejected:
    """Why a single-object record whose token is not among the local schemas' is rejected."""
    if len(token) == 10 and token.startswith(SINGLE_OBJECT_MARKER):
        detail = f"its schema's fingerprint {token[2:].hex()} is none of avro.schema's"
        return RecordRejected(RejectReason.DECODE_SCHEMA_UNKNOWN, detail)
    return RecordRejected(RejectReason.DECODE_FRAMING, "does not begin with C3 01 and a fingerprint; see avro.framing")
