"""One writer's schema made ready: from a record's Avro bytes to its fields. Part of `decode`.

What rules read is read straight through (`compiled_reader`), nearly always. Bytes that could do harm are walked over
before (`checker`), and bytes that could not be read are afterwards, to say what is wrong with them. Where a reader
schema is configured, fastavro resolves to it, once the bytes are proven sound.
"""

from collections.abc import Callable
from functools import cached_property
from io import BytesIO
from struct import error as StructError  # noqa: N812  # it is a class of the library, and its own name says nothing
from typing import Any, Final

from fastavro import schemaless_reader
from fastavro.read import SchemaResolutionError

from consumer.core.decode.checker import Checker
from consumer.core.decode.compiled_reader import ReadValue, compiled, number_at
from consumer.core.decode.resolution import Target
from consumer.core.decode.schema import Schema
from consumer.core.decode.size_limits import record_cost, safe_length
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Record
from consumer.core.reasons import RejectReason
from consumer.core.rules.selection import EVERYTHING, ReadPaths, ReadSelection

Decode = Callable[[Record, bytes, int], Decoded]
"""A record, its value, and where in it Avro begins. Raises RecordRejected."""
_Fields = dict[str, Any]
_Read = Callable[[bytes, int], _Fields]

# What Python raises where bytes are not what the schema says; which of them depends on how far it came.
READ_FAULTS: Final = (
    EOFError,
    StructError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RecursionError,
)
_NOTHING: Final = ReadSelection()


class SchemaReader:
    """Reads records of one schema.

    Args:
        target: what each record is resolved to; None: it is read as it was written.
        reads: what `decode` reads; the rest is skipped.
        shipped: full name of the schema whose fields map to themselves.
        longest: the most bytes that a value can have.
    """

    def __init__(self, schema: Schema, target: Target | None, reads: ReadPaths, shipped: str, longest: int) -> None:
        self._schema, self._shipped, self._longest = schema, shipped, longest
        self._target = None if target is None or schema.is_written_like(target.schema) else target
        self.is_of_keys: Final = schema.is_of_keys
        """True if it reads keys alone, each as the one field of a record."""
        self.decode: Final = self._decoding(reads)

    @cached_property
    def decode_whole(self) -> Decode:
        """As `decode`, with all that was written. Made when it is first asked for: only people do."""
        return self._decoding(ReadPaths())

    def _decoding(self, reads: ReadPaths) -> Decode:
        target, named = self._target, self._schema.named
        wanted = None if target is None else target.selected(self._selection(target.schema.name, reads))
        floor = 0 if target is None else _floor(target.schema)
        decoders = []
        for name in self._schema.branches:
            # fastavro does the choosing, where there is a target; that the bytes are sound is seen by skipping them.
            selected = self._selection(name, reads) if target is None else _NOTHING
            checker = Checker(named, name, selected, longest=self._longest, record_floor=floor)
            read = _reading(compiled(named, name, selected), checker, safe_length(named, name, floor))
            if target is not None:
                whole = Checker(named, name, EVERYTHING, longest=self._longest, record_floor=floor)
                read = _resolving(read, target.written(self._schema, name), wanted, whole)
            decoders.append(self._as_record(name if target is None else target.schema.name, read, name))
        return _by_branch(decoders) if self._schema.is_union else decoders[0]

    def _selection(self, name: str | None, reads: ReadPaths) -> ReadSelection:
        return reads.of_shipped if name == self._shipped else reads.of_others

    def _as_record(self, read_as: str | None, read: _Read, written_as: str) -> Decode:
        is_shipped = read_as == self._shipped

        def decode(record: Record, value: bytes, start: int) -> Decoded:
            return Decoded(record, read(value, start), is_shipped, written_as)

        return decode


def _floor(target: Schema) -> float:
    return record_cost(max(len(each.get("fields", ())) for each in target.named.values()))


def _by_branch(decoders: list[Decode]) -> Decode:
    """Of a union's branches, the one that the value says it has."""

    def decode(record: Record, value: bytes, start: int) -> Decoded:
        try:
            branch, at = number_at(value, start)
        except IndexError:
            raise RecordRejected(RejectReason.DECODE_TRUNCATED, "the value: ends within a number") from None
        except OverflowError:
            branch = -1
        if not 0 <= branch < len(decoders):
            detail = f"the value: takes a type beyond the union's {len(decoders)}"
            raise RecordRejected(RejectReason.DECODE_VALUE, detail)
        return decoders[branch](record, value, at)

    return decode


def _reading(read_value: ReadValue, checker: Checker, safe_bytes: float) -> _Read:
    """Read by the writer's own schema, or have the checker say what is wrong."""

    def read(value: bytes, start: int) -> _Fields:
        if len(value) > safe_bytes:
            checker.check(value, start)
        try:
            fields, end = read_value(value, start)
        except READ_FAULTS:
            end = -1
        if end == len(value):
            return fields  # type: ignore[no-any-return]  # a record's value is a dict
        checker.check(value, start)
        raise RecordRejected(RejectReason.DECODE_VALUE, "is not of its schema")

    return read


def _resolving(read_soundly: _Read, writer: Any, target: Any, checker: Checker) -> _Read:
    """Read as a value of `target`. fastavro trusts the bytes, so they are proven sound before."""

    def read(value: bytes, start: int) -> _Fields:
        read_soundly(value, start)
        buffer = BytesIO(value)
        buffer.seek(start)
        try:
            return schemaless_reader(buffer, writer, target)  # type: ignore[return-value]  # a dict again
        except (SchemaResolutionError, *READ_FAULTS):
            pass
        checker.check(value, start)
        raise RecordRejected(RejectReason.DECODE_SCHEMA_MISMATCH, "does not resolve to avro.reader_schema")

    return read
