"""Conditions as written → the core's conditions."""

from typing import Final

from consumer.config.problems import hint
from consumer.config.rules.source_parser import Sources, refuse_options
from consumer.config.rules.written import Written
from consumer.core.route.conditions import OPERATORS, check_operand
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not, Source

_GROUPS: Final = ("any", "all", "not")


def read_when(written: Written, sources: Sources) -> Condition:
    """A list of conditions that all must hold, or one condition. What is wrong has been noted."""
    if isinstance(written.value, list):
        return AllOf(_each(written, sources))
    one = _read(written, sources)
    return AllOf(() if one is None else (one,))


def _each(written: Written, sources: Sources) -> tuple[Condition, ...]:
    found = (_read(item, sources) for item in written.items("conditions"))
    return tuple(condition for condition in found if condition is not None)


def _read(written: Written, sources: Sources) -> Condition | None:
    keys = written.mapping()
    if keys is None:
        return None
    groups = [name for name in _GROUPS if name in keys]
    if groups and len(keys) == 1:
        return _group(groups[0], keys[groups[0]], sources)
    if groups:
        written.fail(f"`{groups[0]}` must stand alone; make each a condition of its own, in a list")
        return None
    return _test(written, keys, sources)


def _group(name: str, written: Written, sources: Sources) -> Condition | None:
    if name == "not":
        return Not(read_when(written, sources))
    if written.value == []:
        written.fail("an empty list; name at least one condition")
    conditions = _each(written, sources)
    return AllOf(conditions) if name == "all" else AnyOf(conditions)


def _test(written: Written, keys: dict[str, Written], sources: Sources) -> Condition | None:
    field = sources.read(keys["field"]) if "field" in keys else None
    if field is not None:
        refuse_options(field, keys["field"])
    if "field" not in keys:
        written.fail("no `field` to compare; write {field: a.b, equals: c}, or any, all, not")
    operators = [name for name in keys if name in OPERATORS]
    for name in keys.keys() - set(operators) - {"field"}:
        near = hint(name, (*OPERATORS, *(() if "field" in keys else ("field",))))
        written.problems.add((*written.place, name), f"unknown operator; {near}")
    if len(operators) != 1:
        if operators or keys.keys() <= {"field"}:
            written.fail(f"{'several operators' if operators else 'no operator'}; write one a condition")
        return None
    return _compare(field, operators[0], keys[operators[0]])


def _compare(field: Source | None, operator: str, written: Written) -> Condition | None:
    try:
        check_operand(operator, written.value)
    except ValueError as error:
        written.fail(f"not for `{operator}`; {str(error).removeprefix(f'{operator}: ')}")
        return None
    return None if field is None else Comparison(field, operator, written.value)
