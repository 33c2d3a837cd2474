"""Which rules hold for a record, and which pixel it names: conditions compiled to closures, once, at start.

Where the field is absent or null, every operator is false, save `exists: false`: consent that is not there is
not given. For the same reason a value of another kind than the operand's (text, number, true/false) makes every
operator false, `not_equals` and `not_in` too. `not` around a condition is plain negation and knows none of this.
What `exists` asks for is any value but null: empty text exists.
"""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

import re2

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded, RejectReason
from consumer.core.route.comparisons import has_order, in_order, is_scalar, same_kind
from consumer.core.rules.getters import compile_plain, compile_source
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Getter, Not, Source

Holds = Callable[[Decoded], bool]

# A tuple, since `isinstance(value, str | dict)` makes its union anew at each call: 0.3 µs.
_HOLDS_TEXT: Final = (str, dict)


def compile_condition(condition: Condition) -> Holds:
    """Compile one condition. Units and regions say nothing here: numbers are compared as they are.

    The result raises nothing, save RecordRejected (MAP_CALL) where its field is a user's function that does.

    Raises:
        ValueError: as `check_operand`.
    """
    match condition:
        case Comparison(field, operator, operand):
            check_operand(operator, operand)
            return _OPERATORS[operator](compile_plain(field), operand)
        case Not(inner):
            holds = compile_condition(inner)
            return lambda decoded: not holds(decoded)
        case AllOf(conditions) | AnyOf(conditions) if len(conditions) == 1:
            return compile_condition(conditions[0])
        case AllOf(conditions):
            return _all([compile_condition(one) for one in conditions])
        case _:
            return _any([compile_condition(one) for one in condition.conditions])


def compile_pixel(pixel: str | Source, by_code: Mapping[str, str]) -> Callable[[Decoded], str]:
    """A function of a record that says which pixel its event goes to: a fixed one, or the one whose code it names."""
    if isinstance(pixel, str):
        return lambda _: pixel
    code_of = compile_source(pixel)
    return lambda decoded: resolve_pixel(code_of(decoded), by_code)


def resolve_pixel(value: object, by_code: Mapping[str, str]) -> str:
    """The configuration's name of the pixel whose code a record names.

    Args:
        value: what the source of the code gave; None where the record has none.
        by_code: pixel code → the configuration's name.

    Raises:
        RecordRejected: ROUTE_UNKNOWN_PIXEL.
    """
    if value is None:
        raise RecordRejected(RejectReason.ROUTE_UNKNOWN_PIXEL, "the record names no pixel code")
    name = by_code.get(value) if isinstance(value, str) else None
    if name is None:
        raise RecordRejected(RejectReason.ROUTE_UNKNOWN_PIXEL, "no pixel is configured with the code the record names")
    return name


def _all(conditions: list[Holds]) -> Holds:
    def holds(decoded: Decoded) -> bool:
        for condition in conditions:  # noqa: SIM110 — twice as fast as all() over a generator
            if not condition(decoded):
                return False
        return True

    return holds


def _any(conditions: list[Holds]) -> Holds:
    def holds(decoded: Decoded) -> bool:
        for condition in conditions:  # noqa: SIM110 — as above
            if condition(decoded):
                return True
        return False

    return holds


def _in(get: Getter, operands: list[Any]) -> Holds:
    of_its_kind = same_kind(operands)

    def holds(decoded: Decoded) -> bool:
        value, known = of_its_kind(get(decoded))
        return value in known

    return holds


def _not_in(get: Getter, operands: list[Any]) -> Holds:
    of_its_kind = same_kind(operands)

    def holds(decoded: Decoded) -> bool:
        value, known = of_its_kind(get(decoded))
        return bool(known) and value not in known

    return holds


def _contains(get: Getter, operand: Any) -> Holds:
    """A part of text, an item of a list, or a key of a map."""
    of_its_kind = same_kind([operand])

    def is_operand(item: object) -> bool:
        value, known = of_its_kind(item)
        return value in known

    def holds(decoded: Decoded) -> bool:
        value = get(decoded)
        if isinstance(value, list):
            return any(map(is_operand, value))
        return isinstance(value, _HOLDS_TEXT) and isinstance(operand, str) and operand in value

    return holds


