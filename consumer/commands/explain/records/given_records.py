"""What was given to be explained, as records: each with the decoder that reads it as `run` would."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final

from fastavro import block_reader
from fastavro.schema import SchemaParseException

from consumer.commands.explain.records.given import (
    AVRO_FAULTS,
    GivenRecord,
    InputError,
    first_topic,
    plain_decoder,
    type_name,
)
from consumer.commands.explain.records.json_records import read_json
from consumer.config import Settings
from consumer.config.schema_files import SchemaFile
from consumer.core.decode.compiled_reader import ReadValue, compiled
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema import Schema, UnusableSchemaError, parse
from consumer.core.decode.schema_reader import READ_FAULTS
from consumer.core.errors import ConfigError
from consumer.core.model import Position, Record
from consumer.core.rules.selection import ReadSelection

_CONTAINER: Final = b"Obj\x01"
"""How an Avro object container file begins (Avro specification)."""


def read_bytes(
    content: bytes,
    name: str,
    settings: Settings,
    run_decoder: Decoder,
    now_ms: int,
    *,
    schemas: Sequence[SchemaFile] = (),
) -> list[GivenRecord]:
    """The records in a file.

    Args:
        name: of the file; how it ends says what it holds. Any other ending, and `-`: what it looks like.
        run_decoder: the one that `run` decodes by.
        now_ms: the timestamp of records that have none, Unix milliseconds.
        schemas: what JSON records are of, instead of the schemas that are configured.

    Raises:
        InputError: not readable as that.
    """
    if name.endswith(".json") or (not name.endswith((".bin", ".avro")) and _looks_like_json(content)):
        return read_json(content, settings, now_ms, schemas)
    if schemas:
        raise InputError("a schema is given for JSON records, which these are not")
    if name.endswith(".avro") or (not name.endswith(".bin") and content.startswith(_CONTAINER)):
        return _container(content, settings, now_ms)
    record = _record(Position(first_topic(settings), 0, 0), content, now_ms)
    return [GivenRecord(record, run_decoder, f"the value's bytes, framing {settings.avro.framing}", False)]


def _looks_like_json(content: bytes) -> bool:
    return content.lstrip()[:1] in (b"{", b"[")


def _record(at: Position, value: bytes | None, time_ms: int) -> Record:
    return Record(at, time_ms, None, value, (), at)


def _container(content: bytes, settings: Settings, now_ms: int) -> list[GivenRecord]:
    """Its records as they stand in it, to be decoded as `run` would: one that is damaged costs itself."""
    try:
        blocks = block_reader(BytesIO(content))
        written_by: Any = blocks.writer_schema
        schema = parse(written_by)
        decoder = plain_decoder(settings, written_by)
    except (*AVRO_FAULTS, SchemaParseException, UnusableSchemaError, ConfigError) as fault:
        raise InputError(f"not an Avro container that can be read ({type(fault).__name__})") from None
    read_as = f"Avro, written as {type_name(schema)}"
    return [
        GivenRecord(_record(Position(first_topic(settings), 0, place), value, now_ms), decoder, read_as, False)
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
    except AVRO_FAULTS as fault:
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
