"""Fields that were left out of events, by what was wrong with them, and what to do. Pure."""

from collections.abc import Iterable, Mapping

from msgspec import structs

from consumer.core.reasons import PROBLEMS, Problem
from consumer.status.model import DroppedField


def dropped_fields(counts: Mapping[tuple[str, str], int]) -> tuple[DroppedField, ...]:
    """The most frequent first.

    Args:
        counts: by field and problem.
    """
    found = ((field, problem, count) for (field, problem), count in counts.items() if count)
    return _in_order(
        DroppedField(field, problem, count, *PROBLEMS[Problem(problem)]) for field, problem, count in found
    )


def added_fields(lists: Iterable[Iterable[DroppedField]]) -> tuple[DroppedField, ...]:
    """Those of several workers."""
    added: dict[tuple[str, str], DroppedField] = {}
    for each in (one for fields in lists for one in fields):
        known = added.get((each.field, each.problem))
        added[each.field, each.problem] = structs.replace(each, count=each.count + known.count) if known else each
    return _in_order(added.values())


def _in_order(fields: Iterable[DroppedField]) -> tuple[DroppedField, ...]:
    return tuple(sorted(fields, key=lambda each: (-each.count, each.field, each.problem)))
