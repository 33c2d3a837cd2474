"""Comparisons that can never be true, whatever a record holds, since the schema gives the field another kind.

What a kind can equal, and what it has an order with, is asked of the comparisons themselves, with samples of the kind.
"""

from datetime import date
from operator import ge, lt
from typing import Any

from consumer.config.checks.avro_shapes import Shape
from consumer.config.checks.kinds import SAMPLES, kind_of_value
from consumer.config.problems import hint
from consumer.core.route.comparisons import in_order, same_kind
from consumer.core.route.operators import LIST, OPERATORS, ORDERED
from consumer.core.rules.source import Comparison


def comparison_fault(test: Comparison, shape: Shape) -> str | None:
    """Why the comparison can never be true; None if it can, or if that is not known."""
    if not shape.kinds:
        return None
    operator = OPERATORS[test.operator]
    if operator.operand is ORDERED:
        return _order(test.operand, shape)
    if operator.needs:
        return _needs(test, operator.needs, shape)
    if test.operator == "exists":
        return None
    operands = test.operand if operator.operand is LIST else [test.operand]
    return next((fault for one in operands if (fault := _equality(one, shape))), None)


def _needs(test: Comparison, needs: frozenset[str], shape: Shape) -> str | None:
    found = shape.kinds & needs
    if not found:
        return f"the field is {_kinds(shape)} in the schema, {OPERATORS[test.operator].remedy}"
    if test.operator == "contains" and "list" not in found and not isinstance(test.operand, str):
        return f"the field is {_kinds(shape)} in the schema, which contains text only; put it in quotes"
    return None


def _equality(operand: Any, shape: Shape) -> str | None:
    kinds = {kind for kind in shape.kinds if _can_equal(kind, operand)}
    if not kinds:
        return f"the field is {_kinds(shape)} in the schema, never {kind_of_value(operand)}; {_remedy(operand, shape)}"
    if kinds == {"date"} and not _is_date(operand):
        return f"`{operand}` is no date as the field has it; write year, month and day so: 2026-01-31"
    if kinds == {"text"} and shape.texts is not None and operand not in shape.texts:
        return f"`{operand}` is none of the values that the field can have; {hint(operand, shape.texts)}"
    return None


def _can_equal(kind: str, operand: Any) -> bool:
    of_its_kind = same_kind([operand])
    return any(of_its_kind(sample)[1] for sample in SAMPLES[kind])


def _is_date(operand: str) -> bool:
    try:
        return date.fromisoformat(operand).isoformat() == operand
    except ValueError:
        return False


def _remedy(operand: object, shape: Shape) -> str:
    if isinstance(operand, bool) or "true or false" in shape.kinds:
        return "true and false are written without quotes, and only compare with themselves"
    if "time" in shape.kinds:
        return "use at_least and less_than"
    return "put it in quotes" if shape.kinds & {"text", "date"} else "write a number without quotes"


def _order(operand: Any, shape: Shape) -> str | None:
    if any(_has_order(kind, operand) for kind in shape.kinds):
        return None
    return f"the field is {_kinds(shape)} in the schema, which has no order with {kind_of_value(operand)}; change one"


def _has_order(kind: str, operand: Any) -> bool:
    """Of two values that have an order, one is true: the one is less than the other, or it is not."""
    tests = in_order(lt, operand), in_order(ge, operand)
    return any(test(sample) for test in tests for sample in SAMPLES[kind])


def _kinds(shape: Shape) -> str:
    return " or ".join(sorted(shape.kinds))
