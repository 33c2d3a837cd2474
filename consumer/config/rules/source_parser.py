"""Sources as written → the core's sources, with elements put in place."""

from collections.abc import Mapping
from typing import Final

import phonenumbers

from consumer.config.problems import hint
from consumer.config.rules.calls import read_call
from consumer.config.rules.written import Written
from consumer.core.rules.source import ConstSource, FirstOf, Source, TransformedSource, parse_path

KINDS: Final[tuple[str, ...]] = ("path", "element", "const", "call")
OPTIONS: Final[tuple[str, ...]] = ("default", "lower", "trim", "values", "unit", "region")
UNITS: Final = ("s", "ms", "us")
_REMEDY: Final = "write a path, a list of paths, or a mapping with one of path, element, const, call"


class Sources:
    """Reads sources; knows the elements, each of which is read once."""

    def __init__(self, elements: Mapping[str, Written]) -> None:
        self._elements = elements
        self._read: dict[str, Source | None] = {}
        self._open: list[str] = []

    def elements(self) -> dict[str, Source]:
        """All elements that are in order."""
        found = {name: self._element(name, written) for name, written in self._elements.items()}
        return {name: source for name, source in found.items() if source is not None}

    def read(self, written: Written) -> Source | None:
        """One source; None where something is wrong with it, which then has been noted."""
        value = written.value
        if isinstance(value, str):
            return self._path(written)
        if isinstance(value, list):
            return self._first_of(written)
        if isinstance(value, dict):
            return self._mapping(written)
        if value is None:
            written.fail("no source; write a path, or {const: null} to send nothing")
        else:
            written.fail(f"not a source; {_REMEDY}; a fixed value is {{const: …}}")
        return None

    def _path(self, written: Written) -> Source | None:
        text = written.text()
        if text is None:
            return None
        try:
            return parse_path(text)
        except ValueError as error:
            written.fail(f'not a path: {error}; write names and indices, as in a.b[0].c or a["x.y"]')
            return None

    def _first_of(self, written: Written) -> Source | None:
        items = written.items("sources")
        if not items:
            written.fail("an empty list; name at least one source")
            return None
        sources = [self.read(item) for item in items]
        found = tuple(source for source in sources if source is not None)
        return FirstOf(found) if len(found) == len(sources) else None

    def _mapping(self, written: Written) -> Source | None:
        keys = written.keys((*KINDS, *OPTIONS))
        if keys is None:
            return None
        kinds = [kind for kind in KINDS if kind in keys]
        if len(kinds) != 1:
            written.fail(f"{'two sources in one' if kinds else 'no source'}; {_REMEDY}")
            return None
        options = {name: keys[name] for name in OPTIONS if name in keys}
        if kinds == ["const"] and options:
            written.fail("a constant takes no options; write the value as it shall be sent")
        source = self._of_kind(kinds[0], keys[kinds[0]])
        changed = _Options(options)
        return changed.around(source) if source is not None and changed.are_sound else None

    def _of_kind(self, kind: str, written: Written) -> Source | None:
        if kind == "const":
            return ConstSource(written.value)
        if kind == "call":
            return read_call(written)
        return self._use_of_element(written) if kind == "element" else self._paths(written)

    def _paths(self, written: Written) -> Source | None:
        return self._first_of(written) if isinstance(written.value, list) else self._path(written)

    def _use_of_element(self, written: Written) -> Source | None:
        name = written.choice(self._elements.keys(), "element")
        if name is None:
            return None
        if name in self._open:
            written.fail(f"goes round in a circle: {' → '.join([*self._open, name])}; break it")
            return None
        return self._element(name, self._elements[name])

    def _element(self, name: str, written: Written) -> Source | None:
        if name not in self._read:
            self._open.append(name)
            self._read[name] = self.read(written)
            self._open.pop()
        return self._read[name]


class _Options:
    """The options beside a `path`, `element` or `call`, checked."""

    def __init__(self, written: Mapping[str, Written]) -> None:
        self._written = written
        self.are_sound = True
        self._default = written["default"].value if "default" in written else None
        self._lower = self._flag("lower")
        self._trim = self._flag("trim")
        self._values = self._table()
        self._unit = self._choice("unit", UNITS)
        self._region = self._choice("region", phonenumbers.SUPPORTED_REGIONS)

    def around(self, source: Source) -> Source:
        if not self._written:
            return source
        return TransformedSource(
            source,
            default=self._default,
            lower=self._lower,
            trim=self._trim,
            values=self._values,
            unit=self._unit,
            region=self._region,
        )

    def _flag(self, name: str) -> bool:
        return name in self._written and self._written[name].flag()

    def _choice(self, name: str, known: "set[str] | tuple[str, ...]") -> str | None:
        if name not in self._written:
            return None
        value = self._written[name].value
        if isinstance(value, str) and value in known:
            return value
        self.are_sound = False
        near = hint(value, known) if name == "unit" and isinstance(value, str) else _HOW[name]
        self._written[name].fail(f"unknown {name}; {near}")
        return None

    def _table(self) -> Mapping[str, object] | None:
        if "values" not in self._written:
            return None
        table = self._written["values"].mapping()
        if not table:
            self.are_sound = False
            if table is not None:
                self._written["values"].fail("an empty table; write {from: to, …}, or leave `values` out")
            return None
        return {key: inner.value for key, inner in table.items()}


_HOW: Final = {
    "unit": f"use one of {', '.join(UNITS)}",
    "region": "use the two capital letters of a country, such as US, DE or GB (ISO 3166)",
}


def refuse_options(source: Source, written: Written, parameter: str | None = None) -> None:
    """Note options that say nothing at this place: `unit` is of times, `region` of phone numbers.

    Args:
        parameter: the dotted TikTok parameter that the source is for; None: for something else.
    """
    if parameter != "event_time" and _has(source, "unit"):
        written.fail("`unit` says something of times only; use it in event_time, or remove it")
    if parameter != "user.phone" and _has(source, "region"):
        written.fail("`region` says something of phone numbers only; use it in user.phone, or remove it")


def _has(source: Source, option: str) -> bool:
    if isinstance(source, FirstOf):
        return any(_has(inner, option) for inner in source.sources)
    if isinstance(source, TransformedSource):
        return getattr(source, option) is not None or _has(source.source, option)
    return False
