"""`elements`: named sources, each read once, wherever it is used first."""

from collections.abc import Callable
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from consumer.config.problems import Place, hint
from consumer.config.rules.source_forms import SourceField
from consumer.config.section import details_of
from consumer.core.rules.source import ConstSource, Source

_SOURCE: Final[TypeAdapter[Source]] = TypeAdapter(SourceField, config=ConfigDict(defer_build=True))
_FAULTY: Final = ConstSource(None)
"""Stands for an element whose faults have been noted at its own place."""


class Elements:
    """Args:
    written: the section as the file has it.
    note: takes a fault of pydantic's with the place that it starts from.
    """

    def __init__(self, written: object, context: dict[str, Any], note: Callable[[Place, Any], None]) -> None:
        self._written: dict[str, object] = written if isinstance(written, dict) else {}
        self._is_mapping = isinstance(written, dict | None)
        self._context = context
        self._note = note
        self._read: dict[str, Source] = {}
        self._open: list[str] = []

    def all(self) -> dict[str, Source]:
        """Every element. What is wrong with one has been noted."""
        if not self._is_mapping:
            self._note(("elements",), {"type": "dict_type", "loc": ()})
        return {name: self._element(name) for name in self._written}

    def named(self, name: object) -> Source:
        """The element of that name.

        Raises:
            ValueError: there is none, or it is made of itself.
        """
        if not isinstance(name, str) or name not in self._written:
            raise ValueError(f"unknown element; {hint(str(name), self._written)}")
        if name in self._open:
            raise ValueError(f"goes round in a circle: {' → '.join([*self._open, name])}; break it")
        return self._element(name)

    def _element(self, name: str) -> Source:
        if name not in self._read:
            self._open.append(name)
            try:
                self._read[name] = _SOURCE.validate_python(
                    self._written[name], by_alias=True, by_name=False, context=self._context
                )
            except ValidationError as error:
                self._read[name] = _FAULTY
                for detail in details_of(error):
                    self._note(("elements", name), detail)
            self._open.pop()
        return self._read[name]
