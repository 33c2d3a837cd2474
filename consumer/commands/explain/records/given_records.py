"""What was given to be explained, as records: each with the decoder that reads it as `run` would."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from json import JSONDecodeError, dumps, loads
from typing import Any, Final

from fastavro import block_reader, schemaless_writer
from fastavro.schema import SchemaParseException
from fastavro.types import Schema as Node
from msgspec import Struct

from consumer.commands.explain.records.fitting import MisfitError, fitted
from consumer.config import Settings
from consumer.core.decode.compiled_reader import ReadValue, compiled
from consumer.core.decode.decoder import SHIPPED, Decoder
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse
from consumer.core.decode.schema_reader import READ_FAULTS
from consumer.core.errors import ConfigError
from consumer.core.model import Decoded, Headers, Position, Record, SchemaWanted
from consumer.core.rules.selection import ReadSelection, read_paths

_CONTAINER: Final = b"Obj\x01"
"""How an Avro object container file begins (Avro specification)."""
_PARTS: Final = frozenset({"$key", "$headers", "$timestamp", "$topic", "$partition", "$offset", "$schema", "value"})
# What fastavro raises for a file that is no container, or a damaged one.
_CONTAINER_FAULTS: Final = (EOFError, ValueError, LookupError, TypeError, AttributeError, OSError)


class InputError(Exception):
    """What was given cannot be read; the text says why, and quotes no value."""


class GivenRecord(Struct, frozen=True):
    """One record to explain."""

    record: Record
    decoder: Decoder
    read_as: str
    """How its value is read, in words."""
    has_position: bool
    """False if its position was made up, because it never was in Kafka."""


class AsWritten(Decoder):
    """Takes a value for JSON text: its fields as they are, where no schema says what they are.

    Args:
        schema: the full name of the record's type, as `$schema` has it.
    """

    def __init__(self, schema: str = "") -> None:
        super().__init__("confluent", max_record_bytes=0)
        self._schema = schema

    def decode(self, record: Record) -> Decoded | SchemaWanted:
        return self.decode_whole(record)

    def decode_whole(self, record: Record) -> Decoded:
        return Decoded(record, loads(record.value or b"{}"), self._schema == SHIPPED, self._schema)


def read_bytes(content: bytes, name: str, settings: Settings, run_decoder: Decoder, now_ms: int) -> list[GivenRecord]:
    """The records in a file.

    Args:
        name: of the file; how it ends says what it holds. Any other ending, and `-`: what it looks like.
        run_decoder: the one that `run` decodes by.
        now_ms: the timestamp of records that have none, Unix milliseconds.

    Raises:
        InputError: not readable as that.
    """
    if name.endswith(".avro") or (not name.endswith((".bin", ".json")) and content.startswith(_CONTAINER)):
        return _container(content, settings, now_ms)
    if name.endswith(".json") or (not name.endswith(".bin") and _looks_like_json(content)):
        return _Documents(settings, now_ms).read(content)
    record = _record(Position(_topic(settings), 0, 0), content, now_ms)
    return [GivenRecord(record, run_decoder, f"the value's bytes, framing {settings.avro.framing}", False)]


def _looks_like_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")


def _topic(settings: Settings) -> str:
    """The topic that records from a file count as read from."""
    return settings.kafka.topics[0] if settings.kafka.topic_pattern is None else "unknown"


def _record(at: Position, value: bytes | None, time_ms: int) -> Record:
    return Record(at, time_ms, None, value, (), at)


# ── Avro containers ─────────────────────────────────────────────────────────────────────────────


def _container(content: bytes, settings: Settings, now_ms: int) -> list[GivenRecord]:
    """Its records as they stand in it, to be decoded as `run` would: one that is damaged costs itself."""
    try:
        blocks = block_reader(BytesIO(content))
        written_by: Any = blocks.writer_schema
        schema = parse(written_by)
        decoder = _plain_decoder(settings, written_by)
    except (*_CONTAINER_FAULTS, SchemaParseException, UnusableSchemaError, ConfigError) as fault:
        raise InputError(f"not an Avro container that can be read ({type(fault).__name__})") from None
    read_as = f"Avro, written as {_name(schema)}"
    return [
        GivenRecord(_record(Position(_topic(settings), 0, place), value, now_ms), decoder, read_as, False)
        for place, value in enumerate(_values(blocks, schema))
    ]


def _values(blocks: block_reader, schema: Schema) -> Iterator[bytes]:
    """The bytes of each record. Where a block or a record is damaged, what is left is one record, which is rejected."""
    top: Any = [*schema.branches] if schema.is_union else schema.branches[0]
    skip = compiled(schema.named, top, ReadSelection())
    try:
        for block in blocks:
            unpacked: BytesIO = block.bytes_  # type: ignore[attr-defined]  # its documentation has it, its stub lacks it
            yield from _split(unpacked.getvalue(), block.num_records, skip)
    except _CONTAINER_FAULTS as fault:
        if "codec" in str(fault):  # fastavro's own words, which say what to install
            raise InputError(f"an Avro container that cannot be unpacked: {fault}") from None
        yield b""


def _split(block: bytes, count: int, skip: ReadValue) -> Iterator[bytes]:
    at = 0
    for _ in range(count):
        try:
            _, end = skip(block, at)
        except READ_FAULTS:
            end = len(block) + 1
        yield block[at:end]
        if end > len(block):
            return
        at = end


def _encoded(value: Any, node: Node) -> bytes:
    buffer = BytesIO()
    schemaless_writer(buffer, node, value)
    return buffer.getvalue()


def _plain_decoder(settings: Settings, node: Node) -> Decoder:
    """Decodes bare Avro of this schema, resolved to the configured reader schema."""
    target = settings.avro.reader_schema
    return Decoder(
        "plain",
        max_record_bytes=settings.limits.max_record_bytes,
        local_schemas=[node],
        reader_schema=target.schema if target else None,
        reads=read_paths(settings.rules),
    )


def _name(schema: Schema) -> str:
    return schema.name or "one of several records"


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


class _Documents:
    """Reads JSON records: the configured schema says what their values are."""

    def __init__(self, settings: Settings, now_ms: int) -> None:
        self._settings, self._now_ms = settings, now_ms
        self._is_guess = settings.avro.framing == "confluent"
        target = settings.avro.reader_schema
        files = (target,) if self._is_guess and target else settings.avro.schemas
        self._known = [(parse(file.schema), file.schema, _plain_decoder(settings, file.schema)) for file in files]

    def read(self, content: bytes) -> list[GivenRecord]:
        documents = _documents(content)
        return [self._given(document, place) for place, document in enumerate(documents)]

    def _given(self, document: object, place: int) -> GivenRecord:
        where = f"record {place + 1}"
        parts = _parts(document, where)
        value = parts.get("value")
        if value is not None and not isinstance(value, dict):
            raise InputError(f"{where}: a record is an object; its value is none")
        decoder, encoded, read_as = self._chosen(value, _text(parts.get("$schema"), f"{where}: $schema"), where)
        at = Position(
            str(parts.get("$topic", _topic(self._settings))),
            _whole(parts.get("$partition", 0), f"{where}: $partition"),
            _whole(parts.get("$offset", place), f"{where}: $offset"),
        )
        time_ms = self._time_ms(parts.get("$timestamp"), where)
        key, headers = _bytes(parts.get("$key"), f"{where}: $key"), _headers(parts.get("$headers"), where)
        record = Record(at, time_ms, key, encoded, headers, at)
        return GivenRecord(record, decoder, read_as, {"$topic", "$partition", "$offset"} <= parts.keys())

    def _chosen(self, value: object, name: str, where: str) -> tuple[Decoder, bytes | None, str]:
        """The decoder for a value, its bytes, and how it is read.

        Args:
            name: of the record's type; empty: the first that it fits.
        """
        if value is None:
            return self._known[0][2] if self._known else AsWritten(), None, "no value"
        faults = []
        for schema, node, decoder in self._known:
            if name and name not in schema.named:
                continue
            meant = {name: value} if name and schema.is_union else value
            try:
                return decoder, _encoded(fitted(meant, schema), node), f"JSON, taken for {name or _name(schema)}"
            except (MisfitError, *_CONTAINER_FAULTS) as fault:
                faults.append(str(fault) if isinstance(fault, MisfitError) else "not writable as Avro")
        if not self._is_guess:
            raise InputError(f"{where}: does not fit avro.schema: {[*faults, f'it has no {name}'][0]}")
        return AsWritten(name), dumps(value).encode(), "JSON as it is, since its schema is in the registry"

    def _time_ms(self, written: object, where: str) -> int:
        if written is None:
            return self._now_ms
        if isinstance(written, str):
            try:
                moment = datetime.fromisoformat(written)
            except ValueError:
                moment = None
            if moment is None or moment.tzinfo is None:
                raise InputError(f"{where}: $timestamp is neither Unix milliseconds nor ISO 8601 with its zone")
            return round(moment.timestamp() * 1000)
        return _whole(written, f"{where}: $timestamp")


def _documents(content: bytes) -> Sequence[object]:
    """One object, a list of them, or one on each line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not UTF-8, so not JSON; a raw value's file ends in .bin") from None
    try:
        whole = loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not isinstance(fault, JSONDecodeError):
            raise InputError(f"not JSON ({_where(fault)})") from None
        return [_line(line, number) for number, line in enumerate(lines, 1)]
    return whole if isinstance(whole, list) else [whole]


