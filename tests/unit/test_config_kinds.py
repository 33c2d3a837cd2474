"""What the checks say that a type can be, against what the decoder makes of it and the comparisons then do."""

import io
from itertools import product
from typing import Any, Final

import pytest
from fastavro import parse_schema, schemaless_writer

from consumer.config.checks.avro_paths import top
from consumer.config.checks.avro_shapes import PathRoot, shape_of
from consumer.config.checks.impossible_comparisons import comparison_fault
from consumer.config.checks.kinds import SAMPLES, kind_of_value
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.logical_types import _CONVERT, ENCRYPTED_NAME
from consumer.core.decode.schema import Schema, parse
from consumer.core.model import Decoded, Position, Record
from consumer.core.route.conditions import compile_condition
from consumer.core.route.operators import LIST, OPERATORS
from consumer.core.rules.source import Comparison, PathSource

UUID_TEXT: Final = "550e8400-e29b-41d4-a716-446655440000"
WRITTEN: Final[dict[str, tuple[dict[str, Any], Any]]] = {
    "string": ({}, UUID_TEXT),
    "enum": ({"name": "E", "symbols": ["a", "b"]}, "a"),
    "boolean": ({}, True),
    "int": ({}, 0),
    "long": ({}, 0),
    "float": ({}, 0.0),
    "double": ({}, 0.0),
    "bytes": ({"precision": 4, "scale": 0}, b"\0"),
    "fixed": ({"name": "F", "size": 16, "precision": 4, "scale": 0}, bytes(16)),
    "array": ({"items": "string"}, ["a"]),
    "map": ({"values": "string"}, {"a": "b"}),
    "record": ({"name": "I", "fields": [{"name": "a", "type": "string"}]}, {"a": "b"}),
}
"""What else the type says, and a value before its logical type is looked at."""
LOGICAL: Final = sorted({name.partition("-")[2] for name in _CONVERT} - {ENCRYPTED_NAME} | {"decimal", "uuid", ""})
OPERANDS: Final[tuple[Any, ...]] = (
    *(UUID_TEXT, UUID_TEXT[:4], UUID_TEXT[-4:], "z", "00000000-0000-0000-0000-000000000000", "a", "0", "5"),
    *("1970-01-01", "1970-1-1", "1970-01-01T00:00:00Z", "00:00:00", "1969-12-31", "1971-01-01"),
    *(-1, 0, 1, True, False),
)


def _is_usable(operator: str, operand: Any) -> bool:
    return OPERATORS[operator].operand.is_usable(operand)


FIELD: Final = PathSource(("f",))
TESTS: Final = [
    Comparison(FIELD, operator, operand)
    for operator, one in product(OPERATORS, OPERANDS)
    if _is_usable(operator, operand := [one] if OPERATORS[operator].operand is LIST else one)
]


def _type(kind: str, logical: str) -> dict[str, Any]:
    return {"type": kind, **WRITTEN[kind][0]} | ({"logicalType": logical} if logical else {})


def _decoded(of: dict[str, Any]) -> tuple[Schema, Decoded]:
    """A schema with a field of the type, and a record of it."""
    kind: str = of["type"]
    document = {"type": "record", "name": "R", "fields": [{"name": "f", "type": of}]}
    plain = {**of, "logicalType": "none"} if "logicalType" in of else of
    out = io.BytesIO()
    schemaless_writer(
        out, parse_schema({**document, "fields": [{"name": "f", "type": plain}]}), {"f": WRITTEN[kind][1]}
    )
    place = Position("t", 0, 0)
    decoded = Decoder("plain", max_record_bytes=1000, local_schemas=[document]).decode(
        Record(place, 0, None, out.getvalue(), (), place)
    )
    assert isinstance(decoded, Decoded)
    return parse(document), decoded


@pytest.mark.parametrize(("kind", "logical"), list(product(WRITTEN, LOGICAL)))
def test_a_comparison_is_called_impossible_only_where_it_never_holds(kind: str, logical: str) -> None:
    schema, decoded = _decoded(_type(kind, logical))
    shape = shape_of(FIELD, PathRoot(top(schema), schema))

    holding = [test for test in TESTS if compile_condition(test)(decoded)]
    possible = [test for test in TESTS if comparison_fault(test, shape) is None]

    # To exclude a word that an enum lacks is a slip, too, though it always holds.
    wrongly_refused = [test for test in holding if test not in possible]
    assert [test for test in wrongly_refused if not test.operator.startswith("not_")] == []
    assert {test.operator for test in holding} == {test.operator for test in possible}


def test_each_kind_that_there_is_has_samples() -> None:
    types = [_type(kind, logical) for kind, logical in product(WRITTEN, LOGICAL)]
    shapes = [shape_of(FIELD, PathRoot(top(schema), schema)) for schema, _ in map(_decoded, types)]

    assert frozenset().union(*(shape.kinds for shape in shapes)) == SAMPLES.keys()
    assert {kind_of_value(sample) for samples in SAMPLES.values() for sample in samples} == SAMPLES.keys() - {"record"}
