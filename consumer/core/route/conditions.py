"""Which rules hold for a record, and which pixel it names: conditions compiled to closures, once, at start.

`not` around a condition is plain negation: it holds where the field is absent, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from consumer.core.errors import RecordRejected
from consumer.core.model import Decoded
from consumer.core.reasons import RejectReason
from consumer.core.route.operators import OPERATORS, Holds, check_operand
from consumer.core.rules.failing import placed
from consumer.core.rules.getters import compile_plain, compile_source
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not, Source


def compile_condition(condition: Condition) -> Holds:
    """Compile one condition. Units and regions say nothing here: numbers are compared as they are.

    The result raises nothing, except RecordRejected where its field is a function or expression that fails.

    Raises:
        ValueError: as `check_operand`.
    """
    match condition:
        case Comparison(field, operator, operand):
            check_operand(operator, operand)
            return OPERATORS[operator].compile(compile_plain(field), operand)
        case Not(inner):
            holds = compile_condition(inner)
            return lambda decoded: not holds(decoded)
        case AllOf(conditions) | AnyOf(conditions) if len(conditions) == 1:
            return compile_condition(conditions[0])
        case AllOf(conditions):
            return _all([compile_condition(one) for one in conditions])
        case _:
            return _any([compile_condition(one) for one in condition.conditions])


def compile_when(when: Condition) -> Callable[[Decoded], str | None]:
    """Compile a rule's conditions to the place in the file of the first that does not hold: `when[1].any[0]`.

    Of `any`, where none holds, it is the first. The result is None where all hold, and raises as `compile_condition`'s.
    """
    conditions = when.conditions if isinstance(when, AllOf) else (when,)
    return _first_missed(conditions, "when")


def missed_places(when: Condition) -> Iterator[str]:
    """Every place that `compile_when` may name."""
    conditions = when.conditions if isinstance(when, AllOf) else (when,)
    for index, condition in enumerate(conditions):
        yield from _places(condition, f"when[{index}]")


def _places(condition: Condition, place: str) -> Iterator[str]:
    match condition:
        case AllOf(conditions) if conditions:
            for index, each in enumerate(conditions):
                yield from _places(each, f"{place}.all[{index}]")
        case AnyOf(conditions) if conditions:
            yield from _places(conditions[0], f"{place}.any[0]")
        case Not():
            yield f"{place}.not"
        case _:
            yield place


def _first_missed(conditions: Sequence[Condition], place: str) -> Callable[[Decoded], str | None]:
    at = [(one, f"{place}[{index}]") for index, one in enumerate(conditions)]
    parts = [(placed(where, one, compile_condition(one)), _missed(one, where)) for one, where in at]

    def first_missed(decoded: Decoded) -> str | None:
        for holds, missed in parts:
            if not holds(decoded):
                return missed(decoded)
        return None

    return first_missed


def _missed(condition: Condition, place: str) -> Callable[[Decoded], str | None]:
    """The place within a condition that is known not to hold."""
    match condition:
        case AllOf(conditions) if conditions:
            return _first_missed(conditions, f"{place}.all")
        case AnyOf(conditions) if conditions:
            return _missed(conditions[0], f"{place}.any[0]")
        case Not():
            return lambda _: f"{place}.not"
        case _:
            return lambda _: place


def compile_pixel(pixel: str | Source, by_code: Mapping[str, str]) -> Callable[[Decoded], str]:
    """A function of a record that says which pixel its event goes to: a fixed one, or the one whose code it names."""
    if isinstance(pixel, str):
        return lambda _: pixel
    code_of = placed("pixel", pixel, compile_source(pixel))
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
