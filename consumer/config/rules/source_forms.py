"""Sources as written → the core's: the grammar as models, from which the JSON Schema and the reference page come."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import phonenumbers
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
)
from pydantic import WithJsonSchema as Written
from typing_extensions import TypeAliasType

from consumer.config.problems import nearest
from consumer.config.rules.calls import find_call
from consumer.config.section import Section, needed, optional, or_instead, setting, wants_the_rest
from consumer.config.units import Flag
from consumer.core.rules.expressions import compile_expression
from consumer.core.rules.source import (
    CallSource,
    CelSource,
    ConstSource,
    FirstOf,
    KafkaPart,
    PathSource,
    Source,
    TransformedSource,
    parse_path,
)

_REMEDY: Final = "write a path, a list of paths, or a mapping with one of path, element, const, cel, call"
_PATTERN_OF_CALL: Final = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"


def _path(written: object) -> PathSource | KafkaPart:
    if not isinstance(written, str) or not written.strip():
        raise ValueError("must be text, not empty; put it in quotes")
    try:
        return parse_path(written)
    except ValueError as error:
        raise ValueError(f'not a path: {error}; write names and indices, as in a.b[0].c or a["x.y"]') from None


def _element(written: object, info: ValidationInfo) -> Source:
    return info.context["elements"].named(written)  # type: ignore[index, no-any-return]  # see `sections.read_rules`


def _call(written: object, info: ValidationInfo) -> CallSource:
    return find_call(written, info.context["folder"])  # type: ignore[index]  # as above


def _scale(written: object) -> Decimal:
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise ValueError("must be a number; write it without quotes, such as 0.01")
    try:
        scale = Decimal(repr(written) if isinstance(written, float) else written)
    except ArithmeticError:
        raise ValueError("must be a number; write it without quotes, such as 0.01") from None
    if not scale.is_finite() or scale <= 0:
        raise ValueError("must be more than 0; leave it out to change nothing")
    return scale


def _expression(written: object) -> CelSource:
    if not isinstance(written, str) or not written.strip():
        raise ValueError("must be text, not empty; put the expression in quotes")
    try:
        compile_expression(written)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if "; " in text else f"{text}; see https://cel.dev") from None
    return CelSource(written)


def _region(written: object) -> str:
    if not isinstance(written, str) or written not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("unknown region; use the two capital letters of a country, such as US, DE or GB (ISO 3166)")
    return written


def _form_of_path(written: object) -> str:
    return "<list>" if isinstance(written, list) else "<text>"


def _form(written: object) -> str:
    if isinstance(written, dict):
        return f"<{next(kind for kind in FORMS if kind in written)}>"
    return _form_of_path(written)


def _one_kind(written: object) -> object:
    """See that there is exactly one source, so that the faults of its form are those that are reported."""
    if written is None:
        raise ValueError("no source; write a path, or {const: null} to send nothing")
    if not isinstance(written, str | list | dict):
        raise ValueError(f"not a source; {_REMEDY}; a fixed value is {{const: …}}")
    if isinstance(written, list) and not written:
        raise ValueError("an empty list; name at least one source")
    kinds = [kind for kind in FORMS if kind in written] if isinstance(written, dict) else ["path"]
    if len(kinds) > 1:
        raise ValueError(f"two sources in one; {_REMEDY}")
    if not kinds:
        near = next((near for key in written if (near := nearest(str(key), FORMS))), None)
        raise ValueError(f"no source; {f'did you mean `{near}`?' if near else _REMEDY}")
    return written


UNKNOWN: Final = CelSource("null")
"""Stands for a source at fault where the rest is looked at: nothing can be said of it."""


_Text = Annotated[
    PathSource | KafkaPart, PlainValidator(_path), Written({"type": "string", "minLength": 1}), Tag("<text>")
]


def _unit(value: object, info: ValidationInfo) -> object:
    """Says where each may stand, which the source itself does not know."""
    if value not in ("s", "ms", "us", "ns", "minor"):
        if wants_the_rest(info):
            return "s"  # so that none is missed
        raise ValueError("not one of its values; use s, ms, us or ns in event_time, minor in value and price")
    return value


class _Changed(Section):
    """A source with options, which work in this order: trim, lower, values, scale, default, then unit or region."""

    default: Any = optional("Taken where the value is absent or null.")
    lower: Flag = setting(False, "Whether text is put into lower case.")
    trim: Flag = setting(False, "Whether blanks around text are removed.")
    values: Annotated[Mapping[str, Any], Field(min_length=1)] = optional(
        "From the record's values to TikTok's. A value that is not listed counts as absent."
    )
    scale: Annotated[Decimal, PlainValidator(_scale), Written({"type": "number"})] = optional(
        "What a number is multiplied by, in decimal arithmetic: 0.01 makes 19.99 of 1999 cents."
    )
    unit: Annotated[Literal["s", "ms", "us", "ns", "minor"], BeforeValidator(_unit)] = optional(
        "What a plain number counts. In event_time: s, ms, us or ns. In value and price: `minor`, the minor unit of "
        "the event's currency by ISO 4217 (100 JPY are 100, 100 KWD 0.1)."
    )
    region: "RegionField" = optional(
        "The country of phone numbers written without country code: two capital letters such as US, or "
        "`{path: …}` where the record says it. Left out, the event's user.country. Only in user.phone."
    )

    def around(self, source: Source) -> Source:
        """The source with what the options make of it."""
        options = {name: getattr(self, name) for name in self.model_fields_set & _Changed.model_fields.keys()}
        return TransformedSource(source, **options) if options else source


class PathForm(_Changed):
    """A path, or several, with options."""

    path: Annotated["_Text | _First", Discriminator(_form_of_path)] = needed(
        'Where the value stands in the record: `a.b[0].c`, `a["x.y"]`, `$headers.NAME`; of a list, the first that is '
        "present and not empty."
    )


class ElementForm(_Changed):
    """An element, with options."""

    element: Annotated[Source, PlainValidator(_element), Written({"type": "string"})] = needed(
        "The name of a source under `elements`."
    )


class CallForm(_Changed):
    """A function of yours, with options."""

    call: Annotated[CallSource, PlainValidator(_call), Written({"type": "string", "pattern": _PATTERN_OF_CALL})] = (
        needed(
            "A Python function of the record (a dict): pure, deterministic, for what nothing else can say. Where it "
            "raises, the event becomes a dead letter, `map.call`. "
            "Its module is looked up in the configuration file's folder first, then among the installed packages."
        )
    )


class CelForm(_Changed):
    """An expression, with options."""

    cel: Annotated[CelSource, PlainValidator(_expression), Written({"type": "string", "minLength": 1})] = needed(
        "An expression of Google's Common Expression Language over the record: its fields by name, `key`, `timestamp`, "
        "`topic`, `headers`, `schema`. What the record lacks is null; a time without zone is text. Of text, `size` "
        "counts the bytes of UTF-8; `timestamp` takes text alone, and `getHours()` and its like take no zone. Where it "
        "fails, as `!a` and `double(a)` do on null, the event becomes a dead letter, `map.cel`: write `a != true`, "
        "`a == null ? null : double(a)`, and for a key that may be missing `has(m.k) ? m.k : null` or "
        "`'k' in m ? m['k'] : null`; `m` itself must not be null then."
    )


class ConstForm(Section):
    """A fixed value."""

    const: Any = needed("This very value, in every event.")

    @classmethod
    def unknown_key(cls, key: str) -> str:
        if key in _Changed.texts():
            return "a constant takes no options; write the value as it shall be sent"
        return super().unknown_key(key)


FORMS: Final = {"path": PathForm, "element": ElementForm, "const": ConstForm, "cel": CelForm, "call": CallForm}

if TYPE_CHECKING:
    SourceField = Source
    _First = FirstOf
    RegionField = str | Source
else:
    RegionField = Annotated[
        Annotated[str, PlainValidator(_region), Written({"type": "string", "pattern": "^[A-Z]{2}$"}), Tag("<region>")]
        | Annotated["SourceField", Tag("<source>")],
        Discriminator(lambda written: "<region>" if isinstance(written, str) else "<source>"),
    ]
    _First = Annotated[tuple["SourceField", ...], Field(min_length=1), AfterValidator(FirstOf), Tag("<list>")]
    SourceField = TypeAliasType(
        "Source",
        Annotated[
            _Text
            | _First
            | Annotated[PathForm, AfterValidator(lambda form: form.around(form.path)), Tag("<path>")]
            | Annotated[ElementForm, AfterValidator(lambda form: form.around(form.element)), Tag("<element>")]
            | Annotated[CallForm, AfterValidator(lambda form: form.around(form.call)), Tag("<call>")]
            | Annotated[CelForm, AfterValidator(lambda form: form.around(form.cel)), Tag("<cel>")]
            | Annotated[ConstForm, AfterValidator(lambda form: ConstSource(form.const)), Tag("<const>")],
            Discriminator(_form),
            BeforeValidator(_one_kind),
            or_instead(UNKNOWN),
            Field(
                description="A path, a list of which the first present and not empty counts, or a mapping with options."
            ),
        ],
    )


def options_in(source: Source) -> set[str]:
    """The options that only some parameters take, wherever they stand in a source: `unit ms`, `region`."""
    if isinstance(source, FirstOf):
        return {option for inner in source.sources for option in options_in(inner)}
    if not isinstance(source, TransformedSource):
        return set()
    own = {f"unit {source.unit}" if source.unit else "", "region" if source.region else ""} - {""}
    return own | options_in(source.source)
