"""Limits that only a hostile schema, record or rule reaches; `tests/hostile` times them."""

from collections.abc import Iterator
from typing import Any

import pytest

from consumer.core.decode.framing import split_key
from consumer.core.decode.schema import (
    MAX_BRANCHES,
    MAX_FIELDS,
    MAX_TEXT_BYTES,
    MAX_TYPES,
    UnusableSchemaError,
    parse,
    parse_text,
)
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, Position, Record
from consumer.core.reasons import RejectReason
from consumer.core.rules.expressions import compile_expression


def record(*fields: dict[str, Any], name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [*fields]}


def too_large() -> Iterator[tuple[str, object]]:
    kinds = [{"type": "fixed", "size": 1, "name": f"F{number}"} for number in range(MAX_TYPES)]
    yield "types", record(*({"name": f"f{place}", "type": kind} for place, kind in enumerate(kinds)))
    yield "branches", [record(name=f"R{number}") for number in range(MAX_BRANCHES + 1)]
    yield "fields", record(*({"name": f"f{place}", "type": "int"} for place in range(MAX_FIELDS + 1)))


@pytest.mark.parametrize(
    ("word", "schema"), list(too_large()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_schema_beyond_a_limit_is_unusable(word: str, schema: Any) -> None:
    with pytest.raises(UnusableSchemaError, match=f"more than .*{word}"):
        parse(schema)


def test_a_schema_of_too_much_text_is_unusable() -> None:
    with pytest.raises(UnusableSchemaError, match="MiB of text"):
        parse_text(" " * (MAX_TEXT_BYTES + 1))


def test_a_detail_keeps_its_beginning_and_its_end() -> None:
    detail = RecordRejected(RejectReason.DECODE_VALUE, "begins" + "x" * 100_000 + "ends").detail

    assert (detail[:6], detail[-4:]) == ("begins", "ends")
    assert len(detail) <= 1_000


def test_an_expression_over_a_list_that_is_too_long_fails() -> None:
    at = Position("t", 0, 1)
    found = Decoded(Record(at, 0, None, b"", (), at), {"items": [1] * 100_000}, False)

    with pytest.raises(RecordRejected) as rejected:
        compile_expression("items.size()")(found)
    assert rejected.value.reason is RejectReason.MAP_CEL


def test_a_key_is_split_by_its_own_bytes_whatever_other_headers_there_are() -> None:
    assert split_key((("other", b"\x01"),), b"\0\0\0\0\x07\x02a") == (b"\0\0\0\0\x07", 5)
