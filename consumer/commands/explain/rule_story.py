"""Why a rule does not hold: the first condition that failed, by its place in the file. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from consumer.commands.explain.explain_sources import described, unlisted
from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded
from consumer.core.route.conditions import compile_condition
from consumer.core.rules.getters import compile_plain
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not


class Unmet(Struct, frozen=True):
    """A condition that failed."""

    place: str
    """`rules[0].when[2].any[0]`."""
    text: str
    """What it asks for, in words."""
    found: Any = None
    """For a comparison, what the record has there; None: nothing."""
    is_comparison: bool = True
    is_unlisted: bool = False
    """True if `found` came to nothing, as the `values` of the field do not list it."""


class FailedCondition(Struct, frozen=True):
    """The first condition for which a rule does not hold, whatever the record has there."""

    place: str
    """`when[2].any[0]`: as `rule_missed_total` has it."""
    text: str


def failed_conditions(when: Condition) -> Mapping[str, FailedCondition]:
    """By each place that `compile_when` may name, the condition there, in the words of `unmet`."""
    conditions = when.conditions if isinstance(when, AllOf) else (when,)
    found = (failed for index, one in enumerate(conditions) for failed in _failing(one, f"when[{index}]"))
    return {failed.place: failed for failed in found}


def _failing(condition: Condition, place: str) -> Iterator[FailedCondition]:
    match condition:
        case AllOf(conditions):
            for index, each in enumerate(conditions):
                yield from _failing(each, f"{place}.all[{index}]")
        case AnyOf((first, *_)):
            for failed in _failing(first, f"{place}.any[0]"):
                yield structs.replace(failed, text=_first_of_any(condition, failed.text))
        case Not(inner):
            yield FailedCondition(f"{place}.not", f"holds, and should not: {worded(inner)}")
        case _:
            yield FailedCondition(place, worded(condition))


def _first_of_any(group: AnyOf, text: str) -> str:
    count = len(group.conditions)
    return text if count == 1 else f"the first of {count}, none of which holds: {text}"


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
        case Comparison(field):
            found = compile_plain(field)(decoded)
            other = unlisted(field, decoded) if found is None else None
            yield Unmet(place, worded(condition), found if other is None else other, is_unlisted=other is not None)
        case AllOf():
            yield from _first_of(condition, decoded, f"{place}.all")
        case AnyOf(conditions):
            for index, each in enumerate(conditions):
                found = _unmet(each, decoded, f"{place}.any[{index}]")
                if not index and (first := next(found, None)):
                    yield structs.replace(first, text=_first_of_any(condition, first.text))
                yield from found
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
