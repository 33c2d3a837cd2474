"""The operators of conditions: one table, in which each says what it does, what it takes, and of which fields.

Where the field is absent or null, every operator is false, except `exists: false`: consent that is not there is
not given. For the same reason a value of another kind than the operand's (text, number, true/false) makes every
operator false, `not_equals` and `not_in` too. What `exists` asks for is any value but null: empty text exists, and
what cannot be read (ciphertext, a key that is no text) does not.
"""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final

import re2
from msgspec import Struct

from consumer.core.model import Decoded
from consumer.core.route.comparisons import has_order, in_order, is_scalar, same_kind
from consumer.core.rules.source import Getter, Unreadable

Holds = Callable[[Decoded], bool]

# A tuple, since `isinstance(value, str | dict)` makes its union again at each call: 0.3 µs.
_HOLDS_TEXT: Final = (str, dict)


class Operand(Struct, frozen=True):
    """What stands to the right of an operator."""

    is_usable: Callable[[object], bool]
    expected: str
    json_types: tuple[str, ...]
    """JSON Schema's names of what it may be; of a list, its items'."""


class Operator(Struct, frozen=True):
    compile: Callable[[Getter, Any], Holds]
    operand: Operand
    about: str
    """For people: editors, docs/configuration.md."""
    needs: frozenset[str] = frozenset()
    """Kinds of which the field must have one, in the words of the schema check; empty: the operand's kind."""
    remedy: str = ""
    """What is said of a field that has none of them."""


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
    """A part of text, an item of a list, or a key of a map; a record's keys are its fields."""
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
    def holds(decoded: Decoded) -> bool:
        value = get(decoded)
        return (value is not None and type(value) is not Unreadable) is operand

    return holds


def _is_true(get: Getter, operand: bool) -> Holds:
    return lambda decoded: get(decoded) is operand


def _is_list(operand: object) -> bool:
    return isinstance(operand, list | tuple) and len(operand) > 0 and all(map(is_scalar, operand))


def _is_filled_text(operand: object) -> bool:
    return isinstance(operand, str) and operand != ""


def _is_flag(operand: object) -> bool:
    return isinstance(operand, bool)


_SCALARS: Final = ("string", "number", "boolean")
_SCALAR: Final = Operand(is_scalar, "text, a number, true or false (whether there is a value at all: exists)", _SCALARS)
_PART: Final = Operand(lambda one: one != "" and is_scalar(one), "text, a number, true or false", _SCALARS)
LIST: Final = Operand(_is_list, "a list of text, numbers, true or false", _SCALARS)
_TEXT: Final = Operand(_is_filled_text, "text", ("string",))
_EXPRESSION: Final = Operand(_is_filled_text, "a regular expression (RE2)", ("string",))
ORDERED: Final = Operand(has_order, "a number, text, or a time in ISO 8601 with its zone", ("number", "string"))
_FLAG: Final = Operand(_is_flag, "true or false", ("boolean",))

_OF_TEXT: Final = frozenset({"text"})
_NO_TEXT: Final = "never text; name another"
_HOLDERS: Final = frozenset({"text", "list", "map", "record"})

OPERATORS: Final[Mapping[str, Operator]] = {
    "equals": Operator(lambda get, operand: _in(get, [operand]), _SCALAR, "Is this value."),
    "not_equals": Operator(lambda get, operand: _not_in(get, [operand]), _SCALAR, "Is another value of the same kind."),
    "in": Operator(_in, LIST, "Is one of these values."),
    "not_in": Operator(_not_in, LIST, "Is a value of the same kind as these, but none of them."),
    "contains": Operator(
        _contains,
        _PART,
        "Text with this part, a list with this item, or a map with this key.",
        _HOLDERS,
        "which contains nothing; use equals",
    ),
    "starts_with": Operator(_starts_with, _TEXT, "Text that begins so.", _OF_TEXT, _NO_TEXT),
    "ends_with": Operator(_ends_with, _TEXT, "Text that ends so.", _OF_TEXT, _NO_TEXT),
    "matches": Operator(
        _matches, _EXPRESSION, "Text in which this regular expression (RE2) is found.", _OF_TEXT, _NO_TEXT
    ),
    "less_than": Operator(_ordered(lt), ORDERED, "Comes before this number or time."),
    "at_most": Operator(_ordered(le), ORDERED, "Is this number or time, or comes before it."),
    "greater_than": Operator(_ordered(gt), ORDERED, "Comes after this number or time."),
    "at_least": Operator(_ordered(ge), ORDERED, "Is this number or time, or comes after it."),
    "exists": Operator(_exists, _FLAG, "true: is there and not null. false: is absent or null."),
    "is_true": Operator(
        _is_true,
        _FLAG,
        "true: is true. false: is false, and there.",
        frozenset({"true or false"}),
        "never true or false; use equals",
    ),
}


def check_operand(operator: str, operand: object) -> None:
    """See whether an operator can do anything with what the configuration gives it.

    Raises:
        ValueError: unknown operator, or an operand that it cannot use; says what is expected. Never quotes it.
    """
    if operator not in OPERATORS:
        raise ValueError(f"unknown operator; expected one of {', '.join(OPERATORS)}")
    wanted = OPERATORS[operator].operand
    if not wanted.is_usable(operand):
        raise ValueError(f"{operator}: expected {wanted.expected}")
    if wanted is _EXPRESSION:
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
