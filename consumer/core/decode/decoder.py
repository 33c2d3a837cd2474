"""Framing and Avro bytes → fields.

No bytes can make `Decoder.decode` raise anything but `RecordRejected`, hang, or eat memory (`guard`, `bounds`).
The common way is short: one look-up of the token, one function made for the schema, one comparison.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError
from fastavro.types import Schema as Node

from consumer.core.decode.checker import Checker
from consumer.core.decode.compiled_reader import straight
from consumer.core.decode.framing import SINGLE_OBJECT_MARKER, SPLITS, Framing, key_of, token_of, unknown_fingerprint
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse, parse_text, rabin
from consumer.core.decode.size_limits import record_cost, safe_length
from consumer.core.errors import ConfigError, RecordRejected
from consumer.core.model import Decoded, Record, RejectReason, SchemaId, SchemaKey, SchemaWanted

SHIPPED: Final = "tiktok_events.WebEvent"
_Fields = dict[str, Any]
_Read = Callable[[bytes, int], _Fields]

_LEAST_BUDGET: Final = 64 << 20
"""The most memory that one value may need, in bytes: far more than any event, far less than a machine has."""
_BUDGET_PER_BYTE: Final = 16

# What fastavro raises where bytes are not what the schema says or logical values are out of range; which of them
# depends on how far it came.
_READ_FAULTS: Final = (
    EOFError,
    StructError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RecursionError,
)


_OUT_OF_RANGE: Final = "a date, time, decimal or UUID outside what there is of these"


class Decoder:
    """Decodes records, given the schemas of their writers.

    Args:
        framing: where a record names its schema.
        max_record_bytes: longer values are rejected unread.
        local_schemas: for `plain` the one, for `single_object` those known by fingerprint. JSON, as parsed.
        reader_schema: what every record is resolved to. JSON, as parsed.
        shipped: full name of the schema whose fields map to themselves.

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
    ) -> None:
        self._split = SPLITS[framing]
        self._framing = framing
        self._max_record_bytes = max_record_bytes
        self._shipped = shipped
        self._reader = None if reader_schema is None else _configured(reader_schema, "avro.reader_schema")
        self._known: dict[bytes, tuple[_Read, bool]] = {}
        for token, schema in _local(framing, local_schemas).items():
            self._know(token, schema)

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
        known = self._known.get(token)
        if known is None:
            return self._wanted(token)
        read, is_shipped = known
        return Decoded(record, read(value, start), is_shipped)

    def learn(self, key: SchemaKey, text: str, references: Sequence[str] = ()) -> None:
        """Decode by this schema from now on. One that cannot be used is remembered as that.

        Args:
            text: JSON, as the registry gives it.
            references: the texts of all that it refers to, each after what it needs itself.
        """
        try:
            self._know(token_of(key), parse_text(text, references))
        except UnusableSchemaError as fault:
            self.refuse(key, str(fault))

    def refuse(self, key: SchemaKey, why: str) -> None:
        """Reject this schema's records as `decode.schema_unusable`: it is there, but not for us."""
        self._reject(key, RejectReason.DECODE_SCHEMA_UNUSABLE, f"schema {_named(key)}: {why}")

    def deny(self, key: SchemaKey) -> None:
        """Reject this schema's records as `decode.schema_unknown`, until `forget` or `learn`."""
        self._reject(key, RejectReason.DECODE_SCHEMA_UNKNOWN, f"the registry has no schema {_named(key)}")

    def forget(self, key: SchemaKey) -> None:
        """Want this schema again when a record needs it."""
        self._known.pop(token_of(key), None)

    def _wanted(self, token: bytes) -> SchemaWanted:
        if self._framing == "single_object":
            raise unknown_fingerprint(token)
        return SchemaWanted(key_of(token))

    def _know(self, token: bytes, schema: Schema) -> None:
        budget = max(_LEAST_BUDGET, _BUDGET_PER_BYTE * self._max_record_bytes)
        target = self._reader
        if target is None or schema.is_written_like(target):
            read = _reading(schema, budget, self._max_record_bytes)
        else:
            read = _resolving(schema, target, budget, self._max_record_bytes)
        self._known[token] = read, (target or schema).name == self._shipped

    def _reject(self, key: SchemaKey, reason: RejectReason, detail: str) -> None:
        def read(_value: bytes, _start: int) -> _Fields:
            raise RecordRejected(reason, detail)

        self._known[token_of(key)] = read, False


def _reading(schema: Schema, budget: int, longest: int, record_floor: int = 0) -> _Read:
    """Read by the writer's own schema: straight through, nearly always; by fastavro what is left."""
    guard = Checker(schema, budget=budget, longest=longest, record_floor=record_floor)
    safe_bytes = safe_length(schema, budget, record_floor)
    read_straight, read_by_fastavro = straight(schema), _by_fastavro(schema, guard)

    def read(value: bytes, start: int) -> _Fields:
        if len(value) > safe_bytes:
            guard.check(value, start)
        try:
            fields, end = read_straight(value, start)
        except _READ_FAULTS:
            end = -1
        return fields if end == len(value) else read_by_fastavro(value, start)

    return read


def _by_fastavro(schema: Schema, guard: Checker) -> _Read:
    """Read what there is, or have the guard say what is wrong with it."""
    strict = schema.strict

    def read(value: bytes, start: int) -> _Fields:
        buffer = BytesIO(value)
        buffer.seek(start)
        try:
            fields: Any = schemaless_reader(buffer, strict, None)
        except _READ_FAULTS:
            fields = None
        if fields is None or buffer.tell() != len(value):
            guard.check(value, start)
            raise RecordRejected(RejectReason.DECODE_VALUE, _OUT_OF_RANGE)
        return fields  # type: ignore[no-any-return]  # a record's value is a dict

    return read


def _resolving(schema: Schema, target: Schema, budget: int, longest: int) -> _Read:
    """Read what `schema` wrote as a value of `target`."""
    most_fields = max(len(each.get("fields", ())) for each in target.named.values())
    read_strictly = _reading(schema, budget, longest, record_cost(most_fields))

    def read(value: bytes, start: int) -> _Fields:
        # fastavro resolves only by the trusting form of the schema, so the bytes are proven sound by the strict one.
        read_strictly(value, start)
        buffer = BytesIO(value)
        buffer.seek(start)
        try:
            return schemaless_reader(buffer, schema.plain, target.plain)  # type: ignore[return-value]  # a dict again
        except (SchemaResolutionError, *_READ_FAULTS):
            pass
        raise RecordRejected(RejectReason.DECODE_SCHEMA_MISMATCH, "does not resolve to avro.reader_schema")

    return read


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


def _named(key: SchemaKey) -> str:
    return f"id {key.id}" if isinstance(key, SchemaId) else f"GUID {key.guid}"
