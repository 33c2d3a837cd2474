"""Why a rule does not hold: the first condition that failed, by its place in the file. Pure."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from consumer.commands.explain.explain_sources import described
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded
from consumer.core.route.conditions import compile_condition
from consumer.core.rules.getters import compile_plain
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not


class Unmet(Struct, frozen=True):
    """A condition that failed."""

    place: str
    """`rules[0].when[2].any`."""
    text: str
    """What it asks for, in words."""
    found: Any = None
    """For a comparison, what the record has there; None: nothing."""
    is_comparison: bool = True


class FailedCondition(Struct, frozen=True):
    """The first condition for which a rule does not hold, whatever the record has there."""

    place: str
    """`when[2].any`."""
    text: str


def compile_first_failed(when: Condition, place: str = "when") -> Callable[[Decoded], FailedCondition | None]:
    """A function of a record: which condition fails first, as `unmet` would say; None if all hold.

    It raises RecordRejected where a function or expression in a condition fails.
    """
    if not isinstance(when, AllOf):
        return _compiled(when, place)
    each = [_compiled(condition, f"{place}[{index}]") for index, condition in enumerate(when.conditions)]
    return lambda decoded: next((failed for find in each if (failed := find(decoded))), None)


def _compiled(condition: Condition, place: str) -> Callable[[Decoded], FailedCondition | None]:
    if isinstance(condition, AllOf):
        return compile_first_failed(condition, f"{place}.all")
    holds = compile_condition(condition)
    failed = _failed(condition, place)
    return lambda decoded: None if holds(decoded) else failed


def _failed(condition: Condition, place: str) -> FailedCondition:
    match condition:
        case AnyOf(conditions):
            return FailedCondition(f"{place}.any", f"none of its {len(conditions)} conditions holds")
        case Not(inner):
            return FailedCondition(f"{place}.not", f"holds, and should not: {worded(inner)}")
    return FailedCondition(place, worded(condition))


def unmet(when: Condition, decoded: Decoded, place: str) -> Iterator[Unmet]:
    """The first of a rule's conditions that fails; of `any`, all that is in it. Nothing if a user's function raises."""
    try:
        if isinstance(when, AllOf):
            yield from _first_of(when, decoded, place)
        else:
            yield from _unmet(when, decoded, place)
    except RecordRejected:
        return


def _first_of(group: AllOf, decoded: Decoded, place: str) -> Iterator[Unmet]:
    for index, condition in enumerate(group.conditions):
        if not compile_condition(condition)(decoded):
            yield from _unmet(condition, decoded, f"{place}[{index}]")
            return


def _unmet(condition: Condition, decoded: Decoded, place: str) -> Iterator[Unmet]:
    match condition:
        case Comparison(field, operator, operand):
            yield Unmet(place, f"{described(field)} {operator} {_operand(operand)}", compile_plain(field)(decoded))
        case AllOf():
            yield from _first_of(condition, decoded, f"{place}.all")
        case AnyOf(conditions):
            yield Unmet(f"{place}.any", f"none of its {len(conditions)} conditions holds", is_comparison=False)
            for index, each in enumerate(conditions):
                yield from _unmet(each, decoded, f"{place}.any[{index}]")
        case Not(inner):
            yield Unmet(f"{place}.not", f"holds, and should not: {worded(inner)}", is_comparison=False)


def worded(condition: Condition) -> str:
    """A condition as one line of words."""
    match condition:
        case Comparison(field, operator, operand):
            return f"{described(field)} {operator} {_operand(operand)}"
        case AllOf(conditions):
            return " and ".join(map(worded, conditions)) or "always"
        case AnyOf(conditions):
            return "(" + " or ".join(map(worded, conditions)) + ")"
        case Not(inner):
            return f"not ({worded(inner)})"


def _operand(operand: object) -> str:
    if isinstance(operand, list | tuple):
        return "[" + ", ".join(map(_operand, operand)) + "]"
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return str(operand)
