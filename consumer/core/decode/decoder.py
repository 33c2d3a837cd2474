"""Framing and Avro bytes → fields.

No bytes can make `Decoder.decode` raise anything but `RecordRejected`, hang, or eat memory (`checker`, `size_limits`).
The common way is short: one look-up of the token, one function made for the schema, one comparison.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastavro.types import Schema as Node
from msgspec import structs

from consumer.core.decode.framing import (
    SINGLE_OBJECT_MARKER,
    SPLITS,
    Framing,
    key_of,
    named,
    split_key,
    token_of,
    unknown_fingerprint,
)
from consumer.core.decode.resolution import Target
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse, parse_key_text, parse_text, rabin
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.errors import ConfigError, RecordRejected
from consumer.core.model import Decoded, Record, SchemaKey, SchemaWanted
from consumer.core.reasons import RejectReason
from consumer.core.rules.selection import ReadPaths
from consumer.core.rules.texts import NOT_TEXT, text_of

SHIPPED: Final = "tiktok_events.WebEvent"
_Decode = Callable[[Record, bytes, int], Decoded]
_EVERYTHING: Final = ReadPaths()


class Decoder:
    """Decodes records, given the schemas of their writers.

    Args:
        framing: where a record names its schema.
        max_record_bytes: longer values are rejected unread.
        local_schemas: for `plain` the one, for `single_object` those known by fingerprint. JSON, as parsed.
        reader_schema: what every record is resolved to. JSON, as parsed.
        shipped: full name of the schema whose fields map to themselves.
        reads: what `decode` is to read of each record; the rest is skipped.

    Raises:
        ConfigError: a local or reader schema cannot be used.
    """

    def __init__(
        self,
        framing: Framing,
        *,
        max_record_bytes: int,
        local_schemas: Sequence[Node] = (),
        reader_schema: Node | None = None,
        shipped: str = SHIPPED,
        reads: ReadPaths = _EVERYTHING,
    ) -> None:
        self._split = SPLITS[framing]
        self._framing = framing
        self._max_record_bytes = max_record_bytes
        self._shipped = shipped
        self._reader = None if reader_schema is None else _target(reader_schema)
        self._reads = reads
        self._decoders: dict[bytes, _Decode] = {}
        self._readers: dict[bytes, SchemaReader] = {}
        self._keys: dict[bytes, SchemaReader] = {}
        """What reads keys whose schemas are no records."""
        self._are_keys_framed = reads.is_key_read and framing == "confluent"
        for token, schema in _local(framing, local_schemas).items():
            self._know(token, self._reader_of(schema))

    def decode(self, record: Record) -> Decoded | SchemaWanted:
        """The fields of a record, or the schema that must be learned first (confluent framing only).

        Args:
            record: with a value; tombstones do not come here.

        Raises:
            RecordRejected: with a `decode.` reason.
        """
        value = record.value or b""
        if len(value) > self._max_record_bytes:
            detail = f"{len(value)} bytes, more than limits.max_record_bytes, {self._max_record_bytes}"
            raise RecordRejected(RejectReason.DECODE_TOO_LARGE, detail)
        token, start = self._split(record.headers, value)
        decode = self._decoders.get(token)
        if decode is None:
            return self._wanted(token)
        decoded = decode(record, value, start)
        return self._with_key(decoded) if self._are_keys_framed and record.key else decoded

    def _with_key(self, decoded: Decoded) -> Decoded | SchemaWanted:
        """With what the record's key says, if it is framed like a value; else a rule reads its bytes."""
        record = decoded.record
        key = record.key or b""
        framed = split_key(record.headers, key)
        if framed is None:
            return decoded
        token, start = framed
        reader = self._keys.get(token) or self._readers.get(token)
        if reader is not None:
            return structs.replace(decoded, key=_key_value(reader, record, key, start))
        return structs.replace(decoded, key=NOT_TEXT) if token in self._decoders else SchemaWanted(key_of(token))

    def decode_whole(self, record: Record) -> Decoded:
        """All fields of a record that `decode` has decoded, for people: as far as what no rule reads is readable."""
        value = record.value or b""
        token, start = self._split(record.headers, value)
        try:
            decoded = self._readers[token].decode_whole(record, value, start)
        except RecordRejected:
            decoded = self._decoders[token](record, value, start)
        with_key = self._with_key(decoded) if self._are_keys_framed and record.key else decoded
        return with_key if isinstance(with_key, Decoded) else decoded

    def prepare(self, text: str, references: Sequence[str] = ()) -> SchemaReader | str:
        """Make a schema ready for `know`. In any thread: it may take a second. Never raises.

        Args:
            text: JSON, as the registry gives it.
            references: the texts of all that it refers to, each after what it needs itself.

        Returns:
            What reads by this schema, or why it cannot be used.
        """
        try:
            return self._reader_of(parse_text(text, references))
        except UnusableSchemaError as fault:
            return self._key_reader(text, references) or str(fault)
        except Exception as error:  # whatever a schema does to its parser costs its records, not the process
            return f"it cannot be made ready ({type(error).__name__})"

    def _key_reader(self, text: str, references: Sequence[str]) -> SchemaReader | None:
        """What reads keys of a schema whose values are no records; None if no rule reads keys, or it is of no use."""
        if not self._are_keys_framed:
            return None
        try:
            schema = parse_key_text(text, references)
        except UnusableSchemaError:
            return None
        return SchemaReader(schema, None, ReadPaths(), self._shipped, self._max_record_bytes)

    def know(self, key: SchemaKey, reader: SchemaReader) -> None:
        """Decode by this schema from now on."""
        if reader.is_of_keys:
            self._keys[token_of(key)] = reader
            self.refuse(key, "its values are not records")
        else:
            self._know(token_of(key), reader)

    def learn(self, key: SchemaKey, text: str, references: Sequence[str] = ()) -> None:
        """`prepare` and `know` in one. A schema that cannot be used is remembered as that."""
        reader = self.prepare(text, references)
        if isinstance(reader, str):
            self.refuse(key, reader)
        else:
            self.know(key, reader)

    def refuse(self, key: SchemaKey, why: str) -> None:
        """Reject this schema's records as `decode.schema_unusable`: it is there, but cannot be read."""
        self._reject(key, RejectReason.DECODE_SCHEMA_UNUSABLE, f"schema {named(key)}: {why}")

    def deny(self, key: SchemaKey, missing: str = "") -> None:
        """Reject this schema's records as `decode.schema_unknown`, until `forget` or `know`.

        Args:
            missing: what it refers to and the registry does not have, if it is that.
        """
        why = f"the registry has no schema {named(key)}"
        if missing:
            why = f"schema {named(key)} refers to {missing}, which the registry does not have"
        self._reject(key, RejectReason.DECODE_SCHEMA_UNKNOWN, why)

    def forget(self, key: SchemaKey) -> None:
        """Want this schema again when a record needs it."""
        self._decoders.pop(token_of(key), None)
        self._readers.pop(token_of(key), None)
        self._keys.pop(token_of(key), None)

    def _wanted(self, token: bytes) -> SchemaWanted:
        if self._framing == "single_object":
            raise unknown_fingerprint(token)
        return SchemaWanted(key_of(token))

    def _reader_of(self, schema: Schema) -> SchemaReader:
        return SchemaReader(schema, self._reader, self._reads, self._shipped, self._max_record_bytes)

    def _know(self, token: bytes, reader: SchemaReader) -> None:
        self._decoders[token], self._readers[token] = reader.decode, reader

    def _reject(self, key: SchemaKey, reason: RejectReason, detail: str) -> None:
        def reject(_record: Record, _value: bytes, _start: int) -> Decoded:
            raise RecordRejected(reason, detail)

        self._decoders[token_of(key)] = reject