def _starts_with(get: Getter, operand: str) -> Holds:
    def holds(decoded: Decoded) -> bool:
        value = get(decoded)
        return isinstance(value, str) and value.startswith(operand)

    return holds


def _ends_with(get: Getter, operand: str) -> Holds:
    def holds(decoded: Decoded) -> bool:
        value = get(decoded)
        return isinstance(value, str) and value.endswith(operand)

    return holds


def _matches(get: Getter, operand: str) -> Holds:
    """Anywhere in text, unless the expression has anchors."""
    search = _expression(operand).search

    def holds(decoded: Decoded) -> bool:
        value = get(decoded)
        return isinstance(value, str) and search(value.encode(errors="replace")) is not None

    return holds


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Getter, Any], Holds]:
    def build(get: Getter, operand: Any) -> Holds:
        test = in_order(compare, operand)
        return lambda decoded: test(get(decoded))

    return build


def _exists(get: Getter, operand: bool) -> Holds:
    return lambda decoded: (get(decoded) is not None) is operand


def _is_true(get: Getter, operand: bool) -> Holds:
    return lambda decoded: get(decoded) is operand


_OPERATORS: Final[Mapping[str, Callable[[Getter, Any], Holds]]] = {
    "equals": lambda get, operand: _in(get, [operand]),
    "not_equals": lambda get, operand: _not_in(get, [operand]),
    "in": _in,
    "not_in": _not_in,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "matches": _matches,
    "less_than": _ordered(lt),
    "at_most": _ordered(le),
    "greater_than": _ordered(gt),
    "at_least": _ordered(ge),
    "exists": _exists,
    "is_true": _is_true,
}
OPERATORS: Final = tuple(_OPERATORS)


def check_operand(operator: str, operand: object) -> None:
    """See whether an operator can do anything with what the configuration gives it.

    Raises:
        ValueError: unknown operator, or an operand that it cannot use; says what is expected. Never quotes it.
    """
    if operator not in _EXPECTED:
        raise ValueError(f"unknown operator; expected one of {', '.join(OPERATORS)}")
    is_usable, expected = _EXPECTED[operator]
    if not is_usable(operand):
        raise ValueError(f"{operator}: expected {expected}")
    if operator == "matches":
        _expression(str(operand))


def _expression(text: str) -> Any:
    """Compiled from bytes and without groups: RE2 then need not find out where in the text the match is."""
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    try:
        return re2.compile(text.encode(errors="replace"), options)
    except re2.error as error:
        what = error.args[0].decode(errors="replace").partition(":")[0]  # what follows quotes the expression
        raise ValueError(f"matches: not an RE2 expression: {what}") from None


def _is_list(operand: object) -> bool:
    return isinstance(operand, list | tuple) and len(operand) > 0 and all(map(is_scalar, operand))


def _is_filled_text(operand: object) -> bool:
    return isinstance(operand, str) and operand != ""


def _is_flag(operand: object) -> bool:
    return isinstance(operand, bool)


_SCALAR: Final = "text, a number, true or false (whether there is a value at all: exists)"
_ORDER: Final = "a number, text, or a time in ISO 8601 with its zone"
_EXPECTED: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "equals": (is_scalar, _SCALAR),
    "not_equals": (is_scalar, _SCALAR),
    "in": (_is_list, "a list of text, numbers, true or false"),
    "not_in": (_is_list, "a list of text, numbers, true or false"),
    "contains": (lambda operand: operand != "" and is_scalar(operand), "text, a number, true or false"),
    "starts_with": (_is_filled_text, "text"),
    "ends_with": (_is_filled_text, "text"),
    "matches": (_is_filled_text, "a regular expression (RE2)"),
    "less_than": (has_order, _ORDER),
    "at_most": (has_order, _ORDER),
    "greater_than": (has_order, _ORDER),
    "at_least": (has_order, _ORDER),
    "exists": (_is_flag, "true or false"),
    "is_true": (_is_flag, "true or false"),
}
