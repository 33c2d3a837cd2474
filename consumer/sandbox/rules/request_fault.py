"""The first fault of a request, in the form of TikTok's messages: made from where the types of `event_model` failed.

msgspec says what it expected and at which place: "Expected `str`, got `int` - at `$.user.email`". Its words become
TikTok's here: `Batch.0.user.email: Not a valid string`. TikTok's messages can echo what was sent, and so do these.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from consumer.sandbox.rules.event_model import CHOICES, REFUSED

PARTNER_NAME: Final = 40063


class RequestFault(Struct, frozen=True):
    """What is wrong first, and where: path `Batch.0.user.email`, empty for the value itself."""

    code: int
    what: str
    path: str = ""

    @property
    def message(self) -> str:
        """The form of TikTok's messages: `Batch.0.properties.contents.0.content_id: Not a valid string`."""
        return f"{self.path}: {self.what}"

    def under(self, name: str | int) -> "RequestFault":
        return RequestFault(self.code, self.what, f"{name}.{self.path}" if self.path else str(name))


def fault_of_error(error: Exception, sent: object) -> RequestFault:
    """Say in TikTok's words what msgspec refused.

    Args:
        error: msgspec's ValidationError.
        sent: the same value as plain JSON, to echo what stood there.
    """
    text, _, place = str(error).partition(" - at `$")
    steps = [name or int(index) for name, index in _STEP.findall(place.rstrip("`"))]
    for pattern, translate in _TRANSLATIONS:
        if found := pattern.match(text):
            return translate(found, steps, sent)
    return RequestFault(REFUSED, "Invalid input type", _path(steps))


_Steps = list[str | int]
_Translate = Callable[["re.Match[str]", _Steps, object], RequestFault]
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_NOT_VALID: Final[Mapping[str, str]] = {
    "object": "Invalid input type",
    "array": "Not a valid list",
    "str": "Not a valid string",
    "str | array": "Not a valid string",
    "int": "Not a valid integer",
    "int | float": "Not a valid number",
    "bool": "Not a valid boolean",
}
_MISPLACED: Final[Mapping[str, tuple[int, str]]] = {
    "partner_name": (PARTNER_NAME, "Not a partner name that TikTok assigned"),
    "content_type": (REFUSED, "Unknown field; content_type belongs to properties"),
}


def _path(steps: _Steps) -> str:
    return ".".join(map(str, steps))


def _at(sent: Any, steps: _Steps) -> object:
    for step in steps:
        sent = sent[step]
    return sent


def _missing(found: "re.Match[str]", steps: _Steps, _sent: object) -> RequestFault:
    return RequestFault(REFUSED, "MissingPath data for required field", _path([*steps, found[1]]))


def _unknown(found: "re.Match[str]", steps: _Steps, _sent: object) -> RequestFault:
    code, what = _MISPLACED.get(found[1], (REFUSED, "Unknown field"))
    return RequestFault(code, what, _path([*steps, found[1]]))


def _length(found: "re.Match[str]", steps: _Steps, _sent: object) -> RequestFault:
    what = "Shorter than minimum length" if found[1] == ">=" else "Longer than maximum length"
    return RequestFault(REFUSED, f"{what} {found[2]}", _path(steps))


def _too_small(found: "re.Match[str]", steps: _Steps, _sent: object) -> RequestFault:
    return RequestFault(REFUSED, f"Must be greater than or equal to {found[1]}", _path(steps))


def _choice(_found: "re.Match[str]", steps: _Steps, sent: object) -> RequestFault:
    allowed = ", ".join(CHOICES[str(steps[-1])])
    return RequestFault(REFUSED, f"Must be one of: {allowed} (got {_at(sent, steps)!r})", _path(steps))


def _wrong_type(found: "re.Match[str]", steps: _Steps, _sent: object) -> RequestFault:
    is_null_member = found[2] == "null" and bool(steps) and isinstance(steps[-1], str)
    return RequestFault(REFUSED, "Field may not be null" if is_null_member else _NOT_VALID[found[1]], _path(steps))


_TRANSLATIONS: Final[tuple[tuple["re.Pattern[str]", _Translate], ...]] = (
    (re.compile(r"Object missing required field `(\w+)`"), _missing),
    (re.compile(r"Object contains unknown field `(.*)`"), _unknown),
    (re.compile(r"Expected `\w+` of length (>=|<=) (\d+)"), _length),
    (re.compile(r"Expected `int` >= (-?\d+)"), _too_small),
    (re.compile(r"Invalid enum value"), _choice),
    (re.compile(r"Expected `([\w |]+)`, got `(\w+)`"), _wrong_type),
)
