"""A source at its place: `unit` and `region` say something of some of TikTok's parameters only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, ValidationInfo

from consumer.config.rules.source_forms import SourceField, options_in
from consumer.config.section import wants_the_rest
from consumer.core.rules.source import Source
from consumer.core.tiktok_event import Form

_OPTIONS: Final[Mapping[Form, frozenset[str]]] = {
    Form.TIME: frozenset({"unit s", "unit ms", "unit us", "unit ns"}),
    Form.AMOUNT: frozenset({"unit minor"}),
    Form.PHONE: frozenset({"region"}),
}


def source_for(form: Form | None) -> Any:
    """The type of a field that holds a source for such a parameter; None: for something else."""
    allowed = _OPTIONS.get(form, frozenset()) if form else frozenset()

    def check(source: Source, info: ValidationInfo) -> Source:
        for option in () if wants_the_rest(info) else sorted(options_in(source) - allowed):
            if option == "region":
                raise ValueError("`region` says something of phone numbers only; use it in user.phone, or remove it")
            if option == "unit minor":
                raise ValueError("`unit: minor` is of amounts only; use it in value or price, or remove it")
            raise ValueError("`unit` says something of times only; use it in event_time, or remove it")
        return source

    return Annotated[SourceField, AfterValidator(check)]


if TYPE_CHECKING:
    PlainSource = Source
else:
    PlainSource = source_for(None)
