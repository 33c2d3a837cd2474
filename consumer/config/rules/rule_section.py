"""Rules as written → the core's rules."""

from collections.abc import Collection
from typing import Final

from consumer.config.rules.condition_parser import read_when
from consumer.config.rules.parameters import read_map
from consumer.config.rules.source_parser import Sources, refuse_options
from consumer.config.rules.written import Written
from consumer.core.rules.source import AllOf, Rule, Source

_KEYS: Final = ("name", "mode", "when", "pixel", "map")
_MODES: Final = ("live", "shadow")


def read_rules(written: Written, sources: Sources, pixels: Collection[str]) -> tuple[Rule, ...]:
    """All rules that are in order. What is wrong with the others has been noted."""
    items = written.items("rules")
    if not items and written.value == []:
        written.fail("no rule; write at least one, or nothing will ever be sent")
    _refuse_same_names(items)
    found = (_read_rule(item, sources, pixels) for item in items)
    return tuple(rule for rule in found if rule is not None)


def _refuse_same_names(items: list[Written]) -> None:
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        name = item.value.get("name") if isinstance(item.value, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            item.inner("name", name).fail(f"the same name as rules[{seen[name]}]; give each rule its own")


def _read_rule(written: Written, sources: Sources, pixels: Collection[str]) -> Rule | None:
    keys = written.keys(_KEYS)
    if keys is None:
        return None
    for needed, what in (("name", "it stands in metrics and dead letters"), ("pixel", "where its events go")):
        if needed not in keys:
            written.inner(needed, None).fail(f"missing; add it: {what}")
    name = keys["name"].text() if "name" in keys else None
    pixel = _pixel(keys["pixel"], sources, pixels) if "pixel" in keys else None
    mode = keys["mode"].choice(_MODES, "mode") if "mode" in keys else "live"
    when = read_when(keys["when"], sources) if "when" in keys else AllOf(())
    mapped = read_map(keys["map"], sources) if "map" in keys else None
    if name is None or pixel is None:
        return None
    return Rule(
        name=name,
        pixel=pixel,
        when=when,
        is_shadow=mode == "shadow",
        parameters=None if mapped is None else mapped.parameters,
        contents=None if mapped is None else mapped.contents,
    )


def _pixel(written: Written, sources: Sources, pixels: Collection[str]) -> str | Source | None:
    """A text names a pixel; anything else is the source of a pixel code."""
    if isinstance(written.value, str):
        # Without any pixels that fault has been told, and every name would only repeat it.
        return written.choice(pixels, "pixel") if pixels else written.value
    source = sources.read(written)
    if source is not None:
        refuse_options(source, written)
    return source
