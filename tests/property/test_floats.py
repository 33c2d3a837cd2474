"""An Avro float is the shortest decimal that reads back as it, wherever it stands."""

import io
import json
import math
import struct
from decimal import Decimal
from typing import Any, Final

from fastavro import parse_schema, schemaless_writer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumer.core.decode.decoder import Decoder
from consumer.core.model import Decoded, Position, Record
from consumer.core.normalize.numbers import total
from consumer.core.tiktok_event import Content

AT: Final = Position("t", 0, 0)


def places(kind: str) -> Any:
    """A schema with this type in every place that a number may have."""
    inner = {"type": "record", "name": f"Inner_{kind}", "fields": [{"name": "x", "type": ["null", kind]}]}
    fields = {
        "plain": kind,
        "nullable": ["null", kind],
        "one_of": ["null", "string", kind],
        "list": {"type": "array", "items": kind},
        "lists": {"type": "array", "items": {"type": "array", "items": ["null", kind]}},
        "map": {"type": "map", "values": kind},
        "maps": {"type": "map", "values": ["null", {"type": "array", "items": kind}]},
        "record": inner,
        "records": {"type": "array", "items": f"Inner_{kind}"},
    }
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": each} for name, each in fields.items()]}


def promoted(schema: Any) -> Any:
    """The same schema with doubles, as a reader has it; names of records stay."""
    return json.loads(json.dumps(schema).replace('"float"', '"double"'))


FLOATS: Final = places("float")
DECODER: Final = Decoder("plain", max_record_bytes=0, local_schemas=[FLOATS])
PROMOTING: Final = Decoder("plain", max_record_bytes=0, local_schemas=[FLOATS], reader_schema=promoted(FLOATS))


def shortest(number: float) -> float:
    """With the fewest digits of which the nearest float is this one; told by trying."""
    for digits in range(1, 10):
        written = float(f"{number:.{digits}g}")
        if _single(written) == number:
            return written
    raise AssertionError("nine digits always do")


def _single(number: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.inf


def decoded(decoder: Decoder, value: Any) -> dict[str, Any]:
    buffer = io.BytesIO()
    schemaless_writer(buffer, parse_schema(FLOATS), value)
    found = decoder.decode_whole(Record(AT, 0, None, buffer.getvalue(), (), AT))
    assert isinstance(found, Decoded)
    return found.fields


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(10.9)
@example(19.99)
@example(-0.0)
@example(1e-45)
@example(16_777_216.0)
@settings(max_examples=200, deadline=None)
def test_is_its_shortest_decimal_in_any_place_and_promoted(number: float) -> None:
    number = _single(number)
    value = {
        **dict.fromkeys(("plain", "nullable", "one_of"), number),
        "list": [number],
        "lists": [[number, None]],
        "map": {"a": number},
        "maps": {"a": [number], "b": None},
        "record": {"x": number},
        "records": [{"x": number}, {"x": None}],
    }
    is_what = shortest(number)
    expected = {
        **dict.fromkeys(("plain", "nullable", "one_of"), is_what),
        "list": [is_what],
        "lists": [[is_what, None]],
        "map": {"a": is_what},
        "maps": {"a": [is_what], "b": None},
        "record": {"x": is_what},
        "records": [{"x": is_what}, {"x": None}],
    }

    assert decoded(DECODER, value) == expected
    assert decoded(PROMOTING, value) == expected


prices = st.integers(0, 99_999).map(lambda cents: shortest(_single(cents / 100)))


@given(st.lists(st.tuples(prices, st.integers(1, 99)), min_size=1, max_size=5))
def test_sums_of_such_prices_are_exact(items: list[tuple[float, int]]) -> None:
    summed = total([Content(price=price, quantity=quantity) for price, quantity in items])

    assert summed is not None
    assert Decimal(str(summed)) == sum(Decimal(repr(price)) * quantity for price, quantity in items)
