"""Where a rule uses sources and comparisons, with the place of each in the rule as written."""

from collections.abc import Iterable, Iterator

from consumer.config.problems import Place
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not, Rule, Source

__all__ = ["Place", "tests_of", "uses_of"]


def uses_of(rule: Rule) -> Iterator[tuple[Place, str | None, Source]]:
    """Place, TikTok's dotted parameter (None for the pixel's code), source."""
    if not isinstance(rule.pixel, str):
        yield ("pixel",), None, rule.pixel
    for name, source in (rule.parameters or {}).items():
        yield ("map", *name.split(".")), name, source
    if rule.contents is None:
        return
    if rule.contents.each is None:
        for name, source in rule.contents.fields.items():
            yield ("map", "properties", name), f"properties.contents.{name}", source
        return
    yield ("map", "properties", "contents", "each"), "properties.contents.each", rule.contents.each
    for name, source in rule.contents.fields.items():
        yield ("map", "properties", "contents", name), f"properties.contents.{name}", source


def tests_of(when: Condition) -> Iterator[tuple[Place, Comparison]]:
    """Every comparison of a rule's `when`."""
    if isinstance(when, AllOf):
        yield from _each(when.conditions, ("when",))
    else:
        yield from _tests(when, ("when",))


def _each(conditions: Iterable[Condition], place: Place) -> Iterator[tuple[Place, Comparison]]:
    for index, condition in enumerate(conditions):
        yield from _tests(condition, (*place, index))


def _tests(condition: Condition, place: Place) -> Iterator[tuple[Place, Comparison]]:
    match condition:
        case Comparison():
            yield place, condition
        case Not(AllOf((inner,))):
            yield from _tests(inner, (*place, "not"))
        case Not(inner):
            yield from _tests(inner, (*place, "not"))
        case AllOf(conditions):
            yield from _each(conditions, (*place, "all"))
        case AnyOf(conditions):
            yield from _each(conditions, (*place, "any"))
