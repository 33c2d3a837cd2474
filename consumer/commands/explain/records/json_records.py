"""Records given as JSON: each fitted to a schema that is given or configured, so that `run`'s own decoder reads it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Any, Final

from consumer.commands.explain.records.encoding import AvroEncoder
from consumer.commands.explain.records.fitting import MisfitError, fitted
from consumer.commands.explain.records.given import (
    AVRO_FAULTS,
    GivenRecord,
    InputError,
    first_topic,
    plain_decoder,
    type_name,
)
from consumer.config import Settings
from consumer.config.schema_files import SchemaFile, read_schema_file, where_in_json
from consumer.core.decode.decoder import SHIPPED, Decoder
from consumer.core.decode.schema import parse
from consumer.core.errors import ConfigError
from consumer.core.model import Decoded, Headers, Position, Record, SchemaWanted

_PARTS: Final = frozenset({"$key", "$headers", "$timestamp", "$topic", "$partition", "$offset", "$schema", "value"})
_UNTYPED: Final = "JSON as it is, since its schema is in the registry; --schema F says what it is"


def read_avsc(path: Path) -> SchemaFile:
    """A schema for JSON records, from an .avsc file. Raises InputError."""
    try:
        return read_schema_file(path)
    except ValueError as fault:
        raise InputError(f"{path}: {fault}") from None


def _decoder(settings: Settings, file: SchemaFile) -> Decoder:
    try:
        return plain_decoder(settings, file.schema)
    except ConfigError:
        raise InputError(f"{file.path}: its records cannot be read; see the defaults of its fields") from None


def read_json(content: bytes, settings: Settings, now_ms: int, given: Sequence[SchemaFile]) -> list[GivenRecord]:
    """The records of one document, of a list, or of a document on each line. Arguments as for `read_bytes`.

    Raises:
        InputError: not readable as that.
    """
    documents = _Documents(settings, now_ms, given)
    found = [documents.record(document, place) for place, document in enumerate(_documents(content))]
    if not found:
        raise InputError("no record in it")
    return found


class _Documents:
    """Reads documents: a schema that is given or configured says what their values are."""

    def __init__(self, settings: Settings, now_ms: int, given: Sequence[SchemaFile]) -> None:
        self._settings, self._now_ms = settings, now_ms
        self._is_guess = settings.avro.framing == "confluent" and not given
        self._schemas_are_of = " or ".join(str(file.path) for file in given) or "avro.schema"
        target = settings.avro.reader_schema
        files = given or ((target,) if self._is_guess and target else settings.avro.schemas)
        schemas = [parse(file.schema) for file in files]
        decoders = [_decoder(settings, file) for file in files]
        self._known = list(zip(schemas, map(AvroEncoder, schemas), decoders, strict=True))

    def record(self, document: object, place: int) -> GivenRecord:
        where = f"record {place + 1}"
        parts = _parts(document, where)
        value = parts.get("value")
        if value is not None and not isinstance(value, dict):
            raise InputError(f"{where}: a record is an object; its value is none")
        decoder, encoded, read_as = self._chosen(value, _text(parts.get("$schema"), f"{where}: $schema"), where)
        at = Position(
            str(parts.get("$topic", first_topic(self._settings))),
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
        for schema, writer, decoder in self._known:
            if name and name not in schema.named:
                continue
            meant = {name: value} if name and schema.is_union else value
            try:
                return decoder, writer.encoded(fitted(meant, schema)), f"JSON, taken for {name or type_name(schema)}"
            except MisfitError as fault:
                faults.append(str(fault))
            except RecursionError:
                faults.append("nested too deeply")
            except AVRO_FAULTS:
                faults.append("not writable as Avro: a decimal with too many digits, or a fixed of another length")
        if not self._is_guess:
            raise InputError(f"{where}: does not fit {self._schemas_are_of}: {[*faults, f'it has no {name}'][0]}")
        return AsWritten(name), dumps(value).encode(), _UNTYPED

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
    if not text.strip():
        raise InputError("empty: there is no record in it")
    try:
        whole = loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        lines = [line for line in text.split("\n") if line.strip()]  # JSON may hold U+2028
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
        return where_in_json(fault)
    return "nested too deeply, NaN, or a number of thousands of digits"


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
    if value is None:
        return None
    try:
        return _text(value, what).encode()
    except UnicodeEncodeError:
        raise InputError(f"{what} holds half a surrogate pair, which no UTF-8 can") from None


def _headers(written: object, where: str) -> Headers:
    if not isinstance(written, dict | None):
        raise InputError(f"{where}: $headers is no object of names and texts")
    return tuple((name, _bytes(value, f"{where}: $headers.{name}")) for name, value in (written or {}).items())


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