def _line(line: str, number: int) -> object:
    try:
        return loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        text = f"neither one document nor one on each line (line {number}: {_where(fault)})"
        raise InputError(f"not JSON: {text}") from None


def _where(fault: Exception) -> str:
    if isinstance(fault, JSONDecodeError):
        return f"{fault.msg}, line {fault.lineno}, column {fault.colno}"
    return "nested too deeply, or NaN"


def _no_constant(_: str) -> object:
    raise ValueError("JSON has no NaN and no infinity")


def _parts(document: object, where: str) -> Mapping[str, Any]:
    """Kafka's part and the value; a plain object is the value itself."""
    if not isinstance(document, dict):
        raise InputError(f"{where}: a record is an object")
    if not any(name.startswith("$") for name in document):
        return {"value": document}
    unknown = sorted(document.keys() - _PARTS)
    if unknown or "value" not in document:
        raise InputError(f"{where}: $… is Kafka's part; write the record itself as `value` next to it")
    return document


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{what} is no whole number")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str | None):
        raise InputError(f"{what} is no text")
    return value or ""


def _bytes(value: object, what: str) -> bytes | None:
    if value is not None and not isinstance(value, str):
        raise InputError(f"{what} is no text")
    return None if value is None else value.encode()


def _headers(written: object, where: str) -> Headers:
    if not isinstance(written, dict | None):
        raise InputError(f"{where}: $headers is no object of names and texts")
    return tuple((name, _bytes(value, f"{where}: $headers.{name}")) for name, value in (written or {}).items())
