"""Comparisons that can never be true, whatever a record holds, since the schema gives the field another kind."""

from typing import Final

from consumer.config.checks.avro_shapes import Shape, kind_of_value
from consumer.config.problems import hint
from consumer.core.route.operators import LIST, OPERATORS, ORDERED
from consumer.core.rules.source import Comparison

_AS_TEXT: Final = frozenset({"id", "date"})
"""Kinds that equal their text: a UUID, a date."""


def comparison_fault(test: Comparison, shape: Shape) -> str | None:
    """Why the comparison can never be true; None if it can, or if that is not known."""
    if not shape.kinds:
        return None
    operator = OPERATORS[test.operator]
    if operator.operand is ORDERED:
        return _order(test.operand, shape)
    if operator.needs:
        return (
            None if shape.kinds & operator.needs else f"the field is {_kinds(shape)} in the schema, {operator.remedy}"
        )
    if test.operator == "exists":
        return None
    operands = test.operand if operator.operand is LIST else [test.operand]
    return next((fault for one in operands if (fault := _equality(one, shape))), None)


def _equality(operand: object, shape: Shape) -> str | None:
    kind = kind_of_value(operand)
    if kind == "text" and shape.kinds & _AS_TEXT:
        return None
    if kind not in shape.kinds:
        return f"the field is {_kinds(shape)} in the schema, never {kind}; {_remedy(operand, shape)}"
    if isinstance(operand, str) and shape.texts is not None and operand not in shape.texts:
        return f"`{operand}` is none of the values that the field can have; {hint(operand, shape.texts)}"
    return None


def _remedy(operand: object, shape: Shape) -> str:
    if isinstance(operand, bool) or "true or false" in shape.kinds:
        return "true and false are written without quotes, and only compare with themselves"
    return "put it in quotes" if "text" in shape.kinds else "write a number without quotes"


def _order(operand: object, shape: Shape) -> str | None:
    fitting = {"number", "text"} if kind_of_value(operand) == "number" else {"text", "time", "date", "id"}
    if shape.kinds & fitting:
        return None
    return f"the field is {_kinds(shape)} in the schema, which has no order with {kind_of_value(operand)}; change one"


def _kinds(shape: Shape) -> str:
    return " or ".join(sorted(shape.kinds))
