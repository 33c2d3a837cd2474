"""The sections that pydantic reads, one by one, and what it says in words of ours.

One by one, so that a fault in one section hides none in another.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from consumer.config.problems import Place, Problems
from consumer.config.settings import Settings

_BY_HAND: Final = frozenset({"elements", "rules"})
_NO_KEYS: Final = frozenset({"path"})


def _key(name: str, model: type[BaseModel] = Settings) -> str:
    alias = model.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else name


SECTION_BY_KEY: Final[Mapping[str, str]] = {_key(name): name for name in Settings.model_fields if name not in _NO_KEYS}
"""Key at the top of the file → attribute of Settings."""


def read_sections(document: Mapping[str, object], path: Path, problems: Problems) -> dict[str, object]:
    """Attributes of Settings, of the sections that are in order; what is wrong with the others goes to `problems`."""
    hints = get_type_hints(Settings, include_extras=True)
    context = {"folder": path.absolute().parent}
    found: dict[str, object] = {}
    for key, name in SECTION_BY_KEY.items():
        field = Settings.model_fields[name]
        if name in _BY_HAND:
            continue
        if key not in document and field.is_required():
            problems.add((key,), f"missing; add it: {_first_sentence(field.description)}")
            continue
        kind: TypeAdapter[object] = TypeAdapter(hints[name])
        try:
            found[name] = kind.validate_python(
                document.get(key, field.default), by_alias=True, by_name=False, context=context
            )
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                _tell((key, *detail["loc"]), detail, problems)
    return found


def _tell(place: Place, detail: ErrorDetails, problems: Problems) -> None:
    if detail["type"] == "extra_forbidden":
        problems.unknown(place, _fields_at(place[:-1]).keys())
    elif detail["type"] == "missing":
        problems.add(place, f"missing; add it: {_description(place)}")
    else:
        problems.add(place, _text(detail["type"], detail.get("ctx", {}), detail["msg"]))


def _text(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind in _BOUNDS:
        what, key = _BOUNDS[kind]
        return f"out of range; it must be {what} {context[key]}"
    if kind == "literal_error":
        return f"not one of its values; use {context['expected']}"
    return _SHAPES.get(kind) or f"{message}; see docs/configuration.md"


_SHAPES: Final = {
    "too_short": "empty; write at least one",
    "model_type": "must be a mapping; write `key: value` lines, or {key: value}",
    "dict_type": "must be a mapping; write `key: value` lines, or {key: value}",
    "tuple_type": "must be a list; write [a, b]",
}
_BOUNDS: Final = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _fields_at(place: Place) -> Mapping[str, FieldInfo]:
    """The keys that may stand in the mapping at `place`; empty if the models don't say."""
    kind: object = Settings
    for step in place:
        if get_origin(kind) is Mapping:
            kind = get_args(kind)[1]
            continue
        field = _fields(kind).get(str(step))
        kind = field.annotation if field else None
    return _fields(kind)


def _fields(kind: object) -> Mapping[str, FieldInfo]:
    """The fields of a model, or of the one in `Model | None`, by key."""
    for model in (kind, *get_args(kind)):
        if isinstance(model, type) and issubclass(model, BaseModel):
            return {_key(name, model): field for name, field in model.model_fields.items()}
    return {}


def _description(place: Place) -> str:
    field = _fields_at(place[:-1]).get(str(place[-1]))
    return _first_sentence(field.description if field else None)


def _first_sentence(text: str | None) -> str:
    sentence = (text or "see docs/configuration.md").split(". ")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]
