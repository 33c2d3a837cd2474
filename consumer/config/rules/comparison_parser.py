"""Comparisons that can never be true, whatever a record holds, since the schema gives the field another kind."""

from collections.abc import Mapping
from typing import Final

from consumer.config.checks.avro_shapes import Shape, kind_of_value
from consumer.config.problems import hint
from consumer.core.rules.source import Comparison

_AS_TEXT: Final = frozenset({"id", "date"})
"""Kinds that equal their text: a UUID, a date."""
_ORDERED: Final = frozenset({"less_than", "at_most", "greater_than", "at_least"})
_NEEDED: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "starts_with": (frozenset({"text"}), "never text; name another"),
    "ends_with": (frozenset({"text"}), "never text; name another"),
    "matches": (frozenset({"text"}), "never text; name another"),
    "is_true": (frozenset({"true or false"}), "never true or false; use equals"),
    "contains": (frozenset({"text", "list", "map"}), "which contains nothing; use equals"),
}
"""Operator → the kinds of which the field needs one, and what is said where it has none."""


def comparison_fault(test: Comparison, shape: Shape) -> str | None:
    """Why the comparison can never be true; None if it can, or if that cannot be told."""
    if not shape.kinds:
        return None
    if test.operator in ("equals", "not_equals", "in", "not_in"):
        operands = test.operand if isinstance(test.operand, list) else [test.operand]
        return next((fault for one in operands if (fault := _equality(one, shape))), None)
    if test.operator in _ORDERED:
        return _order(test.operand, shape)
    needed, text = _NEEDED.get(test.operator, (shape.kinds, ""))
    return None if shape.kinds & needed else f"the field is {_kinds(shape)} in the schema, {text}"


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
