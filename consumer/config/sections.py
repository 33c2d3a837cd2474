"""The sections of the file, read one by one, so that a fault in one hides none in another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError

from consumer.config.output_sections import PixelSection
from consumer.config.problems import Place, Problems
from consumer.config.rules.elements import Elements
from consumer.config.section import REST, details_of, first_sentence, said
from consumer.config.settings import Settings

_NO_KEYS: Final = frozenset({"path", "source"})
SECTION_BY_KEY: Final[Mapping[str, str]] = {
    key: name for key, name in zip(Settings.texts(), Settings.model_fields, strict=True) if name not in _NO_KEYS
}
"""Key at the top of the file → attribute of Settings."""
RULE_KEYS: Final = ("elements", "rules")


def read_sections(document: Mapping[str, object], path: Path, problems: Problems) -> dict[str, object]:
    """Attributes of Settings, of the sections that are in order; what is wrong with the others goes to `problems`.

    Of the rules also where they are not: the rest of them, so that it can be checked in the same run.
    """
    pixels = document.get("pixels")
    names = frozenset(pixels if isinstance(pixels, dict) else ())
    plain = {key: name for key, name in SECTION_BY_KEY.items() if key not in RULE_KEYS}
    context = {"folder": path.absolute().parent}
    found = {name: _section(key, name, document, problems, context) for key, name in plain.items()}
    rules = read_rules(document, names, path, problems)
    return {name: value for name, value in (found | rules).items() if value is not None}


def read_rules(
    document: Mapping[str, object], pixels: frozenset[str], path: Path, problems: Problems
) -> dict[str, object]:
    """`elements` and `rules`; where a problem stands in them, what they are without all that is at fault.

    Args:
        pixels: the names that a rule may send to.
    """
    context = {"folder": path.absolute().parent, "pixels": pixels}
    found = _rules(document, problems, context)
    _refuse_same_names(document.get("rules"), problems)
    return _rules(document, Problems(), {**context, REST: True}) if problems.has_under(*RULE_KEYS) else found


def _rules(document: Mapping[str, object], problems: Problems, context: dict[str, Any]) -> dict[str, object]:
    elements = Elements(document.get("elements"), context, lambda place, detail: _note(place, detail, problems))
    context["elements"] = elements
    return {"elements": elements.all(), "rules": _section("rules", "rules", document, problems, context)}


def read_pixels(document: Mapping[str, object], path: Path, problems: Problems) -> Mapping[str, PixelSection]:
    """The pixels of a file that may have none; none, too, if they are not in order."""
    if "pixels" not in document:
        return {}
    found = _section("pixels", "pixels", document, problems, {"folder": path.absolute().parent})
    return found if isinstance(found, dict) else {}


def _section(
    key: str, name: str, document: Mapping[str, object], problems: Problems, context: dict[str, Any]
) -> object:
    field = Settings.model_fields[name]
    if key not in document and field.is_required():
        problems.add((key,), f"missing; add it: {first_sentence(field.description or '')}")
        return None
    kind: TypeAdapter[object] = TypeAdapter(_HINTS[name])
    try:
        return kind.validate_python(document.get(key, field.default), by_alias=True, by_name=False, context=context)
    except ValidationError as error:
        for detail in details_of(error):
            _note((key,), detail, problems)
    return None


def _note(place: Place, detail: Any, problems: Problems) -> None:
    """Steps such as `<path>` say which of several forms pydantic tried, and stand in no file."""
    steps = (step for step in detail["loc"] if not (isinstance(step, str) and step[:1] + step[-1:] == "<>"))
    problems.add((*place, *steps), said(detail, Settings))


def _refuse_same_names(written: object, problems: Problems) -> None:
    seen: dict[str, int] = {}
    for index, rule in enumerate(written if isinstance(written, list) else ()):
        name = rule.get("name") if isinstance(rule, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            problems.add(("rules", index, "name"), f"the same name as rules[{seen[name]}]; give each rule its own")


_HINTS: Final = get_type_hints(Settings, include_extras=True)
