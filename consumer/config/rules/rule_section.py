"""Rules as written → the core's. The keys of `map`, and what is said of them, come from the core's table."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Tag,
    ValidationInfo,
    create_model,
    model_validator,
)

from consumer.config.problems import hint
from consumer.config.rules.condition_forms import ConditionsField
from consumer.config.rules.source_options import PlainSource, source_for
from consumer.config.section import Section, faults, needed, optional, setting, wants_the_rest
from consumer.config.units import Text
from consumer.core.rules.source import AllOf, ContentsSource, Rule, Source
from consumer.core.tiktok_event import OLDER_NAMES, PARAMETERS, SECTIONS, Form, parameters_of

_PRODUCT: Final = tuple(parameters_of("properties.contents"))
_UNKNOWN: Final = {"cel": "null"}
"""A source of which nothing can be said."""


def _fields_of(section: str) -> dict[str, Any]:
    """A field for each parameter of a section, but for the products, whose fields are mapped one by one."""
    own = parameters_of(section)
    fields: dict[str, Any] = {
        name: (source_for(each.form), optional(each.about))
        for name, each in own.items()
        if each.form is not Form.CONTENTS
    }
    for older, newer in OLDER_NAMES.items():
        inner, _, name = older.rpartition(".")
        if inner == section:
            text = f"Older name of {newer.rpartition('.')[2]}, and sent as that."
            fields[name] = (source_for(PARAMETERS[newer].form), optional(text))
    return fields


class _Parameters(Section):
    """Some of TikTok's parameters, each with a source."""

    @classmethod
    def unknown_key(cls, key: str) -> str:
        home = _home(key)
        return f"unknown here; write it under `{home}`" if home else f"no TikTok parameter; {hint(key, cls.texts())}"

    def written(self) -> dict[str, Source]:
        """What stands in the file, by key."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def _home(key: str) -> str | None:
    """Where a parameter stands that was written elsewhere."""
    sections = [section for section in SECTIONS if key in _fields_of(section)]
    return next((section or "map" for section in sections), None)


def _pixel(written: object, info: ValidationInfo) -> object:
    known = info.context["pixels"] if info.context else ()
    # Without any pixels that fault has been reported, and every name would only repeat it.
    if isinstance(written, str) and known and written not in known and not wants_the_rest(info):
        raise ValueError(f"unknown pixel; {hint(written, known)}")
    return written


class _Contents(_Parameters):
    """The products."""

    instead: ClassVar = {"each": _UNKNOWN}
    each: PlainSource = needed("The list of products; the other paths here start at one of its items.")

    @model_validator(mode="after")
    def _maps_something(self, info: ValidationInfo) -> "_Contents":
        if self.model_fields_set == {"each"} and not wants_the_rest(info):
            raise ValueError("no field of the products; map at least one, such as content_id")
        return self


def _about(section: str) -> str:
    return inspect.getdoc(SECTIONS[section]) or "" if section else "TikTok parameter → source."


def _map_of(section: str, base: type[_Parameters], **more: Any) -> Any:
    name = f"{section.rpartition('.')[2].title()}Map"
    return create_model(name, __base__=base, __doc__=_about(section), **_fields_of(section), **more)


_Products = _map_of("properties.contents", _Contents)


class _Properties(_Parameters):
    """What was looked at or bought."""

    @model_validator(mode="after")
    def _has_one_kind_of_product(self, info: ValidationInfo) -> "_Properties":
        own = self.model_fields_set & set(_PRODUCT)
        if "contents_map" in self.model_fields_set and own and not wants_the_rest(info):
            text = "both `contents` and a product of its own; move it into `contents`, or drop `contents`"
            raise faults({(name,): text for name in own})
        return self

    def contents(self) -> ContentsSource | None:
        """The products' list, or the one product written without it."""
        listed: _Contents | None = getattr(self, "contents_map", None)
        fields = {name: source for name, source in (listed or self).written().items() if name in _PRODUCT}
        if listed is None:
            return ContentsSource(None, fields) if fields else None
        return ContentsSource(listed.each, fields)


_PropertiesMap = _map_of(
    "properties",
    _Properties,
    contents_map=(_Products, optional(PARAMETERS["properties.contents"].about, validation_alias="contents")),
    **_fields_of("properties.contents"),
)
_Map = _map_of(
    "",
    _Parameters,
    user=(_map_of("user", _Parameters), optional(_about("user"))),
    page=(_map_of("page", _Parameters), optional(_about("page"))),
    properties=(_PropertiesMap, optional(_about("properties"))),
)


if TYPE_CHECKING:
    PixelField = str | Source
    MapField = Any
else:
    MapField = _Map
    PixelField = Annotated[
        Annotated[str, Tag("<name>")] | Annotated[PlainSource, Tag("<code>")],
        Discriminator(lambda written: "<name>" if isinstance(written, str) else "<code>"),
        BeforeValidator(_pixel),
    ]


class RuleSection(Section):
    """Makes one event of every record it holds for."""

    instead: ClassVar = {"name": "?", "pixel": "?", "map": {"event": _UNKNOWN, "event_time": _UNKNOWN}}
    name: Text = needed("Your name for the rule; it stands in metrics and dead letters.")
    mode: Literal["live", "shadow"] = setting("live", "`live`, or `shadow`: decide and count, send nothing.")
    when: ConditionsField = optional(
        "Conditions that all must hold. Left out: the rule always holds.", default_factory=lambda: AllOf(())
    )
    pixel: PixelField = needed("A pixel's name, or `{path: …}`: the pixel whose code the record names.")
    map: MapField = optional(
        "TikTok parameter → source. Left out, and for what it leaves out, names map to themselves when the record is "
        "of the shipped schema."
    )

    def rule(self) -> Rule:
        """The rule as the core has it."""
        mapped = None if self.map is None else _mapped(self.map)
        return Rule(
            self.name,
            self.pixel,
            self.when,
            is_shadow=self.mode == "shadow",
            parameters=mapped,
            contents=None if self.map is None or self.map.properties is None else self.map.properties.contents(),
        )


def _mapped(written: Any) -> dict[str, Source]:
    """Dotted parameter → source, without the products."""
    found: dict[str, Source] = {}
    for section in ("", "user", "page", "properties"):
        holder: _Parameters | None = getattr(written, section) if section else written
        own = {} if holder is None else holder.written()
        paths = {f"{section}.{name}".removeprefix("."): source for name, source in own.items()}
        found |= {path: source for path, source in paths.items() if path in PARAMETERS or path in OLDER_NAMES}
    return found


if TYPE_CHECKING:
    RuleField = Rule
else:
    RuleField = Annotated[RuleSection, AfterValidator(RuleSection.rule)]
