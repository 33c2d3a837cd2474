"""What every section of the settings has in common, and what is said where pydantic finds a fault."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from consumer.config.problems import Place, hint
from consumer.config.units import LEFT_OUT


class Section(BaseModel):
    """One mapping of the file. Unknown keys are errors; nothing changes after loading.

    Keys are named as in the file; attributes carry their unit (`window` → `window_s`). Code may use either name.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        defer_build=True,
    )

    instead: ClassVar[Mapping[str, object]] = {}
    """What is read in the place of keys at fault, where only the rest is wanted and does not work without them."""

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, written: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """`dedupe:` with every key commented out is the same as no `dedupe` at all."""
        keys = {} if written is None else written
        try:
            return read(keys)
        except ValidationError as error:
            found = details_of(error)
            if wants_the_rest(info) and (isinstance(keys, dict) or cls.instead):
                faulty = {str(detail["loc"][0]) for detail in found if detail["loc"]}
                return read(cls._without(keys, faulty) if isinstance(keys, dict) else cls.instead)
            raise faults({detail["loc"]: said(detail, cls) for detail in found}) from None

    @classmethod
    def _without(cls, keys: Mapping[str, object], faulty: set[str]) -> Mapping[str, object]:
        rest = {key: value for key, value in keys.items() if key not in faulty}
        return rest | {key: value for key, value in cls.instead.items() if key in faulty}

    @classmethod
    def texts(cls) -> Mapping[str, str]:
        """Each key as written, with what it means."""
        return {
            field.validation_alias if isinstance(field.validation_alias, str) else name: field.description or ""
            for name, field in cls.model_fields.items()
        }

    @classmethod
    def may_lack(cls, place: Place) -> bool:
        """Whether what stands there is a key that may be left out: not one that is needed, nor an item of a list."""
        fields = dict(zip(cls.texts(), cls.model_fields.values(), strict=True))
        return len(place) == 1 and place[0] in fields and not fields[str(place[0])].is_required()

    @classmethod
    def unknown_key(cls, key: str) -> str:
        """What is said of a key that this mapping does not have."""
        return f"unknown key; {hint(key, cls.texts())}"


REST: Final = "rest"


def wants_the_rest(info: ValidationInfo) -> bool:
    """Whether what is at fault is passed over, and the rest read: to look for more faults, never to run with it."""
    return REST in (info.context or {})


def or_instead(stand_in: object) -> WrapValidator:
    """Reads what is at fault as this, where only the rest is wanted."""

    def read_or_instead(written: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        try:
            return read(written)
        except ValidationError:
            if wants_the_rest(info):
                return stand_in
            raise

    return WrapValidator(read_or_instead)


def needed(description: str, **options: Any) -> Any:
    """A key that must be there. Descriptions are read by people, in editors and in docs/configuration.md."""
    return Field(description=description, **options)


def setting(default: object, description: str, **options: Any) -> Any:
    """A key that may be left out. `default` is written as in the file."""
    return Field(default=default, description=description, **options)


def optional(description: str, **options: Any) -> Any:
    """A key that may be left out, and then says nothing: None, unless there is a `default_factory`."""
    return Field(validate_default=False, description=description, **{"default_factory": _none, **options})


def faults(by_place: Mapping[Place, str]) -> ValidationError:
    """An error with each text at its place, which is said as it stands."""
    return ValidationError.from_exception_data(
        "file",
        [
            InitErrorDetails(type=PydanticCustomError(_SAID, "{text}", {"text": text}), loc=place, input=None)
            for place, text in by_place.items()
        ],
    )


def details_of(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without its saying that a list is too short of whose items it has just refused some."""
    found = error.errors(include_url=False, include_input=False)
    places = [detail["loc"] for detail in found]
    return [
        detail
        for detail in found
        if detail["type"] != "too_short"
        or not any(len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"] for place in places)
    ]


def said(detail: ErrorDetails, section: type[Section]) -> str:
    """A fault in words: `what is wrong; what to do`.

    Args:
        section: the mapping in which it was found.
    """
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == _SAID:
        return detail["msg"]
    if kind == "extra_forbidden":
        return section.unknown_key(key)
    if kind == "missing":
        return f"missing; add it: {first_sentence(section.texts().get(key, ''))}"
    if kind not in _TEXTS:
        return f"{detail['msg']}; see docs/configuration.md"
    text = _TEXTS[kind](detail.get("ctx", {}))
    return text if section.may_lack(detail["loc"]) else text.removesuffix(LEFT_OUT)


def first_sentence(description: str) -> str:
    sentence = description.split(". ")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]


def _none() -> None:
    return None


def _bound(what: str, key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda context: f"out of range; it must be {what} {context[key]}"


def _shape(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: text


_SAID: Final = "said"
_MAPPING: Final = "must be a mapping; write `key: value` lines, or {key: value}"
_TEXTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "value_error": lambda context: str(context["error"]),
    "literal_error": lambda context: f"not one of its values; use {context['expected']}",
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _shape(f"empty; write at least one{LEFT_OUT}"),
    "model_type": _shape(_MAPPING),
    "dict_type": _shape(_MAPPING),
    "tuple_type": _shape("must be a list; write [a, b], or start each line with `- `"),
}