def _local(framing: Framing, documents: Sequence[Node]) -> dict[bytes, Schema]:
    """Token → schema, of the schemas that the configuration names."""
    if framing == "confluent":
        return {}
    if not documents or (framing == "plain" and len(documents) > 1):
        wanted = "exactly one schema" if framing == "plain" else "at least one schema"
        raise ConfigError([f"avro.schema: framing {framing} needs {wanted}"])
    schemas = [_configured(each, f"avro.schema[{place}]") for place, each in enumerate(documents)]
    if framing == "plain":
        return {b"": schemas[0]}
    return {SINGLE_OBJECT_MARKER + rabin(each): each for each in schemas}


def _configured(document: Node, path: str) -> Schema:
    try:
        return parse(document, are_defaults_used=True)
    except UnusableSchemaError as fault:
        raise ConfigError([f"{path}: {fault}"]) from None


def _target(document: Node) -> Target:
    try:
        return Target(parse(document, are_defaults_used=True))
    except UnusableSchemaError as fault:
        raise ConfigError([f"avro.reader_schema: {fault}"]) from None


def _key_value(reader: SchemaReader, record: Record, key: bytes, start: int) -> Any:
    """A key's one value, also of a record with one field, as connectors write them; of all else there is no text."""
    try:
        fields = reader.decode_whole(record, key, start).fields
    except RecordRejected:
        return NOT_TEXT
    if len(fields) != 1:
        return NOT_TEXT
    (value,) = fields.values()
    if isinstance(value, bytes):
        return text_of(value)
    return NOT_TEXT if value is None or isinstance(value, dict | list) else value
